"""An evaluation in the terminal: scores side by side, differences, costs and the judge's word."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from miniatures.cli.terminal import console, plain, show_table, table
from miniatures.datamodel.duration import duration
from miniatures.datamodel.evaluation import BackendEvaluation, Evaluation
from miniatures.datamodel.miniature import Score
from miniatures.datamodel.money import dollars

_CASES: dict[str, Any] = {
    "writer_cases": True,
    "research_cases": True,
    "backends": {"__all__": {"writer", "researcher"}},
    "judged": {"__all__": {"judgements"}},
}


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the single cases, for programs."""
    return evaluation.model_dump(mode="json", exclude=_CASES)


def show_evaluation(evaluation: Evaluation) -> None:
    """All tables, one below the other."""
    screen = console()
    cases = f"{len(evaluation.writer_cases):,} emails, {len(evaluation.research_cases):,} choices"
    screen.print(f"{cases}, {evaluation.companies:,} companies, {evaluation.offers:,} offers; 95 % intervals\n")
    scores = [_scores(evaluation, researcher=role) for role in (False, True)]
    for listing in (*scores, _differences(evaluation), *map(_costs, evaluation.backends), _judged(evaluation)):
        show_table(listing)
    for one in evaluation.requirements:
        word = "[green]kept[/]" if one.met else "[red]not kept[/]"
        screen.print(f"{word} {plain(one.text)}")


def _scores(evaluation: Evaluation, *, researcher: bool) -> Table:
    """One table a role, because BM25 alone stands beside a researcher only."""
    found = [one for one in evaluation.backends if researcher or one.identity is not None]
    names = [name for name in evaluation.backends[0].scores if name.startswith("researcher_") == researcher]
    listing = table("|Researcher" if researcher else "|Writer", *(plain(one.name) for one in found))
    for name in names:
        listing.add_row(plain(name.removeprefix("researcher_")), *(_share_words(one.scores.get(name)) for one in found))
    return listing


def _share_words(score: Score | None) -> str:
    """A share with its interval, in percent; a dash where nothing was measured."""
    if score is None or score.share is None:
        return "-"
    return f"{100 * score.share:.1f} [dim]({100 * score.low:.1f} to {100 * score.high:.1f}) of {score.total:,}[/]"


def _differences(evaluation: Evaluation) -> Table:
    listing = table("|Difference", "Against", ">Points", ">95 % interval", ">McNemar p", ">Cases")
    for one in evaluation.backends[0].comparisons:
        interval = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
        points, p_value = f"{100 * one.difference:+.1f}", f"{one.p_value:.2g}"
        listing.add_row(plain(one.measure), plain(one.against), points, interval, p_value, f"{one.cases:,}")
    return listing


def _costs(found: BackendEvaluation) -> Table:
    columns = "|Phase", ">Answers", ">Tokens", ">s/case", ">Time", ">Cost", ">1,000 good"
    listing = table(*columns, title=f"Costs of {plain(found.name)}")
    for phase, costs in found.costs.items():
        per_case = "-" if costs.seconds_per_case is None else f"{costs.seconds_per_case:.2f}"
        tokens = f"{costs.usage.total_tokens:,}"
        good = _per_thousand(found.usd_per_accepted[phase]) if phase in found.usd_per_accepted else "-"
        row = (f"{costs.answers:,}", tokens, per_case, duration(costs.seconds), dollars(costs.usd), good)
        listing.add_row(phase.value, *row)
    if found.usd_per_accepted:
        listing.caption = "1,000 good: emails that pass every check; earlier phases are in the cost"
    return listing


def _per_thousand(cost: float | None) -> str:
    return dollars(None if cost is None else 1_000 * cost)


def _judged(evaluation: Evaluation) -> Table:
    listing = table("Judge", "Preferred", "Over", ">Won", ">Lost", ">Tied", ">Unread", ">Win rate", ">First place")
    for one in evaluation.judged:
        counts = [f"{number:,}" for number in one.counts.values()]
        rate = "-"
        if one.win_rate is not None and one.low is not None and one.high is not None:
            rate = f"{100 * one.win_rate:.1f} ({100 * one.low:.1f} to {100 * one.high:.1f})"
        names = plain(one.judge), plain(one.ours), plain(one.theirs)
        listing.add_row(*names, *counts, rate, _share_words(one.first_place))
    if evaluation.calibration is not None:
        found = evaluation.calibration
        kappa = "undefined" if found.kappa is None else f"{found.kappa:.2f}"
        listing.caption = f"agrees with people: {_share_words(found.agreed)}, kappa {kappa}"
    return listing
