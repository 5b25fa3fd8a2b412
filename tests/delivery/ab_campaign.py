"""A live test of two arms as runs, reviewers, senders and people leave it, every row written by the store's own calls.

What people did is set by number: of an arm's people who were sent an email, the first so many bounced, and of the
others the first so many replied, and so on; the last ones were edited.
"""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from miniatures.checks.company_names import company_key
from miniatures.datamodel.arms import AbTest, Enrolment
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.hit import Hit, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.message import Message, MessageState, ServerReply
from miniatures.datamodel.policy import Policy, SeatPolicy
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review, ReviewAction
from miniatures.datamodel.seat import Seat
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.mail.transitions import Settled
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.store.test_policies import policy_of

NAME = "autumn"
NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SENT = NOW - timedelta(days=20)
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
HEADERS = {"accept": "text/html", "accept-language": "en", "sec-fetch-mode": "navigate"}
RULE = {"reference": "teacher", "metric": "replied", "margin": 0.1, "min_per_arm": 50}
_BRIEF = Path(__file__).parents[2] / "examples/cold_storage/brief.md"
_AT_ONCE = 500


@dataclass(frozen=True)
class Did:
    """How many of an arm's people did what; `undrafted` and `unsent` come from the end of the list.

    `perhaps_clicked` come after those who `clicked`: nobody can tell whose hits theirs are.
    """

    people: int = 100
    a_company: int = 1
    undrafted: int = 0
    unsent: int = 0
    bounced: int = 0
    replied: int = 0
    positive: int = 0
    opened: int = 0
    clicked: int = 0
    perhaps_clicked: int = 0
    unsubscribed: int = 0
    complained: int = 0
    edited: int = 0
    cost_usd: float | None = 0.01


def prospect(arm: str, number: int, a_company: int = 1) -> Prospect:
    company = number // a_company
    return Prospect(
        email=f"person{number}@{arm}{company}.example",
        first_name="Ada",
        last_name=f"Okafor {number}",
        company=f"{arm.capitalize()} Stores {company}x",
    )


def write_ab_campaign(
    folder: Path,
    arms: Mapping[str, Did],
    *,
    rule: Mapping[str, Any] = RULE,
    adapters: Mapping[str, str] | None = None,
    sent_at: datetime = SENT,
) -> LoadedCampaign:
    """The campaign's folder with its store; `adapters` are the hashes of the adapters that wrote in an arm."""
    folder.mkdir(parents=True)
    loaded = write_files(folder, arms, rule)
    asyncio.run(_fill(loaded, arms, adapters or {}, sent_at))
    return loaded


def write_files(folder: Path, arms: Mapping[str, Did], rule: Mapping[str, Any] = RULE) -> LoadedCampaign:
    """The campaign's file, brief and list."""
    box = {"address": "rosa@sender.example", "smtp": {"host": "127.0.0.1", "port": 25, "tls": "none"}}
    settings = {
        "name": NAME,
        "brief": "brief.md",
        "prospects": "prospects.csv",
        "search": "local:sites",
        "backends": {arm: f"miniature:mine@{'candidate' if arm == 'student' else 'live'}" for arm in arms},
        "roles": {"writer": "none"},
        "arms": {arm: {"writer": arm} for arm in arms},
        "test": dict(rule),
        "send": {"mailboxes": {"sales": box}},
    }
    (folder / "sites").mkdir(exist_ok=True)
    (folder / "campaign.yaml").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "brief.md").write_text(_BRIEF.read_text(encoding="utf-8"), encoding="utf-8")
    with (folder / "prospects.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("email", "first_name", "last_name", "company"))
        for one in _everybody(arms):
            rows.writerow((one.email, one.first_name, one.last_name, one.company))
    return load_campaign(folder)


def _everybody(arms: Mapping[str, Did]) -> list[Prospect]:
    """The arms' people by turns, as chance would have put them."""
    most = max(did.people for did in arms.values())
    return [
        prospect(arm, number, did.a_company)
        for number in range(most)
        for arm, did in arms.items()
        if number < did.people
    ]


async def _fill(
    loaded: LoadedCampaign, arms: Mapping[str, Did], adapters: Mapping[str, str], sent_at: datetime
) -> None:
    with open_store(loaded.store_url, now=lambda: sent_at) as store:
        await begin(store, loaded)
        await store.enrol(loaded.name, _everybody(arms))
        for arm, did in arms.items():
            await _fill_arm(store, arm, did, policy_with(arm, adapters.get(arm)), sent_at)


async def _fill_arm(store: Store, arm: str, did: Did, policy: Policy, sent_at: datetime) -> None:
    people = [prospect(arm, number, did.a_company) for number in range(did.people)]
    await store.keep_policy(policy)
    await store.start_run(arm, NAME, policy.hash)
    await enrol(store, arm, people, sent_at)
    results = [
        result(arm, policy.hash, one, place < did.people - did.undrafted, did.cost_usd)
        for place, one in enumerate(people)
    ]
    await _at_once([store.save_result(one) for one in results])
    await store.finish_run(arm, "completed")
    sent = people[: did.people - did.undrafted - did.unsent]
    unedited = len(sent) - did.edited
    await send(store, [message(arm, policy.hash, one, place >= unedited) for place, one in enumerate(sent)], sent_at)
    await _react(store, did, sent, sent_at)


async def begin(store: Store, loaded: LoadedCampaign) -> AbTest:
    """Settle the test as its file says."""
    assert loaded.campaign.test is not None
    test = AbTest(
        campaign=loaded.name,
        salt="salt",
        shares=loaded.campaign.shares,
        rule=loaded.campaign.test.version,
        started_at=SENT - timedelta(days=1),
    )
    return await store.mail.enrolments.settle(test)


async def enrol(store: Store, arm: str, people: Sequence[Prospect], at: datetime = SENT) -> None:
    places = [Enrolment(prospect=one.key, company=company_key(one.company), arm=arm, enrolled_at=at) for one in people]
    for start in range(0, len(places), _AT_ONCE):
        await store.mail.enrolments.add(NAME, places[start : start + _AT_ONCE])


def policy_with(arm: str, adapter: str | None) -> Policy:
    """A policy whose writer has this adapter."""
    backend = BackendIdentity(provider="local", model=f"base of {arm}", adapter=adapter)
    seat = SeatPolicy(backend=backend, capabilities=Capabilities(), prompts={"writer": "abc"})
    return policy_of(seats={"writer": {Seat.FIRST: seat}})


def draft_to(one: Prospect) -> Draft:
    return Draft(
        id=content_hash(["draft", one.email])[:32],
        subject=f"News of {one.company}",
        body=f"Hi {one.first_name},\n\nYour page says that a new store was opened.\n\nRosa",
        evidence=(),
        checks=(),
        status=DraftStatus.READY,
        backend="local:small",
        attempts=1,
    )


def result(arm: str, policy: str, one: Prospect, drafted: bool = True, cost_usd: float | None = 0.01) -> ProspectResult:
    return ProspectResult(
        campaign=NAME,
        policy=policy,
        arm=arm,
        prospect=one,
        status=DraftStatus.READY if drafted else DraftStatus.NOTHING_FOUND,
        draft=draft_to(one) if drafted else None,
        bill=Bill(cost_usd=cost_usd),
        seconds=1.0,
    )


def message(arm: str, policy: str, one: Prospect, edited: bool = False, step: int = 0, **fields: object) -> Message:
    draft = draft_to(one)
    body = f"{draft.body}\n\nP.S. Mended." if edited else draft.body
    text = draft.text.model_copy(update={"body": body})
    plain: dict[str, object] = {
        "id": message_id(one, step),
        "campaign": NAME,
        "prospect": one.key,
        "step": step,
        "address": one.email,
        "company": company_key(one.company),
        "arm": arm,
        "policy": policy,
        "draft": draft.id,
        "text_hash": content_hash(text),
        "subject": text.subject,
        "body": text.body,
        "approved_by": "edited by ada" if edited else "accepted by ada",
        "mailbox": "rosa@sender.example",
        "provider": "mail.example",
    }
    return Message.model_validate(plain | fields)


def message_id(one: Prospect, step: int = 0) -> str:
    return content_hash(["message", one.email, step])[:32]


async def send(store: Store, emails: Sequence[Message], at: datetime) -> None:
    """Queue the emails and let a server take them, by the store's own clock."""
    await store.mail.outbox.queue(emails, due_at=at, decisions={})
    while rows := await store.mail.outbox.claim(
        Claim(NAME, "rosa@sender.example", "one", at + timedelta(minutes=1), _AT_ONCE)
    ):
        await store.mail.outbox.start_sending([row.message.id for row in rows], "one")
        said = ServerReply(stage="data", code=250, text="taken")
        await store.mail.outbox.settle([Settled(row, MessageState.ACCEPTED, said) for row in rows], "one")


async def accept(store: Store, one: Prospect, at: datetime, **changes: Any) -> None:
    """A reviewer's word on a prospect's draft: an acceptance unless said otherwise."""
    draft = draft_to(one)
    said = {
        "reviewer": "ada",
        "campaign": NAME,
        "prospect": one.key,
        "trace": draft.id,
        "draft": draft.id,
        "action": ReviewAction.ACCEPT,
        "answer": draft.text.model_dump(),
        "created_at": at,
    }
    await store.add_review(Review.model_validate(said | changes))


def hit(one: Prospect, kind: HitKind, at: datetime, step: int = 0, **fields: object) -> Hit:
    """A person's hit, unless said otherwise."""
    plain: dict[str, object] = {
        "campaign": NAME,
        "prospect": one.key,
        "message": message_id(one, step),
        "kind": kind,
        "link": 1 if kind is HitKind.CLICK else None,
        "at": at,
        "address": "203.0.113.9",
        "user_agent": BROWSER,
        "headers": HEADERS,
    }
    return Hit.model_validate(plain | fields)


def inbound(one: Prospect, kind: InboundKind, at: datetime, step: int | None = 0, **fields: object) -> Inbound:
    """What came back about the email of a step; None: only the address is known."""
    plain: dict[str, object] = {
        "campaign": NAME,
        "prospect": one.key,
        "message": None if step is None else message_id(one, step),
        "mailbox": "rosa@sender.example",
        "message_id": f"<{content_hash([one.email, kind, at.isoformat()])[:16]}@them.example>",
        "kind": kind,
        "received_at": at,
        "sender": one.email,
    }
    return Inbound.model_validate(plain | fields)


async def _react(store: Store, did: Did, sent: Sequence[Prospect], sent_at: datetime) -> None:
    day, mail = sent_at + timedelta(days=1), store.mail
    reached = sent[did.bounced :]
    positive, negative = reached[: did.positive], reached[did.positive : did.replied]
    told = [
        *(inbound(one, InboundKind.BOUNCE, day) for one in sent[: did.bounced]),
        *(inbound(one, InboundKind.REPLY, day, reply_class=ReplyClass.POSITIVE) for one in positive),
        *(inbound(one, InboundKind.REPLY, day, reply_class=ReplyClass.NEGATIVE) for one in negative),
        *(inbound(one, InboundKind.COMPLAINT, day) for one in reached[: did.complained]),
        *(inbound(one, InboundKind.OPT_OUT, day + timedelta(hours=1)) for one in reached[: did.unsubscribed]),
    ]
    hits = [
        *(hit(one, HitKind.OPEN, day) for one in reached[: did.opened]),
        *(hit(one, HitKind.CLICK, day + timedelta(minutes=5)) for one in reached[: did.clicked]),
        *(
            hit(one, HitKind.CLICK, sent_at + timedelta(minutes=5))
            for one in reached[did.clicked :][: did.perhaps_clicked]
        ),
    ]
    await _at_once([mail.inbox.take_in(one) for one in told])
    await _at_once([mail.hits.add(one) for one in hits])


async def _at_once(work: Sequence[Awaitable[object]]) -> None:
    for start in range(0, len(work), _AT_ONCE):
        await asyncio.gather(*work[start : start + _AT_ONCE])
