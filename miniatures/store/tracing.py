"""The current scope of work, carried by a context variable, so that a tool can leave a span without knowing the store.

Code that runs outside a scope records nothing and runs the same: graphs and tools stay testable without a database.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Protocol

from miniatures.datamodel.errors import described
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.datamodel.seat import Seat
from miniatures.datamodel.trace import Span, Trace


class TraceSink(Protocol):
    """Takes finished traces and spans; must not block."""

    def record(self, entry: Trace | Span) -> None: ...


@dataclass(frozen=True)
class Scope:
    """Who is working on what: copied into every trace and span that is left within it."""

    sink: TraceSink
    run_id: str
    campaign: str
    prospect: str | None = None
    policy: str = ""
    parent_id: str | None = None
    role: str = ""
    seat: Seat = Seat.FIRST
    node: str = ""
    attempt: int = 1
    prompt: RenderedPrompt | None = None
    sources: tuple[str, ...] = ()


_scope: ContextVar[Scope | None] = ContextVar("miniatures_scope", default=None)


def current_scope() -> Scope | None:
    """The scope that this task works in, or None outside one."""
    return _scope.get()


@contextmanager
def enter_scope(scope: Scope) -> Iterator[Scope]:
    """Work within `scope` until the block ends."""
    token = _scope.set(scope)
    try:
        yield scope
    finally:
        _scope.reset(token)


@contextmanager
def narrow_scope(**changes: Any) -> Iterator[Scope | None]:
    """Work within the current scope with some fields replaced; outside a scope, do nothing."""
    scope = _scope.get()
    if scope is None:
        yield None
        return
    with enter_scope(replace(scope, **changes)) as narrowed:
        yield narrowed


@contextmanager
def span(kind: str, name: str, **attributes: Any) -> Iterator[dict[str, Any]]:
    """Time a step and record it; the block may add to the attributes. An exception is recorded and goes on."""
    scope = _scope.get()
    if scope is None:
        yield attributes
        return
    entry = Span(
        run_id=scope.run_id,
        campaign=scope.campaign,
        prospect=scope.prospect,
        parent_id=scope.parent_id,
        kind=kind,
        name=name,
        attributes=attributes,
    )
    started = time.perf_counter()
    try:
        with enter_scope(replace(scope, parent_id=entry.id)):
            yield entry.attributes
    except BaseException as error:
        entry.error = described(error)
        raise
    finally:
        entry.total_ms = (time.perf_counter() - started) * 1000
        scope.sink.record(entry)
