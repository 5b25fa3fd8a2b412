"""How things are shown: JSON for programs, tables for people, one colour for each status."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from miniatures.datamodel.foreign_text import escaped_json, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from miniatures.datamodel.evidence import Quote

NAME = "miniatures"
STATUS_STYLES = {
    "replied": "bold green",
    "unsubscribed": "magenta",
    "complained": "red",
    "bounced": "red",
    "gone": "magenta",
    "sent": "bold cyan",
    "uncertain": "bold yellow",
    "leaving": "cyan",
    "queued": "cyan",
    "refused": "red",
    "suppressed": "dim",
    "cancelled": "dim",
    "approved": "bold green",
    "edited": "bold green",
    "ready": "green",
    "needs_review": "yellow",
    "rejected": "red",
    "nothing_found": "cyan",
    "blocked": "magenta",
    "failed": "red",
    "over_budget": "red",
    "pending": "dim",
    "changed": "magenta",
    "removed": "dim",
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
    """Text from outside for `console`: as it is, whatever brackets it holds, but for what would steer the terminal."""
    from rich.markup import escape

    return escape(visible(str(text)))


def cut(text: str, width: int) -> str:
    """The text on one line of at most so many columns."""
    from rich.text import Text

    line = Text(" ".join(text.split()))
    line.truncate(width, overflow="ellipsis")
    return line.plain


def coloured(status: str) -> str:
    """A status in its colour, in words."""
    return f"[{STATUS_STYLES[status]}]{status.replace('_', ' ')}[/]"


def print_json(content: Any) -> None:
    """One JSON document, indented; what would steer the terminal is escaped."""
    typer.echo(escaped_json(json.dumps(content, ensure_ascii=False, indent=2)))


def print_json_lines(items: Iterable[Any]) -> None:
    """One JSON document a line."""
    for item in items:
        typer.echo(escaped_json(json.dumps(item, ensure_ascii=False)))


def program() -> str:
    """How the person who started this command reaches it again: its name if that is on the path, else the file."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return shlex.join([_as_typed(Path(sys.executable)), "-m", NAME])
    found = shutil.which(NAME)
    if started.name == NAME and started.exists() and not (found and Path(found).resolve() == started.resolve()):
        return shlex.quote(_as_typed(started))
    return NAME


def command(*words: object) -> str:
    """A command line of ours that works when it is pasted into the same shell."""
    return " ".join([program(), *(shlex.quote(str(word)) for word in words)])


def _as_typed(path: Path) -> str:
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)


def count(number: int, noun: str) -> str:
    """`1 prospect`, `2 prospects`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
