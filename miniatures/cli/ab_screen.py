"""The report on the arms of a test as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from miniatures.cli.terminal import console, plain, show_table, table

if TYPE_CHECKING:
    from rich.table import Table

    from miniatures.datamodel.live_verdict import LiveVerdict, Rate
    from miniatures.delivery.ab_figures import Figure
    from miniatures.delivery.ab_report import AbReport

_STYLES = {"no worse than": "bold green", "worse": "bold red", "not yet known": "bold yellow"}
_ANY_WIDTH = 10_000
"""Columns in which every table has room."""


def show_report(report: AbReport) -> None:
    """The verdicts first, then what they rest on."""
    from miniatures.delivery.ab_figures import figures, reaction_figures
    from miniatures.delivery.ab_words import how_sure, rule_sentence, settled_title

    screen, arms = console(), report.arms
    screen.print(f"[bold]{plain(report.campaign)}[/]: the arms on {report.as_of:%Y-%m-%d %H:%M} UTC")
    screen.print(f"[dim]{plain(rule_sentence(report.rule))}[/]\n", soft_wrap=not screen.is_terminal)
    for verdict in report.verdicts:
        _show_verdict(report, verdict, how_sure(verdict))
    for verdict in report.kept:
        _show_verdict(report, verdict)
    if report.reference_stopped:
        screen.print(f"The reference arm {plain(report.rule.reference)} was stopped: nothing is compared any more.\n")
    names = [_name(report, arm.arm) for arm in arms]
    _show_figures("Everybody so far", names, figures([arm.so_far for arm in arms]))
    _show_figures(settled_title(report.rule), names, reaction_figures([arm.settled for arm in arms], report.rule.per))
    drafted = reaction_figures([arm.as_drafted for arm in arms])
    _show_figures("Of these, as drafted: the emails that no reviewer changed", names, drafted)
    _show_costs(report, names)
    _show_decisions(report)


def _show_verdict(report: AbReport, verdict: LiveVerdict, *sure: str) -> None:
    from miniatures.delivery.ab_words import decided_words, verdict_words

    screen = console()
    screen.print(f"[{_STYLES[verdict.word]}]{plain(verdict_words(verdict))}[/]", soft_wrap=not screen.is_terminal)
    for line in (*sure, *verdict.lines, *map(decided_words, report.decided(verdict))):
        screen.print(f"  {plain(line)}", soft_wrap=not screen.is_terminal)
    screen.print()


def _name(report: AbReport, arm: str) -> str:
    notes = ["reference"] if arm == report.rule.reference else []
    notes += ["stopped"] if report.arm(arm).stopped else []
    return f"{arm} ({', '.join(notes)})" if notes else arm


def _show_figures(title: str, names: Sequence[str], rows: Iterable[Figure]) -> None:
    lines = [((figure.name, figure.of), [_cell(rate, alone=not figure.of) for rate in figure.rates]) for figure in rows]
    _show_arms(title, ("", "Of the"), names, lines)


def _show_arms(
    title: str, heads: Sequence[str], names: Sequence[str], lines: Sequence[tuple[Sequence[str], Sequence[str]]]
) -> None:
    """The arms beside one another if the terminal is wide enough, else one below the other."""
    screen = console()
    beside = _table_of(title, heads, names, lines)
    if screen.measure(beside, options=screen.options.update(width=_ANY_WIDTH)).maximum <= screen.width:
        show_table(beside)
        return
    for place, name in enumerate(names):
        show_table(_table_of(title, heads, [name], [(head, [cells[place]]) for head, cells in lines]))


def _table_of(
    title: str, heads: Sequence[str], names: Sequence[str], lines: Sequence[tuple[Sequence[str], Sequence[str]]]
) -> Table:
    listing = table(*heads, *(f">{plain(name)}" for name in names), title=title)
    for head, cells in lines:
        listing.add_row(*head, *cells)
    return listing


def _cell(rate: Rate, *, alone: bool) -> str:
    """Such as `51 (5.1 %, 3.9 to 6.6)`."""
    if alone or rate.share is None:
        return f"{rate.count:,}"
    return f"{rate.count:,} ({100 * rate.share:.1f} %, {100 * rate.low:.1f} to {100 * rate.high:.1f})"


def _show_costs(report: AbReport, names: Sequence[str]) -> None:
    from miniatures.datamodel.money import dollars

    lines = [(("all calls",), [dollars(arm.so_far.cost_usd) for arm in report.arms])]
    for each in zip(*(arm.costs for arm in report.arms), strict=True):
        told = [one.words.partition(": ")[2].replace(" each", "") for one in each]
        lines.append(((f"each {each[0].each}",), told))
    _show_arms("What it cost, with 95 % intervals", ("",), names, lines)


def _show_decisions(report: AbReport) -> None:
    screen = console()
    for one in report.decisions:
        said = f"{one.decided_at:%Y-%m-%d %H:%M} {one.decided_by}: {one.why}"
        screen.print(plain(said), soft_wrap=not screen.is_terminal)
