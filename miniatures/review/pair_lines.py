"""Finds the pairs that can be compared, each as a small line, and loads the one that is shown from the store.

A line's id stands for both answers word for word and tells nothing of who gave them: if an answer is another by now,
or gone, nothing is found under the id that a reviewer saw.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.hashing import content_hash, text_hash
from miniatures.datamodel.result import ProspectResult
from miniatures.review.arms import Arms, first_backends, policies_of
from miniatures.review.email_text import normal
from miniatures.review.queue import PairToReview, answer_of, answer_pairs, pair_of
from miniatures.review.reviewing import Reviewable
from miniatures.store.store import Store


@dataclass(frozen=True, slots=True)
class PairLine:
    """Where the two answers of a pair are found: two calls, or one prospect's drafts under two policies."""

    id: str
    prospect: str
    answers: tuple[str, str]
    policies: tuple[str, str] | None = None

    @property
    def both(self) -> frozenset[str]:
        """The answers in whichever order, as reviews are known by them."""
        return frozenset(self.answers)


@dataclass(frozen=True, slots=True)
class _Side:
    """One arm's newest draft for a prospect."""

    policy: str
    item: Reviewable
    spelling: str


def pair_lines(
    store: Store, campaign: str, arms: Arms, listed: Container[str] | None = None, seed: int = 0
) -> list[PairLine]:
    """All pairs of two arms in an order that is drawn by seed; only of prospects (by key) who are listed, if given."""
    called = list(_called(store, campaign, arms))
    known = {line.both for line in called}
    drafted = [line for line in _drafted(store, campaign, arms) if line.both not in known] if arms.named else []
    found = [line for line in (*called, *drafted) if listed is None or line.prospect in listed]
    return sorted(found, key=lambda line: text_hash(f"{seed} {line.answers[0]} {line.answers[1]}"))


def load_pair(store: Store, campaign: str, line: PairLine) -> PairToReview | None:
    """The two answers, as the line knows them; None if one is another by now, or gone."""
    pair = _of_drafts(store, campaign, line) if line.policies else _of_calls(store, campaign, line)
    return pair if pair is not None and _pair_id(pair.first, pair.second) == line.id else None


def _called(store: Store, campaign: str, arms: Arms) -> Iterator[PairLine]:
    """The writer's answers to one question; of two arms, those of their backends."""
    for first, second in answer_pairs(store.traces(campaign, role=WRITER.name)):
        if arms.named and {str(first.backend), str(second.backend)} != {arms.first, arms.second}:
            continue
        items = answer_of(first), answer_of(second)
        yield PairLine(_pair_id(*items), first.prospect or "", (first.id, second.id))


def _drafted(store: Store, campaign: str, arms: Arms) -> Iterator[PairLine]:
    """The newest draft of each arm to one prospect, where they differ; one that is of both arms is of neither."""
    sides: tuple[dict[str, _Side], dict[str, _Side]] = {}, {}
    policies = policies_of(store, campaign)
    wanted = [one for one in policies if one in (arms.first, arms.second)]
    for policy in wanted if len(wanted) == len({arms.first, arms.second}) else policies:
        seated = first_backends(store.policy(policy))
        for result in store.results(campaign, policy):
            draft = result.draft
            if draft is None or not draft.body.strip():
                continue
            names = {policy, draft.backend, *seated}
            is_first, is_second = arms.first in names, arms.second in names
            if is_first != is_second:
                sides[is_second][result.prospect.key] = _Side(policy, _item(result, draft), _spelling(draft))
    for prospect, first in sides[0].items():
        second = sides[1].get(prospect)
        if second is not None and first.spelling != second.spelling:
            names_of_both = first.item.trace, second.item.trace
            yield PairLine(_pair_id(first.item, second.item), prospect, names_of_both, (first.policy, second.policy))


def _of_calls(store: Store, campaign: str, line: PairLine) -> PairToReview | None:
    traces = store.traces_named(line.answers)
    if len(traces) < len(line.both):
        return None
    first, second = (traces[name] for name in line.answers)
    result = store.result(campaign, line.prospect, first.policy) or store.result(campaign, line.prospect)
    return None if result is None else pair_of(first, second, result)


def _of_drafts(store: Store, campaign: str, line: PairLine) -> PairToReview | None:
    items: list[Reviewable] = []
    quotes: dict[tuple[str, str], Quote] = {}
    result = None
    for policy in line.policies or ():
        result = store.result(campaign, line.prospect, policy)
        if result is None or result.draft is None:
            return None
        items.append(_item(result, result.draft))
        quotes |= {(quote.where, quote.quote): quote for quote in result.draft.evidence}
    if result is None:
        return None
    in_no_arms_order = tuple(quotes[key] for key in sorted(quotes))
    return PairToReview(result.prospect, in_no_arms_order, *items)


def _item(result: ProspectResult, draft: Draft) -> Reviewable:
    name = draft.trace or draft.id
    return Reviewable(name, draft.text.model_dump(), result.campaign, result.prospect.key, draft=draft.id)


def _spelling(draft: Draft) -> str:
    return content_hash(normal(draft.text))


def _pair_id(first: Reviewable, second: Reviewable) -> str:
    return content_hash([first.trace, first.answer, second.trace, second.answer])[:32]
