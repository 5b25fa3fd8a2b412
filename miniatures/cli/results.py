"""What the listings show: a record for each prospect, those without a draft included, and for each follow-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniatures.cli.terminal import command
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.store_url import sqlite_path

if TYPE_CHECKING:
    from miniatures.datamodel.standing import Standing, State
    from miniatures.inputs.campaign import LoadedCampaign
    from miniatures.store.store import Store


def all_standings(loaded: LoadedCampaign) -> Iterator[Standing]:
    """Where everybody stands: who is on the list or was written to, whether there was a run or not."""
    from miniatures.delivery.standing import standings

    with store_of(loaded) as store:
        yield from standings(loaded, store)


def all_follow_ups(loaded: LoadedCampaign) -> Iterator[Standing]:
    """Where each follow-up stands that was written."""
    from miniatures.delivery.standing import follow_up_standings

    with store_of(loaded) as store:
        yield from follow_up_standings(loaded, store) if store else ()


def follow_ups_to(loaded: LoadedCampaign, standing: Standing) -> list[Standing]:
    """Where the follow-ups to one person stand, by their steps."""
    from miniatures.delivery.standing import follow_ups_to

    with store_of(loaded) as store:
        return follow_ups_to(loaded, store, standing.prospect.key) if store else []


@contextmanager
def store_of(loaded: LoadedCampaign) -> Iterator[Store | None]:
    """The campaign's store; None if it was never run."""
    from miniatures.store.open import open_store

    if not was_run(loaded):
        yield None
        return
    with open_store(loaded.store_url, create=False) as store:
        yield store


def standings_of(loaded: LoadedCampaign, wanted: Collection[State] | None) -> Iterator[Standing]:
    """Those of `all_standings`, then those of `all_follow_ups`, that stand so; all if none is named."""
    found = chain(all_standings(loaded), all_follow_ups(loaded))
    return (one for one in found if wanted is None or one.state in wanted)


def named_state(word: str) -> State:
    """The state of this name.

    Raises:
        InputError: there is no such state.
    """
    from miniatures.datamodel.standing import State

    if word not in set(State):
        raise InputError(f"--status {word}: there is no such status", hint=f"Known: {', '.join(State)}.")
    return State(word)


def was_run(loaded: LoadedCampaign) -> bool:
    """Whether the campaign's database is there: looking at a campaign never creates one."""
    path = sqlite_path(loaded.store_url)
    return path is None or Path(path).exists()


def one_standing(loaded: LoadedCampaign, email: str) -> Standing:
    """Where one prospect stands; raises as `standing_of` does."""
    return standing_of(all_standings(loaded), loaded, email)


def standing_of(standings: Iterable[Standing], loaded: LoadedCampaign, email: str) -> Standing:
    """The one of this address.

    Raises:
        InputError: the campaign has no prospect with that address; names the nearest.
    """
    import difflib

    from miniatures.datamodel.prospect import normalize_email

    wanted, known = normalize_email(email), []
    for standing in standings:
        if standing.prospect.email == wanted:
            return standing
        known.append(standing.prospect.email)
    near = difflib.get_close_matches(email, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"`{command('drafts', loaded.name)}` lists them all."
    raise InputError(f"the campaign {loaded.name} has no prospect {email}", hint=hint)


def record(standing: Standing) -> dict[str, Any]:
    """The record as programs read it. Subject and body are the text that stands: the reviewer's own, if edited."""
    result, draft, text = standing.result, standing.draft, standing.text
    evidence = draft.evidence if draft else result.dossier.facts if result.dossier else ()
    return {
        "email": standing.prospect.email,
        "first_name": standing.prospect.first_name,
        "last_name": standing.prospect.last_name,
        "company": standing.prospect.company,
        "step": result.step,
        "status": standing.state.value,
        "sent_at": sent_at(standing),
        "review": standing.review,
        "subject": text.subject if text else None,
        "body": text.body if text else None,
        "evidence": [{"quote": item.quote, "url": item.where} for item in evidence],
        "checks": {
            check.name.value: {"pass": check.passed, "outcome": check.outcome.value, "reason": check.reason}
            for check in (draft.checks if draft else ())
        },
        "reason": standing.reason,
        "backend": draft.backend if draft else None,
        "attempts": draft.attempts if draft else 0,
        "tokens": result.bill.usage.total_tokens,
        "cost": result.bill.cost_usd,
        "seconds": round(result.seconds, 3),
    }


def sent_at(standing: Standing) -> str | None:
    """When a server took the email (UTC, ISO 8601, to the second); None if none did, or nobody knows when."""
    dispatch = standing.dispatch
    return dispatch.sent_at.isoformat(timespec="seconds") if dispatch and dispatch.sent_at else None


@contextmanager
def open_run(campaign: Path, *, flushed: bool = False) -> Iterator[tuple[LoadedCampaign, Store]]:
    """The campaign and its store; `flushed` as `open_store` has it.

    Raises:
        InputError: the campaign was never run.
    """
    from miniatures.inputs.campaign import load_campaign
    from miniatures.store.open import open_store

    loaded = load_campaign(campaign)
    if not was_run(loaded):
        raise InputError(f"the campaign {loaded.name} was not run yet", hint=f"Run it: {command('run', campaign)}")
    with open_store(loaded.store_url, create=False, flushed=flushed) as store:
        yield loaded, store
