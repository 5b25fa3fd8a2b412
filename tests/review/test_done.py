"""What each person has compared and read is known without reading everything again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.review import Reading, ReadingVerdict, Review
from miniatures.datamodel.trace import new_id
from miniatures.review.done import Done
from miniatures.review.email_text import email_of
from miniatures.review.reviewing import Reviewable, Shown, accept, compare, read
from miniatures.store.open import Store, open_store

ANSWER = {"subject": "Depot", "body": "Hello Maya"}
ONE, OTHER = Reviewable("a", ANSWER, "autumn", "maya", draft="a"), Reviewable("b", ANSWER, "autumn", "maya")
BOTH = frozenset("ab")
SEND = Reading(verdict=ReadingVerdict.SEND)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/store.sqlite") as opened:
        yield opened


def compared(reviewer: str = "ada", **changes: object) -> Review:
    return compare(ONE, OTHER, reviewer, Shown.LEFT, swapped=False).model_copy(update=changes)


async def test_what_was_kept_is_known_to_its_person_alone(store: Store) -> None:
    await store.add_review(compared())
    await store.add_review(read(ONE, "ben", SEND))
    await store.add_review(accept(ONE, "cleo"))
    done = Done(store, "autumn")
    done.refresh()
    assert [done.has_compared(who, BOTH) for who in ("ada", "ben")] == [True, False]
    assert (done.last_compared("ada"), done.last_compared("ben")) == (BOTH, None)
    assert done.has_read("ben", "maya", "a", "") and not done.has_read("cleo", "maya", "a", "")


async def test_a_text_that_was_read_is_read_whichever_draft_holds_it(store: Store) -> None:
    done = Done(store, "autumn")
    done.add(read(ONE, "ben", SEND))
    text = content_hash(email_of(ANSWER))
    assert done.has_read("ben", "maya", "another", text)
    assert not done.has_read("ben", "tom", "another", text)


async def test_what_is_kept_late_under_an_early_id_is_found(store: Store) -> None:
    early, done = new_id(), Done(store, "autumn")
    await store.add_review(compared("ben"))
    done.refresh()
    await store.add_review(compared("ada", id=early))
    done.refresh()
    assert done.has_compared("ada", BOTH)


async def test_an_id_of_the_future_hides_nothing(store: Store) -> None:
    done = Done(store, "autumn")
    await store.add_review(compared("ben", id="f" * 32))
    done.refresh()
    await store.add_review(compared("ada"))
    done.refresh()
    assert done.has_compared("ada", BOTH)


def test_an_id_says_one_thing(store: Store) -> None:
    done, first = Done(store, "autumn"), compared()
    assert done.said(first) is None
    done.add(first)
    assert done.said(first) is True
    other = compare(ONE, OTHER, "ada", Shown.TIE, swapped=False)
    assert done.said(other.model_copy(update={"id": first.id})) is False


def test_the_pair_that_was_compared_again_is_the_last_one(store: Store) -> None:
    done, third = Done(store, "autumn"), Reviewable("c", ANSWER, "autumn", "maya")
    for review in (compared(), compare(ONE, third, "ada", Shown.TIE, swapped=False), compared()):
        done.add(review)
    assert done.last_compared("ada") == BOTH
