"""How long the account of a large A/B test takes, of which the A/B page, `ab report` and `ab decide` are made.

The store is filled with a test as a campaign leaves it: two people a company, nearly everybody drafted, accepted by a
reviewer (one in ten with an edit) and sent to; openings, clicks, scanners' visits, answers, bounces and opt-outs by
chance, with a set seed. Checked: every enrolled person is counted once. Each account is taken anew, with no figure kept
from the one before; the first is that of a fresh process.

`python -m benchmarks.ab_page [--people 100000] [--rounds 3] [--store FOLDER]`
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.delivery.ab_report import AbReport, ab_report
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.documents import model_json
from miniatures.store.engine import database_at
from miniatures.store.mail.inbox import row_id
from miniatures.store.mail.outbox_rows import new_row
from miniatures.store.mail_tables import enrolments, hits, inbound, messages
from miniatures.store.open import open_store
from miniatures.store.tables import drafts, prospects, results, reviews
from tests.delivery import ab_campaign as campaign

_ARMS = ("student", "teacher")
_A_COMPANY = 2
_AT_ONCE = 5_000
_SCANNER = "Mozilla/5.0 (compatible; Barracuda Sentinel)"

Rows = dict[Table, list[dict[str, Any]]]


def filled(folder: Path, people: int) -> LoadedCampaign:
    """A campaign in this folder whose test has so many people; one that is there already is taken as it is."""
    if (folder / "campaign.yaml").exists():
        return load_campaign(folder)
    folder.mkdir(parents=True, exist_ok=True)
    loaded = campaign.write_files(folder, {arm: campaign.Did(people=1) for arm in _ARMS})
    with open_store(loaded.store_url, now=lambda: campaign.SENT) as store:
        asyncio.run(campaign.begin(store, loaded))
    chance = random.Random(13)
    with database_at(loaded.store_url).change() as connection:
        for start in range(0, people, _AT_ONCE):
            _add(connection, range(start, min(people, start + _AT_ONCE)), chance)
    return loaded


def _add(connection: Connection, numbers: range, chance: random.Random) -> None:
    rows: Rows = {}
    for number in numbers:
        for table, row in _person(number, chance):
            rows.setdefault(table, []).append(row)
    for table in (prospects, enrolments, results, drafts, reviews, messages, hits, inbound):
        if table in rows:
            connection.execute(insert(table), rows[table])


def _person(number: int, chance: random.Random) -> Iterator[tuple[Table, dict[str, Any]]]:
    """All rows about one person."""
    arm = _ARMS[number // _A_COMPANY % 2]
    one = campaign.prospect(arm, number, _A_COMPANY)
    sent_at = campaign.SENT + timedelta(seconds=number % 3_600)
    place = {"campaign": campaign.NAME, "prospect": one.key}
    yield prospects, {**place, "position": number, "claimed_by": None, "document": model_json(one)}
    yield enrolments, {**place, **_enrolment(one, arm)}
    drafted, edited = chance.random() < 0.97, chance.random() < 0.1
    yield results, {**place, "position": number, **_result(one, arm, drafted, number)}
    if not drafted:
        return
    yield drafts, {**place, "position": number, **_draft(one, arm, number)}
    yield reviews, _row(_review(one, edited), reviews)
    message = campaign.message(arm, arm, one, edited, provider=f"mx{number % 40}.example")
    row = new_row(message, b"s" * 32, sent_at, sent_at, 1)
    yield messages, row | {"state": MessageState.ACCEPTED, "sent_at": sent_at}
    yield from ((hits, _row(hit, hits)) for hit in _hits(one, chance))
    yield from ((inbound, _row(mail, inbound)) for mail in _came_back(one, chance))


def _enrolment(one: Prospect, arm: str) -> dict[str, Any]:
    company = campaign.company_key(one.company)
    return {"company": company, "arm": arm, "gateway": "mail.example", "enrolled_at": campaign.SENT}


def _result(one: Prospect, arm: str, drafted: bool, revision: int) -> dict[str, Any]:
    result = campaign.result(arm, arm, one, drafted)
    return {
        "policy": arm,
        "revision": revision,
        "row": str(revision),
        "status": result.status,
        "draft": result.draft.id if result.draft else None,
        "trace": None,
        "backend": "local:small",
        "input_tokens": 900,
        "output_tokens": 90,
        "cost_usd": 0.01,
        "seconds": 1.0,
        "updated_at": campaign.SENT,
        "document": model_json(result),
    }


def _draft(one: Prospect, arm: str, revision: int) -> dict[str, Any]:
    draft = campaign.draft_to(one)
    kept = {"status": DraftStatus.READY, "text_hash": draft.text_hash, "revision": revision}
    return {"id": draft.id, "policy": arm, "trace": None, **kept}


def _review(one: Prospect, edited: bool) -> Review:
    draft = campaign.draft_to(one)
    text = draft.text.model_dump()
    said = {"action": ReviewAction.ACCEPT, "unread": True}
    if edited:
        said = {"action": ReviewAction.EDIT, "edited": {**text, "body": f"{draft.body}\n\nP.S. Mended."}}
    about = {"reviewer": "ada", "campaign": campaign.NAME, "prospect": one.key, "trace": draft.id, "draft": draft.id}
    return Review.model_validate({**about, "answer": text, "created_at": campaign.SENT, **said})


def _hits(one: Prospect, chance: random.Random) -> Iterator[Hit]:
    """A scanner's visit to some, and an opening, perhaps with a click, of others."""
    day = campaign.SENT + timedelta(days=1)
    if chance.random() < 0.1:
        yield campaign.hit(one, HitKind.OPEN, day, user_agent=_SCANNER, address=f"198.51.100.{chance.randrange(256)}")
    if chance.random() < 0.35:
        address = f"203.0.113.{chance.randrange(256)}"
        yield campaign.hit(one, HitKind.OPEN, day, address=address)
        if chance.random() < 0.15:
            yield campaign.hit(one, HitKind.CLICK, day + timedelta(minutes=1), address=address)


def _came_back(one: Prospect, chance: random.Random) -> Iterator[Inbound]:
    day, drawn = campaign.SENT + timedelta(days=1), chance.random()
    if drawn < 0.02:
        yield campaign.inbound(one, InboundKind.BOUNCE, day)
    elif drawn < 0.06:
        yield campaign.inbound(one, InboundKind.REPLY, day, reply_class=ReplyClass.NEGATIVE, text="No, thank you.")
    elif drawn < 0.07:
        yield campaign.inbound(one, InboundKind.REPLY, day, reply_class=ReplyClass.POSITIVE, text="Call me.")
    elif drawn < 0.075:
        yield campaign.inbound(one, InboundKind.OPT_OUT, day)


def _row(document: Hit | Inbound | Review, table: Table) -> dict[str, Any]:
    """The columns that bear the names of fields, and the document."""
    names = (column.name for column in table.columns if column.name != "document")
    row = {name: getattr(document, name) for name in names}
    if isinstance(document, Inbound):
        row["id"] = row_id(document.mailbox, document.message_id)
    return row | {"document": model_json(document)}


def counted(loaded: LoadedCampaign) -> tuple[AbReport, float, float]:
    """The account, and how many seconds of processor time and by the clock it took."""
    with open_store(loaded.store_url) as store:
        before, began = time.process_time(), time.perf_counter()
        report = ab_report(loaded, store, campaign.NOW)
        return report, time.process_time() - before, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--store", type=Path, help="Folder to keep the campaign in, so that it is filled once.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loaded = filled(asked.store or Path(folder) / "campaign", asked.people)
        for number in range(1, asked.rounds + 1):
            report, processor, clock = counted(loaded)
            print(f"account {number}: {processor:.2f} s of processor time, {clock:.2f} s by the clock")
        for arm in report.arms:
            print(arm.arm, arm.so_far.model_dump(exclude={"design_effects"}))
        assert sum(arm.so_far.enrolled for arm in report.arms) == asked.people


if __name__ == "__main__":
    main()
