"""A tracker that really listens, over the store of a small campaign whose emails were queued."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn

from miniatures.app.track.books import Books
from miniatures.app.track.serve import config_of
from miniatures.app.track.tracker import Tracker
from miniatures.app.track.visitor import networks_of
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.hit import Hit
from miniatures.datamodel.message import Message, MessageState
from miniatures.datamodel.prospect import prospect_key
from miniatures.delivery.tokens import TokenKind, Tokens
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.inputs.reach import reach_of
from miniatures.inputs.scaffold import create_campaign
from miniatures.inputs.trust import trust
from miniatures.store.home_secret import home_secret
from miniatures.store.open import open_store
from miniatures.store.store import Store

URL = "https://track.waymark.example"
LINK = "https://waymark.example/planning"
MONDAY = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
_SEND = """
send:
  mailboxes:
    sales: {address: robin@waymark.example, smtp: {host: 127.0.0.1}}
  tracking: {url: "%s", opens: true}
"""


def write_campaign(folder: Path, *, url: str = URL, language: str = "en", store: str = "") -> LoadedCampaign:
    """A campaign that may send; nobody has run it."""
    create_campaign(folder)
    file, brief = folder / "campaign.yaml", folder / "brief.md"
    kept = f'\nstore: "{store}"\n' if store else ""
    file.write_text(file.read_text(encoding="utf-8") + _SEND % url + kept, encoding="utf-8")
    text = brief.read_text(encoding="utf-8").replace("\nlanguage: en\n", f"\nlanguage: {language}\n")
    brief.write_text(text, encoding="utf-8")
    if language != "en":
        words = file.read_text(encoding="utf-8").replace("writer: none", "writer: reader")
        file.write_text(words, encoding="utf-8")
    loaded = load_campaign(folder, trusted=True)
    trust(loaded.path, reach_of(loaded))
    return loaded


def email_to(loaded: LoadedCampaign, address: str, *, step: int = 0) -> Message:
    body = f"Hi Kim,\n\nYou opened a depot in Exampletown. See {LINK}\n\nRobin"
    return Message(
        campaign=loaded.name,
        prospect=prospect_key(address),
        step=step,
        address=address,
        company="depot",
        draft=f"draft of {address}",
        text_hash=text_hash(body),
        subject="rounds for the new site",
        body=body,
        links=(LINK,),
        approved_by="ada",
        mailbox="robin@waymark.example",
        provider="example.com",
    )


def queued(loaded: LoadedCampaign, *emails: Message) -> None:
    """Queue them, in a thread of its own: a browser's loop may run in this one."""
    with open_store(loaded.store_url) as store, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(store.mail.outbox.queue(emails, due_at=MONDAY, decisions={}))).result()


@dataclass
class Served:
    """The tracker as it listens, one email, and what its store knows."""

    url: str
    loaded: LoadedCampaign
    message: Message
    tokens: Tokens = field(default_factory=lambda: Tokens(home_secret()))
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, verify=False))

    def path(self, kind: TokenKind, link: int = 0, message: str = "") -> str:
        ending = ".gif" if kind is TokenKind.OPEN else ""
        return f"/{kind}/{self.tokens.sign(kind, message or self.message.id, link)}{ending}"

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        return self.client.request(method, self.url + path, **options)  # type: ignore[arg-type]

    def opted_out(self, address: str = "") -> bool:
        """Whether another campaign would not write to the address either."""
        with open_store(self.loaded.store_url) as store:
            return store.mail.suppressions.listed(address or self.message.address, "another") is not None

    def state(self) -> MessageState:
        with open_store(self.loaded.store_url) as store:
            row = store.mail.outbox.row(self.message.id)
        assert row is not None
        return row.state

    def hits(self) -> list[Hit]:
        with open_store(self.loaded.store_url) as store:
            return store.mail.hits.of_message(self.message.id)


@contextmanager
def served(
    loaded: LoadedCampaign,
    *addresses: str,
    url: str = URL,
    proxies: tuple[str, ...] = (),
    broken: Callable[[Store], None] = lambda store: None,
) -> Iterator[Served]:
    """The tracker over emails to these addresses; `broken` may do something to its store first."""
    emails = [email_to(loaded, address) for address in addresses or ("kim@depot.example",)]
    queued(loaded, *emails)
    books = Books([loaded])
    broken(books._store(loaded.store_url))
    language = loaded.brief.language
    clocks = {"now": lambda: MONDAY, "clock": lambda: 0.0}
    tracker = Tracker(books, home_secret(), url, proxies=networks_of(proxies), language=language, **clocks)
    config = config_of(tracker.app())
    config.port = 0
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    running = Served(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", loaded, emails[0])
    try:
        yield running
    finally:
        running.client.close()
        server.should_exit = True
        thread.join(10)
        books.close()
