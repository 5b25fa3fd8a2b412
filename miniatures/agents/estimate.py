"""Says what a run would take before anything is spent: calls, tokens, time and cost, each role for itself.

Prompts are rendered from the campaign's own brief and templates with evidence of typical length. The figures are what
a run takes when every draft needs all its rewrites; one whose first drafts pass takes less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, Field

from miniatures.agents.prompting import brief_variables, prospect_variables, quote_variables, signal_variables
from miniatures.agents.researcher import ROLE as RESEARCHER
from miniatures.agents.researcher import prompts_about, require_kinds
from miniatures.agents.runs import count_prospects
from miniatures.backends.base import Backend
from miniatures.backends.spec import open_backend
from miniatures.datamodel.backend import Profile, Usage, add_costs
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.prompts.library import PromptLibrary

_SENTENCE = (
    "In September the company opened a store with 9,400 pallet places, its third on the coast, and hired 20 people."
)
_CHARACTERS_PER_TOKEN = 4
_TOKENS_PER_WORD = 1.5
_CHOICE_TOKENS = 20
_PROBE_CALLS = 8
_PROBE_TOKENS = 32
_IN_PROCESS = frozenset({"local", "llamacpp", "transformers"})


class RoleEstimate(BaseModel):
    """What one role would take over all prospects."""

    model_config = ConfigDict(frozen=True)

    role: str
    backend: str
    small: bool = Field(description="Whether it is asked in the small model's way.")
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None = Field(description="Null if the price is not known.")
    seconds: float | None = Field(description="Null unless the backend runs in this process and could be timed.")


class Estimate(BaseModel):
    """What a whole run would take if every draft needed all its rewrites."""

    model_config = ConfigDict(frozen=True)

    prospects: int
    roles: tuple[RoleEstimate, ...]
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float | None
    notes: tuple[str, ...]


async def estimate_campaign(loaded: LoadedCampaign, *, limit: int | None = None) -> Estimate:
    """Estimate a run of the first `limit` prospects. Nothing is sent to a paid backend.

    Raises:
        BackendError: a backend cannot be opened.
        InputError: a small researcher could not serve the brief.
    """
    prospects = await asyncio.to_thread(count_prospects, loaded, limit)
    roles = []
    speeds: dict[str, float | None] = {}
    for role, name in loaded.campaign.roles.backend_names.items():
        settings = loaded.campaign.backends[name]
        backend = await asyncio.to_thread(open_backend, settings.use, settings)
        if role == RESEARCHER:
            require_kinds(backend.prompt_profile, loaded.brief)
        if name not in speeds:
            speeds[name] = await _tokens_per_second(backend)
        roles.append(_estimate_role(loaded, role, backend, prospects, speeds[name]))
    return _sum_up(roles, prospects)


def _estimate_role(
    loaded: LoadedCampaign, role: str, backend: Backend, prospects: int, speed: float | None
) -> RoleEstimate:
    prompts = _typical_prompts(loaded, role, backend.prompt_profile)
    calls = prospects * _calls_per_prospect(loaded, role) * len(prompts)
    prompt_tokens, answer_tokens = _prompt_tokens(prompts), _answer_tokens(loaded, role, len(prompts))
    usage = Usage(input_tokens=calls * prompt_tokens, output_tokens=calls * answer_tokens)
    return RoleEstimate(
        role=role,
        backend=str(backend.identity),
        small=backend.prompt_profile is Profile.COMPACT,
        calls=calls,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=None if backend.price is None else backend.price.cost(usage),
        seconds=None if speed is None else usage.total_tokens / speed,
    )


def _calls_per_prospect(loaded: LoadedCampaign, role: str) -> int:
    settings = loaded.campaign
    match role:
        case "researcher" | "planner":
            return settings.research.rounds
        case "writer" | "shadow":
            return sum(settings.write.samples_of(attempt) for attempt in range(1, settings.write.rewrites + 2))
        case "fallback":
            return settings.write.samples
        case _:
            return 1


def _typical_prompts(loaded: LoadedCampaign, role: str, profile: Profile) -> list[RenderedPrompt]:
    """What one question of typical length takes: a small researcher is asked about each sentence by itself."""
    template = "writer" if role in ("fallback", "shadow") else role
    library, variables = PromptLibrary(loaded.prompts_folder), _typical_variables(loaded, template)
    asked = prompts_about(profile, variables) if template == RESEARCHER else [variables]
    return [library.render(template, profile, one) for one in asked]


def _prompt_tokens(prompts: list[RenderedPrompt]) -> int:
    """Tokens of one of the prompts, on average."""
    characters = sum(len(message.content) for prompt in prompts for message in prompt.messages)
    return characters // _CHARACTERS_PER_TOKEN // len(prompts)


def _answer_tokens(loaded: LoadedCampaign, role: str, prompts: int) -> int:
    match role:
        case "researcher":
            return _CHOICE_TOKENS if prompts > 1 else loaded.campaign.research.facts * _CHOICE_TOKENS
        case "writer" | "fallback" | "shadow":
            return round(loaded.brief.length.max_words * _TOKENS_PER_WORD) + _CHOICE_TOKENS
        case _:
            return 4 * _CHOICE_TOKENS


def _typical_variables(loaded: LoadedCampaign, template: str) -> dict[str, Any]:
    prospect = Prospect(email="someone@example.com", company="Example Company", first_name="Ana", last_name="Example")
    research = loaded.campaign.research
    now = datetime.now(UTC)
    fact = Evidence(quote=_SENTENCE, url="http://example.com/", text_hash="", fetched_at=now, signal="news")
    per_sentence = len(_SENTENCE) // _CHARACTERS_PER_TOKEN
    sentences = min(research.candidates, research.candidate_tokens // per_sentence)
    quotes = quote_variables([fact] * research.facts, loaded.brief, prospect)
    match template:
        case "researcher":
            numbered = [{"number": number, "text": _SENTENCE} for number in range(1, sentences + 1)]
            signals = signal_variables(loaded.brief)
            today = now.date().isoformat()
            company = {"company": prospect.company, "today": today, "facts": research.facts, "reasons": []}
            return {**company, "signals": signals, "sentences": numbered}
        case "planner":
            who = {**prospect_variables(prospect), "website": prospect.website}
            return {"prospect": who, "signals": signal_variables(loaded.brief), "asked": []}
        case "verifier":
            email = {"subject": _SENTENCE[:40], "body": _SENTENCE * 5}
            return {**_common(loaded, prospect), "quotes": quotes, "email": email}
        case _:
            return {**_common(loaded, prospect), "quotes": quotes, "reasons": [], "previous": None}


def _common(loaded: LoadedCampaign, prospect: Prospect) -> dict[str, Any]:
    return {"brief": brief_variables(loaded.brief), "prospect": prospect_variables(prospect)}


async def _tokens_per_second(model: BaseChatModel) -> float | None:
    """Tokens a second, prompts included, of a backend in this process; None where a probe would cost money."""
    if not isinstance(model, Backend) or model.identity.provider not in _IN_PROCESS:
        return None
    words = " ".join([_SENTENCE] * 12)
    await model.ainvoke("Hello", max_tokens=1)
    started = time.perf_counter()
    answers = await asyncio.gather(
        *(model.ainvoke(f"{number}. {words}", max_tokens=_PROBE_TOKENS) for number in range(_PROBE_CALLS))
    )
    seconds = time.perf_counter() - started
    return sum(answer.usage_metadata["total_tokens"] for answer in answers if answer.usage_metadata) / seconds


def _sum_up(roles: Iterable[RoleEstimate], prospects: int) -> Estimate:
    roles = tuple(roles)
    cost: float | None = 0.0
    for role in roles:
        cost = add_costs(cost, role.cost_usd)
    timed = [role.seconds for role in roles if role.seconds is not None]
    return Estimate(
        prospects=prospects,
        roles=roles,
        input_tokens=sum(role.input_tokens for role in roles),
        output_tokens=sum(role.output_tokens for role in roles),
        cost_usd=cost,
        seconds=sum(timed) if len(timed) == len(roles) else None,
        notes=_notes(roles),
    )


def _notes(roles: tuple[RoleEstimate, ...]) -> tuple[str, ...]:
    notes = ["Counted as if every draft needed all its rewrites; drafts that pass at once take less."]
    if any(role.role == RESEARCHER and role.small for role in roles):
        notes.append("A small researcher is asked again where it is unsure, in one question of twelve or so.")
    unpriced = sorted({role.backend for role in roles if role.cost_usd is None})
    if unpriced:
        notes.append(f"No price is known for {', '.join(unpriced)}; state one with `price:` to see a cost.")
    if any(role.seconds is None for role in roles):
        notes.append("Time is estimated only for backends in this process; try `--limit 3` for the others.")
    return tuple(notes)
