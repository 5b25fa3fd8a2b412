"""`miniatures preview`: an email as it would leave, before any does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import all_standings, standing_of, store_of
from miniatures.cli.terminal import command, console, plain, print_json
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
    """Show an email as it would leave: its headers, its text, and files to open. Nothing is sent."""
    from datetime import UTC, datetime

    from miniatures.delivery.preview import as_it_left, read_back
    from miniatures.delivery.preview import preview as composed_preview
    from miniatures.delivery.settings import required_settings
    from miniatures.inputs.campaign import load_campaign
    from miniatures.store.home_secret import home_secret

    loaded = load_campaign(campaign)
    settings = required_settings(loaded)
    standing = _standing(loaded, email, str(campaign))
    row, listed = _known(loaded, standing)
    if row is None:
        composed = composed_preview(loaded, standing, date=datetime.now(UTC), secret=home_secret())
    else:
        composed = as_it_left(loaded, row, secret=home_secret())
    read = read_back(composed.mime)
    files = _write(out or loaded.work_folder / "preview", standing.prospect.email, composed.mime, read.html)
    if as_json:
        print_json(_record(standing, composed, read, files, row, listed))
    else:
        _show_how_near(standing, settings.approval.risk, row, listed)
        _show(composed, read, files, left=row is not None)
    if open_it:
        typer.launch(str(files[1]))


def _standing(loaded: LoadedCampaign, email: str | None, campaign: str) -> Standing:
    from miniatures.delivery.preview import first_to_send

    standings = all_standings(loaded)
    found = first_to_send(standings) if email is None else standing_of(standings, loaded, email)
    if found is None:
        hint = f"`{command('status', campaign)}` shows where everybody stands."
        raise InputError(f"no draft of {loaded.name} is approved or ready", hint=hint)
    return found


def _known(loaded: LoadedCampaign, standing: Standing) -> tuple[OutboxRow | None, Suppression | None]:
    """What the outbox has of the email with its frozen bytes, and why its prospect is not written to."""
    from miniatures.delivery.preview import frozen_first

    with store_of(loaded) as store:
        if store is None:
            return None, None
        thread = store.mail.outbox.thread(loaded.name, standing.prospect.key)
        return frozen_first(thread), store.mail.suppressions.listed(standing.prospect.email, loaded.name)


def _write(folder: Path, address: str, mime: bytes, html: str) -> tuple[Path, Path]:
    """The email and its HTML, for its user alone to read."""
    import re

    from miniatures.datamodel.errors import writing
    from miniatures.datamodel.files import bytes_written_whole

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.@+-]", "_", address)
    files = folder / f"{name}.eml", folder / f"{name}.html"
    for path, content in zip(files, (mime, html.encode()), strict=True):
        with bytes_written_whole(path, private=True) as file:
            file.write(content)
    return files


def _record(
    standing: Standing,
    composed: Composed,
    read: ReadBack,
    files: tuple[Path, Path],
    row: OutboxRow | None,
    listed: Suppression | None,
) -> dict[str, Any]:
    return {
        "email": standing.prospect.email,
        "status": standing.state.value,
        "outbox": row.state.value if row else None,
        "suppressed": listed.reason.value if listed else None,
        "envelope_from": composed.envelope_from,
        "envelope_to": composed.envelope_to,
        "smtputf8": composed.smtputf8,
        "bytes": len(composed.mime),
        "headers": [list(header) for header in read.headers],
        "text": read.text,
        "html": read.html,
        "files": [str(path) for path in files],
    }


def _show_how_near(standing: Standing, risk: float | None, row: OutboxRow | None, listed: Suppression | None) -> None:
    """Whether it left, and else what keeps it from leaving."""
    from miniatures.delivery.preview import wants_no_mail

    if row is not None and row.sent_at is not None:
        left = f"As it left the outbox on {row.sent_at:%Y-%m-%d %H:%M} UTC"
        console().print(f"[green]{left}:[/] these are its very bytes.\n", soft_wrap=True)
    elif row is not None:
        console().print(f"It is in the outbox, {row.state.value}: these are its very bytes.\n", soft_wrap=True)
    elif listed is not None:
        console().print(f"[yellow]{wants_no_mail(listed)}[/]\n", soft_wrap=True)
    else:
        _show_approval(standing, risk)


def _show_approval(standing: Standing, risk: float | None) -> None:
    """Says so where no person has said yes to the text."""
    from miniatures.delivery.preview import is_approved

    if is_approved(standing):
        return
    follows = "it leaves once somebody has" if risk is None else f"it leaves unread, at the stated risk of {risk:.0%}"
    console().print(f"[yellow]Nobody has approved this draft:[/] it is ready, and {follows}.\n", soft_wrap=True)


def _show(composed: Composed, read: ReadBack, files: tuple[Path, Path], *, left: bool) -> None:
    screen = console()
    for name, value in read.headers:
        screen.print(f"[dim]{plain(name)}:[/] {plain(value)}", soft_wrap=True)
    screen.print(f"\n{plain(read.text.strip())}\n", soft_wrap=True)
    envelope = f"from {composed.envelope_from} to {composed.envelope_to}, {len(composed.mime):,} bytes"
    screen.print(f"[dim]On its envelope: {plain(envelope)}[/]", soft_wrap=True)
    if composed.smtputf8:
        screen.print(
            "[yellow]Only a server with SMTPUTF8 takes it:[/] an address has letters beyond ASCII before the @."
        )
    if not left:
        screen.print("[dim]A new Message-ID and new links are made when it is queued; these lead nowhere.[/]")
    for path in files:
        screen.print(f"Wrote {plain(path)}", soft_wrap=True)
