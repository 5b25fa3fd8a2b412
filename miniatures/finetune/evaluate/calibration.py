"""Compares a judge with people: on pairs that somebody compared, does the judge prefer the same email?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.evaluation import Calibration, Judgement, Verdict
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Preference, Review
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.evaluate.judging import Pair
from miniatures.measure.agreement import agreement
from miniatures.measure.preferences import last_comparisons
from miniatures.measure.statistics import wilson
from miniatures.review.email_text import email_of
from miniatures.store.open import open_store

_SAID = {Preference.FIRST: Verdict.OURS, Preference.SECOND: Verdict.THEIRS, Preference.TIE: Verdict.TIE}


def reviewed_pairs(
    reviews: Iterable[Review], variables: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Pair], dict[str, Verdict]]:
    """Each pair of emails that was compared, once, for the judge; and what most people said of it, by its case.

    `variables` are those of the prompts by trace or example id; a review whose prompt is gone is left out.
    """
    pairs: dict[str, Pair] = {}
    said: dict[str, list[Verdict]] = defaultdict(list)
    for review in reviews:
        known = variables.get(review.trace)
        if review.role != WRITER.name or known is None:
            continue
        try:
            ours, theirs = email_of(review.answer), email_of(review.other_answer or {})
            case = content_hash([review.trace, ours, theirs])
            told = WRITER.read(known)
            pairs[case] = Pair(case, told.told_company, told, ours, theirs)
        except ValidationError:
            continue
        said[case].append(_SAID[review.preference or Preference.TIE])
    return list(pairs.values()), {case: _majority(verdicts) for case, verdicts in said.items()}


def _majority(verdicts: Sequence[Verdict]) -> Verdict:
    """What most said; a tie where no two sides agree on one."""
    (first, most), *others = Counter(verdicts).most_common()
    return Verdict.TIE if others and others[0][1] == most else first


def calibration(judge: str, judgements: Sequence[Judgement], said: Mapping[str, Verdict]) -> Calibration | None:
    """Share of the pairs of which both say the same, and Cohen's kappa; None without a pair that both read."""
    read = [(one.verdict, said[one.case]) for one in judgements if one.verdict is not Verdict.UNREADABLE]
    if not read:
        return None
    agreed = wilson(sum(judged is human for judged, human in read), len(read))
    both = agreement([judged for judged, _ in read], [human for _, human in read])
    return Calibration(
        judge=judge, agreed=agreed, kappa=both.kappa, kappa_low=both.kappa_low, kappa_high=both.kappa_high
    )


def pairs_in_store(url: str, dataset: Dataset) -> tuple[list[Pair], dict[str, Verdict]]:
    """The comparisons that people made, with prompts from the store's traces or, for examples, from the dataset.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    with open_store(url, create=False) as store:
        reviews = last_comparisons(store.reviews())
        wanted = {review.trace for review in reviews}
        variables = {
            name: trace.variables for name, trace in store.traces_named(list(wanted)).items() if trace.variables
        }
    for split in dataset.manifest.splits:
        variables.update({row.id: row.example.variables for row in dataset.rows(split) if row.id in wanted})
    return reviewed_pairs(reviews, variables)
