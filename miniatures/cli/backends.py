"""`miniatures backends`: asks each backend of a campaign one tiny question."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import console, plain, print_json
from miniatures.datamodel.duration import duration
from miniatures.datamodel.errors import ExitCode, MiniaturesError
from miniatures.datamodel.redaction import without_secrets

if TYPE_CHECKING:
    from miniatures.datamodel.campaign import BackendSettings


def backends(campaign: CampaignPath, as_json: AsJson = False) -> None:
    """Check that each backend of a campaign answers; of an A/B test, those of all its arms."""
    from miniatures.datamodel.campaign import backends_by_seat
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    seats = backends_by_seat(loaded.campaign)
    reports = []
    for name, settings in loaded.campaign.backends.items():
        played = [role for role, backend in seats.items() if backend == name]
        reports.append({"name": name, "use": without_secrets(settings.use), "roles": played, **_check(settings)})
    print_json(reports) if as_json else _show(reports)
    if not all(report["answers"] for report in reports):
        raise typer.Exit(ExitCode.BACKEND_UNAVAILABLE)


def _check(settings: BackendSettings) -> dict[str, Any]:
    import asyncio

    from miniatures.backends.base import usage_of
    from miniatures.backends.spec import open_backend

    started = time.perf_counter()
    try:
        backend = open_backend(settings.use, settings)
        opened = time.perf_counter()
        question, options = backend.tiny_question()
        answer = asyncio.run(backend.ainvoke(question, **options))
    except MiniaturesError as error:
        return {"answers": False, "error": error.name, "message": error.message, "hint": error.hint}
    ended = time.perf_counter()
    return {
        "answers": True,
        "identity": backend.identity.model_dump(mode="json"),
        "shown_identity": str(backend.identity),
        "answer": answer.text,
        "tokens": usage_of(answer).total_tokens,
        "open_seconds": round(opened - started, 3),
        "answer_seconds": round(ended - opened, 3),
        "price": backend.price.model_dump(mode="json") if backend.price else None,
    }


def _show(reports: list[dict[str, Any]]) -> None:
    screen = console()
    for report in reports:
        roles = f"  [dim]{', '.join(report['roles']) or 'plays no role'}[/]"
        mark = "[green]answers[/]" if report["answers"] else "[red]does not answer[/]"
        screen.print(f"[bold]{plain(report['name'])}[/] {mark}{roles}")
        if report["answers"]:
            screen.print(f"  {plain(report['shown_identity'])}")
            times = duration(report["open_seconds"]), duration(report["answer_seconds"])
            screen.print(f"  opened in {times[0]}, answered in {times[1]}, {report['tokens']} tokens")
            screen.print(f"  price {_price(report['price'])}")
        else:
            screen.print(f"  {plain(report['use'])}\n  {plain(report['message'])}")
            screen.print(f"  [dim]{plain(report['hint'])}[/]")


def _price(price: dict[str, Any] | None) -> str:
    if price is None:
        return "unknown"
    if not price["input_per_million"] and not price["output_per_million"]:
        return "no API cost"
    return f"${price['input_per_million']:g} in, ${price['output_per_million']:g} out, per million tokens"
