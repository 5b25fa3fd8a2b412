"""Shows how a run goes: a live bar in a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import time
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from miniatures.agents.run_events import Progress
from miniatures.datamodel.duration import duration
from miniatures.datamodel.foreign_text import visible
from miniatures.datamodel.money import dollars

_SECONDS_BETWEEN_LINES = 5.0
_STEPS = 10


def open_progress(stream: TextIO) -> LiveProgress | PlainProgress:
    """A live bar if the stream is a terminal, plain lines if not. It is told of every settled prospect."""
    return LiveProgress(stream) if stream.isatty() else PlainProgress(stream)


def tokens_per_second(event: Progress) -> float:
    """Mean rate of the run so far."""
    return event.bill.usage.total_tokens / event.seconds if event.seconds > 0 else 0.0


def seconds_left(event: Progress) -> float | None:
    """At the mean pace of the prospects that were worked on in this run; None while that is unknown."""
    worked_on = event.done - event.reused
    if event.total is None or worked_on <= 0:
        return None
    return max(0, event.total - event.done) * event.seconds / worked_on


def figures(event: Progress) -> str:
    """The figures of a run in words."""
    total = f" of {event.total:,}" if event.total is not None else ""
    parts = [f"{event.done:,}{total} prospects"]
    if event.reused:
        parts.append(f"{event.reused:,} done before")
    parts.append(f"{event.failed:,} failed")
    parts.append(f"{tokens_per_second(event):,.0f} tokens/s")
    parts.append(f"spent {dollars(event.bill.cost_usd)}")
    left = seconds_left(event)
    if left:
        parts.append(f"{duration(left)} left")
    return ", ".join(parts)


class PlainProgress:
    """A line at each tenth of the way, and at the latest some seconds after the one before.

    Prospects done in an earlier run pass in no time and make no lines of their own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last_line = time.monotonic()
        self._last_step = 0

    def update(self, event: Progress) -> None:
        step = event.done * _STEPS // event.total if event.total else 0
        now = time.monotonic()
        stepped = step > self._last_step and event.done > event.reused
        if stepped or now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_step, self._last_line = step, now
            self.say(figures(event))

    def say(self, text: str) -> None:
        """Show a line that stays."""
        print(visible(text), file=self._stream, flush=True)

    def close(self) -> None:
        """Nothing is left open."""


class LiveProgress:
    """A bar that is redrawn in place; it appears with the first settled prospect, a spinner before."""

    def __init__(self, stream: TextIO) -> None:
        self._bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, ratio=2)),
            BarColumn(bar_width=None, table_column=Column(ratio=1)),
            TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True)),
            console=Console(file=stream, highlight=False),
            expand=True,
        )
        self._task = self._bar.add_task("opening the backends", total=None, figures="")
        self._bar.start()

    def update(self, event: Progress) -> None:
        self._bar.update(
            self._task,
            description=visible(event.about),
            completed=event.done,
            total=event.total,
            figures=_short_figures(event),
        )

    def say(self, text: str) -> None:
        """Show a line that stays."""
        self._bar.console.print(visible(text), markup=False)

    def close(self) -> None:
        self._bar.stop()


def _short_figures(event: Progress) -> str:
    left = seconds_left(event)
    remaining = f"  {duration(left)} left" if left else ""
    failed = f"[red]{event.failed:,} failed[/]  " if event.failed else ""
    total = f"/{event.total:,}" if event.total is not None else ""
    rate = f"{tokens_per_second(event):,.0f} tok/s"
    return f"{event.done:,}{total}  {failed}{rate}  {dollars(event.bill.cost_usd)}{remaining}"
