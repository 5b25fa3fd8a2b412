"""How quickly does the app answer a reviewer whose campaign has a hundred thousand drafts?

The drafts are copies of one that the example campaign's pipeline wrote, each to another prospect, in a real store; a
tenth of them is decided about. The app is asked over HTTP on loopback, as a browser asks it, by a visitor who is signed
in. Checked of each answer: status 200, and that the first page lists fifty drafts. Told: how long the app takes to know
all drafts at its start, how long each kind of page takes from the request to the last byte, and the memory of the
process after its first page and after so many more.

    python -m benchmarks.review_desk [--drafts 100000] [--requests 300]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import psutil

from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import RejectReason, Review
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.review.reviewing import Reviewable, accept, reject
from miniatures.store.open import open_store

EXAMPLE = Path(__file__).parents[1] / "examples/cold_storage"
PAGE = 50
_DRAFT = re.compile(r'href="(/c/[^"]+/drafts/[0-9a-f]+[^"]*)"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drafts", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        campaign = new_campaign(Path(folder), options.drafts)
        measure(campaign, options.requests)


def new_campaign(folder: Path, drafts: int) -> LoadedCampaign:
    """A copy of the example whose store holds so many drafts."""
    place = folder / "campaign"
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("runs"))
    miniatures("demo", "--campaign", str(place / "campaign.yaml"))
    loaded = load_campaign(place)
    began = time.monotonic()
    asyncio.run(_fill(loaded, drafts))
    people = map(_person, range(drafts))
    rows = "\n".join(f"{one.email},{one.first_name},{one.last_name},{one.title},{one.company}" for one in people)
    loaded.prospects_path.write_text(f"email,first_name,last_name,title,company\n{rows}\n", encoding="utf-8")
    print(f"{drafts:,} drafts, a tenth of them decided about, written in {time.monotonic() - began:.0f} s")
    return loaded


async def _fill(loaded: LoadedCampaign, drafts: int) -> None:
    with open_store(loaded.store_url) as store:
        written = [result for result in store.results(loaded.name) if result.draft is not None]
        pattern = written[0]
        for start in range(0, drafts, 500):
            people = [_person(number) for number in range(start, min(start + 500, drafts))]
            await store.enrol(loaded.name, people)
            results = [_copied(pattern, person, number) for number, person in enumerate(people, start)]
            await asyncio.gather(*(store.save_result(result) for result in results))
            await asyncio.gather(*(store.add_review(_review(result, n)) for n, result in enumerate(results[::10])))


def _person(number: int) -> Prospect:
    return Prospect(
        email=f"person{number}@company{number}.example",
        first_name=f"Ada{number}",
        last_name="Okafor",
        title="Cold Store Manager",
        company=f"Company {number} Cold Storage",
    )


def _copied(pattern: ProspectResult, person: Prospect, number: int) -> ProspectResult:
    assert pattern.draft is not None
    body = f"{pattern.draft.body}\n"
    draft = pattern.draft.model_copy(update={"id": f"{number:032x}", "body": body, "subject": f"Rooms {number}"})
    return pattern.model_copy(update={"prospect": person, "draft": draft})


def _review(result: ProspectResult, number: int) -> Review:
    """What somebody said of it an hour ago."""
    assert result.draft is not None
    draft = result.draft
    item = Reviewable(draft.id, draft.text.model_dump(), result.campaign, result.prospect.key, draft=draft.id)
    review = reject(item, "ada", RejectReason.GENERIC) if number % 5 == 0 else accept(item, "ada")
    return review.model_copy(update={"created_at": review.created_at - timedelta(hours=1)})


def measure(loaded: LoadedCampaign, requests: int) -> None:
    """Start the app, ask it, and print what it took."""
    command = [sys.executable, "-m", "miniatures", "app", str(loaded.path), "--port", "0", "--reviewer", "bo"]
    app = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert app.stderr is not None
        address = next(line.split()[1] for line in app.stderr if line.startswith("Open "))
        with httpx.Client(follow_redirects=True, timeout=300) as client:
            began = time.monotonic()
            client.get(address).raise_for_status()
            base = f"{address.split('/enter/')[0]}/c/{loaded.name}"
            client.get(f"{base}/queue").raise_for_status()
            print(f"first page, which reads all drafts: {time.monotonic() - began:.1f} s")
            before = psutil.Process(app.pid).memory_info().rss
            _ask(client, base, requests)
            after = psutil.Process(app.pid).memory_info().rss
            print(f"memory: {before / 1e6:,.0f} MB after the first page, {after / 1e6:,.0f} MB after {requests:,} more")
    finally:
        app.terminate()
        app.wait()


def _ask(client: httpx.Client, base: str, requests: int) -> None:
    listed = client.get(f"{base}/queue").text
    shown = _DRAFT.findall(listed)
    assert len(set(shown)) == PAGE, len(set(shown))
    host = base.split("/c/", maxsplit=1)[0]
    asked: dict[str, Callable[[int], str]] = {
        "a page of the queue": lambda number: f"{base}/queue?page={number % 100 + 1}",
        "the same, least sure first": lambda number: f"{base}/queue?order=doubt&page={number % 100 + 1}",
        "a search": lambda number: f"{base}/queue?search=company+{number}9",
        "rejected ones": lambda number: f"{base}/queue?show=all&state=rejected&page={number % 20 + 1}",
        "a draft": lambda number: f"{host}{shown[number % PAGE].replace('&amp;', '&')}",
    }
    for name, url in asked.items():
        times = []
        for number in range(requests // len(asked)):
            began = time.perf_counter()
            reply = client.get(url(number))
            times.append(1000 * (time.perf_counter() - began))
            assert reply.status_code == 200, reply.text
        times.sort()
        print(f"{name}: median {statistics.median(times):.0f} ms, 95 % under {times[int(0.95 * len(times))]:.0f} ms")


def miniatures(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "miniatures", *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
