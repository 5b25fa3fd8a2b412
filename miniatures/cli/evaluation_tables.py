"""An evaluation in the terminal: scores side by side, differences, costs and the judge's word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from miniatures.cli.terminal import console, dollars, duration, plain, table

if TYPE_CHECKING:
    from rich.table import Table

    from miniatures.datamodel.evaluation import Evaluation
    from miniatures.datamodel.miniature import Score

_ANSWERS = {"writer_cases", "research_cases"}


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """Everything but the single cases, for programs."""
    left_out = {"__all__": {"writer", "researcher"}}
    return evaluation.model_dump(
        mode="json",
        exclude={**dict.fromkeys(_ANSWERS, True), "backends": left_out, "judged": {"__all__": {"judgements"}}},
    )


def show_evaluation(evaluation: Evaluation) -> None:
    """All tables, one below the other."""
    screen = console()
    cases = f"{len(evaluation.writer_cases):,} emails, {len(evaluation.research_cases):,} choices"
    screen.print(f"{cases}, {evaluation.companies:,} companies, {evaluation.offers:,} offers; 95 % intervals\n")
    for shown in (_scores(evaluation), _differences(evaluation), _costs(evaluation), _judged(evaluation)):
        if shown.row_count:
            screen.print(shown)
            screen.print()
    for one in evaluation.requirements:
        word = "[green]kept[/]" if one.met else "[red]not kept[/]"
        screen.print(f"{word} {plain(one.text)}")


def _scores(evaluation: Evaluation) -> Table:
    listing = table("Measure", *(f">{plain(found.name)}" for found in evaluation.backends))
    for name in dict.fromkeys(name for found in evaluation.backends for name in found.scores):
        listing.add_row(plain(name), *(share_words(found.scores.get(name)) for found in evaluation.backends))
    return listing


def share_words(score: Score | None) -> str:
    """A share with its interval, in percent; a dash where nothing was measured."""
    if score is None or score.share is None:
        return "–"
    return f"{100 * score.share:.1f} [dim]({100 * score.low:.1f}–{100 * score.high:.1f}) of {score.total:,}[/]"


def _differences(evaluation: Evaluation) -> Table:
    ours = evaluation.backends[0]
    listing = table("Difference", "Against", ">Points", ">95 % interval", ">McNemar p", ">Cases")
    for one in ours.comparisons:
        interval = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
        points, p_value = f"{100 * one.difference:+.1f}", f"{one.p_value:.2g}"
        listing.add_row(plain(one.measure), plain(one.against), points, interval, p_value, f"{one.cases:,}")
    return listing


def _costs(evaluation: Evaluation) -> Table:
    listing = table(
        "Cost", "Phase", ">Answers", ">Tokens in", ">Tokens out", ">Time", ">s/case", ">Cost", ">Per accepted"
    )
    for found in evaluation.backends:
        for phase, costs in found.costs.items():
            per_case = "–" if costs.seconds_per_case is None else f"{costs.seconds_per_case:.2f}"
            tokens = f"{costs.usage.input_tokens:,}", f"{costs.usage.output_tokens:,}"
            accepted = dollars(found.usd_per_accepted[phase]) if phase in found.usd_per_accepted else "–"
            time = duration(costs.seconds)
            row = (f"{costs.answers:,}", *tokens, time, per_case, dollars(costs.usd), accepted)
            listing.add_row(plain(found.name), phase.value, *row)
    return listing


def _judged(evaluation: Evaluation) -> Table:
    listing = table("Judge", "Preferred", "Over", ">Won", ">Lost", ">Tied", ">Unread", ">Win rate", ">First place")
    for one in evaluation.judged:
        counts = [f"{one.counts[verdict]:,}" for verdict in ("ours", "theirs", "tie", "unreadable")]
        rate = "–"
        if one.win_rate is not None and one.low is not None and one.high is not None:
            rate = f"{100 * one.win_rate:.1f} ({100 * one.low:.1f}–{100 * one.high:.1f})"
        names = plain(one.judge), plain(one.ours), plain(one.theirs)
        listing.add_row(*names, *counts, rate, share_words(one.first_place))
    if evaluation.calibration is not None:
        found = evaluation.calibration
        kappa = "undefined" if found.kappa is None else f"{found.kappa:.2f}"
        listing.caption = f"agrees with people: {share_words(found.agreed)}, kappa {kappa}"
    return listing
