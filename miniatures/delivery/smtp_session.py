"""One connection to a mail server, each step of the conversation a call of its own.

So it is known of every failure whether an email can have left: up to the recipient's acceptance nothing of the text was
sent, and once the text is on the wire only the server's reply tells.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.message import ServerReply
from miniatures.datamodel.send_settings import SmtpSettings, Tls
from miniatures.delivery.compose import Composed
from miniatures.delivery.encryption_advice import encryption_advice
from miniatures.delivery.server_word import enhanced_code

if TYPE_CHECKING:
    from aiosmtplib import SMTP


class ServerUnavailable(MiniaturesError):
    """No conversation came about: nothing of any email can have left. `reply` is what was said, and at which step."""

    def __init__(self, message: str, reply: ServerReply, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reply = reply

    @property
    def is_final(self) -> bool:
        """Whether trying again is of no use: the server refused, or what it needs is not there."""
        return self.reply.stage in ("tls", "login") or (self.reply.code or 0) >= 500


class SmtpSession:
    """A connection that emails are sent over, one after the other."""

    def __init__(self, settings: SmtpSettings, environment: Mapping[str, str] = os.environ) -> None:
        self._settings = settings
        self._environment = environment
        self._smtp: SMTP | None = None

    @property
    def is_open(self) -> bool:
        return self._smtp is not None and self._smtp.is_connected

    async def open(self) -> None:
        """Connect, encrypt and log in.

        Raises:
            ServerUnavailable: one of these did not succeed, the server lacks the encryption that is asked for, or what
                is to be trusted cannot be read.
        """
        from aiosmtplib import SMTP

        settings = self._settings
        smtp = SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_s,
            use_tls=settings.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=_tls_context(settings),
        )
        try:
            await self._introduce(smtp)
        except BaseException:
            smtp.close()  # Else each further try leaves one open, which servers count.
            raise
        self._smtp = smtp

    def supports(self, extension: str) -> bool:
        """Whether the server announced an extension, such as SMTPUTF8."""
        return self._smtp is not None and self._smtp.supports_extension(extension)

    async def offer(self, email: Composed) -> ServerReply | None:
        """Name sender and recipient; returns the refusal of either, or None if the text may follow."""
        if email.smtputf8 and not self.supports("SMTPUTF8"):
            return _NO_SMTPUTF8
        encoding = "utf-8" if email.smtputf8 else "ascii"
        options = ["SMTPUTF8"] if email.smtputf8 else []
        options += [f"SIZE={len(email.mime)}"] if self.supports("SIZE") else []
        wanted: list[str] = []
        if self.supports("DSN"):
            options += ["RET=HDRS", f"ENVID={email.envelope_id}"]
            wanted = ["NOTIFY=FAILURE,DELAY"]
        mail = self._open.mail(email.envelope_from, options=options, encoding=encoding)
        if refusal := await self._refusal("mail", mail):
            return refusal
        return await self._refusal("rcpt", self._open.rcpt(email.envelope_to, options=wanted, encoding=encoding))

    async def transmit(self, mime: bytes) -> ServerReply:
        """Send the text; what is returned without a code may have left or not."""
        try:
            said = await self._open.data(mime, timeout=self._settings.accept_timeout_s)
        except _failures() as error:
            return _failure("data", error)
        return _reply_of("data", said.code, said.message)

    async def reset(self) -> None:
        """Forget the sender and recipient that were named; a connection that does not answer is closed."""
        if await self._refusal("rset", self._open.rset()):
            await self.close()

    async def close(self) -> None:
        """Take leave, if the server still listens."""
        from aiosmtplib import SMTPException

        smtp, self._smtp = self._smtp, None
        if smtp is not None and smtp.is_connected:
            with suppress(SMTPException, OSError):
                await smtp.quit(timeout=5)
            smtp.close()

    @property
    def _open(self) -> SMTP:
        assert self._smtp is not None
        return self._smtp

    def _password(self) -> str:
        assert self._settings.login is not None
        name = self._settings.login.password
        if name not in self._environment:
            reply = ServerReply(stage="login")
            raise ServerUnavailable(f"the environment variable {name} is not set", reply, hint=f"export {name}=...")
        return self._environment[name]

    async def _introduce(self, smtp: SMTP) -> None:
        settings = self._settings
        await self._step("connect", smtp.connect())
        await self._step("connect", smtp.ehlo())
        if settings.tls is Tls.STARTTLS:
            await self._step("tls", smtp.starttls())
        if settings.login is not None:
            await self._step("login", smtp.login(settings.login.user, self._password()))

    async def _step(self, stage: str, step: Awaitable[object]) -> None:
        if refusal := await self._refusal(stage, step):
            where = f"{self._settings.host}:{self._settings.port}"
            said = refusal.words or "the connection was lost"
            raise ServerUnavailable(f"{where} cannot be used ({stage}): {said}", refusal, hint=_hint(refusal))

    async def _refusal(self, stage: str, step: Awaitable[object]) -> ServerReply | None:
        """Await a step; returns what the server said against it, without a code if the connection was lost."""
        try:
            await step
        except _failures() as error:
            return _failure(stage, error)
        return None


_NO_SMTPUTF8 = ServerReply(
    stage="mail",
    code=553,
    enhanced="5.6.7",
    text="the address has letters beyond ASCII before the @, and this server takes none (no SMTPUTF8)",
)
_HINTS = {
    "login": "Check `login: {user, password}`; many providers want an app password.",
    "connect": "Check `host` and `port`.",
}


def _hint(reply: ServerReply) -> str:
    return encryption_advice(reply.text) or _HINTS.get(reply.stage, "")


def _failures() -> tuple[type[Exception], ...]:
    """What a step raises when the server does not go along, or is not there."""
    from aiosmtplib import SMTPException

    return SMTPException, OSError, EOFError, ValueError


def _failure(stage: str, error: Exception) -> ServerReply:
    from aiosmtplib import SMTPResponseException

    if isinstance(error, SMTPResponseException):
        return _reply_of(stage, error.code, error.message)
    return ServerReply(stage=stage, text=f"{type(error).__name__}: {error}"[:500])


def _reply_of(stage: str, code: int, text: str) -> ServerReply:
    line = " ".join(str(text).split())
    if code < 0:
        return ServerReply(stage=stage, text=line[:500])
    return ServerReply(stage=stage, code=int(code), text=line[:500], enhanced=enhanced_code(line))


def _tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    if settings.tls is Tls.NONE:
        return None
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        _trust(context, settings.ca_file)
    return context


def _trust(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        told = f"its certificates in {ca_file} cannot be read: {error.strerror or error}"
        hint = "Let `ca_file` name a file of certificates (PEM), or take it out."
        raise ServerUnavailable(told, ServerReply(stage="tls"), hint=hint) from error
