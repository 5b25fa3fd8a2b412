"""The flywheel turned once, through the product's own commands: teacher, review, dataset, training, promotion, swap.

The teacher is a real one behind litellm: its endpoint is `miniatures serve` on loopback, with the real embedded model.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from miniatures.agents.tools.site_server import serve_sites
from miniatures.backends.ask import identity_of
from miniatures.backends.spec import open_backend
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.draft import Draft, EmailText
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.example import Source
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.datamodel.prospect import Prospect, Recipient
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import edit
from miniatures.store.open import open_store
from miniatures.weights.home import weights_home
from miniatures.weights.registry import Registry
from tests.finetune.gold_folders import slice_of

pytestmark = pytest.mark.slow
EXAMPLE = Path(__file__).parents[2] / "examples" / "cold_storage"
MODEL, NAME, REVIEWER = "smollm2-135m-instruct", "whole-loop", "ana"
PROSPECTS = 2
_LONGEST_S = 900
TEACHER = {"use": "litellm:openai/teacher", "max_tokens": 220, "timeout_s": 300}
STUDENT = {"use": f"miniature:{NAME}@live", "max_tokens": 220}
RECIPE = {
    "name": NAME,
    "base": MODEL,
    "dataset": "dataset",
    "max_steps": 3,
    "learning_rate": 2e-3,
    "warmup": 0,
    "evaluate_every": 3,
    "batch_tokens": 768,
    "micro_batch_tokens": 768,
    "gradient_checkpointing": True,
    "max_tokens": 1024,
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry and a cache of merged weights of their own; the base is the one that is here already."""
    ours, home = weights_home(), tmp_path / "home"
    (home / "weights" / "openvino").mkdir(parents=True)
    for entry in [ours / MODEL, *ours.glob("openvino/*-v*")]:
        if entry.is_dir():
            (home / "weights" / entry.relative_to(ours)).symlink_to(entry)
    monkeypatch.setenv("MINIATURES_HOME", str(home))
    return home


@contextmanager
def teaching() -> Iterator[None]:
    """The teacher answers for as long as the block runs; it is not in memory while its student trains."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["serve", f"teacher=local:{MODEL}", "--port", str(port), "--api-key", "the-teachers-key"]
    process = subprocess.Popen([sys.executable, "-m", "miniatures", *command], env=os.environ)
    try:
        _await(f"http://127.0.0.1:{port}/health", process)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OPENAI_API_KEY", "the-teachers-key")
            for variable in ("OPENAI_API_BASE", "OPENAI_BASE_URL"):
                patch.setenv(variable, f"http://127.0.0.1:{port}/v1")
            yield
    finally:
        process.terminate()
        process.wait(timeout=60)


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert process.poll() is None, "the teacher's server ended"
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(url)


def miniatures(*arguments: str, allowed: frozenset[int] = frozenset({ExitCode.OK})) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own, as a person would give it."""
    words = [sys.executable, "-m", "miniatures", *arguments]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    assert ended.returncode in allowed, f"{arguments}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
    return ended


@pytest.mark.usefixtures("home")
def test_traces_become_a_miniature_that_takes_the_role_over(tmp_path: Path):
    campaign = make_campaign(tmp_path / "campaign")
    with teaching():
        first = run(campaign, "teacher")
    assert all("litellm:openai/teacher" in result.draft.backend for result in written(first))
    reviews = review_all(campaign)
    dataset = build(campaign, tmp_path)
    assert_lineage_of(dataset, campaign, reviews)
    card = finetune(tmp_path, dataset)
    assert evaluate(tmp_path, card) == card.version
    promote(card)
    assert Registry().resolve(NAME, "live") == card.version
    with teaching():
        second = run(campaign, "student")
    assert_traced_back(second, campaign, card, dataset, reviews)


def make_campaign(folder: Path) -> Path:
    """The example campaign, with a teacher in both roles and a student who waits."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("runs"))
    path = folder / "campaign.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["backends"] = {"teacher": TEACHER, "student": STUDENT}
    settings["roles"] = {"researcher": "teacher", "writer": "teacher"}
    settings["write"] = {"samples": 1, "retry_samples": 2, "rewrites": 1}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    miniatures("trust", str(path), "--yes")
    return path


def run(campaign: Path, writer: str) -> list[ProspectResult]:
    """The swap is one word in the file. Three steps teach a researcher to be sure of nothing: the teacher stays one."""
    settings = yaml.safe_load(campaign.read_text(encoding="utf-8"))
    settings["roles"] = {"researcher": "teacher", "writer": writer}
    campaign.write_text(yaml.safe_dump(settings), encoding="utf-8")
    with serve_sites(campaign.parent / "sites") as sites:
        settings["hosts"] = dict.fromkeys(settings["hosts"], sites.target)
        campaign.write_text(yaml.safe_dump(settings), encoding="utf-8")
        fine = frozenset({ExitCode.OK, ExitCode.SOME_FAILED})
        miniatures("run", str(campaign), "--limit", str(PROSPECTS), allowed=fine)
    loaded = load_campaign(campaign)
    with open_store(loaded.store_url) as store:
        return list(store.results(loaded.name))[:PROSPECTS]


def written(results: list[ProspectResult]) -> list[ProspectResult]:
    found = [result for result in results if result.draft is not None and result.draft.body.strip()]
    assert found, [(result.status, result.error) for result in results]
    return found


def review_all(campaign: Path) -> list[Review]:
    """A reviewer who would send none of an untuned model's drafts as it stands, and writes each anew."""
    loaded = load_campaign(campaign)
    made = []
    with open_store(loaded.store_url) as store:
        for number, queued in enumerate(waiting_drafts(store, loaded.name, REVIEWER)):
            waiting = draft_to_review(store, queued)
            assert waiting is not None and waiting.draft.trace, "a draft without the call that wrote it"
            made.append(edit(waiting.item, REVIEWER, by_hand(loaded, waiting.recipient, waiting.draft, number)))
        for review in made:
            asyncio.run(store.add_review(review))
        assert not waiting_drafts(store, loaded.name, REVIEWER)
    assert made and all(review.action is ReviewAction.EDIT for review in made)
    return made


def by_hand(loaded: LoadedCampaign, recipient: Recipient, draft: Draft, number: int) -> EmailText:
    """Each with other claims, so that no two are near-duplicates."""
    brief, quote = loaded.brief, draft.evidence[0].quote
    claims = " ".join([*brief.claims, *brief.claims][2 * number : 2 * number + 2])
    body = (
        f"Hello {recipient.first_name},\n\nYour site says: {quote}\n\n{brief.offer} {claims}\n\n"
        f"{brief.call_to_action}\n\nBest regards,\n{brief.sender.name}\n{brief.sender.company}"
    )
    return EmailText(subject="What your site says of the cold store", body=body)


def build(campaign: Path, folder: Path) -> Dataset:
    gold = slice_of("ember", folder / "gold", 16)
    sources = ["--from", str(campaign), "--from", str(gold)]
    shares = ["--test", "0.25", "--validation", "0.1"]
    command = ["dataset", "build", *sources, "--reviewed", *shares, "--out", str(folder / "dataset")]
    miniatures(*command)
    once = (folder / "dataset" / "manifest.json").read_bytes()
    miniatures(*command)
    assert (folder / "dataset" / "manifest.json").read_bytes() == once
    return open_dataset(folder / "dataset")


def assert_lineage_of(dataset: Dataset, campaign: Path, reviews: list[Review]) -> None:
    """Each reviewed draft is an example that names its trace and its review; the traces are in the store."""
    loaded = load_campaign(campaign)
    with open_store(loaded.store_url) as store:
        traces = {trace.id for trace in store.traces(loaded.name)}
    rows = [row for split in Split for row in dataset.rows(split) if row.example.source is Source.EDITED]
    named = {entry for row in rows for entry in dataset.manifest.lineage[row.id]}
    assert {f"review:{review.id}:edit" for review in reviews} <= named
    assert {f"trace:{review.trace}" for review in reviews} <= named
    assert {entry.removeprefix("trace:") for entry in named if entry.startswith("trace:")} <= traces
    said = json.dumps([row.example.variables["prospect"] for row in rows], ensure_ascii=False)
    assert not any(person.last_name in said for person in loaded.prospects() if isinstance(person, Prospect))


def finetune(folder: Path, dataset: Dataset) -> MiniatureCard:
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE), encoding="utf-8")
    ended = miniatures("finetune", str(folder / "recipe.yaml"), "--out", str(folder / "out"), "--json")
    told = json.loads(ended.stdout)
    card = Registry().card(NAME, "candidate")
    assert (told["version"], told["steps"]) == (card.version, 3)
    assert card.dataset == dataset.manifest.hash
    return card


def evaluate(folder: Path, card: MiniatureCard) -> str:
    """On two cases of each role; returns the version that was measured."""
    spec = f"miniature:{NAME}@candidate"
    cheap = ["--limit", "2", "--best-of", "1", "--rewrites", "0", "--concurrency", "4"]
    options = ["--dataset", str(folder / "dataset"), "--out", str(folder / "evaluation"), *cheap]
    miniatures("evaluate", spec, *options)
    found: dict[str, Any] = json.loads((folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    assert found["dataset"] == card.dataset
    measured = found["backends"][0]
    assert (measured["spec"], measured["identity"]["adapter"]) == (spec, card.adapter_sha256)
    assert measured["scores"]["all_checks"]["total"] == 2
    assert not Registry().card(NAME, "candidate").scores, "two cases say too little for a card"
    return str(measured["name"]).rpartition("@")[2]


def promote(card: MiniatureCard) -> None:
    """Three steps make no good writer: where the evaluation says so, a reason overrules it and is kept."""
    refused = miniatures("models", "promote", NAME, allowed=frozenset(ExitCode)).returncode != ExitCode.OK
    if refused:
        miniatures("models", "promote", NAME, "--force", "a test of the loop, not of the model")
    last = Registry().state(NAME).history[-1]
    assert last.version == card.version
    assert (last.forced is not None) == refused


def assert_traced_back(
    results: list[ProspectResult], campaign: Path, card: MiniatureCard, dataset: Dataset, reviews: list[Review]
) -> None:
    """From a final draft to the adapter, its card, the dataset, the reviews and the teacher's own calls."""
    loaded = load_campaign(campaign)
    with open_store(loaded.store_url) as store:
        traces = {trace.id: trace for trace in store.traces(loaded.name)}
        kept = {review.id: review for review in store.reviews(loaded.name)}
    for result in written(results):
        assert result.draft.backend == str(identity_of(open_backend(STUDENT["use"])))
        wrote = traces[result.draft.trace]
        assert (wrote.role, wrote.prospect, wrote.policy) == ("writer", result.prospect.key, result.policy)
        assert wrote.backend.adapter == Registry().card(NAME).adapter_sha256 == card.adapter_sha256
    manifest = open_dataset(dataset.folder).manifest
    assert Registry().card(NAME).dataset == manifest.hash
    lineage = {entry for entries in manifest.lineage.values() for entry in entries}
    for review in reviews:
        assert f"review:{review.id}:edit" in lineage
        assert kept[review.id].target == review.edited
        taught = traces[review.trace]
        assert f"trace:{taught.id}" in lineage
        assert taught.backend.provider == "litellm"
        assert taught.structured is not None
