"""What happened for one prospect, as the branches of its page: each step with what all that lies within it came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import seat_label
from miniatures.datamodel.duration import duration
from miniatures.datamodel.trace import Span, Trace
from miniatures.store.queries import Node

_DEEPEST = 40
"""Steps within steps that are shown; a run makes three or four."""
_OPEN_UP_TO = 12
"""A step that holds more is closed until somebody opens it."""
_LONGEST = 110


@dataclass(frozen=True)
class Sum:
    """What some steps came to."""

    calls: int = 0
    bill: Bill = field(default_factory=Bill)
    model_ms: float = 0.0
    errors: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(
            self.calls + other.calls,
            self.bill + other.bill,
            self.model_ms + other.model_ms,
            self.errors + other.errors,
        )


@dataclass(frozen=True)
class Branch:
    """One step. `sum` counts it and all that lies within it."""

    entry: Trace | Span
    children: tuple[Branch, ...]
    sum: Sum
    hidden: int = 0
    """Steps within it that lie too deep to be shown."""

    @property
    def call(self) -> Trace | None:
        """The entry, if it is a model call."""
        return self.entry if isinstance(self.entry, Trace) else None

    @property
    def kind(self) -> str:
        return seat_label(self.entry.role, self.entry.seat) if isinstance(self.entry, Trace) else self.entry.kind

    @property
    def name(self) -> str:
        """What is told of it beside its kind; the step that holds all others is named by the prospect's key."""
        if isinstance(self.entry, Trace):
            return f"attempt {self.entry.attempt}" if self.entry.attempt > 1 else ""
        return "" if self.entry.name == self.entry.prospect else self.entry.name

    @property
    def told(self) -> str:
        """What it was about, in one short line."""
        if isinstance(self.entry, Trace):
            return one_line(self.entry.messages[-1].content) if self.entry.messages else ""
        named = (self.entry.attributes.get(name) for name in ("query", "url"))
        return one_line(next((str(value) for value in named if value), ""))

    @property
    def answer(self) -> str:
        """What a call answered, in one short line."""
        if not isinstance(self.entry, Trace):
            return ""
        answer = self.entry.structured
        if answer is None:
            return one_line(self.entry.output)
        return one_line(", ".join(str(value) for value in answer.values() if value not in (None, "", [], {})))

    @property
    def attributes(self) -> dict[str, str]:
        """What else is known of a step that is no call."""
        if isinstance(self.entry, Trace):
            return {}
        return {name: str(value) for name, value in self.entry.attributes.items() if value not in (None, "", [], {})}

    @property
    def is_open(self) -> bool:
        """Whether its steps are shown before anybody asks."""
        return len(self.children) <= _OPEN_UP_TO


def branches(nodes: Iterable[Node], depth: int = 0) -> tuple[Branch, ...]:
    """The trees as branches."""
    return tuple(_branch(node, depth) for node in nodes)


def total(grown: Iterable[Branch]) -> Sum:
    """What all of them came to."""
    return sum((branch.sum for branch in grown), Sum())


def took(milliseconds: float) -> str:
    """How long a step took; most take less than a second."""
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else duration(milliseconds / 1000)


def one_line(text: str) -> str:
    """The text's beginning on one line."""
    line = " ".join(text[: 4 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _branch(node: Node, depth: int) -> Branch:
    if depth >= _DEEPEST:
        below = list(_below(node))
        return Branch(node.entry, (), sum(map(_own, below), _own(node)), len(below))
    children = branches(node.children, depth + 1)
    return Branch(node.entry, children, _own(node) + total(children))


def _own(node: Node) -> Sum:
    entry, errors = node.entry, int(node.entry.error is not None)
    return Sum(1, entry.bill, entry.total_ms, errors) if isinstance(entry, Trace) else Sum(errors=errors)


def _below(node: Node) -> Iterator[Node]:
    waiting = list(node.children)
    while waiting:
        one = waiting.pop()
        yield one
        waiting += one.children
