"""Asks a researcher which sentences are worth an email: a large one for the best of a list, a small one about each.

A small model finds it hard to compare sentences with a brief's descriptions, and easier to say what kind of news one
sentence is. So it is asked that, and code takes the sentences whose kind one of the brief's signals looks for. Either
way one selection out of the list comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from miniatures.agents.answers import Choice, Selection, Sighting
from miniatures.backends.ask import Answer, ask, identity_of, profile_of
from miniatures.datamodel.backend import Profile, Usage, add_costs
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.news import NewsKind, NoNews
from miniatures.prompts.library import PromptLibrary

T = TypeVar("T")

ROLE = "researcher"


async def ask_researcher(
    model: BaseChatModel, prompts: PromptLibrary, variables: Mapping[str, Any], *, node: str, **options: Any
) -> Answer[Selection]:
    """One answer to the whole list, however many questions it takes; `options` are those of `ask`.

    Sentences on which no answer could be read are not chosen, and `error` says why the first could not.

    Raises:
        BackendError: the backend could not be asked.
    """
    profile = profile_of(model)
    form, schema = answer_form(profile, variables)
    options |= {"role": ROLE, "node": node, "response_schema": schema}
    asked = [prompts.render(ROLE, profile, one) for one in prompts_about(profile, variables)]
    answers = await _all([ask(model, prompt, form, **options) for prompt in asked])
    cost: float | None = 0.0
    for answer in answers:
        cost = add_costs(cost, answer.cost_usd)
    return Answer(
        value=selection_of([answer.value for answer in answers], variables),
        text="\n".join(answer.text for answer in answers),
        error=next((answer.error for answer in answers if answer.error), None),
        identity=identity_of(model),
        usage=sum((answer.usage for answer in answers), Usage()),
        cost_usd=cost,
    )


async def _all(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What all calls give; the first failure ends the others, so that none goes on spending."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def prompts_about(profile: Profile, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The variables of each prompt that asks a researcher of this profile about the list."""
    match profile:
        case Profile.FULL:
            return [dict(variables)]
        case Profile.COMPACT:
            return [
                sighting_variables(variables["company"], variables["today"], sentence["text"])
                for sentence in variables["sentences"]
            ]


def sighting_variables(company: str, today: str, text: str) -> dict[str, Any]:
    """What a small researcher is told: one sentence, whose it is, and the day, as old news is none."""
    return {"company": company, "today": today, "sentences": [{"number": 1, "text": text}]}


def answer_form(
    profile: Profile, variables: Mapping[str, Any]
) -> tuple[type[Selection] | type[Sighting], dict[str, Any]]:
    """What each question is answered with, and the schema that holds the answer to it."""
    match profile:
        case Profile.FULL:
            signals = tuple(signal["name"] for signal in variables["signals"])
            return Selection, selection_schema(len(variables["sentences"]), variables["facts"], signals)
        case Profile.COMPACT:
            return Sighting, SIGHTING_SCHEMA


def selection_of(answers: Sequence[BaseModel | None], variables: Mapping[str, Any]) -> Selection | None:
    """The answers to all questions on a list as one selection; null where none could be read.

    Sighted news keeps the list's order, which is BM25's.
    """
    match answers:
        case [Selection() as selection]:
            return selection
    if not any(answers):
        return None
    wanted = {kind: signal["name"] for signal in reversed(variables["signals"]) for kind in signal.get("kinds", ())}
    sighted = [(number, one.kind) for number, one in enumerate(answers, start=1) if isinstance(one, Sighting)]
    chosen = [Choice(number=number, signal=wanted[kind]) for number, kind in sighted if kind in wanted]
    return Selection(choices=chosen[: variables["facts"]])


def require_kinds(brief: Brief) -> None:
    """A small researcher finds signals by their kinds of news.

    Raises:
        InputError: a signal names none.
    """
    without = [signal.name for signal in brief.signals if not signal.kinds]
    if without:
        raise InputError(
            f"a small researcher finds signals by their kinds of news, and the brief names none for {without[0]}",
            hint=f"Write `kinds: [...]` there, of {', '.join(NewsKind)}; or let `none` or a large model research.",
        )


SIGHTING_SCHEMA: dict[str, Any] = {
    "title": Sighting.__name__,
    "type": "object",
    "properties": {"kind": {"type": "string", "enum": [*map(str, NewsKind), *map(str, NoNews)]}},
    "required": ["kind"],
    "additionalProperties": False,
}
"""`Sighting` as engines read it: one list of words."""


@lru_cache(maxsize=512)
def selection_schema(sentences: int, limit: int, signals: tuple[str, ...]) -> dict[str, Any]:
    """`Selection` for one question: only numbers and signals that exist, and no more choices than are wanted."""
    number = {"type": "integer", "minimum": 1, "maximum": sentences}
    choice = {
        "type": "object",
        "properties": {"number": number, "signal": {"type": "string", "enum": list(signals)}},
        "required": ["number", "signal"],
        "additionalProperties": False,
    }
    return {
        "title": Selection.__name__,
        "type": "object",
        "properties": {"choices": {"type": "array", "items": choice, "maxItems": limit}},
        "required": ["choices"],
        "additionalProperties": False,
    }
