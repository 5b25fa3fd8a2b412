"""A new role is one new file: what the framework does with a role, it does with one that it never saw."""

from __future__ import annotations

from pathlib import Path

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from miniatures.agents.context import CampaignContext
from miniatures.agents.roles.role import known_roles, role_named
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.prompts.library import PromptLibrary
from miniatures.store.tracing import Scope, enter_scope
from tests.agents.roles.triage import TRIAGE, ReplyVariables, Urgency
from tests.agents.scene import scripted
from tests.checks.cases import BRIEF

REPLY = ReplyVariables(company="Nordfrost", reply="Call me today.")


class State(TypedDict):
    urgency: str


async def triage(state: State, runtime: Runtime[CampaignContext]) -> State:
    context = runtime.context
    answer = await TRIAGE.ask(context.model("triage"), context.prompts, REPLY, node="triage")
    return {"urgency": answer.value.urgency if answer.value else ""}


async def test_it_plays_in_a_graph_with_prompt_policy_and_trace() -> None:
    graph: StateGraph = StateGraph(State, CampaignContext)
    graph.add_node("triage", triage)
    graph.add_edge(START, "triage")
    graph.add_edge("triage", END)
    model = scripted('{"urgency": "today"}')
    context = CampaignContext(models={"triage": model}, brief=BRIEF)
    state = await graph.compile().ainvoke({"urgency": ""}, context=context)
    assert state == {"urgency": "today"}
    assert model.calls[0]["messages"][-1].text == "Reply from Nordfrost: Call me today."
    seat = context.policy.seat("triage")
    assert seat is not None and seat.prompts == {"triage": TRIAGE.version(PromptLibrary(), Capabilities())}


async def test_its_calls_are_traced_with_its_variables() -> None:
    from miniatures.backends.wrappers.recorded import RecordedBackend

    entries = []

    class Sink:
        def record(self, entry) -> None:
            entries.append(entry)

    with enter_scope(Scope(Sink(), "run", "campaign")):
        await TRIAGE.ask(RecordedBackend(scripted('{"urgency": "later"}')), PromptLibrary(), REPLY, node="triage")
    (trace,) = entries
    assert (trace.role, trace.prompt_name, trace.structured) == ("triage", "triage", {"urgency": "later"})
    assert role_named("triage").read(trace.variables) == REPLY
    assert role_named("triage").faults_of(trace.variables, trace.structured) == ("the reply asks for an answer today",)


def test_a_campaign_file_names_its_backend_and_a_slip_is_told() -> None:
    fields = {"name": "a", "brief": "b", "prospects": "p", "search": "ddgs", "backends": {"m": "local:x"}}
    campaign = Campaign.model_validate({**fields, "roles": {"writer": "m", "triage": {"first": "m"}}})
    assert set(campaign.roles.seats) == {"writer", "triage"}
    with pytest.raises(ValueError, match="did you mean 'researcher'"):
        Campaign.model_validate({**fields, "roles": {"writer": "m", "reseacher": "m"}})
    with pytest.raises(InputError, match="no role is named 'barista'"):
        role_named("barista")


def test_it_becomes_a_dataset(tmp_path: Path) -> None:
    examples = [
        Example(
            role="triage",
            variables=REPLY.model_copy(update={"company": f"Company {number}"}).model_dump(mode="json"),
            answer=Urgency(urgency="today").model_dump(),
            company=f"Company {number}",
            source=Source.GOLD,
        )
        for number in range(4)
    ]
    dataset = build_dataset(examples, tmp_path / "data", BuildSettings(validation=0.25))
    assert dataset.manifest.roles == {"triage": 4}
    assert dataset.manifest.prompt_versions == {
        "triage": TRIAGE.version(PromptLibrary(), Capabilities().with_trust(SMALL))
    }


def test_ours_are_found_without_a_list() -> None:
    assert {"researcher", "writer", "verifier", "planner"} <= set(known_roles())
