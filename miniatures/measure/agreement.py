"""Whether two people who read the same answers say the same: what their reviews are worth as a yardstick.

Percent agreement is easy to read and flattered by chance; Cohen's kappa takes chance out. Both are given, with n.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from miniatures.datamodel.review import Preference, Review, ReviewAction, in_order


@dataclass(frozen=True)
class Agreement:
    """Agreement on `n` answers that both read. Undefined numbers are null: all of them without any answer, and kappa
    where both gave every answer the same one label, so that chance alone would agree as well.
    """

    n: int
    share: float | None = None
    kappa: float | None = None
    kappa_low: float | None = None
    kappa_high: float | None = None


@dataclass(frozen=True)
class ReviewerAgreement:
    """Two reviewers, by name in alphabetical order: on single answers, and on comparisons."""

    reviewers: tuple[str, str]
    verdicts: Agreement
    preferences: Agreement


def agreement(first: Sequence[Hashable], second: Sequence[Hashable]) -> Agreement:
    """Agreement of two lists of labels, place by place: Cohen's kappa (Cohen, 1960) with its 95 % interval.

    The interval is the asymptotic one of Fleiss, Cohen and Everitt (1969), and rough below some thirty answers.

    Raises:
        ValueError: the lists differ in length.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        return Agreement(0)
    share = sum(one == other for one, other in pairs) / len(pairs)
    labels = list(dict.fromkeys(label for pair in pairs for label in pair))
    if len(labels) == 1:
        return Agreement(len(pairs), share)
    return Agreement(len(pairs), share, *_kappa(pairs, labels))


def reviewer_agreement(reviews: Iterable[Review]) -> list[ReviewerAgreement]:
    """Every two reviewers who judged an answer in common. Of several reviews of one answer a reviewer's last counts."""
    verdicts: dict[str, dict[Hashable, str]] = {}
    preferences: dict[str, dict[Hashable, str]] = {}
    for review in in_order(reviews):
        if review.teaches or review.preference is not None:
            said = verdicts if review.teaches else preferences
            said.setdefault(review.reviewer, {})[_subject(review)] = _label(review)
    pairs = combinations(sorted({*verdicts, *preferences}), 2)
    found = [ReviewerAgreement(pair, _common(verdicts, pair), _common(preferences, pair)) for pair in pairs]
    return [one for one in found if one.verdicts.n or one.preferences.n]


def _kappa(pairs: Sequence[tuple[Hashable, Hashable]], labels: Sequence[Hashable]) -> list[float | None]:
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa

    table = np.zeros((len(labels), len(labels)))
    for one, other in pairs:
        table[labels.index(one), labels.index(other)] += 1
    with np.errstate(all="ignore"):
        result = cohens_kappa(table)
    numbers = (float(number) for number in (result.kappa, result.kappa_low, result.kappa_upp))
    return [number if math.isfinite(number) else None for number in numbers]


def _common(said: dict[str, dict[Hashable, str]], pair: tuple[str, str]) -> Agreement:
    first, second = (said.get(name, {}) for name in pair)
    both = [subject for subject in first if subject in second]
    return agreement([first[subject] for subject in both], [second[subject] for subject in both])


def _subject(review: Review) -> Hashable:
    """What was read: an answer, or two in whichever order."""
    return frozenset((review.trace, review.other_trace)) if review.other_trace else review.draft or review.trace


def _label(review: Review) -> str:
    """The verdict; in a comparison, which of the answers by the order of their traces, however the record has them."""
    if review.action is not ReviewAction.COMPARE:
        return review.action.value
    in_order = review.trace <= (review.other_trace or "")
    match review.preference:
        case Preference.FIRST:
            return "earlier" if in_order else "later"
        case Preference.SECOND:
            return "later" if in_order else "earlier"
        case _:
            return "tie"
