"""Somebody who is forgotten is in no byte of store, caches, outbox and datasets; everybody else is as they were."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.dataset import Split
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import CampaignBusy
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.inbound import InboundKind
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.prospect import BadRow, Prospect, RowFault
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.erasure.forgetting import Forgetting
from miniatures.erasure.left import left_to_do
from miniatures.finetune.dataset.folder import open_dataset
from miniatures.finetune.dataset.forgotten import flags_of
from miniatures.store.engine import database_at
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.open import open_store
from miniatures.store.suppressed import suppression_of
from miniatures.store.tables import metadata
from miniatures.weights import forgotten
from miniatures.weights.forgotten import Saw
from miniatures.weights.registry import Registry
from tests.app.web.desk_campaign import lead
from tests.erasure.byte_search import rows_of, traces_of
from tests.erasure.known_campaign import FORGOTTEN, LOOSE, NAME, NOW, OTHER, PEOPLE, Known, write_known

OTHERS = [lead(number).prospect for number in range(PEOPLE) if lead(number).prospect != FORGOTTEN]
_KEPT_BY_ITSELF = ("holders", "suppressions")


def forgetting_of(known: Known, *datasets: Path, email: str = FORGOTTEN.email) -> Forgetting:
    return Forgetting(email, [known.loaded], datasets, Registry(), lambda: NOW)


def forget(known: Known, *, from_datasets: bool = False) -> list[str]:
    """Forget her, and return what is left to do by hand."""
    forgetting = forgetting_of(known)
    found = forgetting.find()
    with forgetting.held(found):
        asyncio.run(forgetting.erase(found, from_datasets=from_datasets))
    return [one.what for one in left_to_do(forgetting, found, from_datasets=from_datasets)]


def rows_of_others(url: str) -> dict[str, list[str]]:
    """Every row of every table that is not about her, whole, with her address as erasing writes it in another's."""
    database = database_at(url)
    with database.read() as connection:
        found = {
            table.name: sorted(repr(tuple(row)) for row in connection.execute(table.select()))
            for table in metadata.sorted_tables
            if table.name not in _KEPT_BY_ITSELF
        }
    database.engine.dispose()
    theirs = FORGOTTEN.email, FORGOTTEN.key, f"'{LOOSE}'", text_hash(f"{NAME} {FORGOTTEN.email}")[:32]
    answers = [row for row in found["inbound"] if "she decides" in row]
    found["inbound"] = [row for row in found["inbound"] if "<3>" not in row]
    rest = {
        name: [row for row in rows if not any(one in row.lower() for one in theirs)] for name, rows in found.items()
    }
    rest["inbound"] = sorted({*rest["inbound"], *(row.replace(FORGOTTEN.email, "[erased]") for row in answers)})
    return rest


def delete_her_line(known: Known, left: list[str]) -> None:
    """As a person does what they were told."""
    path = known.loaded.prospects_path
    [told] = [what for what in left if what.startswith("Delete line")]
    assert told.startswith(f"Delete line 5 of {path}:")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:4], *lines[5:]]), encoding="utf-8")


@pytest.mark.parametrize("from_datasets", [False, True])
def test_no_byte_of_her_is_left_and_everybody_else_is_as_they_were(
    known: Known, home: Path, from_datasets: bool
) -> None:
    folder, url = known.loaded.folder, known.loaded.store_url
    assert len(traces_of(FORGOTTEN, folder)) > 15, "the search finds nothing, whatever there is"
    before, others = rows_of_others(url), {one.email: len(traces_of(one, folder)) for one in OTHERS}
    delete_her_line(known, forget(known, from_datasets=from_datasets))
    assert traces_of(FORGOTTEN, folder, home) == []
    assert rows_of(FORGOTTEN, url) == []
    assert rows_of_others(url) == before
    assert all(traces_of(one, folder) for one in OTHERS) and min(others.values()) > 0


def test_no_row_of_her_is_left_on_a_server(tmp_path: Path, postgres_url: str) -> None:
    known = write_known(tmp_path / "autumn", postgres_url)
    assert len(rows_of(FORGOTTEN, postgres_url)) > 20
    before = rows_of_others(postgres_url)
    left = forget(known)
    assert rows_of(FORGOTTEN, postgres_url) == []
    assert rows_of_others(postgres_url) == before
    assert any("VACUUM" in what and "backups" in what for what in left)


def test_what_an_earlier_version_of_her_rows_left_in_the_file_goes_too(known: Known) -> None:
    """Rows that are replaced or deleted leave their bytes in free pages and in the log."""
    path = known.loaded.work_folder / "campaign.sqlite"
    with open_store(known.loaded.store_url) as store:
        asyncio.run(store.forget_stages(NAME, FORGOTTEN.key))
        for result in [one for one in store.results(NAME) if one.prospect == FORGOTTEN] * 3:
            asyncio.run(store.save_result(result.model_copy(update={"error": f"failed for {FORGOTTEN.email}"})))
    assert f"failed for {FORGOTTEN.email}".encode() in path.read_bytes()
    forget(known)
    assert [one for one in traces_of(FORGOTTEN, path.parent) if "sqlite" in one] == []


def test_she_is_never_written_to_or_researched_again(known: Known) -> None:
    forget(known)
    with open_store(known.loaded.store_url) as store:
        entry = store.mail.suppressions.listed(FORGOTTEN.email.upper(), "any campaign")
        assert entry is not None and entry.reason is SuppressionReason.FORGOTTEN
        rows = list(known.loaded.prospects(suppression_of(store, NAME)))
    assert sum(isinstance(row, Prospect) for row in rows) == PEOPLE - 1
    [fault] = [row for row in rows if isinstance(row, BadRow)]
    assert (fault.line, fault.fault, fault.email) == (5, RowFault.SUPPRESSED, FORGOTTEN.email)
    assert "forgotten" in fault.reason


def test_a_reply_that_names_her_still_stops_the_emails_to_whoever_wrote_it(known: Known) -> None:
    forget(known)
    with open_store(known.loaded.store_url) as store:
        kept = {mail.message_id: mail for mail in store.mail.inbox.of_prospect(NAME, OTHER.key)}
        assert sorted(kept) == ["<2>", "<3>", "<5>"]
        assert (kept["<2>"].refers_to, kept["<2>"].text) == ("[erased]", "Please ask\n[erased], she decides.")
        by_her = kept["<3>"]
        assert (by_her.kind, by_her.sender, by_her.text) == (InboundKind.REPLY, "[erased]", "")
        assert store.mail.outbox.counts(NAME)[MessageState.QUEUED] == PEOPLE - 1


def test_a_waiting_email_to_somebody_else_that_names_her_is_taken_back_and_written_anew(known: Known) -> None:
    with open_store(known.loaded.store_url) as store:
        [other] = [one for one in store.results(NAME) if one.prospect == OTHER]
        assert other.draft is not None
        draft = other.draft.model_copy(update={"body": f"Ask {FORGOTTEN.email}"})
        asyncio.run(store.save_result(other.model_copy(update={"draft": draft})))
        [waiting] = [row for row in store.mail.outbox.thread(NAME, OTHER.key) if row.message.step == 1]
        named = waiting.message.model_copy(update={"step": 2, "id": "named", "body": draft.body})
        asyncio.run(store.mail.outbox.queue([named], due_at=NOW, decisions={}))
    left = forget(known)
    assert any("emails to others that held the address were taken back (to 1 of them)" in what for what in left)
    with open_store(known.loaded.store_url) as store:
        row = store.mail.outbox.row("named")
        assert row is not None
        assert (row.state, row.message.body) == (MessageState.CANCELLED, "Ask [erased]")
        [other] = [one for one in store.results(NAME) if one.prospect == OTHER]
        assert (other.status, store.reviews_to(NAME, OTHER.key)) == (DraftStatus.PENDING, [])
        assert asyncio.run(store.mail.outbox.queue([named], due_at=NOW, decisions={})) == 1


def test_a_campaign_that_runs_is_left_alone(known: Known) -> None:
    forgetting = forgetting_of(known)
    found = forgetting.find()
    with (
        open_store(known.loaded.store_url) as store,
        store.campaign_lock(NAME),
        pytest.raises(CampaignBusy),
        forgetting.held(found),
    ):
        pytest.fail("it was held twice")


def test_an_email_to_her_that_is_being_sent_is_waited_for_and_one_of_a_dead_sender_is_not(known: Known) -> None:
    with open_store(known.loaded.store_url) as store, store.mail.senders.alive("living"):
        [first, _] = store.mail.outbox.thread(NAME, FORGOTTEN.key)
        again = first.message.model_copy(update={"campaign": "spring", "id": "again"})
        asyncio.run(store.mail.outbox.queue([again], due_at=NOW, decisions={}))
        claim = Claim(sender="living", now=store.now(), most=1, campaign="spring", mailbox="sales")
        asyncio.run(store.mail.outbox.claim(claim))
        assert asyncio.run(store.mail.outbox.start_sending(["again"], "living")) == {"again"}
        before = len(rows_of(FORGOTTEN, known.loaded.store_url))
        with pytest.raises(CampaignBusy, match="is being sent just now"):
            forget(known)
        assert len(rows_of(FORGOTTEN, known.loaded.store_url)) == before
    forget(known)
    assert rows_of(FORGOTTEN, known.loaded.store_url) == []


def test_the_report_is_written_anew_without_her(known: Known) -> None:
    report = known.loaded.work_folder / "report.html"
    assert FORGOTTEN.full_name in report.read_text(encoding="utf-8")
    forget(known)
    text = report.read_text(encoding="utf-8")
    assert FORGOTTEN.full_name not in text
    assert OTHER.full_name in text


def test_datasets_and_versions_that_saw_her_are_flagged_and_told(known: Known) -> None:
    manifest = open_dataset(known.dataset).manifest
    left = forget(known)
    assert open_dataset(known.dataset).manifest == manifest
    [flag] = flags_of(known.dataset)
    assert (flag.manifest, len(flag.examples)) == (manifest.hash, 1)
    trained, grown, stranger = known.versions
    saw = {
        version: [one.saw for one in forgotten.flags_of(Registry(), "outreach", version)] for version in known.versions
    }
    assert saw == {trained: [Saw.DATASET], grown: [Saw.START], stranger: []}
    assert sum(f"outreach@{version} learned from them" in what for version in known.versions for what in left) == 2
    [told] = [what for what in left if "examples of theirs: 1." in what]
    assert "has invented names, no contact of theirs" in told


def test_taking_her_out_leaves_a_whole_dataset_of_another_name_and_every_other_row_as_it_was(known: Known) -> None:
    before = open_dataset(known.dataset)
    rows = {path.name: path.read_bytes().splitlines() for path in known.dataset.glob("*.jsonl")}
    hash_before = before.manifest.hash
    forget(known, from_datasets=True)
    after = open_dataset(known.dataset)
    assert after.manifest.hash != hash_before
    assert [flag.manifest for flag in flags_of(known.dataset)] == [hash_before]
    assert sum(1 for split in Split for _ in after.rows(split)) == PEOPLE - 1
    assert after.manifest.roles == {"writer": PEOPLE - 1} and len(after.manifest.lineage) == PEOPLE - 1
    for path in known.dataset.glob("*.jsonl"):
        lines = path.read_bytes().splitlines()
        assert len(lines) == max(0, len(rows[path.name]) - 1)
        assert set(lines) <= set(rows[path.name])


def test_what_was_flagged_first_can_be_taken_out_when_the_store_knows_her_no_more(known: Known) -> None:
    forget(known)
    forget(known, from_datasets=True)
    dataset = open_dataset(known.dataset)
    assert sum(1 for split in Split for _ in dataset.rows(split)) == PEOPLE - 1


def test_forgetting_her_twice_changes_nothing_more(known: Known) -> None:
    forget(known, from_datasets=True)
    once = rows_of_others(known.loaded.store_url), sorted(flags_of(known.dataset)), _flags(known)
    forget(known, from_datasets=True)
    assert (rows_of_others(known.loaded.store_url), sorted(flags_of(known.dataset)), _flags(known)) == once
    with open_store(known.loaded.store_url) as store:
        assert len(list(store.mail.suppressions.entries(NAME))) == 1


def test_whoever_is_known_nowhere_is_suppressed_all_the_same(known: Known) -> None:
    before = rows_of_others(known.loaded.store_url)
    forgetting = forgetting_of(known, email="Nobody@Elsewhere.example")
    found = forgetting.find()
    assert (found.stores[known.loaded.store_url].rows, found.previews, found.versions) == ({}, [], [])
    asyncio.run(forgetting.erase(found, from_datasets=True))
    assert rows_of_others(known.loaded.store_url) == before
    with open_store(known.loaded.store_url) as store:
        assert store.mail.suppressions.listed("nobody@elsewhere.example", NAME) is not None


def test_files_that_a_person_made_of_it_are_named_and_left(known: Known) -> None:
    export = known.loaded.folder / "for-the-board.csv"
    export.write_text(f"name\n{FORGOTTEN.full_name}\n", encoding="utf-16")
    left = forget(known)
    assert any(what.startswith(f"{export} names them") for what in left)
    assert export.exists()


def test_a_name_in_what_is_about_others_is_told(known: Known) -> None:
    with open_store(known.loaded.store_url) as store:
        [other] = [one for one in store.results(NAME) if one.prospect == OTHER]
        asyncio.run(store.save_result(other.model_copy(update={"error": f"the page quotes {FORGOTTEN.full_name}"})))
    told = "their name stands in what is about others, and stays there, for it may be another's: outcomes 1."
    assert f"{known.loaded.store_url}: {told}" in forget(known)


def test_a_dataset_that_was_changed_is_told_and_stops_nothing(known: Known) -> None:
    (known.dataset / "train.jsonl").write_text("")
    left = forget(known)
    assert any("train.jsonl was changed" in what for what in left)
    assert rows_of(FORGOTTEN, known.loaded.store_url) == []


def _flags(known: Known) -> list[Any]:
    return [forgotten.flags_of(Registry(), "outreach", version) for version in known.versions]
