"""Exactly what people approved leaves, once, and what they take back does not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from itertools import count, cycle
from pathlib import Path

import pytest
from dns.asyncresolver import Resolver

from miniatures.agents.runs import sure_bound
from miniatures.datamodel.ab_decision import AbAction, AbDecision
from miniatures.datamodel.arms import Enrolment
from miniatures.datamodel.campaign import ResearchSettings, WritingSettings
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import CancelReason, MessageState
from miniatures.datamodel.policy import Policy
from miniatures.datamodel.review import ReviewAction
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.delivery.back_off import Refusal
from miniatures.delivery.guardrails import Guard
from miniatures.delivery.inbound.hear import Heard
from miniatures.delivery.inbound.hearing import Listen
from miniatures.delivery.job import OnTrouble
from miniatures.delivery.providers import Providers, mx_lookup, provider_name
from miniatures.delivery.queueing import HeldUp, held_up, queue_approved
from miniatures.delivery.send import Sent, dry_emails, send_campaign
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.mail.outbox_claim import Claim
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.app.web.desk_campaign import drafts_of
from tests.delivery.approved import key_of, said, sending_campaign
from tests.delivery.dns_server import serving_zone
from tests.delivery.sending import WoundClock
from tests.mail_servers.unruly_smtp import UnrulySmtp

NEVER = datetime(2100, 1, 1, tzinfo=UTC)


async def nobodys(domain: str) -> str:
    return domain


async def send_all(loaded: LoadedCampaign, store: Store, listen: Listen | None = None) -> Sent:
    stop = asyncio.Event()
    return await send_campaign(loaded, store, watch=False, stop=stop, provider_of=nobodys, listen=listen)


def test_what_was_approved_leaves_word_for_word_and_nothing_else(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port)
        with open_store(loaded.store_url) as store:
            sent = asyncio.run(send_all(loaded, store))
            again = asyncio.run(send_all(loaded, store))
            approved = {draft.body for draft in drafts_of(store, loaded)[:4]}
        assert (sent.count(MessageState.ACCEPTED), again.count(MessageState.ACCEPTED)) == (4, 0)
        arrived = [message_from_bytes(one.content, policy=default) for one in server.accepted]
    bodies = [part.get_content() for one in arrived if (part := one.get_body(("plain",)))]
    assert len(bodies) == 4
    for text in approved:
        words = " ".join(text.split())
        assert sum(words in " ".join(body.split()) for body in bodies) == 1


def test_an_edit_leaves_in_the_reviewers_words(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port, approve=0)
        with open_store(loaded.store_url) as store:
            draft = drafts_of(store, loaded)[0]
            edited = {"subject": "A word of my own", "body": draft.body}
            edit = said(ReviewAction.EDIT, draft, key_of(store, loaded, 0), edited=edited)
            asyncio.run(store.add_review(edit))
            asyncio.run(send_all(loaded, store))
        [one] = server.accepted
    assert message_from_bytes(one.content, policy=default)["Subject"] == "A word of my own"


def test_what_is_queued_knows_where_its_links_lead(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, approve=0)
    link = loaded.brief.links[0]
    with open_store(loaded.store_url) as store:
        draft = drafts_of(store, loaded)[0]
        edited = {"subject": draft.subject, "body": f"{draft.body}\n\nMore is here: {link}"}
        asyncio.run(store.add_review(said(ReviewAction.EDIT, draft, key_of(store, loaded, 0), edited=edited)))
        asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
        [row] = store.mail.outbox.thread(loaded.name, key_of(store, loaded, 0))
    assert row.message.links == (link,)


def test_a_rejection_after_queueing_takes_the_email_back_and_a_new_approval_sends_it(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port, approve=1)
        with open_store(loaded.store_url) as store:
            draft, key = drafts_of(store, loaded)[0], key_of(store, loaded, 0)
            assert asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys)) == 1
            asyncio.run(store.add_review(said(ReviewAction.REJECT, draft, key)))
            asyncio.run(send_all(loaded, store))
            assert server.accepted == []
            [row] = store.mail.outbox.thread(loaded.name, key)
            assert (row.state, row.why) == (MessageState.CANCELLED, CancelReason.DECIDED_ANEW)
            asyncio.run(store.add_review(said(ReviewAction.ACCEPT, draft, key)))
            asyncio.run(send_all(loaded, store))
            assert len(server.accepted) == 1


def test_who_opted_out_is_not_even_written_to_a_file(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25)
    with open_store(loaded.store_url) as store:
        first = next(dry_emails(loaded, store))[0].address
        asyncio.run(store.mail.suppressions.add(first, SuppressionReason.OPT_OUT))
        assert first not in {message.address for message, _ in dry_emails(loaded, store)}


async def test_domains_of_one_mail_host_are_one_provider() -> None:
    records = {("a.example", "MX"): ["10 mx1.post.example."], ("b.example", "MX"): ["5 mx2.post.example."]}
    with serving_zone(records) as port:
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], port
        providers = Providers(mx_lookup(resolver))
        assert [await providers.of(name) for name in ("a.example", "b.example", "c.example")] == [
            "post.example",
            "post.example",
            "c.example",
        ]
    assert provider_name("aspmx.l.google.com.") == "google.com"


def test_a_stated_risk_that_nothing_calibrates_lets_nothing_leave(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, approve=1, approval={"risk": 0.02})
    with open_store(loaded.store_url) as store, pytest.raises(InputError, match="nothing calibrates") as told:
        list(dry_emails(loaded, store))
    assert "ready: {risk: 0.02}" in told.value.hint


def test_ready_drafts_leave_unread_if_their_own_policy_had_the_bound(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, approve=1, approval={"risk": 0.25}, ready=0.25)
    bound = sure_bound(loaded.campaign)
    assert bound is not None
    with open_store(loaded.store_url) as store:
        assert len(list(dry_emails(loaded, store))) == 1
        policy = Policy(
            brief=loaded.brief,
            seats={},
            research=ResearchSettings(),
            write=WritingSettings(),
            search=None,
            taxonomy="",
            checks="",
            sure_bound=bound,
        )
        asyncio.run(store.keep_policy(policy))
        for result in list(store.results(loaded.name))[1:4]:
            asyncio.run(store.save_result(result.model_copy(update={"policy": policy.hash})))
        assert len(list(dry_emails(loaded, store))) == 4


async def test_a_domain_that_takes_no_mail_is_its_own_provider() -> None:
    with serving_zone({("none.example", "MX"): ["0 ."]}) as port:
        resolver = Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], port
        assert await Providers(mx_lookup(resolver)).of("none.example") == "none.example"


def test_a_second_yes_sends_what_waits_in_the_same_run(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port, approve=1)
        with open_store(loaded.store_url) as store:
            asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
            again = said(ReviewAction.ACCEPT, drafts_of(store, loaded)[0], key_of(store, loaded, 0))
            asyncio.run(store.add_review(again.model_copy(update={"reviewer": "bo"})))
            asyncio.run(send_all(loaded, store))
        assert len(server.accepted) == 1


def test_who_takes_a_domains_mail_is_asked_for_new_emails_alone(tmp_path: Path) -> None:
    asked: list[str] = []

    async def noted(domain: str) -> str:
        asked.append(domain)
        return domain

    loaded = sending_campaign(tmp_path / "desk", 25)
    with open_store(loaded.store_url) as store:
        for new in (4, 0):
            asked.clear()
            assert asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=noted)) == new
            assert bool(asked) is bool(new)


def test_nothing_of_a_stopped_arm_is_queued(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, approve=2)
    with open_store(loaded.store_url) as store:
        key = key_of(store, loaded, 0)
        place = Enrolment(prospect=key, company="a company", arm="student", enrolled_at=store.now())
        stop = AbDecision(
            id="one",
            campaign=loaded.name,
            arm="student",
            action=AbAction.STOPPED,
            why="Too many bounced.",
            decided_by="ada",
            decided_at=store.now(),
        )
        asyncio.run(store.mail.enrolments.add(loaded.name, [place]))
        asyncio.run(store.mail.decisions.keep(stop))
        assert asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys)) == 1
        assert store.mail.outbox.thread(loaded.name, key) == []


def test_what_stops_a_mailbox_is_told_while_it_watches(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, approve=1)
    told: list[tuple[str, str]] = []

    async def watch(store: Store) -> None:
        stop = asyncio.Event()

        def troubled(mailbox: str, trouble: str) -> None:
            told.append((mailbox, trouble))
            stop.set()

        await store.mail.pauses.pause(loaded.name, why="lunch")
        await send_campaign(loaded, store, watch=True, stop=stop, on_trouble=troubled, provider_of=nobodys)

    with open_store(loaded.store_url) as store:
        asyncio.run(asyncio.wait_for(watch(store), 20))
    assert [(mailbox, "paused" in trouble) for mailbox, trouble in told] == [("sales", True)]


def test_who_answered_is_known_before_anything_leaves(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port, approve=2)
        with open_store(loaded.store_url) as store:
            asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
            answered = next(store.mail.outbox.stream(loaded.name)).message

            async def listen() -> Heard:
                await store.mail.outbox.cancel(loaded.name, answered.prospect, CancelReason.REPLIED)
                return Heard()

            asyncio.run(send_all(loaded, store, listen))
        assert len(server.accepted) == 1
        assert server.accepted[0].recipients != [answered.address]


def test_while_answers_cannot_be_read_nothing_leaves(tmp_path: Path) -> None:
    async def deaf() -> Heard:
        return Heard(unread={"rosa@sender.example": Refusal("imap.sender.example cannot be reached", NEVER)})

    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port)
        with open_store(loaded.store_url) as store:
            sent = asyncio.run(send_all(loaded, store, deaf))
        assert server.accepted == []
    told = "nothing leaves until its answers can be read: imap.sender.example cannot be reached"
    assert sent.mailboxes["sales"].trouble == told, "nobody waits for the next try"


async def test_where_no_server_answers_it_soon_stops_asking() -> None:
    asked: list[str] = []

    async def silent(domain: str) -> None:
        asked.append(domain)

    providers = Providers(silent)
    assert [await providers.of(f"d{number}.example") for number in range(30)] == [f"d{n}.example" for n in range(30)]
    assert len(asked) == 20


def test_mended_hours_hold_for_what_was_put_back_for_the_night(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        loaded = sending_campaign(tmp_path / "desk", server.port, approve=2)
        with open_store(loaded.store_url) as store:
            asyncio.run(queue_approved(loaded, store, now=store.now(), provider_of=nobodys))
            asyncio.run(_put_back_until_tomorrow(store, loaded.name))
            assert asyncio.run(send_all(loaded, store)).count(MessageState.ACCEPTED) == 2
        assert len(server.accepted) == 2


async def _put_back_until_tomorrow(store: Store, campaign: str) -> None:
    now = store.now()
    for row in await store.mail.outbox.claim(Claim(campaign, "rosa@sender.example", "earlier", now, 10, ())):
        assert await store.mail.outbox.put_back(row.message.id, now + timedelta(days=1), "earlier")


def test_what_keeps_emails_from_leaving_is_counted(tmp_path: Path) -> None:
    loaded = sending_campaign(tmp_path / "desk", 25, drafts=6, approve=4)
    with open_store(loaded.store_url) as store:
        assert held_up(loaded, store) == HeldUp(to_review=2, suppressed=0)
        first = next(dry_emails(loaded, store))[0].address
        asyncio.run(store.mail.suppressions.add(first, SuppressionReason.OPT_OUT))
        assert held_up(loaded, store) == HeldUp(to_review=2, suppressed=1)


async def watched(minutes: int, clock: WoundClock, loaded: LoadedCampaign, store: Store, on_trouble: OnTrouble) -> Sent:
    """Watch for so many rounds, each a minute later, in which nothing comes back."""
    stop, rounds = asyncio.Event(), count()

    async def a_minute_later() -> Heard:
        clock.time += timedelta(minutes=1)
        if next(rounds) == minutes:
            stop.set()
        return Heard()

    watching = send_campaign(
        loaded, store, watch=True, stop=stop, on_trouble=on_trouble, provider_of=nobodys, listen=a_minute_later
    )
    return await asyncio.wait_for(watching, 30)


def _box(port: int, address: str, **more: object) -> dict[str, object]:
    smtp = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_s": 2, **more}
    return {"address": address, "smtp": smtp, "per_day": 100_000, "per_hour": 1_000_000}


def test_a_wrong_password_is_tried_less_and_less_while_the_other_mailboxes_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.delivery.send._ROUND", timedelta(milliseconds=1))
    monkeypatch.setenv("MINIATURES_TEST_PASSWORD", "wrong")
    clock, told = WoundClock(), []
    login = {"user": "rosa", "password": "MINIATURES_TEST_PASSWORD"}

    def troubled(mailbox: str, trouble: str) -> None:
        told.append((mailbox, trouble.split("(login): ")[1]))

    with UnrulySmtp(users={"rosa": "secret"}) as refusing, UnrulySmtp() as server:
        rosa = _box(refusing.port, "rosa@sender.example", login=login, connections=1)
        boxes = {"rosa": rosa, "robin": _box(server.port, "robin@sender.example")}
        loaded = sending_campaign(tmp_path / "desk", 25, mailboxes=boxes)
        with open_store(loaded.store_url, now=clock.now) as store:
            sent = asyncio.run(watched(60, clock, loaded, store, troubled))
        assert refusing.connections == 4, "in the minutes 0, 5, 20 and 50"
        assert len(server.accepted) == sent.count(MessageState.ACCEPTED) > 0
    said = "535 5.7.8 Authentication credentials invalid. Check `login: {user, password}`; many providers want an app"
    assert told[0] == ("rosa", f"{said} password. The next try is at 09:07 UTC")
    assert [trouble.split()[-2] for _, trouble in told] == ["09:07", "09:22", "09:52", "10:52"]


async def _one_email_a_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes an email, and no second one."""
    writer.write(b"220 mail.example\r\n")
    while line := await reader.readline():
        if line.startswith(b"DATA"):
            writer.write(b"354 go on\r\n")
            await reader.readuntil(b"\r\n.\r\n")
            writer.write(b"250 2.0.0 taken\r\n")
            break
        writer.write(b"250 2.0.0 ok\r\n")
    writer.close()


async def _none(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"554 5.7.0 too many connections\r\n")
    writer.close()


def test_a_server_that_lets_us_in_at_first_is_tried_again_after_five_minutes_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miniatures.delivery.send._ROUND", timedelta(milliseconds=1))
    clock, told = WoundClock(), []
    manners = cycle([_one_email_a_connection, _none])

    def a_moment_later() -> datetime:
        clock.time += timedelta(milliseconds=10)
        return clock.time

    def troubled(_mailbox: str, trouble: str) -> None:
        told.append(trouble.split()[-2])

    async def by_turns(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await next(manners)(reader, writer)

    async def watch(loaded: LoadedCampaign, store: Store) -> None:
        async with await asyncio.start_server(by_turns, "127.0.0.1", port):
            await watched(12, clock, loaded, store, troubled)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    boxes = {"rosa": _box(port, "rosa@sender.example", connections=1)}
    loaded = sending_campaign(tmp_path / "desk", 25, drafts=8, approve=8, mailboxes=boxes)
    with open_store(loaded.store_url, now=a_moment_later) as store:
        asyncio.run(watch(loaded, store))
    assert told == ["09:07", "09:12", "09:17"]


def test_a_mailbox_whose_inbox_falls_silent_while_emails_leave_sends_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def on_duty(_guard: Guard, listen: Listen | None, _stop: asyncio.Event) -> AsyncIterator[None]:
        """A minute that is over when the round begins."""
        assert listen is not None
        await listen()
        yield

    monkeypatch.setattr(Guard, "on_duty", on_duty)
    heard = iter([Heard(), Heard(unread={"robin@sender.example": Refusal("imap.sender.example is silent")})])

    async def listen() -> Heard:
        return next(heard)

    with UnrulySmtp() as server:
        boxes = {name: _box(server.port, f"{name}@sender.example") for name in ("rosa", "robin")}
        with_inbox = {name: box | {"inbox": {"maildir": f"/mail/{name}"}} for name, box in boxes.items()}
        loaded = sending_campaign(tmp_path / "desk", 25, drafts=20, approve=20, mailboxes=with_inbox)
        with open_store(loaded.store_url) as store:
            sent = asyncio.run(send_all(loaded, store, listen))
            left = store.mail.listing.waiting(loaded.name)
    assert sent.mailboxes["rosa"].counts[MessageState.ACCEPTED] == len(server.accepted) > 0
    assert list(left) == ["robin@sender.example"]
    assert sent.mailboxes["robin"].counts.total() == 0
    assert sent.mailboxes["robin"].trouble == (
        "nothing leaves until its answers can be read: imap.sender.example is silent"
    )


def test_what_a_killed_sender_had_for_a_removed_mailbox_leaves_by_another_in_the_same_run(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        before = sending_campaign(tmp_path / "desk", server.port, approve=2)
        new = {"sales": _box(server.port, "maren@sender.example")}
        after = sending_campaign(tmp_path / "other", server.port, approve=0, mailboxes=new)
        loaded = replace(before, campaign=after.campaign)
        with open_store(loaded.store_url) as store:
            asyncio.run(queue_approved(before, store, now=store.now(), provider_of=nobodys))
            claimed = Claim(loaded.name, "rosa@sender.example", "killed", store.now(), 1)
            assert len(asyncio.run(store.mail.outbox.claim(claimed))) == 1
            sent = asyncio.run(send_all(loaded, store))
        assert (sent.returned, sent.count(MessageState.ACCEPTED), len(server.accepted)) == (1, 2, 2)
        assert list(sent.mailboxes) == ["sales"]


def test_a_first_email_leaves_by_another_mailbox_if_the_file_has_its_own_no_more(tmp_path: Path) -> None:
    with UnrulySmtp() as server:
        before = sending_campaign(tmp_path / "desk", server.port, approve=2)
        new = {"sales": _box(server.port, "maren@sender.example")}
        after = sending_campaign(tmp_path / "other", server.port, approve=0, mailboxes=new)
        loaded = replace(before, campaign=after.campaign)
        with open_store(loaded.store_url) as store:
            asyncio.run(queue_approved(before, store, now=store.now(), provider_of=nobodys))
            sent = asyncio.run(send_all(loaded, store))
        assert sent.count(MessageState.ACCEPTED) == 2
        senders = {
            message_from_bytes(one.content, policy=default)["From"].addresses[0].addr_spec for one in server.accepted
        }
    assert senders == {"maren@sender.example"}
