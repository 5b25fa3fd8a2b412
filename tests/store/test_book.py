"""Both books keep the same accounts: nothing overshoots, and what a killed run had set aside is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import event, text

from miniatures.backends.wrappers.spending import Amount, Reservation, Spending, areserve
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.campaign import Budget
from miniatures.datamodel.errors import BudgetReached, BudgetScope
from miniatures.store.book import Book, MemoryBook
from miniatures.store.open import Store, open_store
from tests.store.databases import CAMPAIGN

BILL = Bill(usage=Usage(input_tokens=10))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    if request.param == "memory":
        yield MemoryBook()
        return
    url = str(tmp_path / "s.sqlite") if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with open_store(url) as opened:
        yield opened.book(CAMPAIGN, "run")


def campaign(book: Book | None, tokens: int | None = 100, **fields: float) -> Spending:
    return Spending(Budget(tokens=tokens), BudgetScope.CAMPAIGN, "campaign autumn", book=book, **fields)


def teacher(book: Book | None, tokens: int = 100) -> Spending:
    return Spending(Budget(tokens=tokens), BudgetScope.BACKEND, "backend teacher", backend="teacher", book=book)


async def still_waits(task: asyncio.Task[Reservation]) -> bool:
    return not (await asyncio.wait([task], timeout=0.1))[0]


async def test_a_call_waits_for_the_others_and_settles_at_what_it_took(book: Book) -> None:
    spending = campaign(book)
    first = await areserve([spending], Amount(60))
    second = asyncio.create_task(areserve([spending], Amount(60)))
    assert await still_waits(second)
    first.settle(Amount(30, 0.5), BILL)
    (await second).settle(Amount(), Bill())
    await areserve([spending], Amount(70))
    assert spending.spent == Amount(30, 0.5)
    assert spending.bill == BILL


async def test_what_would_not_fit_alone_is_refused_by_name(book: Book) -> None:
    wide, narrow = campaign(book, already_tokens=5), teacher(book, 50)
    with pytest.raises(BudgetReached, match="0 of 50 tokens") as caught:
        await areserve([narrow, wide], Amount(60))
    assert (caught.value.scope, caught.value.backend) == (BudgetScope.BACKEND, "teacher")
    with pytest.raises(BudgetReached, match="5 of 100 tokens") as caught:
        await areserve([wide], Amount(96))
    assert caught.value.backend is None
    (await areserve([wide], Amount(95))).settle(Amount(), Bill())


async def test_it_is_held_in_all_books_or_in_none(book: Book) -> None:
    whole, prospect = campaign(book), Spending(Budget(tokens=100), BudgetScope.PROSPECT, "prospect p")
    in_the_way = await areserve([whole], Amount(90))
    waiting = asyncio.create_task(areserve([whole, prospect], Amount(60)))
    assert await still_waits(waiting)
    (await areserve([prospect], Amount(100))).settle(Amount(10), BILL)
    in_the_way.settle(Amount(10), BILL)
    (await waiting).settle(Amount(20), BILL)
    assert prospect.spent == Amount(30)
    assert prospect.bill == BILL + BILL


async def test_whoever_gives_up_leaves_nothing_behind(book: Book) -> None:
    spending = campaign(book)
    for patience in (0, 0, 1, 2, 3):
        task = asyncio.create_task(areserve([spending], Amount(60)))
        for _ in range(patience):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            (await task).settle(Amount(), Bill())
    (await asyncio.wait_for(areserve([spending], Amount(100)), 5)).settle(Amount(), Bill())


async def test_many_at_once_use_it_up_and_never_overshoot(book: Book) -> None:
    spending, other = campaign(book, 1000), teacher(book, 700)

    async def call() -> int:
        try:
            held = await areserve([spending, other], Amount(20))
        except BudgetReached:
            return 0
        await asyncio.sleep(0.001)
        held.settle(Amount(12), BILL)
        return 12

    spent = sum(await asyncio.gather(*(call() for _ in range(100))))
    (await areserve([spending], Amount())).settle(Amount(), Bill())
    assert 680 < spent <= 700
    assert spending.spent.tokens == other.spent.tokens == spent


async def test_runs_share_a_campaign_s_budget(store: Store) -> None:
    await store.start_run("1", CAMPAIGN, "first")
    one, two = (campaign(store.book(CAMPAIGN, run)) for run in ("1", "2"))
    (await areserve([one], Amount(60))).settle(Amount(50), BILL)
    held = await areserve([two], Amount(40))
    waiting = asyncio.create_task(areserve([one], Amount(20)))
    assert await still_waits(waiting)
    held.settle(Amount(10), BILL)
    (await waiting).settle(Amount(20), BILL)
    with pytest.raises(BudgetReached, match="80 of 100"):
        await areserve([two], Amount(21))


async def test_the_next_run_begins_at_what_is_known_to_be_spent(store: Store) -> None:
    await store.start_run("1", CAMPAIGN, "first")
    await areserve([campaign(store.book(CAMPAIGN, "1"), already_tokens=10)], Amount(90))
    await store.start_run("2", CAMPAIGN, "first")
    again = campaign(store.book(CAMPAIGN, "2"), already_tokens=40)
    await asyncio.wait_for(areserve([again], Amount(60)), 5)
    assert again.spent == Amount(40)


async def test_without_a_limit_no_database_is_asked(store: Store) -> None:
    asked: list[object] = []
    event.listen(store._database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    spending = campaign(store.book(CAMPAIGN, "1"), tokens=None)
    (await areserve([spending], Amount())).settle(Amount(12), BILL)
    assert (spending.spent, spending.bill) == (Amount(12), BILL)
    assert asked == []


async def test_nothing_stays_set_aside_in_the_tables(store: Store) -> None:
    spendings = [campaign(store.book(CAMPAIGN, "1")), teacher(store.book(CAMPAIGN, "1"))]
    for _ in range(3):
        (await areserve(spendings, Amount(20, 0.1))).settle(Amount(12, 0.05), BILL)
    await store.finish_run("1", "completed")
    with store._database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM reservations")) == 0
        assert connection.scalars(text("SELECT tokens FROM budgets")).all() == [36, 36]
