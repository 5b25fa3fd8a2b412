"""`miniatures preview`: an email and its follow-ups as they would leave, before any does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import all_standings, follow_ups_to, sent_at, standing_of, store_of
from miniatures.cli.terminal import coloured, command, console, plain, print_json
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from miniatures.datamodel.message import OutboxRow
    from miniatures.datamodel.standing import Standing
    from miniatures.datamodel.suppression import Suppression
    from miniatures.delivery.compose import Composed
    from miniatures.delivery.preview import ReadBack
    from miniatures.inputs.campaign import LoadedCampaign


def preview(
    campaign: CampaignPath,
    email: Annotated[
        str | None,
        typer.Argument(metavar="[EMAIL]", help="Whose; the first that is approved, else ready, if left out."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the .eml and .html file; the campaign's if left out.")
    ] = None,
    open_it: Annotated[bool, typer.Option("--open", help="Open the HTML in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show an email as it would leave, and its follow-ups: headers, text, and files to open. Nothing is sent."""
    from miniatures.delivery.settings import required_settings
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    settings = required_settings(loaded)
    standing = _standing(loaded, email, str(campaign))
    seen = _seen(loaded, standing)
    folder = out or loaded.work_folder / "preview"
    files = [_write(folder, one) for one in seen]
    if as_json:
        first, *follow_ups = map(_record, seen, files)
        print_json({**first, "follow_ups": follow_ups})
    else:
        for one, written in zip(seen, files, strict=True):
            _show_how_near(one, settings.approval.risk)
            _show(one, written)
    if open_it:
        typer.launch(str(files[0][1]))


@dataclass(frozen=True)
class _Seen:
    """An email that is shown: `row` is what the outbox has of it, with its bytes; `listed` why no mail is wanted."""

    standing: Standing
    composed: Composed
    row: OutboxRow | None
    listed: Suppression | None
    read: ReadBack


def _standing(loaded: LoadedCampaign, email: str | None, campaign: str) -> Standing:
    from miniatures.delivery.preview import first_to_send

    standings = all_standings(loaded)
    found = first_to_send(standings) if email is None else standing_of(standings, loaded, email)
    if found is None:
        hint = f"`{command('status', campaign)}` shows where everybody stands."
        raise InputError(f"no draft of {loaded.name} is approved or ready", hint=hint)
    return found


def _seen(loaded: LoadedCampaign, standing: Standing) -> list[_Seen]:
    """The email, and those follow-ups that have left or may leave."""
    from datetime import UTC, datetime

    from miniatures.datamodel.standing import TO_SEND
    from miniatures.delivery.preview import preview as composed_preview
    from miniatures.delivery.preview import read_back
    from miniatures.store.home_secret import home_secret

    prospect, follow_ups = standing.prospect, follow_ups_to(loaded, standing)
    with store_of(loaded) as store:
        thread = store.mail.outbox.thread(loaded.name, prospect.key) if store else []
        listed = store.mail.suppressions.listed(prospect.email, loaded.name) if store else None
    seen = []
    for one in (standing, *(one for one in follow_ups if one.dispatch or one.state in TO_SEND)):
        composed, row = composed_preview(loaded, one, thread, date=datetime.now(UTC), secret=home_secret())
        seen.append(_Seen(one, composed, row, listed, read_back(composed.mime)))
    return seen


def _write(folder: Path, seen: _Seen) -> tuple[Path, Path]:
    """The email and its HTML, for its user alone to read."""
    import re

    from miniatures.datamodel.errors import writing
    from miniatures.datamodel.files import bytes_written_whole

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    step = seen.standing.result.step
    name = re.sub(r"[^\w.@+-]", "_", seen.standing.prospect.email) + (f".follow-up-{step}" if step else "")
    files = folder / f"{name}.eml", folder / f"{name}.html"
    for path, content in zip(files, (seen.composed.mime, seen.read.html.encode()), strict=True):
        with bytes_written_whole(path, private=True) as file:
            file.write(content)
    return files


def _record(seen: _Seen, files: tuple[Path, Path]) -> dict[str, Any]:
    standing, composed = seen.standing, seen.composed
    return {
        "email": standing.prospect.email,
        "step": standing.result.step,
        "status": standing.state.value,
        "sent_at": sent_at(standing),
        "outbox": seen.row.state.value if seen.row else None,
        "suppressed": seen.listed.reason.value if seen.listed else None,
        "envelope_from": composed.envelope_from,
        "envelope_to": composed.envelope_to,
        "smtputf8": composed.smtputf8,
        "bytes": len(composed.mime),
        "headers": [list(header) for header in seen.read.headers],
        "text": seen.read.text,
        "html": seen.read.html,
        "files": [str(path) for path in files],
    }


def _show_how_near(seen: _Seen, risk: float | None) -> None:
    """Whether it left, and else what keeps it from leaving."""
    from miniatures.delivery.preview import wants_no_mail

    screen, standing, row = console(), seen.standing, seen.row
    if standing.result.step:
        screen.print(f"\n[bold]Follow-up {standing.result.step}[/], {coloured(standing.state)}")
    if row is not None and row.sent_at is not None:
        left = f"As it left the outbox on {row.sent_at:%Y-%m-%d %H:%M} UTC"
        screen.print(f"[green]{left}:[/] these are its very bytes.\n", soft_wrap=True)
    elif row is not None:
        screen.print(f"It is in the outbox, {standing.state.value}: these are its very bytes.\n", soft_wrap=True)
    elif seen.listed is not None:
        screen.print(f"[yellow]{wants_no_mail(seen.listed)}[/]\n", soft_wrap=True)
    elif standing.dispatch is not None:
        told = standing.dispatch.told
        screen.print(f"[yellow]{plain(told[:1].upper() + told[1:])}.[/]\n", soft_wrap=True)
    else:
        _show_approval(standing, risk)


def _show_approval(standing: Standing, risk: float | None) -> None:
    """Says so where no person has said yes to the text. The stated risk covers no follow-up."""
    from miniatures.delivery.preview import is_approved

    if is_approved(standing):
        return
    unread = risk is not None and not standing.result.step
    follows = f"it leaves unread, at the stated risk of {risk:.0%}" if unread else "it leaves once somebody has"
    console().print(f"[yellow]Nobody has approved this draft:[/] it is ready, and {follows}.\n", soft_wrap=True)


def _show(seen: _Seen, files: tuple[Path, Path]) -> None:
    screen, composed = console(), seen.composed
    for name, value in seen.read.headers:
        screen.print(f"[dim]{plain(name)}:[/] {plain(value)}", soft_wrap=True)
    screen.print(f"\n{plain(seen.read.text.strip())}\n", soft_wrap=True)
    envelope = f"from {composed.envelope_from} to {composed.envelope_to}, {len(composed.mime):,} bytes"
    screen.print(f"[dim]On its envelope: {plain(envelope)}[/]", soft_wrap=True)
    if composed.smtputf8:
        screen.print(
            "[yellow]Only a server with SMTPUTF8 takes it:[/] an address has letters beyond ASCII before the @."
        )
    if seen.row is None:
        screen.print("[dim]A new Message-ID and new links are made when it is queued; these lead nowhere.[/]")
    for path in files:
        screen.print(f"Wrote {plain(path)}", soft_wrap=True)
