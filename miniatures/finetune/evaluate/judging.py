"""Has a model compare drafts pair by pair, in an order drawn by lot, so that neither place nor name can help a side.

A judge's word is an opinion with a bias of its own: it is reported with the share of pairs that went to the first
place, and beside people who compared pairs as well (see `calibration`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from miniatures.agents.roles.writer import WriterVariables
from miniatures.backends.errors import ContextOverflow
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evaluation import BackendEvaluation, Judgement, JudgeResult, Side, Verdict
from miniatures.finetune.evaluate.asking import Asker
from miniatures.finetune.evaluate.cases import WriterQuestion
from miniatures.finetune.evaluate.judge_role import JUDGE, Better, JudgeVariables
from miniatures.finetune.evaluate.writing import readable
from miniatures.measure.statistics import clustered_mean, wilson
from miniatures.review.rubric import rubric_text

_RUBRIC_FROM = "## The reasons to reject"
_POINTS = {Verdict.OURS: 1.0, Verdict.TIE: 0.5, Verdict.THEIRS: 0.0}


@dataclass(frozen=True)
class Pair:
    """Two emails for one case, and what both were written from."""

    id: str
    company: str
    variables: WriterVariables
    ours: EmailText
    theirs: EmailText


def pairs_of(ours: BackendEvaluation, theirs: BackendEvaluation, questions: Sequence[WriterQuestion]) -> list[Pair]:
    """The greedy drafts of both sides, where both are emails."""
    first = {outcome.case: outcome.first for outcome in ours.writer}
    other = {outcome.case: outcome.first for outcome in theirs.writer}
    return [
        Pair(question.id, question.company, question.variables, one.text, two.text)
        for question in questions
        if (one := first.get(question.id)) and (two := other.get(question.id)) and readable(one) and readable(two)
    ]


async def judge_pairs(asker: Asker, pairs: Sequence[Pair], seed: int) -> list[Judgement]:
    """What the judge says of each pair. Equal emails are a tie, and not shown.

    Raises:
        BackendError: the judge could not be asked.
    """
    return await asker.ask_all(pairs, lambda pair: _judge(asker, pair, seed))


async def _judge(asker: Asker, pair: Pair, seed: int) -> Judgement:
    shown = first_shown(seed, pair.id)

    def said(verdict: Verdict, reason: str) -> Judgement:
        return Judgement(case=pair.id, verdict=verdict, first_shown=shown, reason=reason)

    if pair.ours == pair.theirs:
        return said(Verdict.TIE, "both emails are the same")
    emails = (pair.ours, pair.theirs) if shown is Side.OURS else (pair.theirs, pair.ours)
    variables = JudgeVariables(
        brief=pair.variables.brief,
        prospect=pair.variables.prospect,
        quotes=pair.variables.quotes,
        rubric=rubric_text().partition(_RUBRIC_FROM)[2].strip(),
        first=emails[0],
        second=emails[1],
    )

    async def ask() -> Judgement:
        try:
            answer = await JUDGE.ask(asker.backend, asker.prompts, variables, node="evaluate")
        except ContextOverflow as error:
            return said(Verdict.UNREADABLE, error.message)
        if answer.value is None:
            return said(Verdict.UNREADABLE, answer.error or "")
        return said(_verdict(answer.value, shown), answer.value.reason)

    return await asker.remembered(JUDGE.name, pair, variables, Judgement, ask)


def first_shown(seed: int, case: str) -> Side:
    """Whose email the judge reads first: drawn for each case, the same for equal seeds."""
    return random.Random(f"{seed}/{case}").choice([Side.OURS, Side.THEIRS])


def _verdict(given: Better, shown: Side) -> Verdict:
    if given.better == "tie":
        return Verdict.TIE
    return Verdict.OURS if (given.better == "first") == (shown is Side.OURS) else Verdict.THEIRS


def judge_result(
    judge: str, ours: str, theirs: str, pairs: Sequence[Pair], judgements: Sequence[Judgement], seed: int
) -> JudgeResult:
    """The judgements added up; unreadable ones are counted nowhere but in the list."""
    company = {pair.id: pair.company for pair in pairs}
    read = [one for one in judgements if one.verdict is not Verdict.UNREADABLE]
    counts = Counter(one.verdict for one in judgements)
    decided = [one for one in read if one.verdict is not Verdict.TIE]
    points = [_POINTS[one.verdict] for one in read]
    interval = clustered_mean(points, [company[one.case] for one in read], seed) if read else None
    return JudgeResult(
        judge=judge,
        ours=ours,
        theirs=theirs,
        judgements=tuple(judgements),
        counts={verdict: counts[verdict] for verdict in Verdict},
        preferred=wilson(counts[Verdict.OURS], len(read)),
        win_rate=interval.mean if interval else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        first_place=wilson(sum(one.verdict.value == one.first_shown.value for one in decided), len(decided)),
    )
