"""What is a person's goes from every table; what is another's stays, without their address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Table, func, insert, select

from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.mention import Mentions
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.store.engine import database_at
from miniatures.store.erase import Eraser, Known, names_of
from miniatures.store.open import open_store
from miniatures.store.scrub import scrub
from miniatures.store.store import Store
from miniatures.store.tables import metadata, prospects
from tests.store.databases import CAMPAIGN, person, span_of, trace_of

NOW = datetime(2026, 10, 5, tzinfo=UTC)
ADA, BO = person(1, first_name="Ada", last_name="Okafor"), person(2, first_name="Bo", last_name="Lindgren")


def erase(url: str) -> Known:
    """Erase Ada; returns what was known of her before."""
    database = database_at(url)
    try:
        eraser = Eraser(database, Mentions(ADA.email, names_of(database, ADA.email)))
        known = eraser.known()
        eraser.erase(NOW)
        scrub(database)
        assert eraser.known().rows == {}
    finally:
        database.engine.dispose()
    return known


async def test_all_campaigns_of_a_store_forget_her(store_url: str) -> None:
    with open_store(store_url) as store:
        for campaign in (CAMPAIGN, "spring"):
            await store.enrol(campaign, [ADA, BO])
            store.recorder.record(trace_of(ADA, campaign=campaign))
            store.recorder.record(span_of(BO, campaign=campaign))
    known = erase(store_url)
    assert known.rows == {campaign: {"prospects": 1, "traces": 1} for campaign in (CAMPAIGN, "spring")}
    assert known.campaigns == (CAMPAIGN, "spring")
    with open_store(store_url) as store:
        assert [one.prospect for one in store.results(CAMPAIGN)] == [BO]
        assert (len(list(store.spans("spring"))), list(store.traces("spring"))) == (1, [])


async def test_her_address_gives_way_in_what_is_about_another_and_a_longer_one_stays(
    store: Store, store_url: str
) -> None:
    await store.enrol(CAMPAIGN, [ADA, BO])
    told = trace_of(
        BO, output=f"Bo says:\n{ADA.email.upper()} knows; bad{ADA.email} does not.", error=f"no {ADA.email}"
    )
    longer = trace_of(BO, output=f"bad{ADA.email}").model_copy(update={"prospect": None})
    store.recorder.record(told)
    store.recorder.record(longer)
    store.recorder.record(trace_of(ADA, output=f"Compare {ADA.email}").model_copy(update={"prospect": None}))
    await store.forget_stages(CAMPAIGN, "nobody")
    known = erase(store_url)
    assert (known.rows, known.redacted) == ({CAMPAIGN: {"prospects": 1, "traces": 1}}, 1)
    kept = {trace.id: trace for trace in store.traces(CAMPAIGN)}
    assert kept.keys() == {told.id, longer.id}
    assert kept[told.id].output == f"Bo says:\n[erased] knows; bad{ADA.email} does not."
    assert kept[told.id].error == "no [erased]"
    assert kept[longer.id] == longer


async def test_a_review_of_her_draft_goes_with_it_and_one_of_his_stays(store: Store, store_url: str) -> None:
    calls = {prospect.key: trace_of(prospect) for prospect in (ADA, BO)}
    for trace in calls.values():
        store.recorder.record(trace)
    said = [
        Review(reviewer="r", campaign=CAMPAIGN, prospect=key, trace=calls[of].id, action=ReviewAction.ACCEPT, answer={})
        for key, of in ((ADA.key, ADA.key), (None, ADA.key), (BO.key, BO.key), (None, BO.key))
    ]
    for review in said:
        await store.add_review(review)
    known = erase(store_url)
    assert {review.id for review in store.reviews()} == {said[2].id, said[3].id}
    assert known.lineage == {f"trace:{calls[ADA.key].id}", f"review:{said[0].id}", f"review:{said[1].id}"}


async def test_a_name_in_what_is_about_others_is_counted_and_stays(store: Store, store_url: str) -> None:
    await store.enrol(CAMPAIGN, [ADA, BO])
    quoted = trace_of(BO, output="Okafor, Ada said so.")
    store.recorder.record(quoted)
    store.recorder.record(trace_of(BO, output="Ada met Ben Okafor."))
    await store.forget_stages(CAMPAIGN, "nobody")
    assert erase(store_url).named == {"traces": 1}
    assert store.trace(quoted.id) == quoted


async def test_of_her_answer_to_an_email_to_him_stays_that_there_was_one(store: Store, store_url: str) -> None:
    classified = trace_of(BO, output="She says that it is not her job.")
    store.recorder.record(classified)
    mail = Inbound(
        campaign=CAMPAIGN,
        prospect=BO.key,
        mailbox="sales",
        message_id="<1>",
        kind=InboundKind.REPLY,
        received_at=NOW,
        sender=ADA.email,
        subject="Re: Depots",
        text="It is not my job.",
        trace=classified.id,
    )
    await store.mail.inbox.take_in(mail)
    erase(store_url)
    [kept] = store.mail.inbox.of_prospect(CAMPAIGN, BO.key)
    assert (kept.kind, kept.received_at, kept.message_id) == (InboundKind.REPLY, NOW, "<1>")
    assert (kept.sender, kept.subject, kept.text, kept.trace) == ("[erased]", "", "", None)
    assert store.trace(classified.id) is None


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_the_file_of_a_store_that_is_open_elsewhere_holds_no_byte_of_her(store: Store, store_url: str) -> None:
    await store.enrol(CAMPAIGN, [ADA, BO])
    database = database_at(store_url)
    assert database.path is not None
    erase(store_url)
    files = [path for path in database.path.parent.iterdir() if path.name.startswith(database.path.name)]
    assert len(files) > 1
    assert not any(ADA.email.encode() in path.read_bytes() for path in files)
    assert any(BO.email.encode() in path.read_bytes() for path in files)


def test_every_table_is_erased_or_knows_nobody() -> None:
    """Whoever adds a table says here whether it is about people."""
    about_nobody = {"policies", "budgets", "reservations", "runs", "holders", "ab_tests", "ab_decisions"}
    about_nobody |= {"marks", "pauses", "suppressions"}
    people = {"prospects", "stages", "results", "drafts", "traces", "spans", "reviews", "claims", "enrolments"}
    people |= {"messages", "mail_events", "hits", "inbound"}
    assert {table.name for table in metadata.sorted_tables} == people | about_nobody
    assert {table.name for table in metadata.sorted_tables if "prospect" in table.c} == people - {"claims"}


async def test_every_table_about_people_is_emptied(store: Store, store_url: str) -> None:
    database = database_at(store_url)
    with database.change() as connection:
        connection.execute(insert(prospects).values(_row(prospects)))
        for table in (one for one in metadata.sorted_tables if "prospect" in one.c and one is not prospects):
            connection.execute(insert(table).values(_row(table)))
    erase(store_url)
    with database.read() as connection:
        left = {
            table.name: connection.scalar(select(func.count()).select_from(table)) for table in metadata.sorted_tables
        }
    database.engine.dispose()
    assert {name for name, number in left.items() if number and name != "miniatures_schema"} == set()


def _row(table: Table) -> dict[str, object]:
    """A row about Ada, with something in every column."""
    plain: dict[str, object] = {"campaign": CAMPAIGN, "prospect": ADA.key, "document": ADA.model_dump_json()}
    made = {str: "x", int: 1, float: 1.0, bytes: b"x"}
    return {column.name: plain.get(column.name, made.get(column.type.python_type, NOW)) for column in table.columns}
