"""The graph that LangGraph's server runs: its context is JSON, and what it names is opened once for all runs.

`langgraph.json` exports `graph`. Each run of it is a run of the prospect graph with the campaign's own backends,
ledger, traces and budgets; so the server holds the campaign until it ends, as `miniatures run` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from miniatures.agents.prospect import build_prospect_graph
from miniatures.agents.runs import OpenCampaign, open_campaign
from miniatures.agents.state import ProspectOutput
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import InputError, MiniaturesError
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.json_types import JsonSchema
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.brief import load_brief, parse_brief
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.tracing import Scope, enter_scope


class ServedInput(Strict):
    """What a run starts from."""

    prospect: Prospect


class ServedContext(Strict):
    """What a run is done with: a campaign file, or the little that one needs. Paths start where the server does."""

    campaign: str | None = Field(default=None, description="A campaign file or its folder; then nothing else.")
    brief: str | None = Field(default=None, description="The path of a brief, or its text, which starts with ---.")
    writer: str | None = Field(default=None, description="Spec string, such as miniature:outreach@live.")
    researcher: str | None = Field(default=None, description="Spec string; sentences are taken by their rank if null.")
    search: str = Field(default="ddgs", description="As in a campaign file, such as local:PATH.")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """One level down: of a context whose schema names its keys at the top, LangGraph's server drops every other key
        without a word, and a misspelt one would be taken for one that was left out.
        """
        return {"title": cls.__name__, "allOf": [handler.resolve_ref_schema(handler(schema))]}

    @model_validator(mode="after")
    def _one_or_the_other(self) -> ServedContext:
        given = self.model_fields_set - {"campaign"}
        if self.campaign is not None and given:
            raise ValueError(f"the campaign file says it: leave out {', '.join(sorted(given))}")
        if self.campaign is None and (self.brief is None or self.writer is None):
            raise ValueError("give `campaign`, or `brief` and `writer`")
        return self

    def load(self) -> LoadedCampaign:
        """The campaign that is meant; one without a file keeps its store below `runs/`, under a name of its own.

        Raises:
            InputError: a file is missing or wrong.
        """
        if self.campaign is not None:
            return load_campaign(self.campaign)
        assert self.brief is not None and self.writer is not None
        is_text = self.brief.lstrip().startswith("---")
        brief = parse_brief(self.brief, Path("brief")) if is_text else load_brief(self.brief)
        roles = {"writer": self.writer} | ({"researcher": self.researcher} if self.researcher else {})
        campaign = Campaign.model_validate(
            {
                "name": f"served-{content_hash(self)[:12]}",
                "brief": "brief.md",
                "prospects": "prospects.csv",
                "search": self.search,
                "backends": roles,
                "roles": {role: role for role in roles},
            }
        )
        return LoadedCampaign(campaign=campaign, brief=brief, path=Path("campaign.yaml").resolve())


@dataclass(frozen=True)
class _Served:
    loaded: LoadedCampaign
    campaign: OpenCampaign

    def scope(self, prospect: Prospect) -> Scope:
        """The campaign's own traces and budgets for one prospect."""
        policy = self.campaign.context.policy.hash
        sink = self.campaign.store.recorder
        return Scope(sink, self.campaign.run_id, self.loaded.name, prospect.key, policy=policy)


class RunFailed(ValueError):
    """Why a run failed, with its cure. The server tells its client the words of a `ValueError`, and not of ours."""


@contextmanager
def _words_told() -> Iterator[None]:
    try:
        yield
    except MiniaturesError as error:
        raise RunFailed(f"{error.name}: {error.told}") from error


class OpenCampaigns:
    """The campaigns that are open in this process: each is opened once and kept until the process ends."""

    def __init__(self) -> None:
        self._served: dict[str, _Served] = {}
        self._held = AsyncExitStack()
        self._opening = asyncio.Lock()

    async def get(self, wanted: ServedContext) -> _Served:
        """The open campaign.

        Raises:
            InputError: a file is wrong, or was changed since the campaign was opened.
            CampaignBusy: another process runs it.
            BackendError, StoreError: what it names cannot be opened.
        """
        loaded = await asyncio.to_thread(wanted.load)
        async with self._opening:
            if loaded.name not in self._served:
                self._served[loaded.name] = await self._open(loaded)
        served = self._served[loaded.name]
        if served.loaded != loaded:
            raise InputError(f"{loaded.path} or its brief is not as it was opened", hint="Restart the server.")
        return served

    async def _open(self, loaded: LoadedCampaign) -> _Served:
        async with AsyncExitStack() as opening:
            campaign = await opening.enter_async_context(open_campaign(loaded, hosts={}))
            policy = campaign.context.policy
            await campaign.store.keep_policy(policy)
            await campaign.store.start_run(campaign.run_id, loaded.name, policy.hash)
            self._held.push_async_exit(opening.pop_all())
        return _Served(loaded, campaign)

    async def aclose(self) -> None:
        """Close all of them."""
        self._served.clear()
        await self._held.aclose()


def build_served_graph(campaigns: OpenCampaigns) -> StateGraph[Any, ServedContext, Any, Any]:
    """Prospect in; dossier and, if it holds evidence, draft out; uncompiled."""
    inner = build_prospect_graph().compile()

    async def prospect(state: ServedInput, runtime: Runtime[ServedContext]) -> dict[str, Any]:
        with _words_told():
            served = await campaigns.get(runtime.context)
            with enter_scope(served.scope(state.prospect)):
                return await inner.ainvoke({"prospect": state.prospect}, context=served.campaign.context)

    graph: StateGraph[Any, ServedContext, Any, Any] = StateGraph(
        ProspectOutput, ServedContext, input_schema=ServedInput, output_schema=ProspectOutput
    )
    graph.add_node("prospect", prospect)
    graph.add_edge(START, "prospect")
    graph.add_edge("prospect", END)
    return graph


graph = build_served_graph(OpenCampaigns())
"""What `langgraph.json` exports."""
