"""Accepting many at once accepts exactly what nobody has decided about, and only after a sample was read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.standing import State
from miniatures.review.bulk import accept_rest, bulk_of
from miniatures.store.decide import Outcome
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.chaos.small_campaign import sqlite_url
from tests.review.test_desk import draft, opened, said, save
from tests.store.databases import CAMPAIGN


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(sqlite_url(tmp_path)) as opened_store:
        yield opened_store


async def saved(store: Store, count: int) -> None:
    for number in range(count):
        await save(store, number, draft(f"draft{number}"))


def number_of(id: str) -> int:
    return int(id.removeprefix("draft"))


async def read(store: Store, sample: int, rejected: int = 0) -> None:
    for place, item in enumerate(bulk_of(opened(store), 0.5, sample).sample):
        action = {"action": "reject", "reason": RejectReason.CLUMSY} if place < rejected else {}
        await store.add_review(said(number_of(item.id), draft(item.id), **action))


async def test_nothing_is_accepted_before_the_sample_was_read(store: Store) -> None:
    await saved(store, 6)
    bulk = bulk_of(opened(store), 0.5, sample=4)
    assert (len(bulk.sample), len(bulk.rest), bulk.rejected.total) == (4, 2, 0)
    with pytest.raises(InputError, match="4 of the 4 drafts that were drawn have not been read yet"):
        await accept_rest(store, bulk, "ada")
    assert list(store.reviews(CAMPAIGN)) == []


async def test_the_sample_is_the_same_however_much_of_it_was_read(store: Store) -> None:
    await saved(store, 6)
    before = [item.id for item in bulk_of(opened(store), 0.5, sample=3).sample]
    await read(store, 3)
    assert [item.id for item in bulk_of(opened(store), 0.5, sample=3).sample] == before


async def test_what_somebody_decided_meanwhile_stays_theirs(store: Store) -> None:
    await saved(store, 6)
    await read(store, 3)
    bulk = bulk_of(opened(store), 0.5, sample=3)
    late = bulk.rest[0].id
    await store.add_review(said(number_of(late), draft(late), "ada", "reject", reason=RejectReason.TACTLESS))
    outcomes = await accept_rest(store, bulk, "ada")
    assert (outcomes[Outcome.KEPT], outcomes[Outcome.DECIDED_MEANWHILE]) == (2, 1)
    item = opened(store).item(late)
    assert item and item.state is State.REJECTED


async def test_more_rejections_than_the_risk_allows_forbid_it(store: Store) -> None:
    await saved(store, 6)
    await read(store, 4, rejected=2)
    assert bulk_of(opened(store), 0.5, sample=4).why_not == ""
    told = bulk_of(opened(store), 0.4, sample=4).why_not
    assert told == "2 of the 4 drafts that were read were rejected, 50%, and the campaign allows 40%: " + (
        "the rest has to be read as well."
    )
    assert "states no risk" in bulk_of(opened(store), None, sample=4).why_not
