"""Out of sentences in their pages one reason to write is chosen, with its signal and angle, or none."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.passages import Passage
from miniatures.agents.reason import Parts, Reading, choose_parts, rank_reasons
from miniatures.agents.research import build_research_graph
from miniatures.backends.base import Backend
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.capabilities import READER, Capabilities
from miniatures.datamodel.dossier import DossierStatus
from miniatures.prompts.library import PromptLibrary
from tests.agents.scene import FixedSearch, context, found, page, scripted
from tests.checks.cases import BRIEF, PROSPECT

DOCKS = "The dock doors were widened in October 2026."
STORE = "Nordfrost has opened a cold store in Vejle."
PASSAGES = [Passage(text="We stand for quality."), Passage(text=DOCKS), Passage(text=STORE)]
SIGNAL = BRIEF.signals[0].model_copy(update={"angles": ("A door left open costs more in a new store.", "Pigs fly.")})
WITH_ANGLES = BRIEF.model_copy(update={"signals": (SIGNAL, *BRIEF.signals[1:])})


class Reader(Backend):
    """Finds that a sentence is news by a word, and that a signal, a thought or a claim fits by a word."""

    news: dict[str, float]
    fits: dict[str, float]
    asked: list[str] = []

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        text = messages[-1].text
        self.asked.append(text)
        first, _, rest = text.partition("\n")
        if "fits" in options["response_schema"]["properties"]:
            sure = next((share for word, share in self.fits.items() if word in rest.partition("\n")[0]), 0.0)
            shares = {"fits": {"open": sure, "support": 0.0, "none": 1 - sure}}
        else:
            sure = next((share for word, share in self.news.items() if word in first), 0.0)
            shares = {"status": {"news": sure, "empty": 1 - sure}, "kind": {"none": 1.0}}
        words = {field: max(told, key=told.__getitem__) for field, told in shares.items()}
        message = AIMessage(content=json.dumps(words), response_metadata={"model_name": "reader", "shares": shares})
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return self._generate(messages, **options)


def reader(news: dict[str, float], fits: dict[str, float]) -> Reader:
    return Reader(
        identity=BackendIdentity(provider="test", model="reader"),
        capabilities=Capabilities().with_trust(READER),
        price=Price(input_per_million=0, output_per_million=0),
        news=news,
        fits=fits,
        asked=[],
    )


TODAY = date(2026, 12, 1)


async def chosen(model: Backend) -> Reading:
    return await rank_reasons(model, PromptLibrary(), WITH_ANGLES, "Nordfrost", TODAY, PASSAGES, node="select")


async def parts_of(fits: dict[str, float]) -> Parts:
    model = reader({}, fits)
    return await choose_parts(
        model, PromptLibrary(), WITH_ANGLES, "Nordfrost", TODAY, PASSAGES[2], SIGNAL.name, node="select"
    )


async def test_the_best_sentence_is_chosen_with_the_signal_that_fits() -> None:
    reading = await chosen(reader({"Vejle": 0.9, "dock": 0.8}, {SIGNAL.describes[:10]: 0.9}))
    (reason,) = reading.reasons
    assert (reason.place, reason.signal) == (2, SIGNAL.name)
    assert reason.score == pytest.approx(0.9**2, abs=1e-4)


async def test_the_best_few_are_given_to_whoever_judges_them_each_sentence_once() -> None:
    model = reader({"Vejle": 0.9, "dock": 0.8, "e": 0.6}, {SIGNAL.describes[:10]: 0.9})
    twice = [*PASSAGES, PASSAGES[2]]
    reading = await rank_reasons(
        model, PromptLibrary(), WITH_ANGLES, "Nordfrost", TODAY, twice, most=2, bound=0.05, node="select"
    )
    scores = [one.score for one in reading.reasons]
    assert scores == sorted(scores, reverse=True)
    assert len({twice[one.place].text for one in reading.reasons}) == len(reading.reasons) == 2
    assert reading.best == pytest.approx(scores[0], abs=1e-4)


async def test_the_angle_and_the_claim_that_fit_best_go_with_the_sentence_and_others_are_left_out() -> None:
    parts = await parts_of({"new store": 0.7, BRIEF.claims[1]: 0.8, BRIEF.claims[0]: 0.7})
    assert (parts.angle, parts.claim) == (SIGNAL.angles[0], BRIEF.claims[1])
    poor = await parts_of({"new store": 0.3, BRIEF.claims[0]: 0.2})
    assert (poor.angle, poor.claim) == ("", "")


async def test_nothing_good_enough_is_no_reason_and_poor_sentences_are_not_asked_about_twice() -> None:
    model = reader({"Vejle": 0.05}, {"": 1.0})
    reading = await chosen(model)
    assert not reading.reasons
    assert len(model.asked) == len(PASSAGES)


async def test_a_backend_that_cannot_tell_how_sure_it_is_is_taken_at_its_word() -> None:
    answers = [json.dumps({"status": "news", "kind": "none", "fits": "open"})]
    model = scripted(*answers, trust=READER)
    assert (await chosen(model)).reasons


async def test_the_research_graph_reads_the_pages_in_place_and_says_that_nothing_is_a_reason() -> None:
    text = (
        f"Press\n{STORE} It holds 7,200 pallets and has wide doors.\nWe stand for quality and for trust in all things."
    )
    graph = build_research_graph().compile()

    async def dossier(model: Backend) -> Any:
        given = context(models={"researcher": model}, search=FixedSearch(found(page(text))), brief=WITH_ANGLES)
        return (await graph.ainvoke({"prospect": PROSPECT}, context=given))["dossier"]

    told = await dossier(reader({"Vejle": 0.9}, {SIGNAL.describes[:10]: 0.9}))
    assert told.status is DossierStatus.FOUND
    (fact,) = told.facts
    assert (fact.quote, fact.heading, fact.angle) == (STORE, "Press", "")
    assert fact.after.startswith("It holds 7,200 pallets and has wide doors.")
    assert fact.claim == ""
    assert fact.sure == pytest.approx(0.9**2, abs=1e-4)
    nothing = await dossier(reader({}, {}))
    assert nothing.status is DossierStatus.NOTHING_FOUND
    assert [problem.kind for problem in nothing.problems] == ["no_reason"]
    assert "None of 3 sentences" in nothing.why_nothing
