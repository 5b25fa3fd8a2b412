"""Adds up readings: what share of drafts could be sent or held something false, and how far readers agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import get_args

from miniatures.datamodel.evidence import sureness
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.miniature import Score, SureReading
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Choice, Reading, ReadingVerdict, Review, ReviewAction, in_order
from miniatures.measure.agreement import Agreement, agreement
from miniatures.measure.statistics import score_of

STRICTEST = "the strictest of them"

SHARES = (
    ("sent", "sent"),
    ("sent or edited", "sent_or_edited"),
    ("false statement", "false"),
    ("tactless", "tactless"),
    ("nonsense", "nonsense"),
    ("odd subject", "odd_subject"),
    ("poor reason", "poor_choice"),
)
"""What is counted, in words, and the field of `ReadingShares` that has it."""


class ReadingShares(Frozen):
    """What one reader found, or of each draft the strictest; shares of the drafts read, with Wilson intervals."""

    reader: str
    sent: Score
    sent_or_edited: Score
    false: Score
    tactless: Score
    nonsense: Score
    odd_subject: Score
    poor_choice: Score


@dataclass(frozen=True)
class ReadersAgreement:
    """How often two readers gave one draft the same verdict."""

    readers: tuple[str, str]
    verdicts: Agreement


def reading_shares(reviews: Iterable[Review]) -> list[ReadingShares]:
    """A row for each reader, by name, and one for the strictest where several read. A reader's last word counts."""
    by_reader = _last_words(reviews)
    shares = [_shares(reader, list(read.values())) for reader, read in sorted(by_reader.items())]
    if len(by_reader) > 1:
        drafts = sorted({draft for read in by_reader.values() for draft in read})
        shares.append(_shares(STRICTEST, [_strictest(by_reader, draft) for draft in drafts]))
    return shares


def sure_readings(results: Iterable[ProspectResult], reviews: Iterable[Review]) -> list[SureReading]:
    """Of each draft that was read, how sure its researcher was and whether any reader found a false statement.

    Drafts whose researcher does not tell how sure it is are left out.
    """
    by_reader = _last_words(reviews)
    found = []
    for result in results:
        draft = result.draft
        sure = sureness(draft.evidence) if draft else None
        if draft is None or sure is None or not any(draft.id in read for read in by_reader.values()):
            continue
        found.append(SureReading(sure=sure, false=bool(_strictest(by_reader, draft.id).false)))
    return found


def readers_agreement(reviews: Iterable[Review]) -> list[ReadersAgreement]:
    """Every two readers, on the drafts that both read."""
    found = []
    for (first, ours), (second, theirs) in combinations(sorted(_last_words(reviews).items()), 2):
        both = sorted(ours.keys() & theirs.keys())
        verdicts = agreement([ours[one].verdict for one in both], [theirs[one].verdict for one in both])
        found.append(ReadersAgreement((first, second), verdicts))
    return found


def _last_words(reviews: Iterable[Review]) -> dict[str, dict[str, Reading]]:
    found: dict[str, dict[str, Reading]] = {}
    for review in in_order(reviews):
        if review.action is ReviewAction.READ and review.reading is not None:
            found.setdefault(review.reviewer, {})[review.draft or review.trace] = review.reading
    return found


def _strictest(by_reader: dict[str, dict[str, Reading]], draft: str) -> Reading:
    """One reading of each draft that finds every fault that somebody found."""
    readings = [read[draft] for read in by_reader.values() if draft in read]
    return Reading(
        verdict=max((one.verdict for one in readings), key=list(ReadingVerdict).index),
        false=tuple(statement for one in readings for statement in one.false),
        tactless=any(one.tactless for one in readings),
        sense=max((one.sense for one in readings), key=("ok", "weak", "nonsense").index),
        subject=max((one.subject for one in readings), key=("ok", "odd", "absurd").index),
        choice=max((one.choice for one in readings), key=get_args(Choice).index),
    )


def _shares(reader: str, readings: Sequence[Reading]) -> ReadingShares:
    return ReadingShares(
        reader=reader,
        sent=score_of([one.verdict is ReadingVerdict.SEND for one in readings]),
        sent_or_edited=score_of([one.verdict is not ReadingVerdict.REJECT for one in readings]),
        false=score_of([bool(one.false) for one in readings]),
        tactless=score_of([one.tactless for one in readings]),
        nonsense=score_of([one.sense == "nonsense" for one in readings]),
        odd_subject=score_of([one.subject != "ok" for one in readings]),
        poor_choice=score_of([one.choice == "poor" for one in readings]),
    )
