"""Holds what a campaign chose to write about against the labels of the arena: was it the right reason, or what else?

It judges the choice alone, by the sentence that the email's first quoted statement stands on. Whether the email is true
or good is for readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from miniatures.datamodel.draft import Draft, DraftStatus, Ground
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.result import ProspectResult
from miniatures.finetune.arena.company import ArenaCompany, Fault, Label, Verdict
from miniatures.measure.statistics import wilson


class Choice(StrEnum):
    """What an email opens with; the faults of a label are choices of their own."""

    RIGHT = "right"
    SUPPORT_ONLY = "support_only"
    OFF_TOPIC = "off_topic"
    UNLABELLED = "unlabelled"
    NO_EMAIL = "no_email"
    OTHER_COMPANY = Fault.OTHER_COMPANY.value
    OLD = Fault.OLD.value
    UNDATED = Fault.UNDATED.value
    CORRECTED = Fault.CORRECTED.value
    SENSITIVE = Fault.SENSITIVE.value
    UNCONFIRMED = Fault.UNCONFIRMED.value
    EMPTY = Fault.EMPTY.value
    ORDER = Fault.ORDER.value


@dataclass(frozen=True)
class ChoiceScores:
    """Shares of the companies with something to open with, and of those without; `choices` counts all emails ready."""

    right: Score
    ready_with_news: Score
    written_without_news: Score
    choices: dict[str, int]


def choice_scores(results: Iterable[ProspectResult], companies: Mapping[str, ArenaCompany], brief: str) -> ChoiceScores:
    """Scores of one campaign for the brief of this name; `companies` by domain. Without an email of its own, a company
    with news counts as not chosen right."""
    with_news: list[Choice] = []
    without: list[Choice] = []
    choices: Counter[str] = Counter()
    for result in results:
        company = companies[result.prospect.email.partition("@")[2]]
        chosen = choice_of(result, company, brief)
        choices[chosen.value] += 1
        (with_news if opens(company, brief) else without).append(chosen)
    written = [choice is not Choice.NO_EMAIL for choice in with_news]
    return ChoiceScores(
        right=wilson(with_news.count(Choice.RIGHT), len(with_news)),
        ready_with_news=wilson(sum(written), len(written)),
        written_without_news=wilson(len(without) - without.count(Choice.NO_EMAIL), len(without)),
        choices=dict(choices.most_common()),
    )


def opens(company: ArenaCompany, brief: str) -> bool:
    """Whether the company has something that an email for this brief could open with."""
    worths = (label.worth.get(brief) for label in company.labels)
    return any(worth is not None and worth.verdict is Verdict.OPEN for worth in worths)


def choice_of(result: ProspectResult, company: ArenaCompany, brief: str) -> Choice:
    """What the ready email of one prospect opens with."""
    if result.draft is None or result.status is not DraftStatus.READY:
        return Choice.NO_EMAIL
    quote = _opening_quote(result.draft)
    label = _label_of(quote, company) if quote else None
    if label is None:
        return Choice.UNLABELLED
    if label.fault is not None:
        return Choice(label.fault.value)
    worth = label.worth.get(brief)
    if worth is None:
        return Choice.OFF_TOPIC
    return Choice.RIGHT if worth.verdict is Verdict.OPEN else Choice.SUPPORT_ONLY


def _opening_quote(draft: Draft) -> str:
    """The quote under the first statement that stands on one, else the first that the writer was given."""
    sources = (one.source for one in draft.statements if one.ground is Ground.QUOTE and one.source)
    return next(sources, draft.evidence[0].quote if draft.evidence else "")


def _label_of(quote: str, company: ArenaCompany) -> Label | None:
    """The label of the sentence that the quote is, holds, or is a part of; the one that shares most with it."""
    said = " ".join(quote.split())
    shared = {place: _overlap(said, " ".join(label.quote.split())) for place, label in enumerate(company.labels)}
    best = max(shared, key=shared.__getitem__)
    return company.labels[best] if shared[best] else None


def _overlap(one: str, other: str) -> int:
    return min(len(one), len(other)) if one in other or other in one else 0
