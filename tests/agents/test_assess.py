"""The assessor weighs a reader's best reasons for one person; the best one that it finds good is written about."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.assess import Assessments, assess
from miniatures.agents.passages import Passage
from miniatures.agents.research import build_research_graph
from miniatures.agents.roles.assessor import ASSESSOR, Assessment, AssessorVariables
from miniatures.backends.base import Backend
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.errors import InputError
from miniatures.prompts.library import PromptLibrary
from tests.agents.scene import FixedSearch, context, found, page, scripted
from tests.agents.test_reason import DOCKS, SIGNAL, STORE, WITH_ANGLES, reader
from tests.checks.cases import PROSPECT

PASSAGES = [Passage(text=STORE, title="News", heading="News"), Passage(text=DOCKS, heading="Minutes")]
OTHER = SIGNAL.model_copy(update={"name": "wider doors", "describes": "wider dock doors", "angles": ()})
TWO_SIGNALS = WITH_ANGLES.model_copy(update={"signals": (SIGNAL, OTHER)})


class Sure(Backend):
    """Sees the second signal in everything, and is as sure of a good reason as the words of the news say."""

    sure: dict[str, float]
    held_to: list[Any] = []

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        self.held_to.append(options["response_schema"]["properties"]["reason"]["enum"])
        share = next((share for word, share in self.sure.items() if word in messages[-1].text), 0.0)
        metadata = {"model_name": "sure", "probability": share}
        message = AIMessage(content=json.dumps({"signal": 2, "reason": "good"}), response_metadata=metadata)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return self._generate(messages, **options)


def assessor(sure: dict[str, float]) -> Sure:
    return Sure(
        identity=BackendIdentity(provider="test", model="sure"),
        capabilities=Capabilities(probability=True),
        price=Price(input_per_million=0, output_per_million=0),
        sure=sure,
        held_to=[],
    )


async def assessed(model: Backend) -> Assessments:
    return await assess(model, PromptLibrary(), TWO_SIGNALS, PROSPECT, PASSAGES, node="select")


async def test_a_backend_that_tells_how_sure_it_is_is_held_to_good_and_tells_that() -> None:
    model = assessor({"Vejle": 0.9, "dock": 0.2})
    weighed = await assessed(model)
    assert [one.sure for one in weighed.each] == [0.9, 0.2]
    assert {one.signal for one in weighed.each} == {OTHER.name}
    assert model.held_to == [["good"], ["good"]]


@pytest.mark.parametrize(("said", "sure"), [("good", 1.0), ("fair", 0.25), ("poor", 0.0)])
async def test_another_is_taken_at_its_word(said: str, sure: float) -> None:
    model = scripted(json.dumps({"signal": 0, "reason": said}))
    model.capabilities = Capabilities()
    weighed = await assessed(model)
    assert [(one.signal, one.sure) for one in weighed.each] == [("", sure)] * 2


async def test_it_is_also_asked_which_angle_and_claim_go_with_the_news() -> None:
    model = scripted(json.dumps({"signal": 1, "angle": 1, "claim": 0, "reason": "good"}))
    model.capabilities = Capabilities()
    weighed = await assessed(model)
    assert [(one.angle, one.claim) for one in weighed.each] == [(SIGNAL.angles[0], "")] * 2
    asked = AssessorVariables.of(TWO_SIGNALS, PROSPECT, PASSAGES[0])
    assert set(ASSESSOR.schema(asked, Capabilities(), PromptLibrary())["required"]) >= {"angle", "claim"}
    assert ASSESSOR.faults(asked, Assessment(signal=2, angle=1, reason="good")) == ("there is no angle 1",)


def test_a_small_one_is_neither_asked_about_angle_and_claim_nor_taught_them() -> None:
    asked, small = AssessorVariables.of(TWO_SIGNALS, PROSPECT, PASSAGES[0]), Capabilities(variant=Variant.COMPACT)
    answer = {"signal": 1, "angle": 2, "claim": 0, "reason": "good"}
    assert ASSESSOR.schema(asked, small, PromptLibrary())["required"] == ["signal", "reason"]
    assert ASSESSOR.wanted(asked, answer, small) == {"signal": 1, "reason": "good"}
    assert ASSESSOR.wanted(asked, answer, Capabilities()) == answer


async def test_what_the_assessor_says_of_angle_and_claim_is_taken() -> None:
    weigher = scripted(json.dumps({"signal": 1, "angle": 2, "claim": 0, "reason": "good"}))
    weigher.capabilities = Capabilities()
    (fact,) = (await dossier(weigher)).facts
    assert (fact.angle, fact.claim) == (SIGNAL.angles[1], "")


async def test_an_answer_that_cannot_be_read_is_no_reason_and_is_told() -> None:
    model = scripted("a good one")
    model.capabilities = Capabilities()
    weighed = await assessed(model)
    assert [one.sure for one in weighed.each] == [0.0, 0.0]
    assert weighed.error


def test_it_is_shown_the_person_the_offer_and_the_news_in_its_page() -> None:
    variables = AssessorVariables.of(TWO_SIGNALS, PROSPECT, PASSAGES[0])
    assert variables.page == "News"
    system, user = ASSESSOR.prompt(variables, PromptLibrary(), Capabilities()).messages
    assert TWO_SIGNALS.offer in system.content
    assert all(signal.describes in system.content for signal in TWO_SIGNALS.signals)
    assert STORE in user.content
    assert PROSPECT.title in user.content
    assert not ASSESSOR.faults(variables, Assessment(signal=0, reason="good"))
    assert ASSESSOR.faults(variables, Assessment(signal=9, reason="good")) == ("there is no signal 9",)


async def dossier(weigher: Backend) -> Dossier:
    text = f"Press\n{STORE} It holds 7,200 pallets.\nMinutes\n{DOCKS} They were too narrow for the new lorries."
    models = {
        "researcher": reader({"Vejle": 0.9, "dock": 0.8}, {SIGNAL.describes[:10]: 0.9}),
        "assessor": weigher,
    }
    given = context(models=models, search=FixedSearch(found(page(text))), brief=TWO_SIGNALS)
    answer = await build_research_graph().compile().ainvoke({"prospect": PROSPECT}, context=given)
    return Dossier.model_validate(answer["dossier"])


async def test_the_research_graph_writes_about_what_the_assessor_finds_best_as_news_of_the_signal_that_it_sees() -> (
    None
):
    told = await dossier(assessor({"Vejle": 0.6, "dock": 0.8}))
    (fact,) = told.facts
    assert (fact.quote, fact.signal, fact.sure) == (DOCKS, OTHER.name, 0.8)


async def test_where_the_assessor_finds_no_good_reason_there_is_none() -> None:
    told = await dossier(assessor({"Vejle": 0.4, "dock": 0.1}))
    assert told.status is DossierStatus.NOTHING_FOUND
    assert [problem.kind for problem in told.problems] == ["no_reason"]


@pytest.mark.parametrize("models", [{}, {"researcher": scripted("{}")}])
def test_without_a_reader_of_sentences_there_is_nothing_to_weigh(models: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="the assessor weighs the reasons that a researcher of sentences"):
        context(models={**models, "assessor": assessor({})})
