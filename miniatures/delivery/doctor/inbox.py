"""Where answers come home: whether the inbox opens and has its folders. Nothing in it is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from miniatures.datamodel.send_settings import InboxSettings, Login, Mailbox
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning
from miniatures.delivery.encryption_advice import encryption_advice
from miniatures.delivery.inbound.imap_connection import connected, said_by
from miniatures.delivery.inbound.source import InboxUnavailable

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

_MAILDIR = ("cur", "new", "tmp")


async def check_inbox(
    mailbox: Mailbox, folder: Path, environment: Mapping[str, str], *, follow_ups: bool, timeout_s: float
) -> Finding:
    """The inbox of a mailbox; without one nobody hears a reply, and a follow-up would go to who has answered.

    `timeout_s` is for each answer of its server, if the settings do not have a shorter one.
    """
    inbox, about = mailbox.inbox, f"inbox of {mailbox.address}"
    if inbox is None:
        told, advice = "there is none: replies, bounces and STOP are not heard", "Add `inbox:` to the mailbox."
        return (
            problem(about, f"{told}, and follow-ups go to who has answered", advice)
            if follow_ups
            else warning(about, told, advice)
        )
    if inbox.maildir is not None:
        return _maildir(about, folder / inbox.maildir.expanduser())
    assert inbox.login is not None
    if inbox.login.password not in environment:
        name = inbox.login.password
        return problem(about, f"the environment variable {name} is not set", f"export {name}=...")
    ca_file = None if inbox.ca_file is None else folder / inbox.ca_file.expanduser()
    hasty = inbox.model_copy(update={"timeout_s": min(inbox.timeout_s, timeout_s), "ca_file": ca_file})
    return await asyncio.to_thread(_imap, about, hasty, inbox.login, environment[inbox.login.password])


def _maildir(about: str, path: Path) -> Finding:
    missing = [name for name in _MAILDIR if not (path / name).is_dir()]
    if missing:
        return problem(
            about, f"{path} is no maildir: it has no folder {missing[0]}", "Name the folder that holds `new`."
        )
    return ok(about, f"the maildir {path} is there")


def _imap(about: str, settings: InboxSettings, login: Login, password: str) -> Finding:
    failures, where = _failures(), f"{settings.host}:{settings.port}"
    try:
        box = connected(settings)
    except InboxUnavailable as error:
        return problem(about, error.message, error.hint)
    except failures as error:
        advice = encryption_advice(said_by(error)) or "Check `inbox:` of the mailbox."
        return problem(about, f"{where} cannot be reached: {said_by(error)}", advice)
    try:
        box.login(login.user, password, initial_folder=None)
    except failures as error:
        advice = "Check `login: {user, password}`; many providers want an app password."
        return problem(about, f"{where} refuses {login.user}: {said_by(error)}", advice)
    try:
        return _folders(about, where, settings, box)
    finally:
        box.logout()


def _folders(about: str, where: str, settings: InboxSettings, box: BaseMailBox) -> Finding:
    names = [folder.name for folder in box.folder.list()]
    known = f"It has: {', '.join(names[:12])}."
    if settings.folder not in names:
        return problem(about, f"{where} has no folder {settings.folder}", known)
    if settings.sent_folder not in names:
        told = f"{where} has no folder {settings.sent_folder}: whether an uncertain email left is not looked up there"
        return warning(about, told, f"Name it with `sent_folder`. {known}")
    return ok(about, f"{where} opens, with {settings.folder} and {settings.sent_folder}")


def _failures() -> tuple[type[Exception], ...]:
    from imaplib import IMAP4

    from imap_tools import ImapToolsError

    return OSError, IMAP4.error, ImapToolsError
