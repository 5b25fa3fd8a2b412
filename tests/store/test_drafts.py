"""Each draft waits for each reviewer until they judged it or a newer result replaced it, and 100,000 answer at once."""

from __future__ import annotations

import time

from sqlalchemy import text

from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.review import Preference, RejectReason
from miniatures.store.drafts import draft_row
from miniatures.store.open import Store
from tests.store.databases import CAMPAIGN, person
from tests.store.test_results import result_of
from tests.store.test_reviews import review_of


def draft(id: str, body: str = "Hello", **fields: object) -> Draft:
    plain = {"id": id, "subject": "S", "body": body, "status": DraftStatus.READY, "backend": "local:small"}
    return Draft.model_validate(plain | fields)


async def save(store: Store, number: int, id: str | None, **fields: object) -> None:
    written = draft(id, **fields) if id else None
    status = written.status if written else DraftStatus.FAILED
    await store.save_result(result_of(person(number), draft=written, status=status))


def waiting(store: Store, reviewer: str = "ada", *statuses: DraftStatus) -> list[str]:
    asked = statuses or (DraftStatus.READY, DraftStatus.NEEDS_REVIEW)
    return [one.id for one in store.waiting(CAMPAIGN, reviewer, asked)]


async def test_a_draft_waits_until_it_is_judged(store: Store) -> None:
    await save(store, 1, "one", trace="call")
    await save(store, 2, "two", status=DraftStatus.NEEDS_REVIEW)
    await save(store, 3, "empty", body=" ")
    assert waiting(store) == ["one", "two"]
    assert waiting(store, "ada", DraftStatus.NEEDS_REVIEW) == ["two"]
    one = store.waiting(CAMPAIGN, "ada")[0]
    assert (one.prospect, one.policy, one.trace, one.status) == (person(1).key, "first", "call", DraftStatus.READY)
    assert one.text_hash == draft("one").text_hash
    result = store.result(one.campaign, one.prospect or "", one.policy)
    assert result is not None
    assert result.draft == draft("one", trace="call")
    reject = review_of(1, draft="one", action="reject", reason=RejectReason.GENERIC)
    await store.add_review(reject)
    assert (waiting(store), waiting(store, "ben")) == (["two"], ["one", "two"])
    assert list(store.reviews(CAMPAIGN)) == [reject]
    assert store.waiting("another", "ada") == []


async def test_a_comparison_judges_no_draft(store: Store) -> None:
    await save(store, 1, "one")
    both = {"other_trace": "t", "other_answer": {}, "preference": Preference.TIE}
    await store.add_review(review_of(1, draft="one", action="compare", **both))
    assert waiting(store) == ["one"]


async def test_only_the_newest_result_s_draft_waits(store: Store) -> None:
    await save(store, 1, "one")
    await save(store, 2, "two")
    await save(store, 1, "three")
    await save(store, 2, None)
    assert waiting(store) == ["three"]
    await save(store, 2, "two")
    assert waiting(store) == ["three", "two"]


async def test_drafts_of_no_campaign_run_are_queued(store: Store) -> None:
    await store.queue_draft(draft("made", trace="call"), CAMPAIGN)
    await store.queue_draft(draft("also", status=DraftStatus.NEEDS_REVIEW), CAMPAIGN, person(1).key)
    await store.queue_draft(draft("made", trace="call"), CAMPAIGN)
    assert waiting(store) == ["also", "made"]
    await store.add_review(review_of(1, campaign=None, draft="made"))
    assert waiting(store) == ["also"]


async def test_a_long_queue_answers_at_once(store: Store) -> None:
    """100,000 drafts, half of them judged: every one is found by an index, never by a search of a table."""
    with store._database.change() as connection:
        for statement in _MANY:
            connection.execute(text(statement))
    await store.queue_draft(draft("last"), CAMPAIGN)
    started = time.perf_counter()
    found = waiting(store)
    assert time.perf_counter() - started < 5
    assert len(found) == 50_001
    assert draft_row(draft("x"), CAMPAIGN, None, "", 1).key == ("x",)
    if store._database.path is not None:
        plan = _plan(store)
        assert "drafts_of_campaign" in plan
        assert "reviews_of_draft" in plan
        assert "results_by_revision" in plan
        assert "SCAN" not in plan.replace("CORRELATED SCALAR", "")


def _plan(store: Store) -> str:
    from sqlalchemy import event

    seen: list[tuple[str, object]] = []
    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append((args[2], args[3])))
    store.waiting(CAMPAIGN, "ada")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {seen[0][0]}", seen[0][1]).all()
    return "\n".join(str(row[-1]) for row in rows)


_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
_KEY = "'p' || i"
_MANY = (
    f"INSERT INTO prospects (campaign, prospect, position, document) {_NUMBERS} SELECT 'autumn', {_KEY}, i, '' FROM n",
    "INSERT INTO drafts (id, campaign, position, prospect, policy, status, text_hash, revision)"
    f" {_NUMBERS} SELECT 'd' || i, 'autumn', i, {_KEY}, 'first', 'ready', 'h', i FROM n",
    "INSERT INTO results (campaign, position, prospect, policy, revision, row, status, input_tokens, output_tokens,"
    f" seconds, updated_at, document) {_NUMBERS} SELECT 'autumn', i, {_KEY}, 'first', i, '', 'ready', 0, 0, 0,"
    " CURRENT_TIMESTAMP, '' FROM n",
    "INSERT INTO reviews (id, campaign, prospect, reviewer, trace, draft, action, created_at, document)"
    f" {_NUMBERS} SELECT 'r' || i, 'autumn', {_KEY}, 'ada', '', 'd' || i, 'accept', CURRENT_TIMESTAMP, '' FROM n"
    " WHERE i % 2 = 0",
)
