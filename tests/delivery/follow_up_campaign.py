"""A campaign with one follow-up, run, accepted and sent for real: no model is asked, and a loopback server takes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from miniatures.agents.runs import run_campaign
from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.datamodel.message import MessageState
from miniatures.delivery.compose import Composer
from miniatures.delivery.job import Clock, Job
from miniatures.delivery.queueing import queue_approved
from miniatures.delivery.send import composing, send_queued
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.review.approvals import Decisions
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import accept
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import lead, write_folder
from tests.delivery.sending import ALWAYS, WoundClock
from tests.mail_servers.unruly_smtp import UnrulySmtp

NOON = datetime.now(UTC).replace(hour=12, minute=0)
DAY = timedelta(days=1)


def campaign(folder: Path, port: int, **more: Any) -> LoadedCampaign:
    """Two people whose companies have news, two mailboxes, and one follow-up after four days."""
    write_folder(folder, [lead(0), lead(3)], name="autumn")
    box = {"smtp": {"host": "127.0.0.1", "port": port, "tls": "none"}, "per_day": 100_000, "per_hour": 100_000}
    settings = {
        "name": "autumn",
        "brief": "brief.md",
        "prospects": "prospects.csv",
        "search": "local:sites",
        "backends": {"reader": {"use": "miniature:reader@live"}},
        "roles": {"researcher": "none", "writer": "none", "verifier": "checks"},
        "send": {
            "mailboxes": {name: {"address": f"{name}@tarnwick.example", **box} for name in ("maren", "rosa")},
            "hours": ALWAYS,
            "per_provider_per_hour": 100_000,
            "follow_ups": [{"after_days": 4}],
        },
    }
    (folder / "campaign.yaml").write_text(json.dumps(settings | more), encoding="utf-8")
    return load_campaign(folder)


async def accept_all(store: Store, loaded: LoadedCampaign) -> int:
    """Ada accepts whatever waits for her; returns how much that was."""
    said = Decisions(store.reviews(loaded.name))
    waiting = waiting_drafts(store, loaded.name, "ada")
    for one in waiting:
        shown = draft_to_review(store, one, said)
        assert shown is not None
        await store.add_review(accept(shown.item, "ada"))
    return len(waiting)


async def send_approved(store: Store, loaded: LoadedCampaign, clock: WoundClock) -> int:
    """Queue what is approved and let it leave; returns how many a server took."""

    async def provider_of(domain: str) -> str:
        return domain

    await queue_approved(loaded, store, now=clock.now(), provider_of=provider_of)
    settings = required_settings(loaded)
    compose = composing(Composer.of(loaded.brief, settings, loaded.folder, b"a secret of 32 bytes" * 2), store)
    clocks = Clock(clock.now, clock.sleep)
    job = Job(loaded.name, settings, f"at {clock.now()}", compose, clocks, timedelta(seconds=1), asyncio.Event())
    return (await send_queued(job, store)).count(MessageState.ACCEPTED)


async def first_emails(store: Store, loaded: LoadedCampaign, clock: WoundClock) -> None:
    assert await accept_all(store, loaded) == 2
    assert await send_approved(store, loaded, clock) == 2


class Followed(NamedTuple):
    """A campaign whose first emails left five days ago, by the clock, and its store."""

    server: UnrulySmtp
    loaded: LoadedCampaign
    store: Store


@asynccontextmanager
async def five_days_later(folder: Path, clock: WoundClock, **more: Any) -> AsyncIterator[Followed]:
    """Run the campaign, accept and send what was written, and let days go by."""
    with UnrulySmtp() as server:
        loaded = campaign(folder / "autumn", server.port, **more)
        await run_campaign(loaded, now=clock.now)
        with open_store(loaded.store_url, now=clock.now, flushed=True) as store:
            await first_emails(store, loaded, clock)
            clock.time += 5 * DAY
            yield Followed(server, loaded, store)


async def answer(store: Store, loaded: LoadedCampaign, email: str) -> None:
    [result] = [one for one in store.results(loaded.name) if one.prospect.email == email]
    mail = {"campaign": loaded.name, "prospect": result.prospect.key, "mailbox": "maren", "message_id": email}
    received = {"kind": InboundKind.REPLY, "received_at": store.now()}
    assert await store.mail.inbox.take_in(Inbound.model_validate(mail | received))


ADA, DORA = lead(0).prospect.email, lead(3).prospect.email


def with_nothing_left_to_say(loaded: LoadedCampaign) -> LoadedCampaign:
    """The campaign once its brief has no thoughts on news, and claims nothing but what it offers."""
    brief = loaded.brief
    bare = {
        "claims": (brief.offer,),
        "signals": tuple(one.model_copy(update={"angles": ()}) for one in brief.signals),
    }
    text = yaml.safe_dump(
        brief.model_copy(update=bare).model_dump(mode="json", exclude_defaults=True), allow_unicode=True
    )
    (loaded.folder / "brief.md").write_text(f"---\n{text}---\n", encoding="utf-8")
    return load_campaign(loaded.folder)
