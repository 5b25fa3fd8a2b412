"""The researcher: which sentences are worth an email, asked as a choice out of a list or about each sentence alone.

A small model finds it hard to compare sentences with a brief's descriptions, and easier to say what kind of news one
sentence is (a classification, which this project calls a sighting). So it is asked that, and code takes the sentences
whose kind one of the brief's signals looks for (`agents/research_answer.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field

from miniatures.agents.ages import age, ages
from miniatures.agents.as_data import as_data
from miniatures.agents.passages import Passage
from miniatures.agents.roles.role import Role, Variables
from miniatures.agents.roles.shared import SignalLine, signal_lines
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.capabilities import Capabilities, Questions, Variant
from miniatures.datamodel.json_types import JsonSchema, Options
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.taxonomy import Kind
from miniatures.prompts.library import PromptLibrary
from miniatures.prompts.taxonomy import NO_KIND, known_taxonomy


class Choice(BaseModel):
    """One sentence that the researcher chose."""

    number: int = Field(description="Number of the sentence.")
    signal: str = Field(description="Name of the signal that it speaks to.")


class Selection(BaseModel):
    """The answer to a list, best sentence first."""

    choices: list[Choice] = Field(max_length=12, description="Bounded, so that a small model cannot go on for ever.")


class Sighting(BaseModel):
    """The answer about one sentence: the kind of news that it is, or the reason why it is none."""

    kind: str


class Status(StrEnum):
    """What a sentence is to somebody who looks for news of one company."""

    NEWS = "news"
    OTHER_COMPANY = "other_company"
    OLD = "old"
    UNDATED = "undated"
    CORRECTED = "corrected"
    SENSITIVE = "sensitive"
    UNCONFIRMED = "unconfirmed"
    EMPTY = "empty"
    ORDER = "order"


class Worth(StrEnum):
    """What an email may do with a sentence."""

    OPEN = "open"
    SUPPORT = "support"
    NONE = "none"


class Judgement(BaseModel):
    """The answer about a sentence in its page; `kind` is a kind of news, or none."""

    status: Status
    kind: str


class Fit(BaseModel):
    """The answer to how well a sentence speaks to what is looked for."""

    fits: Worth


class SentenceLine(Variables):
    """One numbered sentence of a page."""

    number: int
    text: str


class ListVariables(Variables):
    """A question about a list: which of these sentences are worth an email?"""

    company: str
    today: str = ""
    facts: int = Field(description="How many may be chosen.")
    signals: tuple[SignalLine, ...]
    sentences: tuple[SentenceLine, ...]
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        brief: Brief,
        company: str,
        today: str,
        sentences: Sequence[str],
        *,
        facts: int,
        reasons: tuple[str, ...] = (),
    ) -> ListVariables:
        """What a campaign asks about one prospect's pages."""
        return cls(
            company=as_data(company),
            today=today,
            facts=facts,
            signals=signal_lines(brief),
            sentences=tuple(SentenceLine(number=n, text=as_data(text)) for n, text in enumerate(sentences, start=1)),
            reasons=reasons,
        )

    @property
    def told_company(self) -> str:
        return self.company

    @property
    def wanted(self) -> dict[str, str]:
        """The kinds of news that signals look for, each with the name of its signal, the first of several."""
        return {kind: signal.name for signal in reversed(self.signals) for kind in signal.kinds}

    def first_question(self) -> ListVariables:
        return self.model_copy(update={"reasons": ()})

    def alone(self, own: tuple[Kind, ...] = ()) -> list[SentenceVariables]:
        """The question about each sentence alone; `own` are the kinds that the brief adds."""
        return [SentenceVariables.of(self.company, self.today, line.text, own) for line in self.sentences]


class SentenceVariables(Variables):
    """A question about one sentence: whose it is, and the day, as old news is none."""

    company: str
    today: str
    sentences: tuple[SentenceLine, ...] = Field(min_length=1, max_length=1)
    own: tuple[Kind, ...] = Field(default=(), exclude_if=lambda own: not own, description="Kinds that the brief adds.")

    @classmethod
    def of(cls, company: str, today: str, text: str, own: tuple[Kind, ...] = ()) -> SentenceVariables:
        """The question about this sentence; company and text are harmless already."""
        return cls(company=company, today=today, sentences=(SentenceLine(number=1, text=text),), own=own)

    @property
    def told_company(self) -> str:
        return self.company

    @property
    def text(self) -> str:
        return self.sentences[0].text

    @property
    def names(self) -> frozenset[str]:
        """All that the sentence can be called."""
        return known_taxonomy().names.union(kind.name for kind in self.own)


class PassageVariables(Variables):
    """A question about one sentence in its place: what it is, or how well it speaks to what is looked for.

    Ages are told in words, as small readers compare no dates.
    """

    company: str
    today: str
    text: str
    looks_for: str = Field(
        default="", description="A signal, an angle or a claim of the brief; empty where none is meant."
    )
    heading: str = ""
    title: str = ""
    before: str = ""
    after: str = ""
    page_age: str = ""
    said: str = Field(default="", description="Ages of the dates in the sentence.")
    near: str = Field(default="", description="Age of the entry that it stands in, by its date line, heading or title.")

    @classmethod
    def of(cls, passage: Passage, company: str, today: date) -> PassageVariables:
        """What is asked about this passage."""
        return cls(
            company=as_data(company),
            today=today.isoformat(),
            text=as_data(passage.text),
            heading=as_data(passage.heading),
            title=as_data(passage.title),
            before=as_data(passage.before),
            after=as_data(passage.after),
            page_age="" if passage.published is None else age(passage.published.date(), today),
            said=ages(passage.text, today),
            near=ages(passage.dateline or passage.heading or passage.title, today),
        )

    def looking_for(self, wanted: str) -> PassageVariables:
        """The question how well it speaks to this."""
        return self.model_copy(update={"looks_for": as_data(wanted)})

    @property
    def told_company(self) -> str:
        return self.company


ResearcherVariables = ListVariables | SentenceVariables | PassageVariables


class Researcher(Role[Any, Any]):
    """Judges sentences."""

    name = "researcher"
    variables = ListVariables
    answer = Selection
    measure = "researcher_right"

    def read(self, variables: Mapping[str, Any]) -> ResearcherVariables:
        form: type[ResearcherVariables] = SentenceVariables
        if "signals" in variables:
            form = ListVariables
        elif "page_age" in variables:
            form = PassageVariables
        return form.model_validate(variables)

    def answer_to(self, variables: ResearcherVariables) -> type[BaseModel]:
        match variables:
            case ListVariables():
                return Selection
            case SentenceVariables():
                return Sighting
            case PassageVariables():
                return Fit if variables.looks_for else Judgement

    def variant(self, capabilities: Capabilities) -> Variant:
        """There is one template for each way of asking."""
        match capabilities.questions:
            case Questions.LIST:
                return Variant.FULL
            case Questions.EACH:
                return Variant.COMPACT
            case Questions.PASSAGE:
                return Variant.PASSAGE

    def prompt(
        self, variables: ResearcherVariables, prompts: PromptLibrary, capabilities: Capabilities
    ) -> RenderedPrompt:
        return prompts.render(self.name, _variant_of(variables), variables.model_dump(mode="json"))

    def schema(self, variables: ResearcherVariables, capabilities: Capabilities, prompts: PromptLibrary) -> JsonSchema:
        match variables:
            case ListVariables():
                signals = tuple(signal.name for signal in variables.signals)
                return selection_schema(len(variables.sentences), variables.facts, signals)
            case SentenceVariables():
                return sighting_schema(variables.names)
            case PassageVariables():
                return fit_schema() if variables.looks_for else judgement_schema()

    def bounds(self, variables: ResearcherVariables, capabilities: Capabilities) -> Options:
        wants = isinstance(variables, SentenceVariables) and capabilities.probability
        return {"probability": True} if wants else {}

    def faults(self, variables: ResearcherVariables, answer: BaseModel) -> tuple[str, ...]:
        """A choice may name only sentences and signals that exist; a kind has to be known."""
        match variables, answer:
            case ListVariables(), Selection():
                return _choice_faults(variables, answer)
            case SentenceVariables(), Sighting() if answer.kind not in variables.names:
                return (f"there is no kind {answer.kind}",)
            case PassageVariables(), Judgement() if answer.kind not in NEWS_KINDS:
                return (f"there is no kind {answer.kind}",)
            case _:
                return ()


def _variant_of(variables: ResearcherVariables) -> Variant:
    match variables:
        case ListVariables():
            return Variant.FULL
        case SentenceVariables():
            return Variant.COMPACT
        case PassageVariables():
            return Variant.PASSAGE


NEWS_KINDS = (NO_KIND, *known_taxonomy().news)
"""What the kind of a judgement may be."""


def _choice_faults(variables: ListVariables, selection: Selection) -> tuple[str, ...]:
    known = {sentence.number for sentence in variables.sentences}
    signals = {signal.name for signal in variables.signals}
    numbers = [choice.number for choice in selection.choices]
    found = []
    if len(numbers) > variables.facts:
        found.append(f"{len(numbers)} sentences are chosen; {variables.facts} are allowed")
    if len(set(numbers)) < len(numbers):
        found.append("a sentence is chosen twice")
    found += [f"there is no sentence {number}" for number in numbers if number not in known]
    found += [f"there is no signal {one.signal}" for one in selection.choices if one.signal not in signals]
    return tuple(found)


@lru_cache(maxsize=512)
def selection_schema(sentences: int, limit: int, signals: tuple[str, ...]) -> JsonSchema:
    """`Selection` for one question: only numbers and signals that exist, and no more choices than are wanted."""
    number = {"type": "integer", "minimum": 1, "maximum": sentences}
    choice = _object(number=number, signal={"type": "string", "enum": list(signals)})
    return _object(choices={"type": "array", "items": choice, "maxItems": limit}) | {"title": Selection.__name__}


@lru_cache(maxsize=512)
def sighting_schema(kinds: frozenset[str]) -> JsonSchema:
    """`Sighting` as engines read it: one list of words, those that are left."""
    return _object(kind={"type": "string", "enum": sorted(kinds)}) | {"title": Sighting.__name__}


@lru_cache(maxsize=1)
def judgement_schema() -> JsonSchema:
    """`Judgement` as engines read it."""
    fields = {"status": list(Status), "kind": list(NEWS_KINDS)}
    return _object(**{name: {"type": "string", "enum": words} for name, words in fields.items()}) | {
        "title": Judgement.__name__
    }


@lru_cache(maxsize=1)
def fit_schema() -> JsonSchema:
    """`Fit` as engines read it."""
    return _object(fits={"type": "string", "enum": list(Worth)}) | {"title": Fit.__name__}


def _object(**properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


RESEARCHER = Researcher()
