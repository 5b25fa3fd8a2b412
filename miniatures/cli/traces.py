"""`miniatures traces`: every model call and every other step, as they happened."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import one_standing, open_run
from miniatures.cli.terminal import command, console, count, plain, print_json, print_json_lines, table
from miniatures.datamodel.duration import duration
from miniatures.datamodel.money import dollars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.tree import Tree

    from miniatures.datamodel.trace import Span, Trace
    from miniatures.store.queries import Node
    from miniatures.store.store import Store
    from miniatures.store.trace_listing import Work, WorkFilter


class OrderName(StrEnum):
    """What comes first."""

    LIST = "list"
    NEWEST = "newest"
    COSTLIEST = "costliest"


def traces(
    campaign: CampaignPath,
    email: Annotated[
        str | None, typer.Argument(metavar="[EMAIL]", help="Show this prospect's steps as a tree.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Print every model call and step, one JSON object a line.")
    ] = False,
    search: Annotated[
        str, typer.Option(metavar="TEXT", help="List only prospects with it in name, company or address.")
    ] = "",
    order: Annotated[OrderName, typer.Option(help="Whose calls are listed first.")] = OrderName.LIST,
    as_json: AsJson = False,
) -> None:
    """Show every model call and step: time, tokens, cost."""
    from miniatures.store.trace_listing import WorkFilter, WorkOrder

    with open_run(campaign) as (loaded, store):
        key = one_standing(loaded, email).prospect.key if email else None
        if jsonl:
            print_json_lines(_entries(store, loaded.name, key))
        elif email and key:
            _show_tree(store.tree(loaded.name, key), email, as_json=as_json)
        else:
            asked = WorkFilter(search=search, order=WorkOrder(order))
            _show_all(store, loaded.name, str(campaign), asked, as_json=as_json)


def _entries(store: Store, campaign: str, key: str | None) -> Iterator[dict[str, Any]]:
    for trace in store.traces(campaign, key):
        yield {"entry": "trace", **_exported(trace)}
    for span in store.spans(campaign, key):
        yield {"entry": "span", **_exported(span)}


def _exported(entry: Trace | Span) -> dict[str, Any]:
    """The entry under a pseudonym: the store's own name of somebody can be checked by whoever knows the address."""
    from miniatures.store.home_secret import pseudonym

    told = entry.model_dump(mode="json")
    if entry.prospect:
        told["prospect"] = pseudonym(entry.prospect)
        told |= {"name": told["prospect"]} if told.get("name") == entry.prospect else {}
    return told


def _show_all(store: Store, name: str, campaign: str, asked: WorkFilter, *, as_json: bool) -> None:
    rows = [row for row in _work(store, name, asked) if row.spending.calls]
    steps = store.step_statistics(name)
    if as_json:
        print_json({"prospects": [_as_json(row) for row in rows], "steps": [step.model_dump() for step in steps]})
        return
    screen = console()
    listing = table("Prospect", ">Calls", ">Tokens", ">Model time", ">Cost", title="Model calls")
    for row in rows:
        spending = row.spending
        shown = (
            f"{spending.calls}",
            f"{spending.usage.total_tokens:,}",
            duration(row.seconds),
            dollars(spending.cost_usd),
        )
        listing.add_row(plain(row.email), *shown)
    screen.print(listing)
    screen.print()
    others = table("Step", ">Times", ">Failed", ">Mean", ">Longest", title="Other steps")
    for kind, named in groupby(steps, key=lambda step: step.kind):  # Names are many: URLs and queries.
        same = list(named)
        number, errors = sum(step.count for step in same), sum(step.errors for step in same)
        mean = sum(step.mean_ms * step.count for step in same) / number / 1000
        longest = max(step.longest_ms for step in same) / 1000
        others.add_row(plain(kind), f"{number:,}", f"{errors:,}", duration(mean), duration(longest))
    screen.print(others)
    screen.print()
    if rows:
        screen.print(f"[dim]One as a tree: {plain(command('traces', campaign, rows[0].email))}[/]", soft_wrap=True)


def _as_json(row: Work) -> dict[str, Any]:
    spending = row.spending
    told = {"tokens": spending.usage.total_tokens, "cost_usd": spending.cost_usd, "model_seconds": row.seconds}
    failed = {"failed_calls": row.failed_calls, "failed_steps": row.failed_steps}
    return {"email": row.email, "company": row.company, "calls": spending.calls, **told, **failed}


def _work(store: Store, campaign: str, asked: WorkFilter) -> Iterator[Work]:
    """All prospects that were asked for, page by page."""
    start = 0
    while page := store.work(campaign, asked, start).rows:
        yield from page
        start += len(page)


def _show_tree(nodes: list[Node], email: str, *, as_json: bool) -> None:
    if as_json:
        print_json([_as_dict(node) for node in nodes])
        return
    from rich.tree import Tree

    root = Tree(f"[bold]{plain(email)}[/]", guide_style="dim")
    for node in nodes:
        _grow(root, node)
    console().print(root if nodes else f"{plain(email)}: nothing was recorded")


def _grow(branch: Tree, node: Node) -> None:
    twig = branch.add(_label(node.entry))
    for child in node.children:
        _grow(twig, child)


def _label(entry: Trace | Span) -> str:
    from miniatures.datamodel.campaign import seat_label
    from miniatures.datamodel.trace import Trace

    failed = f"  [red]{plain(entry.error)}[/]" if entry.error else ""
    took = f"[dim]{duration(entry.total_ms / 1000)}[/]"
    if not isinstance(entry, Trace):
        return f"{plain(entry.kind)} [cyan]{plain(entry.name)}[/]  {took}{failed}"
    attempt = f", attempt {entry.attempt}" if entry.attempt > 1 else ""
    usage = entry.bill.usage
    tokens = f"{usage.input_tokens:,} + {count(usage.output_tokens, 'token')}"
    who = f"[bold]{plain(seat_label(entry.role, entry.seat))}[/] ({plain(entry.node)}{attempt}) {plain(entry.backend)}"
    sure = "" if entry.probability is None else f", probability {entry.probability:.2f}"
    return f"{who}  {tokens}, cost {dollars(entry.bill.cost_usd)}{sure}  {took}{failed}"


def _as_dict(node: Node) -> dict[str, Any]:
    return {**_exported(node.entry), "children": [_as_dict(child) for child in node.children]}
