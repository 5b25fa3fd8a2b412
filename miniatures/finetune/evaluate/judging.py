"""Has a model compare drafts pair by pair, in an order drawn by lot, so that neither place nor name can help a side.

A judge's word is an opinion with a bias of its own: it is reported with the share of pairs that went to the first
place, and beside people who compared pairs as well (see `calibration`).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field

from miniatures.datamodel.backend import Profile
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evaluation import BackendEvaluation, Judgement, JudgeResult, Side, Verdict
from miniatures.finetune.evaluate.answers import Asker
from miniatures.finetune.evaluate.cases import WriterQuestion
from miniatures.finetune.evaluate.writing import readable
from miniatures.measure.statistics import clustered_mean, wilson
from miniatures.review.rubric import rubric_text

PROMPT = "judge"
_RUBRIC_FROM = "## The reasons to reject"
_POINTS = {Verdict.OURS: 1.0, Verdict.TIE: 0.5, Verdict.THEIRS: 0.0}


class Better(BaseModel):
    """The judge's answer: the reason first, so that it is thought of before the choice."""

    reason: str = Field(max_length=400)
    better: Literal["first", "second", "tie"]


@dataclass(frozen=True)
class Pair:
    """Two emails for one case, and what both were written from."""

    case: str
    company: str
    variables: dict[str, Any]
    ours: EmailText
    theirs: EmailText


def pairs_of(ours: BackendEvaluation, theirs: BackendEvaluation, questions: Sequence[WriterQuestion]) -> list[Pair]:
    """The greedy drafts of both sides, where both are emails."""
    first = {outcome.case: outcome.first for outcome in ours.writer}
    other = {outcome.case: outcome.first for outcome in theirs.writer}
    return [
        Pair(
            question.id,
            question.company,
            question.variables,
            EmailText(subject=one.subject, body=one.body),
            EmailText(subject=two.subject, body=two.body),
        )
        for question in questions
        if (one := first.get(question.id)) and (two := other.get(question.id)) and readable(one) and readable(two)
    ]


async def judge_pairs(asker: Asker, pairs: Sequence[Pair], seed: int) -> list[Judgement]:
    """What the judge says of each pair. Equal emails are a tie, and not shown.

    Raises:
        BackendError: the judge could not be asked.
    """
    return list(await asyncio.gather(*(_judge(asker, pair, seed) for pair in pairs)))


async def _judge(asker: Asker, pair: Pair, seed: int) -> Judgement:
    shown = first_shown(seed, pair.case)
    if pair.ours == pair.theirs:
        return Judgement(case=pair.case, verdict=Verdict.TIE, first_shown=shown, reason="both emails are the same")
    emails = (pair.ours, pair.theirs) if shown is Side.OURS else (pair.theirs, pair.ours)
    variables = {
        **{name: pair.variables[name] for name in ("brief", "prospect", "quotes")},
        "rubric": rubric_text().partition(_RUBRIC_FROM)[2].strip(),
        "first": emails[0].model_dump(),
        "second": emails[1].model_dump(),
    }
    answer = await asker.ask(PROMPT, variables, Better, profile=Profile.FULL)
    if answer.value is None:
        return Judgement(case=pair.case, verdict=Verdict.UNREADABLE, first_shown=shown, reason=answer.error)
    given = Better.model_validate(answer.value)
    return Judgement(case=pair.case, verdict=_verdict(given.better, shown), first_shown=shown, reason=given.reason)


def first_shown(seed: int, case: str) -> Side:
    """Whose email the judge reads first: drawn for each case, the same for equal seeds."""
    return random.Random(f"{seed}/{case}").choice([Side.OURS, Side.THEIRS])


def _verdict(better: Literal["first", "second", "tie"], shown: Side) -> Verdict:
    if better == "tie":
        return Verdict.TIE
    return Verdict.OURS if (better == "first") == (shown is Side.OURS) else Verdict.THEIRS


def judge_result(
    judge: str, ours: str, theirs: str, pairs: Sequence[Pair], judgements: Sequence[Judgement], seed: int
) -> JudgeResult:
    """The judgements added up; unreadable ones are counted nowhere but in the list."""
    company = {pair.case: pair.company for pair in pairs}
    read = [one for one in judgements if one.verdict is not Verdict.UNREADABLE]
    counts = Counter(one.verdict for one in read)
    decided = [one for one in read if one.verdict is not Verdict.TIE]
    points = [_POINTS[one.verdict] for one in read]
    interval = clustered_mean(points, [company[one.case] for one in read], seed) if read else None
    return JudgeResult(
        judge=judge,
        ours=ours,
        theirs=theirs,
        judgements=tuple(judgements),
        counts={verdict: sum(one.verdict is verdict for one in judgements) for verdict in Verdict},
        preferred=wilson(counts[Verdict.OURS], len(read)),
        win_rate=interval.mean if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        first_place=wilson(sum(one.verdict.value == one.first_shown.value for one in decided), len(decided)),
    )
