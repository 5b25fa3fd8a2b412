"""A small researcher says what kind of news each sentence is; code chooses by the brief's kinds, in order."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest

from miniatures.agents import build_research_graph
from miniatures.agents.answers import Choice, Selection
from miniatures.agents.context import CampaignContext
from miniatures.agents.researcher import ask_researcher, prompts_about, selection_of
from miniatures.agents.sighting import sighting_schema
from miniatures.backends.errors import ServerFailed
from miniatures.datamodel.backend import Profile
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.errors import InputError
from miniatures.prompts.library import PromptLibrary
from tests.agents.scene import context, scripted
from tests.checks.cases import BRIEF, PROSPECT

SIGNALS = [
    {"name": "new_site", "describes": "a new site", "kinds": ["expansion"]},
    {"name": "energy", "describes": "what power costs", "kinds": ["cost", "technology"]},
]
TEXTS = ["We grow.", "We opened a plant.", "Power became dearer.", "We hire.", "A second plant was opened."]
LIST: dict[str, Any] = {
    "company": "Nordfrost",
    "today": "2026-11-22",
    "facts": 2,
    "signals": SIGNALS,
    "sentences": [{"number": number, "text": text} for number, text in enumerate(TEXTS, start=1)],
    "reasons": [],
}
KINDS = ["vague", "expansion", "cost", "hiring", "expansion"]


@dataclass
class Told:
    """A reply of a backend that cannot say how probable it is."""

    value: dict[str, Any] | None
    probability: float | None = None


def selected(kinds: list[str | None], variables: dict[str, Any] = LIST) -> Selection | None:
    replies = [[Told(None if kind is None else {"kind": kind})] for kind in kinds]
    return selection_of(Profile.COMPACT, replies, variables)


def test_a_large_one_is_asked_once_and_a_small_one_about_each_sentence():
    assert prompts_about(Profile.FULL, LIST) == [LIST]
    asked = prompts_about(Profile.COMPACT, LIST)
    assert [one["sentences"] for one in asked] == [[{"number": 1, "text": text}] for text in TEXTS]
    assert all((one["company"], one["today"]) == ("Nordfrost", "2026-11-22") for one in asked)


def test_what_a_signal_looks_for_is_chosen_in_order():
    chosen = selected(KINDS)
    assert chosen == Selection(choices=[Choice(number=2, signal="new_site"), Choice(number=3, signal="energy")])
    unlimited = selected(KINDS, {**LIST, "facts": 9})
    assert unlimited is not None
    assert [choice.number for choice in unlimited.choices] == [2, 3, 5]


def test_the_signal_named_is_the_likeliest_wanted_one():
    wavering = [[Told({"kind": "cost"}, 0.5), Told({"kind": "expansion"}, 0.4)], [Told({"kind": "cost"}, 0.7)]]
    assert selection_of(Profile.COMPACT, wavering, LIST) == Selection(choices=[Choice(number=1, signal="energy")])


def test_nothing_is_chosen_where_nothing_is_news_and_an_unread_sentence_is_none():
    assert selected(["vague", None, "hiring", "stale", None]) == Selection(choices=[])
    assert selected([None] * 5) is None


def test_of_two_signals_for_one_kind_the_first_is_named():
    twice = [SIGNALS[0], {**SIGNALS[1], "kinds": ["expansion"]}]
    chosen = selected(KINDS, {**LIST, "signals": twice})
    assert chosen is not None
    assert {choice.signal for choice in chosen.choices} == {"new_site"}


async def test_a_large_one_is_held_to_the_numbers_and_signals_that_exist():
    large = scripted(json.dumps({"choices": [{"number": 3, "signal": "energy"}]}))
    answer = await ask_researcher(large, PromptLibrary(), LIST, node="select")
    assert answer.value == Selection(choices=[Choice(number=3, signal="energy")])
    (call,) = large.calls
    choice = call["response_schema"]["properties"]["choices"]["items"]["properties"]
    assert (choice["number"]["maximum"], choice["signal"]["enum"]) == (5, ["new_site", "energy"])
    assert "probability" not in call


async def test_the_answers_are_added_up():
    texts = [json.dumps({"kind": kind}) for kind in KINDS]
    small = scripted(*texts).model_copy(update={"prompt_profile": Profile.COMPACT})
    answer = await ask_researcher(small, PromptLibrary(), LIST, node="select")
    assert answer.value == selected(KINDS)
    assert [call["response_schema"] for call in small.calls] == [sighting_schema()] * len(TEXTS)
    one = await ask_researcher(small, PromptLibrary(), {**LIST, "sentences": LIST["sentences"][:1]}, node="select")
    assert answer.usage.total_tokens > one.usage.total_tokens > 0


async def test_a_failure_ends_the_other_questions():
    class Down(type(scripted("{}"))):  # type: ignore[misc]
        async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> Any:
            self.calls.append({})
            if len(self.calls) == 2:
                raise ServerFailed("down")
            await asyncio.sleep(60)

    down = Down(identity=scripted("{}").identity, answers=[], calls=[], prompt_profile=Profile.COMPACT)
    with pytest.raises(ServerFailed):
        await asyncio.wait_for(ask_researcher(down, PromptLibrary(), LIST, node="select"), timeout=10)
    assert len(down.calls) == len(TEXTS)


async def test_sentences_that_were_not_read_are_a_problem_of_the_dossier():
    small = scripted('{"kind": "expansion"}', "no JSON").model_copy(update={"prompt_profile": Profile.COMPACT})
    state = (
        await build_research_graph()
        .compile()
        .ainvoke({"prospect": PROSPECT}, context=context(models={"researcher": small}))
    )
    assert [fact.signal for fact in state["dossier"].facts] == ["expansion"]
    assert [problem.kind for problem in state["dossier"].problems] == ["malformed_answer"]


def test_a_brief_without_kinds_is_told_what_to_write():
    vague = BRIEF.model_copy(update={"signals": (Signal(name="growth", describes="a new store"),)})
    small = scripted("{}").model_copy(update={"prompt_profile": Profile.COMPACT})
    with pytest.raises(InputError, match="names none for growth") as refused:
        CampaignContext(models={"researcher": small}, brief=vague)
    assert "expansion, hiring" in refused.value.hint
    CampaignContext(models={"researcher": small}, brief=BRIEF)
    CampaignContext(models={"researcher": scripted("{}"), "writer": small}, brief=vague)
