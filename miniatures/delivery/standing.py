"""Where each email stands by now: what people decided about it, how far the outbox came with it, and what came back.

The one answer that every list, page and figure of the product gives. It is looked up for a page of prospects at a
time, so a campaign of a hundred thousand is a stream like one of ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.standing import Standing
from miniatures.delivery.dispatch import Against, dispatch_of
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review import standings as ruled
from miniatures.store.mail.posted import PAGE, Posted
from miniatures.store.store import Store
from miniatures.store.suppressed import suppression_of


def standings(loaded: LoadedCampaign, store: Store | None) -> Iterator[Standing]:
    """Where everybody stands by their first email, in the order of the store. Without a store all are pending."""
    found = ruled.standings(loaded, store)
    return found if store is None else _by_now(found, store, loaded.name)


def follow_up_standings(loaded: LoadedCampaign, store: Store) -> Iterator[Standing]:
    """Where each follow-up that was written stands."""
    return _by_now(ruled.follow_up_standings(loaded, store), store, loaded.name)


def email_standings(loaded: LoadedCampaign, store: Store) -> Iterator[Standing]:
    """Where everybody stands by their first email, then each follow-up."""
    return chain(standings(loaded, store), follow_up_standings(loaded, store))


def follow_ups_to(loaded: LoadedCampaign, store: Store, prospect: str) -> list[Standing]:
    """Where the follow-ups to one prospect (by key) stand, by their steps."""
    found = _by_now(ruled.follow_up_standings(loaded, store, prospect), store, loaded.name)
    return sorted(found, key=lambda one: one.result.step)


def by_now(standing: Standing, store: Store) -> Standing:
    """Where one email stands of which it is known what people decided."""
    [found] = _by_now(iter([standing]), store, standing.result.campaign)
    return found


def against_of(store: Store, campaign: str) -> Against:
    """What speaks against writing to anybody in a campaign, as it is known now."""
    return Against(suppression_of(store, campaign), store.mail.decisions.stopped(campaign))


def _by_now(found: Iterator[Standing], store: Store, campaign: str) -> Iterator[Standing]:
    """The same with what the outbox and the mailboxes know."""
    against = against_of(store, campaign)
    while page := list(islice(found, PAGE)):
        posted = store.mail.posted.to(campaign, {one.prospect.key for one in page})
        yield from (_joined(one, posted[one.prospect.key], against, store) for one in page)


def _joined(standing: Standing, posted: Posted, against: Against, store: Store) -> Standing:
    step = standing.result.step
    found = dispatch_of(step, posted, standing.state, standing.prospect.email, against)
    if found is None:
        return standing
    told = {"state": found.state, "dispatch": found, "reason": found.told}
    if found.state.has_left:
        told["text"] = _text_that_left(standing, posted, store)
    return standing.model_copy(update=told)


def _text_that_left(standing: Standing, posted: Posted, store: Store) -> EmailText | None:
    """The very text; it is read from the outbox where another draft, or another edit, stands by now."""
    row = next(one for one in posted.emails if one.step == standing.result.step)
    for text in (standing.text, standing.draft.text if standing.draft else None):
        if text is not None and content_hash(text) == row.text_hash:
            return text
    kept = store.mail.outbox.row(row.id)
    return EmailText(subject=kept.message.subject, body=kept.message.body) if kept else None
