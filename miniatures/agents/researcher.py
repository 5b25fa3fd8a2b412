"""Asks a researcher which sentences are worth an email: a large one for the best of a list, a small one about each.

A small model finds it hard to compare sentences with a brief's descriptions, and easier to say what kind of news one
sentence is. So it is asked that, and code takes the sentences whose kind one of the brief's signals looks for. Either
way one selection out of the list comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from miniatures.agents.answers import Choice, Selection
from miniatures.agents.sighting import AGAIN, SURE, AskOne, R, Reply, shares, sight, sighting_variables, wanted_share
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, ask, identity_of, profile_of
from miniatures.datamodel.backend import Profile, Usage, add_costs
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.news import NewsKind
from miniatures.prompts.library import PromptLibrary

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

    async def ask_one(
        question: dict[str, Any], form: type[BaseModel], *, again: bool, **form_options: Any
    ) -> Answer[BaseModel]:
        prompt, place = prompts.render(ROLE, profile, question), AGAIN if again else node
        return await ask(model, prompt, form, role=ROLE, node=place, **options, **form_options)

    replies = await replies_about(profile, variables, ask_one)
    answers = [answer for several in replies for answer in several]
    cost: float | None = 0.0
    for answer in answers:
        cost = add_costs(cost, answer.cost_usd)
    return Answer(
        value=selection_of(profile, replies, variables),
        text="\n".join(several[0].text for several in replies),
        error=next((answer.error for answer in answers if answer.error), None),
        identity=identity_of(model),
        usage=sum((answer.usage for answer in answers), Usage()),
        cost_usd=cost,
    )


async def replies_about(profile: Profile, variables: Mapping[str, Any], ask_one: AskOne[R]) -> list[list[R]]:
    """What is answered to each prompt about the list; a small researcher may be asked again about a sentence."""
    asked = prompts_about(profile, variables)
    match profile:
        case Profile.FULL:
            signals = tuple(signal["name"] for signal in variables["signals"])
            schema = selection_schema(len(variables["sentences"]), variables["facts"], signals)
            return [[await ask_one(question, Selection, again=False, response_schema=schema) for question in asked]]
        case Profile.COMPACT:
            wanted = wanted_kinds(variables)
            return await together([sight(question, wanted, ask_one) for question in asked])


def prompts_about(profile: Profile, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The variables of each prompt that asks a researcher of this profile about the list."""
    match profile:
        case Profile.FULL:
            return [dict(variables)]
        case Profile.COMPACT:
            company, today = variables["company"], variables["today"]
            return [sighting_variables(company, today, sentence["text"]) for sentence in variables["sentences"]]


def wanted_kinds(variables: Mapping[str, Any]) -> dict[str, str]:
    """The kinds of news that signals look for, each with the name of its signal, the first of several."""
    return {kind: signal["name"] for signal in reversed(variables["signals"]) for kind in signal.get("kinds", ())}


def selection_of(
    profile: Profile, replies: Sequence[Sequence[Reply]], variables: Mapping[str, Any]
) -> Selection | None:
    """The replies to all questions on a list as one selection; null where none could be read.

    A sentence is taken where it is sure to be wanted news, whichever of the wanted kinds it is. Sighted news keeps the
    list's order, which is BM25's.
    """
    if all(reply.value is None for several in replies for reply in several):
        return None
    match profile:
        case Profile.FULL:
            return Selection.model_validate(replies[0][0].value)
        case Profile.COMPACT:
            return _sighted(map(shares, replies), wanted_kinds(variables), variables["facts"])


def _sighted(told: Iterable[Mapping[str, float]], wanted: Mapping[str, str], limit: int) -> Selection:
    choices = [
        Choice(number=number, signal=wanted[next(kind for kind in kinds if kind in wanted)])
        for number, kinds in enumerate(told, start=1)
        if wanted_share(kinds, wanted) >= SURE
    ]
    return Selection(choices=choices[:limit])


def require_kinds(profile: Profile, brief: Brief) -> None:
    """A small researcher finds signals by their kinds of news.

    Raises:
        InputError: it is to be a small one, and a signal names none.
    """
    without = [signal.name for signal in brief.signals if not signal.kinds]
    if without and profile is Profile.COMPACT:
        raise InputError(
            f"a small researcher finds signals by their kinds of news, and the brief names none for {without[0]}",
            hint=f"Write `kinds: [...]` there, of {', '.join(NewsKind)}; or let `none` or a large model research.",
        )


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
