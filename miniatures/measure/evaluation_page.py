"""The evaluation as one self-contained HTML page: the figures, then every case with the drafts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from miniatures.datamodel.draft import Draft
from miniatures.datamodel.evaluation import (
    BackendEvaluation,
    Evaluation,
    Judgement,
    ResearchCase,
    ResearchOutcome,
    WriterCase,
    WriterOutcome,
)
from miniatures.datamodel.miniature import Score
from miniatures.measure.field_readings import FIELD_READINGS
from miniatures.measure.report import html_environment, write_page

SHOWN = 600
"""Cases of each role that the page shows in full; the JSON beside it holds all of them."""


@dataclass(frozen=True)
class Column:
    """What one backend wrote for one case. `best` is null where the first draft is the best."""

    name: str
    outcome: WriterOutcome
    best: Draft | None


@dataclass(frozen=True)
class WriterRow:
    """One email's case beside all drafts for it."""

    case: WriterCase
    columns: Sequence[Column]
    judgements: Sequence[tuple[str, Judgement]]

    @property
    def state(self) -> str:
        """For the page's filter, by the first backend: passed at once, mended by more samples, or failed."""
        outcome = self.columns[0].outcome
        if not outcome.first.failed_checks:
            return "passed"
        return "mended" if not outcome.best.failed_checks else "failed"


@dataclass(frozen=True)
class ResearchRow:
    """One choice's case beside what each backend chose."""

    case: ResearchCase
    choices: Sequence[tuple[str, ResearchOutcome]]

    @property
    def state(self) -> str:
        """For the page's filter, by the first backend: every chosen sentence right, nothing only where nothing is."""
        return "passed" if self.case.is_right(self.choices[0][1].chosen) else "failed"


def write_evaluation_page(evaluation: Evaluation, path: Path) -> Path:
    """Write the page and return its path."""
    writers = writer_rows(evaluation)
    researchers = research_rows(evaluation)
    template = _environment().get_template("evaluation.html.jinja")
    page = template.render(
        evaluation=evaluation,
        measures=dict.fromkeys(name for found in evaluation.backends for name in found.scores),
        writers=writers[:SHOWN],
        researchers=researchers[:SHOWN],
        readings=FIELD_READINGS,
        hidden=len(writers[SHOWN:]) + len(researchers[SHOWN:]),
    )
    return write_page(page, path)


def writer_rows(evaluation: Evaluation) -> list[WriterRow]:
    """The emails, case by case; what failed comes first."""
    by_case = [(found, {one.case: one for one in found.writer}) for found in evaluation.backends if found.writer]
    said: dict[str, list[tuple[str, Judgement]]] = {}
    for result in evaluation.judged:
        for judgement in result.judgements:
            said.setdefault(judgement.case, []).append((result.theirs, judgement))
    rows = [
        WriterRow(case, [_column(found, outcomes[case.id]) for found, outcomes in by_case], said.get(case.id, []))
        for case in evaluation.writer_cases
    ]
    order = ("failed", "mended", "passed")
    return sorted(rows, key=lambda row: order.index(row.state))


def research_rows(evaluation: Evaluation) -> list[ResearchRow]:
    """The choices, case by case; what was wrong comes first."""
    by_case = [(found.name, {one.case: one for one in found.researcher}) for found in evaluation.backends]
    rows = [
        ResearchRow(case, [(name, outcomes[case.id]) for name, outcomes in by_case if outcomes])
        for case in evaluation.research_cases
    ]
    return sorted(rows, key=lambda row: row.state)


def _column(found: BackendEvaluation, outcome: WriterOutcome) -> Column:
    return Column(found.name, outcome, None if outcome.best == outcome.first else outcome.best)


def _environment() -> Environment:
    environment = html_environment()
    environment.filters["percent"] = lambda value: f"{100 * value:.1f}"
    environment.filters["points"] = lambda value: f"{100 * value:+.1f}"
    environment.filters["share"] = _share
    return environment


def _share(score: Score | None) -> str:
    if score is None or score.share is None:
        return "-"
    return f"{100 * score.share:.1f} ({100 * score.low:.1f} to {100 * score.high:.1f}) of {score.total:,}"
