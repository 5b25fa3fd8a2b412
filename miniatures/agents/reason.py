"""Chooses the reason to write to a prospect: each sentence is judged in its page, then the best by what is wanted.

A reader is asked in three steps, each about fewer sentences: what each one is; how well those that are news speak to
each signal of the brief; which of that signal's angles and which claim go with the one that is chosen. Nothing good
enough is an answer: then no email can be personal. An assessor, and a writer that judges reasons itself, are given the
best few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.agents.passages import Passage
from miniatures.agents.roles.researcher import RESEARCHER, PassageVariables, Status, Worth
from miniatures.agents.timely import is_timely
from miniatures.agents.together import together
from miniatures.backends.ask import Answer
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Brief, Signal
from miniatures.prompts.library import PromptLibrary

SURE = 0.2
"""The least that a reason may score, the product of two probabilities: set on sides of the arena that the shipped
reader had not learned, where three in four of such sentences are labelled worth opening with. A stated risk asks for
more."""
WORTH_A_LOOK = 0.02
"""The least that a reason may score which somebody judges once more."""
ANGLE_FITS, CLAIM_FITS = 0.6, 0.25
"""The least probability of an angle and of a claim that fits; below, none is better than a wrong one.

By graders of sites that it had not learned, the shipped reader's angles are right for half of those that it gives at
any bound up to this, which is passed by next to none, and its claims for a quarter.
"""
ANGLE = "thought: "
"""How a question about an angle begins."""
_WORTH_ASKING = 0.1
_MOST_ASKED = 12


@dataclass(frozen=True)
class Reason:
    """A sentence that an email may open with: its place in the list, its signal, how sure the reader is.

    `angle` and `claim` are an assessor's; None where it said nothing of them.
    """

    place: int
    signal: str
    score: float
    trace: str | None
    angle: str | None = None
    claim: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a reader made of a list of passages: the reasons, best first, and the best score of all."""

    reasons: tuple[Reason, ...]
    best: float
    bill: Bill
    error: str | None = None

    @property
    def trace(self) -> str | None:
        """The call that judged the best reason."""
        return self.reasons[0].trace if self.reasons else None


@dataclass(frozen=True)
class Parts:
    """The angle and the claim that go with a reason, empty where none does well enough."""

    angle: str
    claim: str
    bill: Bill
    error: str | None = None
    trace: None = None


class _Asking:
    """The questions of one prospect, and what they took."""

    def __init__(self, model: BaseChatModel, prompts: PromptLibrary, options: dict[str, Any]) -> None:
        self._model, self._prompts, self._options = model, prompts, options
        self.bill = Bill()
        self.error: str | None = None

    async def answers(self, questions: Sequence[PassageVariables]) -> list[Answer[Any]]:
        answered = await together([self._ask(question) for question in questions])
        self.bill += Bill.total(answer.bill for answer in answered)
        self.error = self.error or next((answer.error for answer in answered if answer.error), None)
        return answered

    async def fits(self, question: PassageVariables, wanted: Sequence[str]) -> list[float]:
        """How probably the sentence speaks to each of these."""
        answers = await self.answers([question.looking_for(one) for one in wanted])
        return [_share(answer, "fits", Worth.OPEN) for answer in answers]

    async def _ask(self, question: PassageVariables) -> Answer[Any]:
        return await RESEARCHER.ask(self._model, self._prompts, question, **self._options)


async def rank_reasons(
    model: BaseChatModel,
    prompts: PromptLibrary,
    brief: Brief,
    company: str,
    today: date,
    passages: Sequence[Passage],
    *,
    most: int = 1,
    bound: float = SURE,
    **options: Any,
) -> Reading:
    """The best reasons, at most so many, each a sentence of its own; `options` are those of `ask`.

    Raises:
        BackendError: the reader could not be asked.
    """
    asking = _Asking(model, prompts, options)
    questions = [PassageVariables.of(passage, company, today) for passage in passages]
    judged = await asking.answers(questions)
    news = [
        _share(answer, "status", Status.NEWS) if passage.can_be_told and is_timely(passage, today) else 0.0
        for answer, passage in zip(judged, passages, strict=True)
    ]
    ranked = sorted(range(len(questions)), key=lambda place: -news[place])
    asked = [place for place in ranked[:_MOST_ASKED] if news[place] >= _WORTH_ASKING]
    fits = await together([asking.fits(questions[place], [*map(signal_text, brief.signals)]) for place in asked])
    scored: dict[str, tuple[float, int, Signal]] = {}
    for place, told in zip(asked, fits, strict=True):
        fit, signal = max(zip(told, brief.signals, strict=True), key=lambda one: one[0])
        known = scored.get(passages[place].text)
        if known is None or news[place] * fit > known[0]:
            scored[passages[place].text] = news[place] * fit, place, signal
    ranked_reasons = sorted(scored.values(), key=lambda one: -one[0])
    best = [one for one in ranked_reasons[:most] if one[0] >= bound]
    reasons = tuple(Reason(place, signal.name, round(score, 4), judged[place].trace) for score, place, signal in best)
    return Reading(reasons, ranked_reasons[0][0] if ranked_reasons else 0.0, asking.bill, asking.error)


async def choose_parts(
    model: BaseChatModel,
    prompts: PromptLibrary,
    brief: Brief,
    company: str,
    today: date,
    passage: Passage,
    signal: str,
    *,
    angle_fits: float = ANGLE_FITS,
    claim_fits: float = CLAIM_FITS,
    **options: Any,
) -> Parts:
    """What of the brief goes with the sentence as news of this signal.

    Raises:
        BackendError: the reader could not be asked.
    """
    asking = _Asking(model, prompts, options)
    told = partial(_fitting, asking, PassageVariables.of(passage, company, today))
    angle, claim = await together(
        [told(brief.angles_of(signal), angle_text, angle_fits), told(brief.claims, claim_text, claim_fits)]
    )
    return Parts(angle, claim, asking.bill, asking.error)


async def _fitting(
    asking: _Asking, question: PassageVariables, sentences: Sequence[str], asked_as: Callable[[str], str], least: float
) -> str:
    """The sentence that goes best with what is asked about, empty where none does well enough."""
    fits = await asking.fits(question, [*map(asked_as, sentences)])
    best = max(range(len(fits)), key=fits.__getitem__, default=None)
    return sentences[best] if best is not None and fits[best] >= least else ""


def _share(answer: Answer[Any], field: str, word: str) -> float:
    """How probable the word is; a backend that cannot tell is taken at its word."""
    if answer.value is None:
        return 0.0
    told = answer.shares.get(field)
    return told.get(word, 0.0) if told else float(getattr(answer.value, field) == word)


def signal_text(signal: Signal) -> str:
    """A signal as it is asked for."""
    return f"{signal.name.replace('_', ' ')}: {signal.describes}"


def angle_text(angle: str) -> str:
    """An angle as it is asked for."""
    return f"{ANGLE}{angle}"


def claim_text(claim: str) -> str:
    """A claim as it is asked for."""
    return f"claim: {claim}"
