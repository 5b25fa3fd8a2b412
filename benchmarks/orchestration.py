"""What does the framework itself cost? An instant model and pages already extracted: only orchestration is left.

1k, 10k and 100k prospects stream through the whole graph with ledger and traces on SQLite, each size in a process of
its own. Beside it run the same graph without ledger and traces, and a bare LangGraph of the same shape whose nodes do
nothing. Checked first: every prospect has exactly one result and every draft passed its checks.

    python benchmarks/orchestration.py [--sizes 1000 10000 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypedDict

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import END, START, StateGraph

from miniatures import build_prospect_graph
from miniatures.agents.campaign import CampaignRunner
from miniatures.agents.context import CampaignContext
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchQuery, SearchStatus
from miniatures.backends.base import Backend
from miniatures.backends.wrappers.recorded import RecordedBackend
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.brief import Brief, Sender, Signal
from miniatures.datamodel.capabilities import SMALL, Capabilities
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.store.open import open_store

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BRIEF = Brief(
    offer="Door and temperature sensors for cold stores.",
    claims=("Sensors fit in one working day.", "41 cold stores use them."),
    call_to_action="Would a 15-minute call next week be worth it?",
    sender=Sender(
        name="Mara Lindqvist",
        company="Frostline",
        email="mara@frostline.example",
        postal_address="Kaikatu 4, 00100 Helsinki, Finland",
    ),
    signals=(Signal(name="expansion", describes="new cold store, added pallet places", query="{company} expansion"),),
)
CONCURRENCY = 64


class InstantBackend(Backend):
    """Answers at once and rightly: the first sentence for the researcher, a fitting email for the writer."""

    identity: BackendIdentity = BackendIdentity(provider="instant", model="instant")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        schema = kwargs["response_schema"]
        writes = "subject" in schema["properties"]
        text = _email(messages[-1].text) if writes else '{"choices": [{"number": 1, "signal": "expansion"}]}'
        message = AIMessage(
            content=text,
            usage_metadata={"input_tokens": 300, "output_tokens": 80, "total_tokens": 380},
            response_metadata={"model_name": "instant", "finish_reason": "stop"},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages, stop, None, **kwargs)


def _email(prompt: str) -> str:
    number = prompt.rpartition("added ")[2].partition(" pallet places")[0]
    name = prompt.rpartition("Contact ")[2].split()[0].strip(",.")
    body = (
        f"Hello Contact {name},\n\nYour team added {number} pallet places this autumn, and new doors are where the "
        "cold is lost first. Sensors fit in one working day, and 41 cold stores use them.\n\n"
        "Would a 15-minute call next week be worth it?\n\nMara Lindqvist\nFrostline"
    )
    return json.dumps({"subject": f"{number} new pallet places", "body": body})


class HeldPages:
    """A search whose pages are extracted already: three pages, forty sentences."""

    name = identity = "held"

    async def search(self, query: SearchQuery, limit: int) -> SearchOutcome:
        number = query.company.removeprefix("Company ")
        filler = "\n".join(f"We move goods for customer group {index} with care and on time." for index in range(12))
        hits = []
        for part in range(3):
            text = (
                f"{query.company} added {number} pallet places in October 2026 at its site.\n{filler}"
                if part == 0
                else filler
            )
            url = f"http://company-{number}.example/{part}"
            page = Page(url=url, text=text, text_hash=text_hash(text), published=NOW, fetched_at=NOW)
            hits.append(SearchHit(url=url, page=page))
        return SearchOutcome(status=SearchStatus.FOUND, hits=tuple(hits))


def stream(count: int) -> Iterator[Prospect]:
    """Prospects made as they are asked for: never all in memory."""
    for number in range(1000, 1000 + count):
        yield Prospect(
            email=f"contact.{number}@company-{number}.example",
            company=f"Company {number}",
            first_name="Contact",
            last_name=f"{number}",
            website=f"http://company-{number}.example/",
        )


def context_of(recorded: bool, ledger: Any = None) -> CampaignContext:
    writer = Capabilities().with_trust(SMALL)
    models: dict[str, Backend] = {"researcher": InstantBackend(), "writer": InstantBackend(capabilities=writer)}
    if recorded:
        models = {role: RecordedBackend(model) for role, model in models.items()}
    return CampaignContext(models=models, brief=BRIEF, search=HeldPages(), ledger=ledger, now=lambda: NOW)


async def whole_campaign(count: int) -> dict[str, float]:
    """The whole graph with ledger and traces; checks what it left in the store."""
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/campaign.sqlite") as store:
        context = context_of(recorded=True, ledger=store.ledger("bench"))
        runner = CampaignRunner(campaign="bench", context=context, store=store, concurrency=CONCURRENCY)
        summary = await runner.run(stream(count), count)
        if summary.by_status != {DraftStatus.READY: count}:
            raise SystemExit(f"wrong results: {summary.by_status}; a draft of the instant model failed its checks")
        results = sum(1 for _ in store.results("bench"))
        if results != count:
            raise SystemExit(f"{results} results for {count} prospects")
    return {"seconds": summary.seconds}


class BareState(TypedDict, total=False):
    prospect: Prospect
    step: int


async def bare_loop(count: int) -> dict[str, float]:
    """LangGraph alone: the same four nodes and branches, doing nothing, no ledger and no traces."""

    async def nothing(state: BareState) -> BareState:
        return {"step": state.get("step", 0) + 1}

    graph = StateGraph(BareState)
    for name in ("gather", "select", "write", "verify"):
        graph.add_node(name, nothing)
    graph.add_edge(START, "gather")
    graph.add_edge("gather", "select")
    graph.add_conditional_edges("select", lambda _: "write", {"write": "write", "done": END})
    graph.add_edge("write", "verify")
    graph.add_conditional_edges("verify", lambda _: "done", {"write": "write", "done": END})
    compiled = graph.compile()
    return await drain(count, lambda prospect: compiled.ainvoke({"prospect": prospect}))


async def drain(count: int, work: Callable[[Prospect], Awaitable[Any]]) -> dict[str, float]:
    """Work on the whole stream, as many at once as the campaign has in flight."""
    feed = stream(count)

    async def worker() -> None:
        for prospect in feed:
            await work(prospect)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return {"seconds": time.perf_counter() - started}


async def without_ledger(count: int) -> dict[str, float]:
    """Our graph and its work (search, selection, prompts, checks), without ledger and traces."""
    graph = build_prospect_graph().compile()
    context = context_of(recorded=False)
    return await drain(count, lambda prospect: graph.ainvoke({"prospect": prospect}, context=context))


MODES = {"campaign": whole_campaign, "bare": bare_loop, "graph": without_ledger}


def run_mode(mode: str, count: int) -> dict[str, float]:
    """One mode in this process, with its peak memory in MB."""
    figures = asyncio.run(MODES[mode](count))
    return {**figures, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(mode: str, count: int) -> dict[str, float]:
    """One mode and size in a process of its own, so that memory peaks do not mix."""
    command = [sys.executable, __file__, "--mode", mode, "--sizes", str(count)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{mode} at {count} failed:\n{finished.stderr}")
    figures: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    figures["rate"] = count / figures["seconds"]
    print(f"{mode:>9} {count:>7,} prospects: {figures['rate']:6.1f}/s, peak {figures['peak_mb']:4.0f} MB", flush=True)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="What orchestration, ledger and traces cost without a model.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--mode", choices=MODES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.mode:
        print(json.dumps(run_mode(arguments.mode, arguments.sizes[0])))
        return
    first, last = arguments.sizes[0], arguments.sizes[-1]
    bare_before, graph = measure("bare", 5 * first), measure("graph", 5 * first)
    campaigns = {size: measure("campaign", size) for size in arguments.sizes}
    again, bare_after = measure("campaign", first), measure("bare", 5 * first)
    small = (campaigns[first]["rate"] + again["rate"]) / 2
    bare = (bare_before["rate"] + bare_after["rate"]) / 2
    print(f"\nrate at {last:,} / rate at {first:,}:      {campaigns[last]['rate'] / small:.2f}  (goal >= 0.90)")
    print(f"campaign / graph without ledger:      {small / graph['rate']:.2f}")
    print(f"campaign / bare loop of no-op nodes:  {small / bare:.2f}")
    print(f"peak memory at {last:,}:            {campaigns[last]['peak_mb']:.0f} MB  (goal < 400)")


if __name__ == "__main__":
    main()
