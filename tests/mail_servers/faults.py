"""What a mail server does wrong, as values: when, with whose mail, and how often."""

from __future__ import annotations

from enum import StrEnum

from miniatures.datamodel.frozen import Strict


class Stage(StrEnum):
    """How far a conversation has come: to what the client has asked and is not yet answered, or into a message."""

    CONNECT = "connect"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    QUIT = "quit"
    BODY = "body"
    """The client is sending the message."""
    DOT = "dot"
    """All of it has come."""
    KEPT = "kept"
    """The message is kept, and only the answer is missing."""


class Fault(Strict):
    """At this stage the server waits, then says the reply, then hangs up if it `drops`; and goes on as it should if
    there is neither reply nor drop. It hangs up as well after 421, and after any reply at CONNECT or BODY. At BODY it
    waits after each line that it reads, and a reply or a drop comes after the first.
    """

    at: Stage
    reply: str = ""
    wait_s: float = 0
    drops: bool = False

    recipient: str | None = None
    """Only for this address (RCPT), or a message with it among its recipients (later stages)."""
    connection: int | None = None
    """Only in this connection, counted from 0."""
    message: int | None = None
    """Only for this message (MAIL and later stages), counted from 0 at each MAIL over all connections."""
    after: int = 0
    """Not before so many messages were accepted."""
    times: int | None = None
    """No more than so often; at RCPT, no more than so often for each address."""

    @property
    def hangs_up(self) -> bool:
        """Whether the conversation ends with it."""
        reply_is_last = self.reply.startswith("421") or self.at in (Stage.CONNECT, Stage.BODY)
        return self.drops or (bool(self.reply) and reply_is_last)
