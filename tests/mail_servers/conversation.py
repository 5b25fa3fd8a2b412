"""One SMTP conversation, held as it should be (by aiosmtpd) until a fault is due."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.mail_servers.accepted import Accepted
from tests.mail_servers.conduct import Conduct
from tests.mail_servers.faults import Fault, Stage

_DSN_PARAMETER = re.compile(r" (?:RET|ENVID|NOTIFY|ORCPT)=\S+", re.IGNORECASE)
"""Of RFC 3461. aiosmtpd knows none of them; here they are taken, and have no effect."""


class Conversation(SMTP):
    """What one client says and hears."""

    def __init__(self, conduct: Conduct) -> None:
        super().__init__(
            _Hooks(),
            hostname="unruly.example",
            enable_SMTPUTF8="SMTPUTF8" not in conduct.lacks,
            tls_context=conduct.tls,
            authenticator=self._check,
            auth_require_tls=conduct.tls is not None,
            loop=asyncio.get_running_loop(),
        )
        self.conduct = conduct
        self._number = conduct.connections
        self._message = conduct.messages
        conduct.connections += 1

    async def _handle_client(self) -> None:
        await self._unless(Stage.CONNECT, super()._handle_client)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._unless(Stage.EHLO, super().smtp_EHLO, hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:
        await self._unless(Stage.STARTTLS, super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg: str) -> None:
        await self._unless(Stage.AUTH, super().smtp_AUTH, arg)

    async def smtp_MAIL(self, arg: str | None) -> None:
        self._message = self.conduct.messages
        self.conduct.messages += 1
        assert self.session is not None
        if self.conduct.users and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
        elif "8BITMIME" in self.conduct.lacks and "BODY=8BITMIME" in (arg or "").upper():
            await self.push("555 5.5.4 Unsupported parameter BODY=8BITMIME")
        else:
            await self._unless(Stage.MAIL, super().smtp_MAIL, _DSN_PARAMETER.sub("", arg or ""))

    async def smtp_RCPT(self, arg: str | None) -> None:
        plain = _DSN_PARAMETER.sub("", arg or "")
        address = plain.partition("<")[2].partition(">")[0]
        await self._unless(Stage.RCPT, super().smtp_RCPT, plain, recipients=[address])

    async def smtp_DATA(self, arg: str) -> None:
        await self._unless(Stage.DATA, self._read_message, arg, recipients=self._recipients())

    async def smtp_QUIT(self, arg: str) -> None:
        await self._unless(Stage.QUIT, super().smtp_QUIT, arg)

    async def _read_message(self, arg: str) -> None:
        reader = self._reader
        if fault := self._due(Stage.BODY, self._recipients()):
            self._reader = _FaultyReader(reader, lambda: self._commit(fault))  # type: ignore[assignment]
        try:
            await super().smtp_DATA(arg)
        finally:
            self._reader = reader

    async def answer_message(self) -> str:
        """Keep the message that was read, and give the answer; or do not."""
        if reply := await self._fault(Stage.DOT, self._recipients()):
            return reply
        assert self.envelope is not None and isinstance(self.envelope.content, bytes)
        sender = (self.envelope.mail_from or "").removeprefix("<>")
        self.conduct.keep(Accepted(sender, self._recipients(), self.envelope.content))
        return await self._fault(Stage.KEPT, self._recipients()) or "250 2.0.0 OK"

    def announce(self, responses: Sequence[str]) -> list[str]:
        """The answer to EHLO: what aiosmtpd can do, and two more, less what this server lacks."""
        host, *extensions, last = responses
        lacks = {*self.conduct.lacks, *(() if self.conduct.users else ("AUTH",))}
        offered = [*extensions, "250-PIPELINING", "250-DSN"]
        return [host, *(line for line in offered if line[4:].split()[0] not in lacks), last]

    def _recipients(self) -> list[str]:
        return self.envelope.rcpt_tos if self.envelope else []

    def _check(self, _: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:
        known = self.conduct.users.get(login.login.decode())
        return AuthResult(success=known == login.password.decode(), handled=False)

    async def _unless(
        self, stage: Stage, duty: Callable[..., Awaitable[None]], *arguments: str, recipients: Sequence[str] = ()
    ) -> None:
        """Do the duty, unless a fault's reply or drop stands in its place."""
        if reply := await self._fault(stage, recipients):
            await self.push(reply)
        else:
            await duty(*arguments)

    async def _fault(self, stage: Stage, recipients: Sequence[str]) -> str:
        """Commit the fault that is due; give the reply that is left to be said."""
        fault = self._due(stage, recipients)
        return await self._commit(fault) if fault else ""

    def _due(self, stage: Stage, recipients: Sequence[str]) -> Fault | None:
        return self.conduct.commit(stage, self._number, self._message, recipients)

    async def _commit(self, fault: Fault) -> str:
        await asyncio.sleep(fault.wait_s)
        if not fault.hangs_up:
            return fault.reply
        if fault.reply:
            await self.push(fault.reply)
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.close()
        raise asyncio.CancelledError  # ends the conversation, as in aiosmtpd


class _Hooks:
    """What aiosmtpd calls."""

    async def handle_EHLO(
        self, conversation: Conversation, session: Session, envelope: Envelope, host: str, responses: list[str]
    ) -> list[str]:
        session.host_name = host
        return conversation.announce(responses)

    async def handle_DATA(self, conversation: Conversation, session: Session, envelope: Envelope) -> str:
        return await conversation.answer_message()


class _FaultyReader:
    """Commits a fault after each line."""

    def __init__(self, reader: asyncio.StreamReader, commit: Callable[[], Awaitable[Any]]) -> None:
        self._reader = reader
        self._commit = commit

    async def readuntil(self, separator: bytes) -> bytes:
        line = await self._reader.readuntil(separator)
        await self._commit()
        return line

    async def read(self, size: int) -> bytes:
        return await self._reader.read(size)
