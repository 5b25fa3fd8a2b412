"""One selection out of a list, however the researcher has to be asked for it: once for all, or about each sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.agents.classify import AGAIN, SURE, classify, shares, wanted_share
from miniatures.agents.roles.researcher import (
    RESEARCHER,
    Choice,
    ListVariables,
    Selection,
    SentenceVariables,
    Sighting,
    sighting_schema,
)
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, capabilities_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Questions
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.taxonomy import Kind
from miniatures.prompts.library import PromptLibrary


class ResearchAnswer:
    """What a researcher said of a list: its selection, null where nothing could be read, and the calls behind it."""

    def __init__(
        self, selection: Selection | None, answers: Sequence[Answer[Any]], chosen_by: Mapping[int, str | None]
    ):
        self.selection = selection
        self.error = next((answer.error for answer in answers if answer.error), None)
        self.bill = Bill.total(answer.bill for answer in answers)
        self.traces = tuple(answer.trace for answer in answers if answer.trace is not None)
        self.chosen_by = chosen_by
        """For each chosen number the trace of the call that named it."""

    @property
    def trace(self) -> str | None:
        """The first of the calls."""
        return self.traces[0] if self.traces else None


async def ask_researcher(
    model: BaseChatModel,
    prompts: PromptLibrary,
    variables: ListVariables,
    *,
    node: str,
    own: tuple[Kind, ...] = (),
    **options: Any,
) -> ResearchAnswer:
    """One answer to the whole list; `options` are those of `ask`.

    Sentences on which no answer could be read are not chosen, and `error` says why the first could not.

    Raises:
        BackendError: the backend could not be asked.
    """
    match capabilities_of(model).questions:
        case Questions.LIST:
            answer = await RESEARCHER.ask(model, prompts, variables, node=node, **options)
            named = answer.value.choices if answer.value else []
            return ResearchAnswer(answer.value, [answer], {choice.number: answer.trace for choice in named})
        case Questions.EACH:
            questions = variables.alone(own)
            replies = await together(
                [_classified(model, prompts, one, variables.wanted, node, options) for one in questions]
            )
            return _selected(replies, variables)
        case Questions.PASSAGE:
            raise InputError(
                "a researcher that reads sentences in their pages cannot be asked about a list",
                hint="Measure it with `python -m benchmarks.arena`, or put another behind the role.",
            )


async def _classified(
    model: BaseChatModel,
    prompts: PromptLibrary,
    question: SentenceVariables,
    wanted: Mapping[str, str],
    node: str,
    options: Mapping[str, Any],
) -> list[Answer[Sighting]]:
    async def ask_one(kinds: frozenset[str], *, again: bool) -> Answer[Sighting]:
        place, schema = AGAIN if again else node, sighting_schema(kinds)
        return await RESEARCHER.ask(model, prompts, question, node=place, response_schema=schema, **options)

    return await classify(question.names, wanted, ask_one)


def _selected(replies: Sequence[Sequence[Answer[Sighting]]], variables: ListVariables) -> ResearchAnswer:
    answers = [answer for several in replies for answer in several]
    if all(answer.value is None for answer in answers):
        return ResearchAnswer(None, answers, {})
    choices = _sighted(map(shares, replies), variables.wanted)[: variables.facts]
    chosen_by = {choice.number: replies[choice.number - 1][0].trace for choice in choices}
    return ResearchAnswer(Selection(choices=choices), answers, chosen_by)


def _sighted(told: Iterable[Mapping[str, float]], wanted: Mapping[str, str]) -> list[Choice]:
    """A sentence is taken where it is sure to be wanted news, whichever of the wanted kinds it is."""
    return [
        Choice(number=number, signal=wanted[next(kind for kind in kinds if kind in wanted)])
        for number, kinds in enumerate(told, start=1)
        if wanted_share(kinds, wanted) >= SURE
    ]


def require_kinds(capabilities: Capabilities, brief: Brief, prompts: PromptLibrary) -> None:
    """A researcher that is asked about single sentences finds signals by their kinds of news.

    Raises:
        InputError: such a one is to be asked, and a signal names no kind, or one that it does not know.
    """
    own = {kind.name for kind in brief.kinds}
    if own and not capabilities.own_kinds and capabilities.questions is Questions.EACH:
        raise InputError(
            f"the brief adds the kind of news {sorted(own)[0]}, and this researcher knows only those it was trained on",
            hint="Let a large model research, or use the known kinds: " + ", ".join(prompts.taxonomy.news) + ".",
        )
    known = own.union(prompts.taxonomy.news)
    for signal in brief.signals:
        unknown = next((kind for kind in signal.kinds if kind not in known), None)
        if unknown is not None:
            near = get_close_matches(unknown, known, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(sorted(known))}."
            raise InputError(
                f"the brief's signal {signal.name} names the kind {unknown}, which is not known", hint=mend
            )
        if not signal.kinds and capabilities.questions is Questions.EACH:
            raise InputError(
                f"a small researcher finds signals by their kinds of news, and the brief names none for {signal.name}",
                hint=f"Write `kinds: [...]` there, of {', '.join(sorted(known))}; "
                "or let `none` or a large model research.",
            )
