"""Has the researcher choose among numbered sentences; nobody writes them anew, so every quote is verbatim.

Without a researcher the best-ranked sentence of each signal is taken: BM25 alone is the honest baseline. The same is
done, and noted as a problem, when the researcher answered twice and named no sentence that exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from miniatures.agents.assess import ASSESSED, Assessments, assess
from miniatures.agents.context import CampaignContext
from miniatures.agents.gather import reads_in_place
from miniatures.agents.ledgered import ledgered
from miniatures.agents.parts import ask_parts
from miniatures.agents.passages import Passage
from miniatures.agents.reason import SURE, WORTH_A_LOOK, Parts, Reason, rank_reasons
from miniatures.agents.research_answer import ResearchAnswer, ask_researcher
from miniatures.agents.roles.assessor import ASSESSOR
from miniatures.agents.roles.researcher import RESEARCHER, ListVariables
from miniatures.agents.roles.writer import WRITER
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.state import Gathered
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Phrases
from miniatures.datamodel.dossier import Problem
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.json_types import Options
from miniatures.datamodel.prospect import Prospect

_TRIES = 2
MOST_WEIGHED = 5
"""Reasons that an assessor, or a writer which judges them, is given."""


class _Matched(Protocol):
    @property
    def signal(self) -> str: ...


Matched = TypeVar("Matched", bound=_Matched)


class Selected(Frozen):
    """What was chosen, and what was wrong with the answers."""

    facts: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()
    bill: Bill = Bill()


async def select_facts(context: CampaignContext, prospect: Prospect, gathered: Gathered, limit: int) -> Selected:
    """At most `limit` facts out of the round's sentences.

    Raises:
        BackendError: the researcher could not be asked.
    """
    if not gathered.sentences or limit < 1:
        return Selected()
    if RESEARCHER.name not in context.models:
        return Selected(facts=best_ranked(gathered, limit))
    looks_again = _judges(context) or ASSESSOR.name in context.models
    most, bound = (MOST_WEIGHED, WORTH_A_LOOK) if looks_again else (1, SURE)
    return await ledgered(
        context,
        "select",
        prospect,
        Selected,
        lambda: (
            _read_in_place(context, prospect, gathered, most, bound, limit)
            if reads_in_place(context)
            else _ask_researcher(context, prospect, gathered, limit)
        ),
        sentences=[(one.text, one.signal, gathered.pages[one.page].text_hash) for one in gathered.sentences],
        limit=limit,
        most=most,
        bound=bound,
        taxonomy=context.policy.taxonomy,
        seat=context.policy.seat(RESEARCHER.name),
        assessor=context.policy.seat(ASSESSOR.name),
    )


def best_ranked(gathered: Gathered, limit: int) -> tuple[Evidence, ...]:
    """The best sentence of each signal, best signal first, then the next best of any; none that matched no signal."""
    chosen = best_of_each_signal(gathered.sentences, limit)
    return tuple(gathered.evidence(sentence, sentence.signal) for sentence in chosen)


def best_of_each_signal(ranked: Sequence[Matched], limit: int) -> list[Matched]:
    """The first of each signal, then the next ones of any."""
    first: dict[str, Matched] = {}
    matched = [sentence for sentence in ranked if sentence.signal]
    for sentence in matched:
        first.setdefault(sentence.signal, sentence)
    rest = [sentence for sentence in matched if first[sentence.signal] is not sentence]
    return [*first.values(), *rest][:limit]


async def _read_in_place(
    context: CampaignContext, prospect: Prospect, gathered: Gathered, most: int, bound: float, limit: int
) -> Selected:
    """The one reason to write that the researcher finds among the sentences in their pages and the assessor confirms;
    for a writer that judges reasons itself, the best few, at most `limit`.
    """
    sentences = [one for one in gathered.sentences if one.place is not None]
    passages = [one.place for one in sentences if one.place is not None]
    today = context.now().date()
    reading = await ask_seat(
        context,
        RESEARCHER.name,
        lambda model, seat: rank_reasons(
            model,
            context.prompts,
            context.brief,
            prospect.company,
            today,
            passages,
            most=most,
            bound=bound,
            node="select",
            seat=seat,
        ),
    )
    reasons, bill, errors = reading.reasons, reading.bill, [(RESEARCHER.name, reading.error)]
    if reasons and ASSESSOR.name in context.models:
        weighed = await _assessed(context, prospect, [passages[one.place] for one in reasons])
        reasons = _confirmed(reasons, weighed)
        bill += weighed.bill
        errors.append((ASSESSOR.name, weighed.error))
    facts = []
    for one in reasons[: limit if _judges(context) else 1]:
        parts = await _parts(context, prospect, passages[one.place], one)
        bill += parts.bill
        errors.append((RESEARCHER.name, parts.error))
        evidence = gathered.evidence(sentences[one.place], one.signal, trace=one.trace)
        facts.append(evidence.model_copy(update={"angle": parts.angle, "claim": parts.claim, "sure": one.score}))
    problems = [_malformed(error, role) for role, error in dict.fromkeys(errors) if error is not None]
    none = [] if facts else [_no_reason(len(passages))]
    return Selected(facts=tuple(facts), problems=(*problems, *none), bill=bill)


async def _assessed(context: CampaignContext, prospect: Prospect, passages: Sequence[Passage]) -> Assessments:
    return await ask_seat(
        context,
        ASSESSOR.name,
        lambda model, seat: assess(model, context.prompts, context.brief, prospect, passages, node="select", seat=seat),
    )


def _confirmed(reasons: Sequence[Reason], weighed: Assessments) -> tuple[Reason, ...]:
    """The reasons that the assessor finds good, the best first, with the signal that it sees in them."""
    told = [
        replace(reason, signal=one.signal or reason.signal, score=one.sure, angle=one.angle, claim=one.claim)
        for reason, one in zip(reasons, weighed.each, strict=True)
        if one.sure >= ASSESSED
    ]
    return tuple(sorted(told, key=lambda reason: -reason.score))


async def _parts(context: CampaignContext, prospect: Prospect, passage: Passage, reason: Reason) -> Parts:
    """The angle and the claim: the assessor's, else those that the researcher finds fitting."""
    if reason.angle is not None and reason.claim is not None:
        return Parts(reason.angle, reason.claim, Bill())
    return await ask_parts(context, context.brief, prospect.company, passage, reason.signal, node="select")


def _judges(context: CampaignContext) -> bool:
    """Whether the writer tells one piece of news, and is believed when it says that it is no reason to write."""
    trust = context.capabilities(WRITER.name)
    return trust is not None and trust.phrases is Phrases.OPENING and trust.judges


def _no_reason(read: int) -> Problem:
    return Problem(
        where=RESEARCHER.name, kind="no_reason", detail=f"none of {read} sentences is a good reason to write"
    )


async def _ask_researcher(context: CampaignContext, prospect: Prospect, gathered: Gathered, limit: int) -> Selected:
    reasons: tuple[str, ...] = ()
    bill = Bill()
    for attempt in range(1, _TRIES + 1):
        answer = await _ask(context, prospect, gathered, limit, reasons, attempt)
        bill += answer.bill
        selected = _read(answer, gathered, limit, context.brief)
        if selected is not None:
            problems = (*selected.problems, *_unread(answer))
            return selected.model_copy(update={"problems": problems, "bill": bill})
        reasons = (answer.error or f"no number is between 1 and {len(gathered.sentences)}",)
    detail = f"asked {_TRIES} times: {reasons[0]}; the best-ranked sentences were taken instead"
    problem = _malformed(detail)
    return Selected(facts=best_ranked(gathered, limit), problems=(problem,), bill=bill)


async def _ask(
    context: CampaignContext,
    prospect: Prospect,
    gathered: Gathered,
    limit: int,
    reasons: tuple[str, ...],
    attempt: int,
) -> ResearchAnswer:
    today, texts = context.now().date().isoformat(), [one.text for one in gathered.sentences]
    variables = ListVariables.of(context.brief, prospect.company, today, texts, facts=limit, reasons=reasons)
    options: Options = {"node": "select", "attempt": attempt, "own": context.brief.kinds}
    if attempt > 1:
        options |= {"temperature": 0.7, "seed": attempt}
    return await ask_seat(
        context,
        RESEARCHER.name,
        lambda model, seat: ask_researcher(model, context.prompts, variables, seat=seat, **options),
    )


def _read(answer: ResearchAnswer, gathered: Gathered, limit: int, brief: Brief) -> Selected | None:
    """The answer's choices; None when it names nothing that exists. An empty list is an answer: nothing is worth it."""
    if answer.selection is None:
        return None
    numbers: dict[int, str] = {}
    dropped = []
    for choice in answer.selection.choices:
        if 1 <= choice.number <= len(gathered.sentences) and choice.number not in numbers:
            numbers[choice.number] = choice.signal
        else:
            dropped.append(choice.number)
    if answer.selection.choices and not numbers:
        return None
    chosen = list(numbers.items())[:limit]
    facts = [_fact(gathered, number, signal, brief, answer.chosen_by.get(number)) for number, signal in chosen]
    return Selected(facts=tuple(facts), problems=_dropped(dropped))


def _unread(answer: ResearchAnswer) -> tuple[Problem, ...]:
    """Sentences that a small researcher gave no readable answer on, beside others that it did."""
    return () if answer.error is None else (_malformed(answer.error),)


def _malformed(detail: str, role: str = RESEARCHER.name) -> Problem:
    return Problem(where=role, kind="malformed_answer", detail=detail)


def _fact(gathered: Gathered, number: int, signal: str, brief: Brief, trace: str | None) -> Evidence:
    sentence = gathered.sentences[number - 1]
    known = {one.name for one in brief.signals}
    signal = signal if signal in known else sentence.signal or brief.signals[0].name
    return gathered.evidence(sentence, signal, trace=trace)


def _dropped(numbers: Sequence[int]) -> tuple[Problem, ...]:
    if not numbers:
        return ()
    shown = ", ".join(str(number) for number in numbers[:5])
    return (Problem(where=RESEARCHER.name, kind="dropped_choice", detail=f"out of range or named twice: {shown}"),)
