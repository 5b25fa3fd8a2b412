"""A small researcher says what kind of news each sentence is; code chooses by the brief's kinds, in order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from miniatures import build_research_graph
from miniatures.agents.context import CampaignContext
from miniatures.agents.research_answer import _selected, ask_researcher
from miniatures.agents.roles.researcher import (
    RESEARCHER,
    Choice,
    ListVariables,
    Selection,
    SentenceVariables,
    Sighting,
    sighting_schema,
)
from miniatures.backends.ask import Answer
from miniatures.backends.errors import ServerFailed
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.taxonomy import Kind
from miniatures.prompts.library import PromptLibrary
from miniatures.prompts.taxonomy import known_taxonomy
from tests.agents.scene import context, scripted
from tests.checks.cases import BRIEF, PROSPECT

SIGNALS = [
    {"name": "new_site", "describes": "a new site", "kinds": ["expansion"]},
    {"name": "energy", "describes": "what power costs", "kinds": ["cost", "technology"]},
]
TEXTS = ["We grow.", "We opened a plant.", "Power became dearer.", "We hire.", "A second plant was opened."]
LIST = ListVariables.model_validate(
    {
        "company": "Nordfrost",
        "today": "2026-11-22",
        "facts": 2,
        "signals": SIGNALS,
        "sentences": [{"number": number, "text": text} for number, text in enumerate(TEXTS, start=1)],
    }
)
LARGE_ONE, SMALL_ONE = Capabilities(), Capabilities().with_trust(SMALL)

KINDS = ["vague", "expansion", "cost", "hiring", "expansion"]


def told(kind: str | None, probability: float | None = None, trace: str | None = None) -> Answer[Sighting]:
    """A reply; without a probability, of a backend that cannot say how probable it is."""
    value = None if kind is None else Sighting(kind=kind)
    return Answer(value, "", None, BackendIdentity(provider="test", model="small"), Bill(), probability, trace)


def selected(kinds: list[str | None], variables: ListVariables = LIST) -> Selection | None:
    return _selected([[told(kind)] for kind in kinds], variables).selection


def with_signals(signals: list[dict[str, Any]]) -> ListVariables:
    return ListVariables.model_validate({**LIST.model_dump(), "signals": signals})


def test_a_list_is_as_many_questions_as_it_has_sentences():
    asked = LIST.alone()
    assert [one.model_dump()["sentences"] for one in asked] == [({"number": 1, "text": text},) for text in TEXTS]
    assert all((one.company, one.today) == ("Nordfrost", "2026-11-22") for one in asked)
    assert RESEARCHER.read(asked[0].model_dump(mode="json")) == asked[0]
    assert RESEARCHER.read(LIST.model_dump(mode="json")) == LIST


def test_what_a_signal_looks_for_is_chosen_in_order():
    chosen = selected(KINDS)
    assert chosen == Selection(choices=[Choice(number=2, signal="new_site"), Choice(number=3, signal="energy")])
    unlimited = selected(KINDS, LIST.model_copy(update={"facts": 9}))
    assert unlimited is not None
    assert [choice.number for choice in unlimited.choices] == [2, 3, 5]


def test_the_signal_named_is_the_likeliest_wanted_one():
    wavering = [[told("cost", 0.5, "a"), told("expansion", 0.4, "b")], [told("cost", 0.7, "c")]]
    answer = _selected(wavering, LIST)
    assert answer.selection == Selection(choices=[Choice(number=1, signal="energy")])
    assert (answer.chosen_by, answer.traces) == ({1: "a"}, ("a", "b", "c"))


def test_nothing_is_chosen_where_nothing_is_news_and_an_unread_sentence_is_none():
    assert selected(["vague", None, "hiring", "stale", None]) == Selection(choices=[])
    assert selected([None] * 5) is None


def test_of_two_signals_for_one_kind_the_first_is_named():
    twice = [SIGNALS[0], {**SIGNALS[1], "kinds": ["expansion"]}]
    chosen = selected(KINDS, with_signals(twice))
    assert chosen is not None
    assert {choice.signal for choice in chosen.choices} == {"new_site"}


async def test_a_large_one_is_held_to_the_numbers_and_signals_that_exist():
    large = scripted(json.dumps({"choices": [{"number": 3, "signal": "energy"}]}))
    answer = await ask_researcher(large, PromptLibrary(), LIST, node="select")
    assert answer.selection == Selection(choices=[Choice(number=3, signal="energy")])
    (call,) = large.calls
    choice = call["response_schema"]["properties"]["choices"]["items"]["properties"]
    assert (choice["number"]["maximum"], choice["signal"]["enum"]) == (5, ["new_site", "energy"])
    assert "probability" not in call


async def test_the_answers_are_added_up():
    texts = [json.dumps({"kind": kind}) for kind in KINDS]
    small = scripted(*texts, trust=SMALL)
    answer = await ask_researcher(small, PromptLibrary(), LIST, node="select")
    assert answer.selection == selected(KINDS)
    assert [call["response_schema"] for call in small.calls] == [sighting_schema(known_taxonomy().names)] * len(TEXTS)
    one = await ask_researcher(
        small, PromptLibrary(), LIST.model_copy(update={"sentences": LIST.sentences[:1]}), node="select"
    )
    assert answer.bill.usage.total_tokens > one.bill.usage.total_tokens > 0


async def test_a_failure_ends_the_other_questions():
    class Down(type(scripted("{}"))):  # type: ignore[misc]
        async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> Any:
            self.calls.append({})
            if len(self.calls) == 2:
                raise ServerFailed("down")
            await asyncio.sleep(60)

    down = Down(identity=scripted("{}").identity, answers=[], calls=[], capabilities=SMALL_ONE)
    with pytest.raises(ServerFailed):
        await asyncio.wait_for(ask_researcher(down, PromptLibrary(), LIST, node="select"), timeout=10)
    assert len(down.calls) == len(TEXTS)


async def test_sentences_that_were_not_read_are_a_problem_of_the_dossier():
    small = scripted('{"kind": "expansion"}', "no JSON", trust=SMALL)
    state = (
        await build_research_graph()
        .compile()
        .ainvoke({"prospect": PROSPECT}, context=context(models={"researcher": small}))
    )
    assert [fact.signal for fact in state["dossier"].facts] == ["expansion"]
    assert [problem.kind for problem in state["dossier"].problems] == ["malformed_answer"]


def test_a_brief_without_kinds_is_told_what_to_write():
    vague = BRIEF.model_copy(update={"signals": (Signal(name="growth", describes="a new store"),)})
    small = scripted("{}", trust=SMALL)
    with pytest.raises(InputError, match="names none for growth") as refused:
        CampaignContext(models={"researcher": small}, brief=vague)
    assert "expansion, funding, hiring" in refused.value.hint
    CampaignContext(models={"researcher": small}, brief=BRIEF)
    CampaignContext(models={"researcher": scripted("{}"), "writer": small}, brief=vague)


def test_kinds_are_checked_against_what_the_researcher_knows():
    slip = BRIEF.model_copy(update={"signals": (Signal(name="growth", describes="a store", kinds=("expansoin",)),)})
    with pytest.raises(InputError, match="the kind expansoin, which is not known") as refused:
        CampaignContext(models={"researcher": scripted("{}", trust=SMALL)}, brief=slip)
    assert refused.value.hint == "Did you mean expansion?"


def test_a_brief_may_add_kinds_where_the_model_can():
    own = Kind(name="herd", describes="The herd grows or shrinks.")
    signal = Signal(name="herd_news", describes="cows are bought", kinds=("herd",))
    brief = BRIEF.model_copy(update={"signals": (signal,), "kinds": (own,)})
    with pytest.raises(InputError, match="knows only those it was trained on"):
        CampaignContext(models={"researcher": scripted("{}", trust=SMALL)}, brief=brief)
    able = SMALL.model_copy(update={"own_kinds": True})
    CampaignContext(models={"researcher": scripted("{}", trust=able)}, brief=brief)
    question = SentenceVariables.of("Nordfrost", "2026-11-22", "We bought 40 cows.", (own,))
    system = RESEARCHER.prompt(question, PromptLibrary(), Capabilities().with_trust(able)).messages[0].content
    assert "funding, herd, hiring" in system and "herd: The herd grows or shrinks." in system
    assert "herd" in RESEARCHER.schema(question, LARGE_ONE, PromptLibrary())["properties"]["kind"]["enum"]
