"""Says what a run would take before anything is spent: calls, tokens, time and cost, each role for itself.

Prompts are rendered from the campaign's own brief and templates with evidence of typical length. The figures are what
a run takes when every draft needs all its rewrites; one whose first drafts pass takes less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from langchain_core.language_models import BaseChatModel
from pydantic import Field

from miniatures.agents.context import CampaignContext
from miniatures.agents.passages import Passage
from miniatures.agents.roles.assessor import ASSESSOR, AssessorVariables
from miniatures.agents.roles.planner import PLANNER, PlannerVariables
from miniatures.agents.roles.researcher import RESEARCHER, ListVariables, PassageVariables
from miniatures.agents.roles.role import Variables, role_named
from miniatures.agents.roles.verifier import VERIFIER, VerifierVariables
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.agents.runs import count_prospects
from miniatures.agents.seats import seated
from miniatures.agents.select import MOST_WEIGHED
from miniatures.agents.tools.fetch.http import HttpFetcher
from miniatures.agents.tools.search.open import open_search
from miniatures.backends.base import Backend
from miniatures.backends.spec import open_backend
from miniatures.backends.wrappers.spending import Spending
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.campaign import Budget, seat_label
from miniatures.datamodel.capabilities import Questions
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import BudgetScope
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.seat import Seat
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.prompts.library import PromptLibrary

_SENTENCE = (
    "In September the company opened a store with 9,400 pallet places, its third on the coast, and hired 20 people."
)
_PASSAGES_OF_A_SITE = 100
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_WORD = 1.5
_CHOICE_TOKENS = 20
_ENCODER, _PROBE_QUESTIONS = "encoder", 64
_PROBE_CALLS = 8
_PROBE_TOKENS = 32
_IN_PROCESS = frozenset({"local", "llamacpp", "transformers"})


class RoleEstimate(Frozen):
    """What one role would take over all prospects."""

    role: str
    backend: str
    small: bool = Field(description="Whether it is asked about each sentence by itself.")
    calls: int
    bill: Bill
    seconds: float | None = Field(description="Null unless the backend runs in this process and could be timed.")


class Estimate(Frozen):
    """What a whole run would take if every draft needed all its rewrites."""

    prospects: int
    roles: tuple[RoleEstimate, ...]
    bill: Bill
    seconds: float | None
    notes: tuple[str, ...]


async def estimate_campaign(loaded: LoadedCampaign, *, limit: int | None = None) -> Estimate:
    """Estimate a run of the first `limit` prospects. Nothing is sent to a paid backend.

    Raises:
        BackendError: a backend cannot be opened.
        InputError: a model could not serve the brief, or there is no such search: what a run would refuse, too.
    """
    prospects = await asyncio.to_thread(count_prospects, loaded, limit)
    prompts, backends = PromptLibrary(loaded.prompts_folder), await asyncio.to_thread(_open_backends, loaded)
    await _refuse_as_a_run_would(loaded, backends, prompts)
    speeds = {name: await _tokens_per_second(backend) for name, backend in backends.items()}
    roles = [
        _estimate_seat(loaded, prompts, role, seat, backends[name], prospects, speeds[name])
        for role, seats in loaded.campaign.roles.seats.items()
        for seat, name in seats.items()
    ]
    return _sum_up(roles, prospects)


def _open_backends(loaded: LoadedCampaign) -> dict[str, Backend]:
    named = dict.fromkeys(loaded.campaign.roles.backend_names.values())
    settings = {name: loaded.campaign.backends[name] for name in named}
    return {name: open_backend(one.use, one) for name, one in settings.items()}


async def _refuse_as_a_run_would(
    loaded: LoadedCampaign, backends: Mapping[str, Backend], prompts: PromptLibrary
) -> None:
    """Open the search and the context as a run does, whose refusals are the same."""
    _require_prices(loaded, backends)
    fetcher = HttpFetcher(loaded.campaign.fetch)
    try:
        search = await asyncio.to_thread(
            open_search,
            loaded.campaign.search,
            folder=loaded.folder,
            fetcher=fetcher,
            extractor=fetcher.extractor,
        )
        models = seated(loaded.campaign.roles.seats, backends)
        CampaignContext(models=models, brief=loaded.brief, search=search, prompts=prompts)
    finally:
        await fetcher.aclose()


def _require_prices(loaded: LoadedCampaign, backends: Mapping[str, Backend]) -> None:
    whole = Spending(loaded.campaign.budget, BudgetScope.CAMPAIGN, f"campaign {loaded.name}")
    for name, backend in backends.items():
        limit = Budget(usd=loaded.campaign.backends[name].budget_usd)
        for spending in (Spending(limit, BudgetScope.BACKEND, f"backend {name}"), whole):
            spending.check_price(str(backend.identity), known=backend.price is not None)


def _estimate_seat(
    loaded: LoadedCampaign,
    prompts: PromptLibrary,
    role: str,
    seat: Seat,
    backend: Backend,
    prospects: int,
    speed: float | None,
) -> RoleEstimate:
    capabilities = backend.capabilities
    each = role == RESEARCHER.name and capabilities.questions is Questions.EACH
    asked = _typical_questions(loaded, role, capabilities.questions)
    calls = prospects * _tries(loaded, role, seat) * len(asked)
    rendered = [role_named(role).prompt(one, prompts, capabilities) for one in asked]
    answer = _answer_tokens(loaded, role, capabilities.questions)
    usage = Usage(input_tokens=calls * _prompt_tokens(rendered), output_tokens=calls * answer)
    return RoleEstimate(
        role=seat_label(role, seat),
        backend=str(backend.identity),
        small=each,
        calls=calls,
        bill=Bill.of(usage, backend.price),
        seconds=None if speed is None else usage.total_tokens / speed,
    )


def _tries(loaded: LoadedCampaign, role: str, seat: Seat) -> int:
    """How often the seat's backend is asked about one prospect at most."""
    settings = loaded.campaign
    match role, seat:
        case WRITER.name, Seat.FALLBACK:
            return settings.write.samples_of(settings.write.rewrites + 2)
        case WRITER.name, _:
            return sum(settings.write.samples_of(attempt) for attempt in range(1, settings.write.rewrites + 2))
        case ((RESEARCHER.name | ASSESSOR.name | PLANNER.name), _):
            return settings.research.rounds
        case _:
            return 1


def _prompt_tokens(prompts: list[RenderedPrompt]) -> int:
    """Tokens of one of the prompts, on average."""
    characters = sum(len(message.content) for prompt in prompts for message in prompt.messages)
    return characters // _CHARACTERS_PER_TOKEN // max(1, len(prompts))


def _answer_tokens(loaded: LoadedCampaign, role: str, questions: Questions) -> int:
    match role:
        case RESEARCHER.name:
            answers = {Questions.LIST: loaded.campaign.research.facts, Questions.EACH: 1, Questions.PASSAGE: 0}
            return answers[questions] * _CHOICE_TOKENS
        case ASSESSOR.name:
            return _CHOICE_TOKENS
        case WRITER.name:
            return round(loaded.brief.length.max_words * _TOKENS_PER_WORD) + _CHOICE_TOKENS
        case _:
            return 4 * _CHOICE_TOKENS


def _typical_questions(loaded: LoadedCampaign, role: str, questions: Questions) -> Sequence[Variables]:
    """What one prospect's questions of typical length tell; a role of somebody else's is not known here."""
    brief, research, now = loaded.brief, loaded.campaign.research, datetime.now(UTC)
    prospect = Prospect(email="someone@example.com", company="Example Company", first_name="Ana", last_name="Example")
    facts = [Quote(quote=_SENTENCE, signal=brief.signals[0].name)] * research.facts
    match role:
        case RESEARCHER.name if questions is Questions.PASSAGE:
            asked_of = PassageVariables.of(Passage(text=_SENTENCE, before=_SENTENCE), prospect.company, now.date())
            return [asked_of] * min(research.passages, _PASSAGES_OF_A_SITE)
        case RESEARCHER.name:
            most = research.candidate_tokens // (len(_SENTENCE) // _CHARACTERS_PER_TOKEN)
            sentences = [_SENTENCE] * min(research.candidates, most)
            today = now.date().isoformat()
            asked = ListVariables.of(brief, prospect.company, today, sentences, facts=research.facts)
            return asked.alone() if questions is Questions.EACH else [asked]
        case ASSESSOR.name:
            return [AssessorVariables.of(brief, prospect, Passage(text=_SENTENCE))] * MOST_WEIGHED
        case PLANNER.name:
            return [PlannerVariables.of(brief, prospect, [signal.name for signal in brief.signals], ())]
        case VERIFIER.name:
            email = EmailText(subject=_SENTENCE[:40], body=_SENTENCE * 5)
            return [VerifierVariables.of(brief, prospect, facts, email)]
        case WRITER.name:
            return [WriterVariables.of(brief, prospect, facts)]
        case _:
            return []


async def _tokens_per_second(model: BaseChatModel) -> float | None:
    """Tokens a second, prompts included, of a backend in this process; None where a probe would cost money."""
    if not isinstance(model, Backend) or model.identity.provider not in (*_IN_PROCESS, _ENCODER):
        return None
    question, options = model.tiny_question()
    await model.ainvoke(question, **options)
    if model.identity.provider == _ENCODER:
        asked = [f"{number}. {_SENTENCE}\n{_SENTENCE}" for number in range(_PROBE_QUESTIONS)]
    else:
        words = " ".join([_SENTENCE] * 12)
        asked, options = [f"{number}. {words}" for number in range(_PROBE_CALLS)], {"max_tokens": _PROBE_TOKENS}
    started = time.perf_counter()
    answers = await asyncio.gather(*(model.ainvoke(text, **options) for text in asked))
    seconds = time.perf_counter() - started
    return sum(answer.usage_metadata["total_tokens"] for answer in answers if answer.usage_metadata) / seconds


def _sum_up(roles: Iterable[RoleEstimate], prospects: int) -> Estimate:
    roles = tuple(roles)
    timed = [role.seconds for role in roles if role.seconds is not None]
    return Estimate(
        prospects=prospects,
        roles=roles,
        bill=Bill.total(role.bill for role in roles),
        seconds=sum(timed) if len(timed) == len(roles) else None,
        notes=_notes(roles),
    )


def _notes(roles: tuple[RoleEstimate, ...]) -> tuple[str, ...]:
    notes = ["Counted as if every draft needed all its rewrites; drafts that pass at once take less."]
    if any(role.small for role in roles):
        notes.append("A small researcher is asked again where it is unsure, in one question of twelve or so.")
    unpriced = sorted({role.backend for role in roles if role.bill.cost_usd is None})
    if unpriced:
        notes.append(f"No price is known for {', '.join(unpriced)}; state one with `price:` to see a cost.")
    if any(role.seconds is None for role in roles):
        notes.append("Time is estimated only for backends in this process; try `--limit 3` for the others.")
    return tuple(notes)
