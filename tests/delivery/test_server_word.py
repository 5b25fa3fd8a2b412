"""What servers say, as they say it, and what follows for the email."""

from __future__ import annotations

import pytest

from miniatures.datamodel.message import ServerReply
from miniatures.delivery.server_word import ServerWord, enhanced_code, word_of


@pytest.mark.parametrize(
    ("stage", "code", "text", "word"),
    [
        ("data", 250, "2.0.0 Ok: queued as 4F1", ServerWord.TAKEN),
        ("data", 251, "will forward", ServerWord.TAKEN),
        ("data", None, "SMTPServerDisconnected: Connection lost", ServerWord.UNKNOWN),
        ("rcpt", None, "SMTPServerDisconnected: Connection lost", ServerWord.PUT_OFF),
        ("mail", 421, "4.7.0 Try again later", ServerWord.PUT_OFF),
        ("data", 451, "4.3.0 Error: queue file write error", ServerWord.PUT_OFF),
        ("rcpt", 450, "4.2.0 Greylisted", ServerWord.PUT_OFF),
        ("rcpt", 550, "5.1.1 User unknown", ServerWord.NO_SUCH_PERSON),
        ("rcpt", 550, "No such user here", ServerWord.NO_SUCH_PERSON),
        ("rcpt", 550, "5.2.1 Mailbox disabled", ServerWord.NO_SUCH_PERSON),
        ("rcpt", 550, "5.7.1 Rejected by policy", ServerWord.POLICY),
        ("rcpt", 554, "Service unavailable; client host blocked using zen.example", ServerWord.POLICY),
        ("data", 550, "Message looks like spam", ServerWord.POLICY),
        ("rcpt", 552, "5.2.2 Mailbox full", ServerWord.REFUSED),
        ("rcpt", 550, "relay not permitted", ServerWord.POLICY),
        ("rcpt", 553, "sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", ServerWord.POLICY),
        ("rcpt", 550, "Sender verify failed", ServerWord.POLICY),
        ("rcpt", 550, "authentication required", ServerWord.POLICY),
        ("rcpt", 550, "Administrative prohibition", ServerWord.REFUSED),
        ("rcpt", 550, "5.1.0 <rosa@sender.example>: Sender address rejected: User unknown", ServerWord.POLICY),
        ("rcpt", 550, "5.1.8 Access denied, bad outbound sender", ServerWord.POLICY),
        ("data", 550, "5.4.5 Daily user sending quota exceeded", ServerWord.POLICY),
        ("rcpt", 552, "5.2.2 user is over quota", ServerWord.REFUSED),
        ("mail", 550, "5.1.1 User unknown", ServerWord.POLICY),
        ("mail", 553, "bad address syntax", ServerWord.POLICY),
        ("mail", 553, "5.6.7 no SMTPUTF8", ServerWord.REFUSED),
        ("mail", 552, "5.3.4 Message too big", ServerWord.REFUSED),
        ("data", 554, "5.6.0 Malformed", ServerWord.REFUSED),
    ],
)
def test_a_reply_has_one_consequence(stage: str, code: int | None, text: str, word: ServerWord) -> None:
    assert word_of(ServerReply(stage=stage, code=code, text=text, enhanced=enhanced_code(text))) is word


def test_a_version_number_later_in_the_text_is_no_code() -> None:
    assert enhanced_code("OK, this is a server of many words, version number 5.1.1") == ""
