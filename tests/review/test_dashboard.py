"""The dashboard counts what is there: by the list as it is today, by what runs left, by what people said of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, SetAside, SetAsideReason
from miniatures.datamodel.draft import Draft, DraftStatus, EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import RejectReason
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.review import progress as progress_module
from miniatures.review.dashboard import Dashboard, Overview
from miniatures.review.desk import Desk
from miniatures.review.reviewing import Reviewable, accept, edit, reject, withdraw
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.store.databases import trace_of

NAMES = ("ana", "ben", "cleo", "dan", "eva", "fay")
FACT = Evidence(
    quote="A third depot.",
    url="http://frio.example/",
    text_hash="0",
    fetched_at=datetime(2026, 11, 22, tzinfo=UTC),
    signal="new_site",
)
NOTHING = Dossier(
    status=DossierStatus.NOTHING_FOUND,
    candidates=3,
    set_aside=(SetAside(evidence=FACT, reason=SetAsideReason.STALE),),
)


class Watched:
    """A campaign with a store, and somebody who watches it."""

    def __init__(self, folder: Path) -> None:
        create_campaign(folder)
        self.folder = folder
        self.list(*NAMES)
        self.store: Store = open_store(self.loaded.store_url)
        self.desk = Desk(self.store, self.loaded.name)
        self.dashboard = Dashboard(self.store, self.loaded.name)

    def list(self, *names: str, title: str = "COO", more: str = "") -> None:
        rows = "".join(f"{name}@{name}.example,{name.title()} Ltd,{title}\n" for name in names)
        (self.folder / "prospects.csv").write_text(f"email,company,title\n{rows}{more}")
        self.loaded: LoadedCampaign = load_campaign(self.folder)

    def person(self, name: str) -> Prospect:
        return next(
            row for row in self.loaded.prospects() if isinstance(row, Prospect) and row.email.startswith(f"{name}@")
        )

    def do(self, *work: Coroutine[Any, Any, Any]) -> None:
        async def all_of_it() -> None:
            for one in work:
                await one

        asyncio.run(all_of_it())

    def result(self, name: str, status: DraftStatus, **fields: Any) -> None:
        """What a run leaves for this person."""
        about = {"campaign": self.loaded.name, "policy": "p", "prospect": self.person(name), "status": status}
        self.do(self.store.save_result(ProspectResult(**about, **fields)))

    def written(self, name: str, status: DraftStatus = DraftStatus.READY, *failed: CheckName) -> Reviewable:
        checks = tuple(CheckResult(name=check, outcome=Outcome.FAIL, reason="why") for check in failed)
        draft = Draft(id=name, subject="S", body=f"Hello {name}", checks=checks, status=status, backend="local:x")
        self.result(name, status, draft=draft)
        return Reviewable(name, draft.text.model_dump(), self.loaded.name, self.person(name).key, draft=name)

    def look(self) -> Overview:
        self.desk.refresh()
        return self.dashboard.look(self.loaded, self.desk)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    campaign = Watched(tmp_path / "autumn")
    yield campaign
    campaign.store.close()


def steps(seen: Overview) -> dict[str, int]:
    return {step.name: step.count for step in seen.funnel.steps}


def test_before_the_first_result_everybody_is_left(watched: Watched) -> None:
    seen = watched.look()
    assert (seen.progress.listed, seen.progress.reached, seen.progress.left) == (6, 0, 6)
    assert steps(seen) == {
        "prospects": 6,
        "with a reason": 0,
        "drafted": 0,
        "ready": 0,
        "decided": 0,
        "approved": 0,
    }
    assert (seen.timeline, seen.is_running, seen.usd_per_approved) == (None, False, None)


def test_the_funnel_narrows_from_the_list_to_what_is_approved(watched: Watched) -> None:
    ana = watched.written("ana")
    ben = watched.written("ben", DraftStatus.NEEDS_REVIEW, CheckName.LENGTH, CheckName.SWAP)
    cleo = watched.written("cleo", DraftStatus.NEEDS_REVIEW, CheckName.LENGTH)
    watched.result("dan", DraftStatus.NOTHING_FOUND, dossier=NOTHING)
    found = Dossier(status=DossierStatus.FOUND, facts=(FACT,))
    watched.result("eva", DraftStatus.FAILED, dossier=found, error="ModelUnavailable: no answer")
    said = (
        accept(ana, "ada"),
        edit(ben, "ada", EmailText(subject="S", body="My own")),
        reject(cleo, "ada", RejectReason.GENERIC),
    )
    watched.do(*map(watched.store.add_review, said))
    seen = watched.look()
    assert steps(seen) == {
        "prospects": 6,
        "with a reason": 4,
        "drafted": 3,
        "ready": 1,
        "decided": 3,
        "approved": 2,
    }
    assert (seen.funnel.accepted, seen.funnel.edited, seen.funnel.unread) == (1, 1, 0)
    assert seen.reasons.held_back == {"length": 2, "swap": 1}
    assert seen.reasons.ends == {
        "None of the sentences tells what the brief looks for": 1,
        "Failed: model unavailable": 1,
    }
    assert seen.reasons.in_the_way == {"sentence: too old": 1}
    assert seen.people.speed.total.drafts == 3
    watched.do(watched.store.add_review(withdraw(ana, "ada")))
    assert steps(watched.look())["approved"] == 1, "what is taken back no longer counts"


def test_a_redone_prospect_counts_as_it_is_now(watched: Watched) -> None:
    watched.result("ana", DraftStatus.NOTHING_FOUND, dossier=NOTHING)
    assert watched.look().reasons.ends
    watched.written("ana")
    seen = watched.look()
    assert not seen.reasons.ends and steps(seen)["ready"] == 1 and seen.progress.reached == 1


def test_the_list_of_today_decides_who_counts(watched: Watched) -> None:
    watched.written("ana")
    watched.written("ben")
    watched.list("ana", "cleo", more="broken,,\n")
    seen = watched.look()
    assert (seen.progress.listed, seen.progress.reached, seen.progress.removed) == (2, 1, 1)
    assert seen.progress.left_out == 1 and steps(seen)["drafted"] == 1
    watched.list("ana", "ben", title="CEO")
    seen = watched.look()
    assert (seen.progress.changed, seen.progress.reached, seen.progress.left) == (2, 0, 2)
    assert steps(seen)["drafted"] == 0, "a draft of another row is to be written again"


def test_a_column_that_no_email_is_written_from_changes_nothing(watched: Watched) -> None:
    watched.written("ana")
    (watched.folder / "prospects.csv").write_text("email,company,title,note\nana@ana.example,Ana Ltd,COO,new\n")
    watched.loaded = load_campaign(watched.folder)
    assert watched.look().progress.reached == 1


def test_a_list_that_cannot_be_read_is_told_and_hides_nobody(watched: Watched) -> None:
    watched.written("ana")
    (watched.folder / "prospects.csv").write_text("nothing,of,ours\n1,2,3\n")
    watched.loaded = watched.loaded.__class__(**vars(watched.loaded))
    seen = watched.look()
    assert seen.progress.trouble and steps(seen)["drafted"] == 1


def test_a_long_list_keeps_nobody_waiting(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.written("ana")
    monkeypatch.setattr(progress_module, "PATIENCE_S", 0)
    monkeypatch.setattr(progress_module, "_read", lambda loaded, found: None)
    seen = watched.look()
    assert seen.progress.is_reading and steps(seen)["drafted"] == 1


def test_a_run_goes_on_as_long_as_its_process_lives(watched: Watched) -> None:
    store, name = watched.store, watched.loaded.name
    watched.do(store.start_run("1", name, "p"))
    assert not watched.look().is_running, "nobody holds the campaign"
    with store.campaign_lock(name):
        assert watched.look().is_running
    watched.do(store.finish_run("1", "completed"))
    seen = watched.look()
    assert not seen.is_running and [run.outcome for run in seen.runs] == ["completed"]


def test_what_an_approved_email_cost_is_known_only_if_every_price_is(watched: Watched) -> None:
    ana, name = watched.written("ana"), watched.loaded.name
    watched.store.recorder.record(trace_of(watched.person("ana"), cost_usd=0.5, campaign=name))
    watched.store.recorder.record(trace_of(watched.person("ben"), cost_usd=0.25, campaign=name, role="researcher"))
    watched.do(watched.store.add_review(accept(ana, "ada")))
    seen = watched.look()
    assert seen.usd_per_approved == 0.75
    assert {role: one.calls for role, one in seen.spent_by(0).items()} == {"writer": 1, "researcher": 1}
    assert {backend: one.known_usd for backend, one in seen.spent_by(1).items()} == {"local:small": 0.75}
    watched.store.recorder.record(trace_of(watched.person("ben"), campaign=name))
    watched.written("ben")
    seen = watched.look()
    assert seen.usd_per_approved is None and seen.spent_in_all.unknown_calls == 1


def test_a_damaged_result_is_told_and_not_fatal(watched: Watched) -> None:
    watched.result("ana", DraftStatus.NOTHING_FOUND, dossier=NOTHING)
    with watched.store._database.change() as connection:
        connection.exec_driver_sql("UPDATE results SET document = '{broken'")
    assert watched.look().reasons.ends == {"What was stored of it cannot be read": 1}
