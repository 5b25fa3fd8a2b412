"""What a person said is on disk when the call returns, and comes back as it was said."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from miniatures.datamodel.review import Preference, RejectReason, Review, ReviewAction
from miniatures.store.open import Store, open_store
from miniatures.store.queries import _PAGE
from tests.store.databases import CAMPAIGN, person

ANSWER = {"subject": "Your depot", "body": "Hello Maya,\n\nyou opened a depot. 🏭\n\nRobin"}


def review_of(number: int = 1, **fields: object) -> Review:
    plain = {
        "reviewer": "ada",
        "campaign": CAMPAIGN,
        "prospect": person(number).key,
        "trace": f"trace{number}",
        "action": ReviewAction.ACCEPT,
        "answer": ANSWER,
    }
    return Review.model_validate(plain | fields)


async def test_every_action_comes_back_as_it_was_said(store: Store) -> None:
    said = [
        review_of(1),
        review_of(2, action="edit", edited={**ANSWER, "subject": "A \x00 \\u0000 'quoted' depot"}, edit_distance=0.125),
        review_of(3, action="reject", reason=RejectReason.TACTLESS, comment="Not on the day of a closure."),
        review_of(
            4,
            action="compare",
            other_trace="trace5",
            other_answer=ANSWER,
            preference=Preference.SECOND,
            swapped=True,
            created_at=datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        ),
        review_of(5, campaign=None, prospect=None, role="researcher"),
    ]
    for review in said:
        await store.add_review(review)
    said[1].edited["subject"] = "A \ufffd \\u0000 'quoted' depot"
    assert list(store.reviews()) == said
    assert list(store.reviews(CAMPAIGN)) == said[:4]


async def test_reviews_are_found_by_campaign_and_reviewer(store: Store) -> None:
    ada, ben, elsewhere = review_of(1), review_of(1, reviewer="ben"), review_of(2, campaign="another")
    for review in (ada, ben, elsewhere):
        await store.add_review(review)
    assert list(store.reviews(CAMPAIGN)) == [ada, ben]
    assert list(store.reviews(reviewer="ada")) == [ada, elsewhere]
    assert list(store.reviews(CAMPAIGN, "ada")) == [ada]
    assert list(store.reviews("a'); DROP TABLE reviews; --")) == []


async def test_the_same_review_given_twice_is_kept_once(store: Store) -> None:
    review = review_of()
    await store.add_review(review)
    await store.add_review(review)
    assert list(store.reviews()) == [review]


async def test_reviews_are_read_page_by_page_in_order(store: Store) -> None:
    said = [review_of(number) for number in range(_PAGE + 3)]
    for review in reversed(said):
        store._writer.put(_row(review))
    await store.add_review(review_of(9_999, campaign="another"))
    assert [review.id for review in store.reviews(CAMPAIGN)] == [review.id for review in said]


async def test_no_page_is_a_sort_of_all_reviews(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/store.sqlite") as store:
        for number in range(2 * _PAGE + 1):
            store._writer.put(_row(review_of(number)))
        await store.add_review(review_of(9_999))
        asked: list[tuple[str, object]] = []
        event.listen(store._database.engine, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
        assert len(list(store.reviews(CAMPAIGN, "ada"))) == 2 * _PAGE + 2
        _, *pages = list(asked)
        assert len(pages) == 3
        with store._database.read() as connection:
            for statement, values in pages:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                assert [row[-1] for row in plan] == ["SEARCH reviews USING INDEX sqlite_autoindex_reviews_1 (id=?)"]


def _row(review: Review) -> object:
    from miniatures.store.documents import model_json
    from miniatures.store.writer import REVIEWS, Row

    return Row(REVIEWS, f'{{"document":{model_json(review)}}}')


@pytest.mark.slow
def test_a_review_is_durable_at_once(store_url: str) -> None:
    program = (
        "import asyncio, os\nfrom miniatures.datamodel.review import Review\n"
        "from miniatures.store.open import open_store\n"
        f"store = open_store({store_url!r})\nreview = Review.model_validate_json({review_of().model_dump_json()!r})\n"
        "asyncio.run(store.add_review(review))\nos.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    with open_store(store_url) as store:
        assert [review.trace for review in store.reviews()] == ["trace1"]
