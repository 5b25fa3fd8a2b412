"""How much of the engine's speed reaches a campaign? The writer stage over 64 prospects on the embedded model.

Four sides, each in a process of its own, on the same prompts and, but for (c), the same number of output tokens:

    campaign   the write graph with checks, ledger and traces, all prospects in flight
    (a) batch  the same prompts and token counts given straight to OpenVINO as one batch, with the same grammar
    (a) free   the same without a grammar, and once more without the prefix cache
    (b) llama  llama.cpp's server with the same concurrency: the wheel's, and with --llama-server one of your own
    (c) one    the same graph on `transformers:`, one prospect at a time (eight of the prospects)

Checked first: every prospect has a draft, and each side made exactly as many tokens as it was asked for. Campaign and
batch run in turn, `--repeats` times, and the median of the paired ratios counts.

    python benchmarks/campaign_throughput.py [--repeats 3] [--llama-server PATH]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m-instruct"
PROSPECTS = 64
SLOW_PROSPECTS = 8
MAX_TOKENS = 192
EXAMPLE = Path(__file__).parent.parent / "examples" / "cold_storage"
"""Its brief, and the quotes of its answers as dossiers."""


def cases(count: int) -> list[dict[str, Any]]:
    """Prospects and dossiers as the research stage would leave them: two to four quotes, all different."""
    import yaml

    answers = yaml.safe_load((EXAMPLE / "answers.yaml").read_text(encoding="utf-8"))
    known = {host: entry for host, entry in answers.items() if entry.get("must")}
    names = ["Amara", "Bjørn", "Chiara", "Dmytro", "Esperanza", "Fatuma", "Goran", "Hyun-woo"]
    made: list[dict[str, Any]] = []
    while len(made) < count:
        turn, place = divmod(len(made), len(known))
        host, entry = list(known.items())[place]
        quotes = [*entry["must"], *entry.get("may", [])]
        kept = quotes[turn % len(quotes) :] + quotes[: turn % len(quotes)]
        made.append({"host": host, "name": names[turn % len(names)], "quotes": kept[: 2 + turn % 3]})
    return made


async def write_all(spec: str, count: int, concurrency: int, folder: Path) -> dict[str, Any]:
    """The write graph over the cases, and the prompts and token counts that its traces name."""
    from datetime import UTC, datetime

    from miniatures import CampaignContext, build_write_graph
    from miniatures.backends.spec import open_backend
    from miniatures.backends.wrappers.wrap import dress
    from miniatures.datamodel.campaign import BackendSettings, WritingSettings
    from miniatures.datamodel.dossier import Dossier, DossierStatus
    from miniatures.datamodel.evidence import Evidence
    from miniatures.datamodel.hashing import text_hash
    from miniatures.datamodel.prospect import Prospect
    from miniatures.inputs.brief import load_brief
    from miniatures.store.open import open_store
    from miniatures.store.tracing import Scope, enter_scope

    settings = BackendSettings(use=spec, max_tokens=MAX_TOKENS)
    backend = open_backend(spec, settings)
    await backend.ainvoke("Hello", max_tokens=1)
    now = datetime.now(UTC)
    with open_store(f"sqlite:///{folder}/{time.time_ns()}.sqlite") as store:
        context = CampaignContext(
            models={"writer": dress(backend, settings=settings)},
            brief=load_brief(EXAMPLE / "brief.md"),
            ledger=store.ledger("bench"),
            write=WritingSettings(samples=1, rewrites=0),
        )
        graph = build_write_graph().compile()
        gate = asyncio.Semaphore(concurrency)

        async def one(number: int, case: dict[str, Any]) -> None:
            prospect = Prospect(
                email=f"{number}@{case['host']}",
                company=case["host"].partition(".")[0].title(),
                first_name=case["name"],
                last_name=f"Tester{number}",
            )
            facts = tuple(
                Evidence(
                    quote=quote["quote"],
                    url=f"http://{case['host']}/{quote['page']}",
                    text_hash=text_hash(quote["quote"]),
                    published=now,
                    fetched_at=now,
                    signal=quote["signal"],
                )
                for quote in case["quotes"]
            )
            dossier = Dossier(status=DossierStatus.FOUND, facts=facts)
            async with gate:
                with enter_scope(Scope(store.recorder, "run", "bench", prospect.key)):
                    state = await graph.ainvoke({"prospect": prospect, "dossier": dossier}, context=context)
            if not state["draft"].backend:
                raise SystemExit(f"no draft for prospect {number}")

        started = time.perf_counter()
        await asyncio.gather(*(one(number, case) for number, case in enumerate(cases(count))))
        seconds = time.perf_counter() - started
    with open_store(store_url := f"sqlite:///{max(folder.glob('*.sqlite'))}") as store:
        traces = list(store.traces("bench"))
    if len(traces) != count:
        raise SystemExit(f"{len(traces)} traces for {count} prospects in {store_url}")
    calls = [
        {"messages": [message.model_dump() for message in trace.messages], "tokens": trace.bill.usage.output_tokens}
        for trace in traces
    ]
    return {"seconds": seconds, "tokens": sum(call["tokens"] for call in calls), "calls": calls}


def raw_batch(calls: list[dict[str, Any]], *, grammar: bool, prefix_cache: bool) -> dict[str, Any]:
    """One `generate` of the bare engine over all prompts. Without a grammar the token counts are forced to be equal."""
    import openvino_genai as ov

    from miniatures.backends.ask import to_langchain
    from miniatures.backends.chat_template import ChatTemplate
    from miniatures.backends.completion import Sampling
    from miniatures.backends.openvino_engine import generation_config
    from miniatures.backends.openvino_model import scheduler
    from miniatures.datamodel.draft import EmailText
    from miniatures.datamodel.prompt import ChatMessage
    from miniatures.weights.gguf_header import read_header
    from miniatures.weights.pull import ensure_weights

    gguf = ensure_weights(MODEL)
    header = read_header(gguf)
    template = ChatTemplate(header)
    tokenizer = ov.Tokenizer(gguf)
    scheduling = scheduler(header)
    scheduling.enable_prefix_caching = prefix_cache
    pipeline = ov.ContinuousBatchingPipeline(gguf, tokenizer, scheduling, "CPU")
    prompts, configs = [], []
    for call in calls:
        messages = to_langchain(tuple(ChatMessage(**message) for message in call["messages"]))
        prompts.append(tokenizer.encode(template.render(messages), add_special_tokens=False).input_ids)
        schema = EmailText.model_json_schema() if grammar else None
        config = generation_config(
            Sampling(schema=schema), MAX_TOKENS if grammar else call["tokens"], tokenizer.get_eos_token_id()
        )
        config.ignore_eos = not grammar
        configs.append(config)
    warm = generation_config(Sampling(), 1, tokenizer.get_eos_token_id())
    pipeline.generate([tokenizer.encode("Hello").input_ids], [warm])
    started = time.perf_counter()
    results = pipeline.generate(prompts, configs)
    seconds = time.perf_counter() - started
    tokens = sum(len(result.m_generation_ids[0]) for result in results)
    return {"seconds": seconds, "tokens": tokens}


async def llama_server(calls: list[dict[str, Any]], url: str) -> dict[str, Any]:
    """All prompts at once to a llama.cpp server's native endpoint, with forced token counts."""
    import httpx

    from miniatures.backends.ask import to_langchain
    from miniatures.backends.chat_template import ChatTemplate
    from miniatures.datamodel.prompt import ChatMessage
    from miniatures.weights.gguf_header import read_header
    from miniatures.weights.pull import ensure_weights

    template = ChatTemplate(read_header(ensure_weights(MODEL)))

    async with httpx.AsyncClient(base_url=url, timeout=600, trust_env=False) as client:

        async def one(call: dict[str, Any]) -> int:
            prompt = template.render(to_langchain(tuple(ChatMessage(**message) for message in call["messages"])))
            body = {
                "prompt": prompt,
                "n_predict": call["tokens"],
                "ignore_eos": True,
                "temperature": 0,
                "cache_prompt": True,
            }
            answer = await client.post("/completion", json=body)
            answer.raise_for_status()
            return int(answer.json()["tokens_predicted"])

        await one({"messages": [{"role": "user", "content": "Hello"}], "tokens": 1})
        started = time.perf_counter()
        counts = await asyncio.gather(*(one(call) for call in calls))
        return {"seconds": time.perf_counter() - started, "tokens": sum(counts)}


def packaged_llama(calls: list[dict[str, Any]]) -> dict[str, Any]:
    """The server of the packaged wheel (xllamacpp), with as many slots as there are prospects in flight."""
    import xllamacpp

    from miniatures.weights.pull import ensure_weights

    params = xllamacpp.CommonParams()
    params.model.path = str(ensure_weights(MODEL))
    params.n_parallel = SLOTS
    params.n_ctx = SLOT_TOKENS * SLOTS
    params.verbosity = 0
    params.ui = False
    server = xllamacpp.Server(params)
    return asyncio.run(llama_server(calls, server.listening_address))


def own_llama(calls: list[dict[str, Any]], binary: str) -> dict[str, Any]:
    """A llama-server that was compiled for this processor."""
    import httpx

    from miniatures.weights.pull import ensure_weights

    port = 18431
    command = [binary, "-m", str(ensure_weights(MODEL)), "--port", str(port), "-np", str(SLOTS), "--no-webui"]
    server = subprocess.Popen(
        [*command, "-c", str(SLOT_TOKENS * SLOTS)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        return asyncio.run(llama_server(calls, url))
    finally:
        server.terminate()
        server.wait()


SLOTS = 64
SLOT_TOKENS = 1536


def run_mode(mode: str, folder: Path, llama_binary: str) -> dict[str, Any]:
    """One side, in this process."""
    calls = json.loads((folder / "calls.json").read_text()) if (folder / "calls.json").exists() else []
    match mode:
        case "campaign":
            return asyncio.run(write_all(f"local:{MODEL}", PROSPECTS, PROSPECTS, folder))
        case "batch":
            return raw_batch(calls, grammar=True, prefix_cache=True)
        case "free":
            return raw_batch(calls, grammar=False, prefix_cache=True)
        case "free-no-prefix":
            return raw_batch(calls, grammar=False, prefix_cache=False)
        case "llama":
            return packaged_llama(calls)
        case "llama-native":
            return own_llama(calls, llama_binary)
        case "one":
            return asyncio.run(write_all(f"transformers:{MODEL}", SLOW_PROSPECTS, 1, folder))
        case _:
            raise SystemExit(f"unknown mode {mode}")


def measure(mode: str, folder: Path, llama_binary: str = "") -> float:
    """Output tokens per second of one side, run in a process of its own."""
    command = [sys.executable, __file__, "--mode", mode, "--folder", str(folder), "--llama-server", llama_binary]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{mode} failed:\n{finished.stdout}\n{finished.stderr}")
    answer = json.loads(finished.stdout.splitlines()[-1])
    if mode == "campaign":
        (folder / "calls.json").write_text(json.dumps(answer["calls"]))
    elif mode not in ("one", "batch"):
        asked = sum(call["tokens"] for call in json.loads((folder / "calls.json").read_text()))
        if answer["tokens"] != asked:
            raise SystemExit(f"{mode} made {answer['tokens']} tokens, not the {asked} that the campaign made")
    rate: float = answer["tokens"] / answer["seconds"]
    print(f"{mode:>16}: {answer['tokens']:6} tokens in {answer['seconds']:6.1f} s = {rate:6.1f} tokens/s", flush=True)
    return rate


def main() -> None:
    parser = argparse.ArgumentParser(description="Writer-stage throughput against the bare engine and its peers.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--llama-server", default="", help="A llama-server binary compiled for this processor.")
    parser.add_argument("--mode", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.mode:
        print(json.dumps(run_mode(arguments.mode, arguments.folder, arguments.llama_server)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paired: dict[str, list[float]] = {"batch": [], "free": []}
        rates: list[float] = []
        for _ in range(arguments.repeats):
            rates.append(measure("campaign", folder))
            for side, ratios in paired.items():
                ratios.append(rates[-1] / measure(side, folder))
        campaign = statistics.median(rates)
        no_prefix = measure("free-no-prefix", folder)
        with_prefix = campaign / statistics.median(paired["free"])
        peers = {"llama": measure("llama", folder), "one": measure("one", folder)}
        if arguments.llama_server:
            peers["llama-native"] = measure("llama-native", folder, arguments.llama_server)
    print(f"\ncampaign / one raw batch, no grammar:     {statistics.median(paired['free']):.2f}  (goal >= 0.85)")
    print(f"campaign / one raw batch, same grammar:   {statistics.median(paired['batch']):.2f}")
    print(f"prefix cache on / off, raw batch:         {with_prefix / no_prefix:.2f}")
    print(f"campaign / llama.cpp server, the wheel:   {campaign / peers['llama']:.2f}  (goal >= 3)")
    if "llama-native" in peers:
        print(f"campaign / llama.cpp server, compiled:    {campaign / peers['llama-native']:.2f}")
    print(f"campaign / transformers, one at a time:   {campaign / peers['one']:.2f}  (goal >= 8)")


if __name__ == "__main__":
    main()
