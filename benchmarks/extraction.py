"""Extraction of 10,000 documents that are ordinary, damaged or made to defeat it, and its rate on ordinary pages.

    python benchmarks/extraction.py [--documents 10000] [--before CHECKOUT]

Checked: every document has an outcome with a name; none takes longer than its deadline (10 s, and the second in which
a worker is ended); an ordinary page that is asked for every second meanwhile is read each time, whatever else is being
read; at the end no more processes are left than the pool may have. Then the rate on ordinary pages, 32 at once as in a
campaign: read in this process by threads, as before there were workers, and by the workers, in turn, several rounds.
`--before` names a checkout of an older version, whose own code then is the first side.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from extraction_documents import SHARES, Sample, samples

from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.extractor import Extractor
from miniatures.agents.tools.extract.pool import WORKERS
from miniatures.agents.tools.extract.process import WorkerProcess
from miniatures.agents.tools.extract.protocol import Document
from miniatures.datamodel.campaign import FetchSettings

SEED = 20_261_128
AT_ONCE = 32
ROUNDS, PAGES = 3, 200
DEADLINE_S = FetchSettings().extract_timeout_s
GRACE_S = 1.0
URL = "http://nordvik.example/news/"
Read = Callable[[bytes, str, str], Awaitable[Extraction]]
BEFORE = """
import asyncio, sys, time
from pathlib import Path
from miniatures.agents.tools.extract.document import extract

async def main():
    gate = asyncio.Semaphore(32)
    async def one(body):
        async with gate:
            await asyncio.to_thread(extract, body, "text/html", "http://nordvik.example/news/")
    bodies = [path.read_bytes() for path in sorted(Path(sys.argv[1]).iterdir())]
    await asyncio.gather(*map(one, bodies[:32]))
    started = time.perf_counter()
    await asyncio.gather(*map(one, bodies))
    print(len(bodies) / (time.perf_counter() - started))

asyncio.run(main())
"""


@dataclass
class Tally:
    """What came of the documents."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in SHARES})
    longest: tuple[float, str] = (0.0, "")
    over: int = 0

    def add(self, sample: Sample, outcome: str, seconds: float) -> None:
        self.outcomes[sample.kind][outcome] += 1
        self.longest = max(self.longest, (seconds, f"{sample.kind}: {sample.family}"))
        self.over += seconds > DEADLINE_S + GRACE_S


async def read_all(documents: Iterable[Sample]) -> Tally:
    """Read them all, as many at once as there are workers."""
    extractor, tally, waiting = Extractor(DEADLINE_S), Tally(), iter(documents)
    spent = _note_time_with_workers()

    async def worker() -> None:
        for sample in waiting:
            found = await extractor.extract(sample.body, sample.content_type, URL)
            tally.add(sample, found.status.value, spent.pop(id(sample.body)))

    await asyncio.gather(*(worker() for _ in range(WORKERS)))
    return tally


def _note_time_with_workers() -> dict[int, float]:
    """Seconds for which a worker had each document, by the identity of its bytes: that is what the deadline is of."""
    spent: dict[int, float] = {}
    ask = WorkerProcess.ask

    def timed(worker: WorkerProcess, document: Document) -> Extraction:
        started = time.perf_counter()
        try:
            return ask(worker, document)
        finally:
            spent[id(document.body)] = time.perf_counter() - started

    WorkerProcess.ask = timed
    return spent


async def ask_meanwhile(page: bytes, expected: Extraction, seen: list[float]) -> None:
    """Ask for an ordinary page every second, and note how long it took."""
    extractor = Extractor(DEADLINE_S)
    while True:
        started = time.perf_counter()
        found = await extractor.extract(page, "text/html", URL)
        assert found == expected, f"an ordinary page was read as {found.status}"
        seen.append(time.perf_counter() - started)
        await asyncio.sleep(1)


async def rate(read: Read, pages: list[Sample]) -> float:
    """Pages a second, `AT_ONCE` at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(page: Sample) -> None:
        async with gate:
            await read(page.body, "text/html", URL)

    await asyncio.gather(*map(one, pages[:AT_ONCE]))
    started = time.perf_counter()
    await asyncio.gather(*map(one, pages))
    return len(pages) / (time.perf_counter() - started)


async def paired(pages: list[Sample], workers: Read) -> tuple[float, float]:
    """Seconds for the pages one by one, in this process and by workers: page for page in turn, the best of three."""
    spent = {in_process: 0.0, workers: 0.0}
    for page in pages:
        for read in spent:
            spent[read] += min([await _seconds(read, page) for _ in range(3)])
    return spent[in_process], spent[workers]


async def _seconds(read: Read, page: Sample) -> float:
    started = time.perf_counter()
    await read(page.body, "text/html", URL)
    return time.perf_counter() - started


async def in_process(body: bytes, content_type: str, url: str) -> Extraction:
    from miniatures.agents.tools.extract.document import extract

    return await asyncio.to_thread(extract, body, content_type, url)


def before(checkout: Path, folder: Path) -> float:
    """Pages a second of an older version, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", BEFORE, str(folder)],
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return float(told.stdout)


async def many(count: int) -> None:
    page = next(sample for sample in samples(100, SEED + 1) if sample.kind == "ordinary").body
    expected = await in_process(page, "text/html", URL)
    seen: list[float] = []
    asking = asyncio.create_task(ask_meanwhile(page, expected, seen))
    started = time.perf_counter()
    tally = await read_all(samples(count, SEED))
    took = time.perf_counter() - started
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled(), asking
    for kind, outcomes in tally.outcomes.items():
        told = ", ".join(f"{outcome} {number}" for outcome, number in outcomes.most_common())
        print(f"{kind:12} {outcomes.total():6}  {told}")
    left = len(psutil.Process().children())
    print(f"all          {sum(map(Counter.total, tally.outcomes.values())):6}  in {took:.0f} s")
    print(f"over the deadline of {DEADLINE_S:g} s: {tally.over}; longest {tally.longest[0]:.1f} s ({tally.longest[1]})")
    print(f"an ordinary page meanwhile: read {len(seen)} of {len(seen)} times, median {statistics.median(seen):.2f} s,")
    print(f"  longest {max(seen):.1f} s; worker processes left: {left} of {WORKERS} at most")
    assert left <= WORKERS


async def compare(checkout: Path | None, folder: Path) -> None:
    pages = [sample for sample in samples(4 * PAGES, SEED + 2) if sample.kind == "ordinary"][:PAGES]
    for number, page in enumerate(pages):
        (folder / f"{number:05}.html").write_bytes(page.body)
    workers, rounds = Extractor(DEADLINE_S), []
    for _ in range(ROUNDS):
        first = await asyncio.to_thread(before, checkout, folder) if checkout else await rate(in_process, pages)
        rounds.append((first, await rate(workers.extract, pages)))
    told = ", ".join(f"{now / first:.2f}" for first, now in rounds)
    first, now = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(f"ordinary pages a second, {AT_ONCE} at once: in process {first:.0f}, workers {now:.0f}; ratios {told}")
    first, now = (len(pages) / seconds for seconds in await paired(pages, workers.extract))
    print(f"ordinary pages a second, one by one:    in process {first:.0f}, workers {now:.0f}; ratio {now / first:.2f}")


def main() -> None:
    from tempfile import TemporaryDirectory

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--before", type=Path)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        asyncio.run(compare(arguments.before, Path(folder)))
    asyncio.run(many(arguments.documents))


if __name__ == "__main__":
    main()
