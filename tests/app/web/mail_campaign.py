"""A campaign whose emails left, or did not, and were answered: one of each kind, kept as sender and inbox keep them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import Sessions
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.inbound import Inbound, InboundKind, MatchedBy, ReplyClass
from miniatures.datamodel.message import CancelReason, MessageState, OutboxRow, ServerReply
from miniatures.delivery.compose import Composer
from miniatures.delivery.queueing import queue_approved
from miniatures.delivery.send import composing
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.review.approvals import Decisions
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import accept
from miniatures.store.home_secret import home_secret
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import write_campaign
from tests.app.web.test_review_pages import Desk

SEND = """\
send:
  mailboxes:
    sales: {address: maren@tarnwick.example, smtp: {host: 127.0.0.1, port: 2525, tls: none}, per_day: 40}
  tracking: {url: "http://127.0.0.1:8085", opens: true}
"""
READER = "miniature:judge@live"
"""Who told what the answers mean."""
THANKS = "Thank you, that sounds useful. Could we speak on Tuesday at ten?"
_ENDS = (
    (MessageState.ACCEPTED, ServerReply(stage="data", code=250, text="2.0.0 Ok: queued as 4BXf2K")),
    (MessageState.ACCEPTED, ServerReply(stage="data", code=250, text="2.0.0 Ok: queued as 4BXf2L")),
    (MessageState.UNCERTAIN, ServerReply(stage="data", text="TimeoutError: no answer to the text")),
    (MessageState.REJECTED, ServerReply(stage="rcpt", code=550, text="5.1.1 no such user", enhanced="5.1.1")),
    (MessageState.UNCERTAIN, ServerReply(stage="data", text="ConnectionResetError: it hung up")),
)


def write_mail_campaign(folder: Path) -> LoadedCampaign:
    """Nine drafts: one is held back, and of the eight emails two were accepted, one was rejected, two are uncertain,
    one is leaving, one waits and one was taken back. Of each kind of mail one came back, and two answers."""
    write_campaign(folder, drafts=9, held_back=1, doubted=0)
    return add_mail(folder)


def add_mail(folder: Path, accepted: DraftStatus = DraftStatus.READY) -> LoadedCampaign:
    """Let the campaign of a folder send its drafts of this status, and be answered."""
    with (folder / "campaign.yaml").open("a", encoding="utf-8") as file:
        file.write(SEND)
    loaded = load_campaign(folder)
    asyncio.run(_fill(loaded, accepted))
    return loaded


@contextmanager
def mail_desk(folder: Path) -> Iterator[Desk]:
    """The app over it."""
    loaded = write_mail_campaign(folder)
    site = Site(Desks([folder]), Sessions())
    with TestClient(web_app(site), base_url="http://localhost", follow_redirects=False) as app:
        yield Desk(loaded, site, app)
        assert app.portal is not None
        app.portal.call(site.desks.close)


def rows_in(loaded: LoadedCampaign, *states: MessageState) -> list[OutboxRow]:
    with open_store(loaded.store_url) as store:
        return list(store.mail.outbox.stream(loaded.name, *states))


def mails(loaded: LoadedCampaign, *kinds: InboundKind) -> list[Inbound]:
    """What came back, the newest first."""
    with open_store(loaded.store_url) as store:
        return list(store.mail.inbox.stream(loaded.name, *kinds))


async def _fill(loaded: LoadedCampaign, accepted: DraftStatus) -> None:
    with open_store(loaded.store_url) as store:
        await _accept(loaded, store, accepted)
        now = store.now()
        await queue_approved(loaded, store, now=now, provider_of=_provider)
        first = next(store.mail.outbox.stream(loaded.name))
        await store.mail.outbox.cancel(loaded.name, first.message.prospect, CancelReason.REPLIED)
        await _send(loaded, store, now)
        taken = list(store.mail.outbox.stream(loaded.name, MessageState.ACCEPTED))
        for number, mail in enumerate(_came_back(taken, now)):
            about = {"message_id": f"<{number}@elsewhere.example>", "received_at": now - timedelta(minutes=number)}
            assert await store.mail.inbox.take_in(mail.model_copy(update=about))


async def _provider(domain: str) -> str:
    return domain


async def _accept(loaded: LoadedCampaign, store: Store, status: DraftStatus) -> None:
    for waiting in waiting_drafts(store, loaded.name, "ada", (status,)):
        shown = draft_to_review(store, waiting, Decisions([]))
        assert shown is not None
        await store.add_review(accept(shown.item, "ada"))


async def _send(loaded: LoadedCampaign, store: Store, now: datetime) -> None:
    outbox, settings = store.mail.outbox, required_settings(loaded)
    compose = composing(Composer.of(loaded.brief, settings, loaded.folder, home_secret()), store)
    rows = await outbox.claim(Claim(loaded.name, "maren@tarnwick.example", "one", now, len(_ENDS) + 1))
    made = {row.message.id: compose(row, now) for row in rows}
    await outbox.freeze({id: (one.message_id, one.mime) for id, one in made.items()}, "one")
    await outbox.start_sending([row.message.id for row in rows], "one")
    settled = [Settled(row, *end) for row, end in zip(rows, _ENDS, strict=False)]
    await outbox.settle(settled, "one")


def _came_back(taken: list[OutboxRow], now: datetime) -> Iterator[Inbound]:
    one, other = (
        Inbound(
            campaign=row.message.campaign,
            prospect=row.message.prospect,
            message=row.message.id,
            matched_by=MatchedBy.MESSAGE_ID,
            mailbox="sales",
            kind=InboundKind.REPLY,
            received_at=now,
            sender=row.message.address,
            subject=f"Re: {row.message.subject}",
        )
        for row in taken
    )
    told = {"reply_class": ReplyClass.NEUTRAL, "classified_by": READER}
    yield one.model_copy(update={"text": THANKS, **told})
    yield other.model_copy(update={"text": "<script>alert(1)</script> Not for us.\n\nBo"})
    referral = {"kind": InboundKind.REFERRAL, "refers_to": "dora@company-9.example", "text": "Please ask Dora."}
    yield other.model_copy(update=referral | told)
    stop = {"kind": InboundKind.OPT_OUT, "text": "STOP", "reply_class": ReplyClass.OPT_OUT, "classified_by": "words"}
    yield other.model_copy(update=stop)
    away = {"kind": InboundKind.OUT_OF_OFFICE, "text": "I am away.", "back_on": date(2026, 12, 7)}
    yield one.model_copy(update=away)
    report = {"status": "5.1.1", "diagnostic": "smtp; 550 no such user", "no_such_address": True, "sender": ""}
    yield other.model_copy(update={"kind": InboundKind.BOUNCE, **report})
