"""Who takes people's mail is noted beside the run, from a real name server; whatever becomes of it, the run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from dns.asyncresolver import Resolver

from miniatures.agents import gateways
from miniatures.agents.enrolment import Enrolled, enrol
from miniatures.agents.gateways import noting_gateways
from miniatures.datamodel.arms import AbTest
from miniatures.datamodel.prospect import Prospect
from miniatures.delivery.providers import Providers, mx_lookup
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.chaos.small_campaign import sqlite_url
from tests.delivery.dns_server import BROKEN, serving_zone

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TEST = AbTest(campaign="cold", salt="salt", shares={"student": 0.5, "teacher": 0.5}, started_at=NOW)
ADA, BO, CY, DI, ED = (
    Prospect(email=address, company=address.partition("@")[2])
    for address in ("ada@a.example", "bo@b.example", "cy@none.example", "di@down.example", "ed@a.example")
)
ZONE = {
    ("a.example", "MX"): ["10 mx1.post.example."],
    ("b.example", "MX"): ["20 second.example.", "5 in.filter.example."],
    ("down.example", "MX"): BROKEN,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(sqlite_url(tmp_path)) as store:
        yield store


def provider_at(port: int) -> Providers:
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return Providers(mx_lookup(resolver))


async def enrolled(store: Store) -> Enrolled:
    await store.mail.enrolments.settle(TEST)
    return await enrol(store, TEST, [ADA, BO, CY, DI, ED], NOW)


def noted(store: Store) -> dict[str, str]:
    kept = store.mail.enrolments.of("cold")
    return {one.email: kept[one.key].gateway for one in (ADA, BO, CY, DI, ED)}


async def test_everybody_s_gateway_is_noted_and_an_unknown_one_is_named_so(store: Store) -> None:
    people = await enrolled(store)
    with serving_zone(ZONE) as port:
        async with noting_gateways(store, "cold", people.without_gateway, provider_at(port).told):
            pass
    assert noted(store) == {
        "ada@a.example": "post.example",
        "ed@a.example": "post.example",
        "bo@b.example": "filter.example",
        "cy@none.example": "none.example",
        "di@down.example": "unknown",
    }


async def test_the_next_run_asks_again_for_what_nobody_answered_and_for_nothing_else(store: Store) -> None:
    people = await enrolled(store)
    assert set(people.without_gateway) == {"a.example", "b.example", "none.example", "down.example"}
    assert people.without_gateway["a.example"] == [ADA.key, ED.key]
    with serving_zone(ZONE) as port:
        async with noting_gateways(store, "cold", people.without_gateway, provider_at(port).told):
            pass
    assert (await enrolled(store)).without_gateway == {"down.example": [DI.key]}


async def test_an_answer_that_does_not_come_holds_nothing_up(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(gateways, "_GRACE_S", 0.01)

    async def never(_: str) -> str | None:
        await asyncio.Event().wait()
        return None

    people = await enrolled(store)
    async with asyncio.timeout(5), noting_gateways(store, "cold", people.without_gateway, never):
        pass
    assert set(noted(store).values()) == {""}
    assert not caplog.messages


async def test_without_a_network_there_is_one_sentence(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async def nobody(_: str) -> str | None:
        return None

    people = await enrolled(store)
    async with noting_gateways(store, "cold", people.without_gateway, nobody):
        pass
    assert set(noted(store).values()) == {"unknown"}
    assert [message.partition(",")[0] for message in caplog.messages] == ["No name server answers"]


async def test_where_nobody_is_to_be_asked_nothing_is_noted(store: Store) -> None:
    people = await enrolled(store)
    async with noting_gateways(store, "cold", people.without_gateway, None):
        pass
    assert set(noted(store).values()) == {""}


async def test_a_run_that_fails_ends_the_asking(store: Store) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def asked(_: str) -> str | None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return None

    people = await enrolled(store)
    with pytest.raises(ValueError, match="the run"):
        async with noting_gateways(store, "cold", people.without_gateway, asked):
            await begun.wait()
            raise ValueError("the run")
    assert ended.is_set()
