"""A campaign folder whose real store holds what a run would have left: one prospect of each kind."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from miniatures.datamodel.backend import BackendIdentity, Bill, Usage
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import Span, Trace, new_id
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVIDENCE = Evidence(
    quote="Northmill opened its third depot in Exampletown on 12 January [north].",
    url="https://northmill-bakery.example/news/depot",
    text_hash="0" * 64,
    published=NOW,
    fetched_at=NOW,
    signal="new_site",
)
CHECKS = (
    CheckResult(name=CheckName.LENGTH, outcome=Outcome.FAIL, reason="160 words, 130 allowed"),
    CheckResult(name=CheckName.GREETING, outcome=Outcome.PASS, reason="greets Maya"),
    CheckResult(name=CheckName.SWAP, outcome=Outcome.NOT_RUN, reason="no foils"),
)


def draft(status: DraftStatus) -> Draft:
    return Draft(
        subject="=Your third depot",
        body="Hello Maya,\n\nyou opened a third depot [link].\n\nRobin",
        evidence=(EVIDENCE,),
        checks=CHECKS if status is DraftStatus.NEEDS_REVIEW else CHECKS[1:2],
        status=status,
        backend="local:smollm2-135m-instruct",
        attempts=2,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A campaign that was never run."""
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn"


@pytest.fixture
def ran(folder: Path) -> Path:
    """The same after a run: one draft needs review, one prospect was blocked, one and a newcomer are pending."""
    with (folder / "prospects.csv").open("a") as file:
        file.write("new@later.example,New,Comer,,Later Ltd,\nbroken,,,,,\n")
    loaded = load_campaign(folder)
    people = [row for row in loaded.prospects() if isinstance(row, Prospect)]
    asyncio.run(_fill(loaded, people))
    return folder


async def _fill(loaded: LoadedCampaign, people: list[Prospect]) -> None:
    with open_store(loaded.store_url) as store:
        run_id = new_id()
        await store.start_run(run_id, loaded.name, "policy")
        await store.enrol(loaded.name, people[:3])
        reviewed, blocked = people[:2]
        stage = Span(
            run_id=run_id, campaign=loaded.name, prospect=reviewed.key, kind="stage", name="write", total_ms=900
        )
        store.recorder.record(_call(run_id, loaded.name, reviewed, stage.id))
        store.recorder.record(stage)
        await store.save_result(
            _result(loaded, reviewed, DraftStatus.NEEDS_REVIEW, draft=draft(DraftStatus.NEEDS_REVIEW), cost=0.0125)
        )
        gate = Problem(where="https://harbour-flowers.example", kind="blocked", detail="by the site's gateway")
        dossier = Dossier(status=DossierStatus.BLOCKED, problems=(gate,))
        await store.save_result(_result(loaded, blocked, DraftStatus.BLOCKED, dossier=dossier, cost=None))
        await store.finish_run(run_id, "completed")


def _call(run_id: str, campaign: str, prospect: Prospect, parent: str) -> Trace:
    return Trace(
        run_id=run_id,
        campaign=campaign,
        prospect=prospect.key,
        parent_id=parent,
        role="writer",
        node="write",
        attempt=2,
        backend=BackendIdentity(provider="local", model="smollm2-135m-instruct"),
        messages=(),
        output="{}",
        bill=Bill(usage=Usage(input_tokens=800, output_tokens=120), cost_usd=0.0125),
        total_ms=850,
    )


def _result(
    loaded: LoadedCampaign,
    prospect: Prospect,
    status: DraftStatus,
    *,
    cost: float | None,
    draft: Draft | None = None,
    dossier: Dossier | None = None,
) -> ProspectResult:
    return ProspectResult(
        campaign=loaded.name,
        policy="policy",
        prospect=prospect,
        status=status,
        draft=draft,
        dossier=dossier,
        bill=Bill(usage=Usage(input_tokens=800, output_tokens=120), cost_usd=cost),
        seconds=1.5,
    )
