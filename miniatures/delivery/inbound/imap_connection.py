"""A connection to a mailbox on a server, encrypted as the settings say."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from miniatures.datamodel.send_settings import InboxSettings, Tls
from miniatures.delivery.encryption_advice import encryption_advice
from miniatures.delivery.inbound.source import InboxUnavailable

if TYPE_CHECKING:
    from imap_tools import BaseMailBox


class ConnectionLost(InboxUnavailable):
    """The server went away in the middle: what was read is not lost, and it may be tried again."""


@contextmanager
def mailbox_at(settings: InboxSettings, environment: Mapping[str, str] = os.environ) -> Iterator[BaseMailBox]:
    """A mailbox that one is logged in to, until the block ends.

    Raises:
        ConnectionLost: the server cannot be reached, or stopped answering.
        InboxUnavailable: it refused the login, or what was asked of it, the variable that holds the password is not
            set, or what is to be trusted cannot be read.
    """
    from imaplib import IMAP4

    from imap_tools import ImapToolsError

    where = f"{settings.host}:{settings.port}"
    try:
        box = connected(settings)
        try:
            _log_in(box, settings, environment)
            yield box
        finally:
            with suppress(OSError, IMAP4.error, ImapToolsError):
                box.logout()
    except (OSError, IMAP4.abort) as error:
        hint = encryption_advice(said_by(error)) or "Check `host` and `port` of `inbox` in the campaign file."
        raise ConnectionLost(f"{where} cannot be reached: {said_by(error)}", hint=hint) from error
    except (IMAP4.error, ImapToolsError) as error:
        raise InboxUnavailable(
            f"{where} refuses: {said_by(error)}", hint="Check `inbox` in the campaign file."
        ) from error


def connected(settings: InboxSettings) -> BaseMailBox:
    """A mailbox that one is not logged in to yet.

    Raises:
        InboxUnavailable: the certificates that are to be trusted cannot be read.
        OSError, IMAP4.error: the server cannot be reached, or lacks the encryption that is asked for.
    """
    from imap_tools import MailBox, MailBoxStartTls, MailBoxUnencrypted

    context = ssl.create_default_context()
    if settings.ca_file is not None:
        _trust(context, settings.ca_file.expanduser())
    match settings.tls:
        case Tls.IMPLICIT:
            return MailBox(settings.host, settings.port, timeout=settings.timeout_s, ssl_context=context)
        case Tls.STARTTLS:
            return MailBoxStartTls(settings.host, settings.port, timeout=settings.timeout_s, ssl_context=context)
        case Tls.NONE:
            return MailBoxUnencrypted(settings.host, settings.port, timeout=settings.timeout_s)


def _trust(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        told = f"the certificates of the inbox in {ca_file} cannot be read: {error.strerror or error}"
        hint = "Let `ca_file` name a file of certificates (PEM), or take it out."
        raise InboxUnavailable(told, hint=hint) from error


def _log_in(box: BaseMailBox, settings: InboxSettings, environment: Mapping[str, str]) -> None:
    if settings.login is None:
        return
    user, variable = settings.login.user, settings.login.password
    if variable not in environment:
        raise InboxUnavailable(f"the environment variable {variable} is not set", hint=f"export {variable}=...")
    password = environment[variable]
    log_in = box.login if f"{user}{password}".isascii() else box.login_utf8
    log_in(user, password, initial_folder=None)


def said_by(error: Exception) -> str:
    """What an error says, on one line."""
    return " ".join(str(error).split())[:200]
