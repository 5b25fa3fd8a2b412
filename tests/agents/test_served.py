"""The graph for LangGraph's server: JSON in, a campaign opened once for all runs, every failure with its words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from miniatures.agents.served import OpenCampaigns, RunFailed, ServedContext, build_served_graph
from miniatures.datamodel.dossier import DossierStatus
from miniatures.inputs.campaign import load_campaign
from miniatures.store.open import open_store

COLD_STORAGE = Path(__file__).resolve().parents[2] / "examples" / "cold_storage"
SOLVEIG = {
    "email": "s.asen@nordvik-frost.example",
    "first_name": "Solveig",
    "company": "Nordvik Frost AS",
    "website": "http://nordvik-frost.example/",
}


@pytest_asyncio.fixture
async def campaigns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[OpenCampaigns]:
    monkeypatch.chdir(tmp_path)
    opened = OpenCampaigns()
    yield opened
    await opened.aclose()


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """A campaign whose only site has no news, so that nobody is asked to write."""
    site = tmp_path / "sites" / "nordvik-frost.example"
    site.mkdir(parents=True)
    (site / "index.html").write_text("<title>Nordvik</title><p>Call us at any time.</p>", encoding="utf-8")
    (tmp_path / "brief.md").write_text((COLD_STORAGE / "brief.md").read_text("utf-8"), "utf-8")
    (tmp_path / "prospects.csv").write_text("email,company\n", encoding="utf-8")
    path = tmp_path / "campaign.yaml"
    path.write_text(
        "name: quiet\nbrief: brief.md\nprospects: prospects.csv\nsearch: local:sites\n"
        "backends: {other: 'openai-compatible:http://127.0.0.1:9/v1#none'}\nroles: {writer: other}\n",
        encoding="utf-8",
    )
    return path


async def run(campaigns: OpenCampaigns, prospect: dict[str, Any] = SOLVEIG, **context: Any) -> dict[str, Any]:
    graph = build_served_graph(campaigns).compile()
    state: dict[str, Any] = await graph.ainvoke({"prospect": prospect}, context=context)
    return state


def test_its_schemas_are_json() -> None:
    graph = build_served_graph(OpenCampaigns()).compile()
    schema = graph.get_context_jsonschema()
    assert schema is not None
    assert set(schema["allOf"][0]["properties"]) == set(ServedContext.model_fields)
    assert "properties" not in schema, "LangGraph's server would drop a misspelt key without a word"
    assert graph.get_input_jsonschema()["required"] == ["prospect"]
    assert {"dossier", "draft"} <= set(graph.get_output_jsonschema()["properties"])


async def test_a_campaign_file_is_opened_once_for_runs_at_the_same_time(
    campaigns: OpenCampaigns, campaign: Path
) -> None:
    one, other = await asyncio.gather(*(run(campaigns, campaign=str(campaign)) for _ in range(2)))
    assert one["dossier"] == other["dossier"]
    assert one["dossier"].status is DossierStatus.NOTHING_FOUND
    assert len(campaigns._served) == 1


async def test_its_runs_leave_traces_in_the_campaigns_own_store(campaigns: OpenCampaigns, campaign: Path) -> None:
    await run(campaigns, campaign=str(campaign.parent))
    await campaigns.aclose()
    with open_store(load_campaign(campaign).store_url) as store:
        assert {span.name for span in store.spans("quiet")} >= {"gather"}


async def test_specs_and_a_brief_do_without_a_file(campaigns: OpenCampaigns, campaign: Path) -> None:
    specs = {"writer": "openai-compatible:http://127.0.0.1:9/v1#none", "search": f"local:{campaign.parent / 'sites'}"}
    brief = campaign.parent / "brief.md"
    for given in (str(brief), brief.read_text("utf-8")):
        state = await run(campaigns, brief=given, **specs)
        assert state["dossier"].status is DossierStatus.NOTHING_FOUND


async def test_a_failure_is_told_in_its_own_words(campaigns: OpenCampaigns, campaign: Path) -> None:
    with pytest.raises(RunFailed, match=r"InputError: .*nowhere"):
        await run(campaigns, campaign="nowhere.yaml")
    busy = pytest.raises(RunFailed, match="CampaignBusy: campaign 'quiet'")
    with open_store(load_campaign(campaign).store_url) as store, store.campaign_lock("quiet"), busy:
        await run(campaigns, campaign=str(campaign))
    await run(campaigns, campaign=str(campaign))


async def test_a_missing_file_is_told_with_where_its_path_starts(campaigns: OpenCampaigns, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=f"there is no file nowhere.md. Check the path; it starts in {tmp_path}"):
        await run(campaigns, brief="nowhere.md", writer="openai-compatible:http://127.0.0.1:9/v1#none")


async def test_a_campaign_that_was_edited_is_not_run_as_it_was(campaigns: OpenCampaigns, campaign: Path) -> None:
    await run(campaigns, campaign=str(campaign))
    campaign.write_text(campaign.read_text("utf-8") + "write: {samples: 2}\n", "utf-8")
    with pytest.raises(RunFailed, match="Restart the server"):
        await run(campaigns, campaign=str(campaign))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "give `campaign`, or `brief` and `writer`"),
        ({"brief": "brief.md"}, "give `campaign`"),
        ({"campaign": "x", "writer": "local:x"}, "leave out writer"),
        ({"campagne": "x"}, "campagne"),
    ],
)
def test_a_context_that_says_too_little_or_too_much_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ServedContext.model_validate(given)


async def test_no_node_waits_for_a_file_of_the_policy(tmp_path: Path) -> None:
    """LangGraph's server refuses a run in which the event loop waits for one."""
    from tests.agents.scene import context

    assert "policy" in vars(context())
