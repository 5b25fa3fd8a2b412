"""How things are shown: JSON for programs, tables for people, one colour for each status."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from miniatures.datamodel.evidence import Quote

_STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
STATUS_STYLES = {
    "ready": "green",
    "needs_review": "yellow",
    "nothing_found": "cyan",
    "blocked": "magenta",
    "failed": "red",
    "over_budget": "red",
    "pending": "dim",
}


def console() -> Console:
    """The terminal, as rich sees it."""
    from rich.console import Console

    return Console(highlight=False)


def table(*columns: str, title: str | None = None) -> Table:
    """A table without frame. A column named with a leading `>` is aligned right; one with `|` is never broken."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    style: dict[str, Any] = {"title_justify": "left", "title_style": "bold", "box": SIMPLE_HEAD}
    result = Table(title=title, show_edge=False, pad_edge=False, **style)
    for column in columns:
        right = column.startswith(">")
        result.add_column(column.lstrip(">|"), justify="right" if right else "left", no_wrap=column[:1] in (">", "|"))
    return result


def show_table(listing: Table) -> None:
    """The table and an empty line, unless it has no rows."""
    if listing.row_count:
        screen = console()
        screen.print(listing)
        screen.print()


def status_table(by_status: Iterable[tuple[str, int]]) -> Table:
    """How many prospects stand where; a status that none has is left out."""
    listing = table("Status", ">Prospects")
    for status, number in by_status:
        if number:
            listing.add_row(coloured(status), f"{number:,}")
    return listing


def show_quotes(quotes: Iterable[Quote]) -> None:
    """Each quote with where and when it was published."""
    screen = console()
    for quote in quotes:
        published = f", {quote.published:%d %b %Y}" if quote.published else ""
        screen.print(f"  “{plain(quote.quote)}”")
        screen.print(f"    [dim]{plain(quote.where) or 'source not kept'}{published}[/]", soft_wrap=True)


def plain(text: object) -> str:
    """Text that is shown as it is, whatever brackets it holds, but for what would steer the terminal."""
    from rich.markup import escape

    return escape(_STEERING.sub("\ufffd", str(text)))


def coloured(status: str) -> str:
    """A status in its colour, in words."""
    return f"[{STATUS_STYLES[status]}]{status.replace('_', ' ')}[/]"


def print_json(content: Any) -> None:
    """One JSON document, indented."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))


def print_json_lines(items: Iterable[Any]) -> None:
    """One JSON document a line."""
    for item in items:
        typer.echo(json.dumps(item, ensure_ascii=False))


def dollars(cost: float | None) -> str:
    """A cost in USD; an unknown one is said to be unknown, and a tiny one is not shown as nothing."""
    if cost is None:
        return "unknown"
    if cost >= 1 or cost == 0:
        return f"${cost:,.2f}"
    return f"${cost:.4f}" if cost >= 0.001 else f"${cost:.7f}"


def cost_words(cost: float | None) -> str:
    """`cost $0.02`, `cost unknown`, or that nobody sends a bill."""
    if cost == 0:
        return "no API cost (this machine's own is not counted)"
    return f"cost {dollars(cost)}"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def count(number: int, noun: str) -> str:
    """`1 prospect`, `2 prospects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
