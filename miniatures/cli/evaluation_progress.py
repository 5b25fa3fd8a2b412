"""Shows how far an evaluation is: a bar for each backend in a terminal, a line now and then anywhere else."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_SECONDS_BETWEEN_LINES = 15.0

OnAnswer = Callable[[str, int], None]


@contextmanager
def answer_progress() -> Iterator[OnAnswer]:
    """A function to be told of each answer. Answers beyond the questions are single sentences, samples and rewrites."""
    if sys.stderr.isatty():
        with _bars() as on_answer:
            yield on_answer
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[OnAnswer]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    tasks: dict[str, TaskID] = {}
    counts: Counter[str] = Counter()
    with Progress(*columns, console=Console(stderr=True)) as progress:

        def on_answer(spec: str, questions: int) -> None:
            counts[spec] += 1
            if spec not in tasks:
                tasks[spec] = progress.add_task(spec, total=questions)
            progress.update(tasks[spec], completed=counts[spec], total=max(questions, counts[spec]))

        yield on_answer


def _lines() -> OnAnswer:
    counts: Counter[str] = Counter()
    said = time.monotonic()

    def on_answer(spec: str, questions: int) -> None:
        nonlocal said
        counts[spec] += 1
        if counts[spec] == questions or time.monotonic() - said > _SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            typer.echo(f"{spec}: {counts[spec]:,} answers, {questions:,} questions", err=True)

    return on_answer
