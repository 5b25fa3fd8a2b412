"""Has the researcher choose among numbered sentences; nobody writes them anew, so every quote is verbatim.

Without a researcher the best-ranked sentence of each signal is taken: BM25 alone is the honest baseline. The same is
done, and noted as a problem, when the researcher answered twice and named no sentence that exists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from miniatures.agents.answers import Selection
from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.prompting import as_data, signal_variables
from miniatures.agents.researcher import ROLE, ask_researcher
from miniatures.agents.state import Gathered, RankedSentence
from miniatures.backends.ask import Answer, identity_of, profile_of
from miniatures.datamodel.backend import Usage, add_costs
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.dossier import Problem
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect

_TRIES = 2


class Selected(BaseModel):
    """What was chosen, and what was wrong with the answers."""

    model_config = ConfigDict(frozen=True)

    facts: tuple[Evidence, ...] = ()
    problems: tuple[Problem, ...] = ()
    usage: Usage = Usage()
    cost_usd: float | None = 0.0


async def select_facts(context: CampaignContext, prospect: Prospect, gathered: Gathered, limit: int) -> Selected:
    """At most `limit` facts out of the round's sentences.

    Raises:
        BackendError: the researcher could not be asked.
    """
    if not gathered.sentences or limit < 1:
        return Selected()
    if ROLE not in context.models:
        return Selected(facts=best_ranked(gathered, limit))
    model = context.model(ROLE)
    return await ledgered(
        context,
        "select",
        prospect,
        Selected,
        lambda: _ask_researcher(context, prospect, gathered, limit),
        sentences=[(one.text, one.signal, gathered.pages[one.page].text_hash) for one in gathered.sentences],
        limit=limit,
        prompt=context.prompts.version(ROLE, profile_of(model)),
        backend=identity_of(model),
    )


def best_ranked(gathered: Gathered, limit: int) -> tuple[Evidence, ...]:
    """The best sentence of each signal, best signal first, then the next best of any; none that matched no signal."""
    first: dict[str, RankedSentence] = {}
    matched = [sentence for sentence in gathered.sentences if sentence.signal]
    for sentence in matched:
        first.setdefault(sentence.signal, sentence)
    rest = [sentence for sentence in matched if first[sentence.signal] is not sentence]
    chosen = [*first.values(), *rest][:limit]
    return tuple(gathered.evidence(sentence, sentence.signal) for sentence in chosen)


async def _ask_researcher(context: CampaignContext, prospect: Prospect, gathered: Gathered, limit: int) -> Selected:
    reasons: list[str] = []
    usage = Usage()
    cost: float | None = 0.0
    for attempt in range(1, _TRIES + 1):
        answer = await _ask(context, prospect, gathered, limit, reasons, attempt)
        usage, cost = usage + answer.usage, add_costs(cost, answer.cost_usd)
        selected = _read(answer, gathered, limit, context.brief)
        if selected is not None:
            problems = (*selected.problems, *_unread(answer))
            return selected.model_copy(update={"problems": problems, "usage": usage, "cost_usd": cost})
        reasons = [answer.error or f"no number is between 1 and {len(gathered.sentences)}"]
    detail = f"asked {_TRIES} times: {reasons[0]}; the best-ranked sentences were taken instead"
    problem = Problem(where=ROLE, kind="malformed_answer", detail=detail)
    return Selected(facts=best_ranked(gathered, limit), problems=(problem,), usage=usage, cost_usd=cost)


async def _ask(
    context: CampaignContext, prospect: Prospect, gathered: Gathered, limit: int, reasons: Sequence[str], attempt: int
) -> Answer[Selection]:
    model = context.model(ROLE)
    variables = {
        "company": as_data(prospect.company),
        "today": context.now().date().isoformat(),
        "facts": limit,
        "signals": signal_variables(context.brief),
        "sentences": [
            {"number": number, "text": as_data(one.text)} for number, one in enumerate(gathered.sentences, start=1)
        ],
        "reasons": list(reasons),
    }
    options: dict[str, Any] = {"attempt": attempt}
    if attempt > 1:
        options |= {"temperature": 0.7, "seed": attempt}
    return await ask_researcher(model, context.prompts, variables, node="select", **options)


def _read(answer: Answer[Selection], gathered: Gathered, limit: int, brief: Brief) -> Selected | None:
    """The answer's choices; None when it names nothing that exists. An empty list is an answer: nothing is worth it."""
    if answer.value is None:
        return None
    numbers: dict[int, str] = {}
    dropped = []
    for choice in answer.value.choices:
        if 1 <= choice.number <= len(gathered.sentences) and choice.number not in numbers:
            numbers[choice.number] = choice.signal
        else:
            dropped.append(choice.number)
    if answer.value.choices and not numbers:
        return None
    facts = [_fact(gathered, number, signal, brief) for number, signal in list(numbers.items())[:limit]]
    return Selected(facts=tuple(facts), problems=_dropped(dropped))


def _unread(answer: Answer[Selection]) -> tuple[Problem, ...]:
    """Sentences that a small researcher gave no readable answer on, beside others that it did."""
    return () if answer.error is None else (Problem(where=ROLE, kind="malformed_answer", detail=answer.error),)


def _fact(gathered: Gathered, number: int, signal: str, brief: Brief) -> Evidence:
    sentence = gathered.sentences[number - 1]
    known = {one.name for one in brief.signals}
    return gathered.evidence(sentence, signal if signal in known else sentence.signal or brief.signals[0].name)


def _dropped(numbers: Sequence[int]) -> tuple[Problem, ...]:
    if not numbers:
        return ()
    shown = ", ".join(str(number) for number in numbers[:5])
    return (Problem(where=ROLE, kind="dropped_choice", detail=f"out of range or named twice: {shown}"),)
