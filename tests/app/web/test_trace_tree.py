"""The branches of a tree say what lies within them, however deep and however foreign it is."""

from __future__ import annotations

from typing import Any

from miniatures.app.web.trace_tree import branches, one_line, took, total
from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.queries import Node, grow_tree
from tests.store.databases import person, span_of, trace_of

WHO = person(1)


def call(parent: Span | None = None, cost: float | None = 0.5, **fields: Any) -> Trace:
    return trace_of(WHO, cost_usd=cost, parent_id=parent.id if parent else None, **fields)


def test_a_step_adds_up_what_lies_within_it() -> None:
    root = span_of(WHO, kind="prospect", name=WHO.key)
    stage = span_of(WHO, kind="stage", name="write", parent_id=root.id, error="Blocked: by robots.txt")
    calls = [call(stage, total_ms=10), call(stage, total_ms=20, error="Timeout: too slow"), call(root)]
    [grown] = branches(grow_tree([root, stage, *calls]))
    assert (grown.kind, grown.name, grown.sum.calls, grown.sum.errors) == ("prospect", "", 3, 2)
    assert (grown.sum.model_ms, grown.sum.bill) == (
        30,
        Bill(usage=Usage(input_tokens=30, output_tokens=15, cached_tokens=6), cost_usd=1.5),
    )
    write, last = grown.children
    assert (write.name, write.sum.calls, write.is_open, last.call) == ("write", 2, True, calls[2])
    assert total([grown, grown]).calls == 6
    assert total(branches(grow_tree([call(), call(cost=None)]))).bill.cost_usd is None


def test_a_line_says_what_a_step_was_about() -> None:
    asked = {"messages": ({"role": "system", "content": "S"}, {"role": "user", "content": "Judge\n  this."})}
    [told] = branches(grow_tree([call(**asked, structured={"kind": "none", "why": "", "sure": 0.5}, attempt=2)]))
    assert (told.kind, told.name, told.told, told.answer) == ("writer", "attempt 2", "Judge this.", "none, 0.5")
    [search] = branches(grow_tree([span_of(WHO, kind="search", name="local", attributes={"query": "cold", "hits": 0})]))
    assert (search.told, search.answer, search.attributes) == ("cold", "", {"query": "cold", "hits": "0"})
    [shadow] = branches(grow_tree([call(seat="shadow", messages=(), output="x" * 500)]))
    assert shadow.kind == "writer (shadow)" and shadow.told == "" and len(shadow.answer) == 110


def test_many_steps_are_closed_until_somebody_opens_them() -> None:
    stage = span_of(WHO)
    [grown] = branches(grow_tree([stage, *(call(stage) for _ in range(13))]))
    assert not grown.is_open


def test_steps_that_lie_too_deep_are_counted() -> None:
    entries = [span_of(WHO)]
    for _ in range(5000):
        entries.append(span_of(WHO, parent_id=entries[-1].id))
    nodes = grow_tree([*entries, call(entries[-1])])
    [deepest] = branches(nodes)
    assert deepest.sum.calls == 1
    depth = 0
    while deepest.children:
        [deepest] = deepest.children
        depth += 1
    assert (depth, deepest.hidden) == (40, 4961)


def test_a_ring_of_steps_is_no_tree() -> None:
    first, second = span_of(WHO), span_of(WHO)
    ring = [first.model_copy(update={"parent_id": second.id}), second.model_copy(update={"parent_id": first.id})]
    assert branches(grow_tree(ring)) == ()


def test_words() -> None:
    assert (took(3.2), took(999), took(61_000)) == ("3 ms", "999 ms", "1 min 01 s")
    assert one_line("a\n\tb") == "a b"
    assert Node(span_of(WHO)).children == []
