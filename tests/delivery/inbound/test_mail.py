"""Any bytes are read, in bounded time, and without an exception."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.delivery.inbound.mail import read_mail
from miniatures.delivery.inbound.told import told
from tests.delivery.inbound.written import MONDAY, complaint_of, mail_of, report_of


def everything(raw: bytes) -> str:
    """Reads all that is ever read of a mail; what a store keeps must be text that it can encode."""
    mail = read_mail(raw)
    is_told = told(mail, MONDAY)
    kept = (mail.message_id, mail.sender, mail.subject, is_told.text, is_told.diagnostic, *mail.answers)
    return "".join(text.encode("utf-8").decode("utf-8") for text in kept)


@pytest.mark.parametrize(
    ("charset", "content"),
    [
        ("utf-8", "Grüße, señor".encode()),
        ("iso-8859-1", "Grüße, señor".encode("latin-1")),
        ("windows-1252", "Grüße, señor".encode("cp1252")),
        ("utf-16", "Grüße, señor".encode("utf-16")),
        ("us-ascii", "Grüße, señor".encode()),
        ("utf-8", "Grüße, señor".encode("latin-1")),
        ("x-unknown", "Grüße, señor".encode()),
        ("punycode", "Grüße, señor".encode()),
        ("zlib", "Grüße, señor".encode()),
    ],
)
def test_text_is_read_in_the_charset_that_is_declared_or_that_it_is_in(charset: str, content: bytes) -> None:
    raw = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + content
    assert read_mail(raw).text == "Grüße, señor"


def test_the_charset_of_east_asia_is_read() -> None:
    head = b"Content-Type: text/plain; charset=gb2312\r\nSubject: =?gb2312?B?xOO6ww==?=\r\n\r\n"
    mail = read_mail(head + "你好 谢谢".encode("gb2312"))
    assert (mail.subject, mail.text) == ("你好", "你好 谢谢")


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?Q?_an_Sie?=", "Grüße an Sie"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("=?nonsense?Q?a=FCb?=", "aüb"),
        ("plain\r\n folded", "plain folded"),
    ],
)
def test_subjects_are_decoded(header: str, subject: str) -> None:
    assert read_mail(f"Subject: {header}\r\n\r\nx".encode()).subject == subject


def test_raw_bytes_in_a_header_are_read() -> None:
    assert read_mail("Subject: Grüße\r\n\r\nx".encode()).subject == "Grüße"
    assert read_mail("Subject: Grüße\r\n\r\nx".encode("latin-1")).subject == "Grüße"


@pytest.mark.parametrize(
    ("line", "sender"),
    [
        ("From: Anna <Anna@X.example>", "anna@x.example"),
        ('From: "a@b.example" <c@d.example>', "c@d.example"),
        ("From: a@b.example, c@d.example", ""),
        ("From: <>", ""),
        ("From: undisclosed", ""),
        ("From: =?utf-8?Q?a=40b.example?= <c@d.example>", "c@d.example"),
    ],
)
def test_a_sender_is_one_address_or_none(line: str, sender: str) -> None:
    assert read_mail(f"{line}\r\n\r\nx".encode()).sender == sender


def test_attachments_and_enclosed_mails_are_not_read_as_text() -> None:
    raw = (
        b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nMine.\r\n'
        b"--B\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nSTOP\r\n"
        b"--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nSTOP\r\n--B--\r\n"
    )
    assert read_mail(raw).text.strip() == "Mine."


def test_a_mail_without_an_id_is_named_by_its_bytes() -> None:
    one, same, other = (read_mail(raw).message_id for raw in (b"\r\na", b"\r\na", b"\r\nb"))
    assert one == same != other
    assert one.startswith("<") and one.endswith("@no-message-id.invalid>")


def test_what_is_answered_is_told_the_nearest_first() -> None:
    raw = mail_of("x", In_Reply_To="<b@x>", References="<a@x> <b@x>")
    assert read_mail(raw).answers == ("<b@x>", "<a@x>")


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read(raw: bytes) -> None:
    everything(raw)


_HEADERS = st.sampled_from(
    (
        *("Subject", "From", "To", "Date", "Message-ID", "References", "Content-Type", "Content-Transfer-Encoding"),
        *("Return-Path", "Auto-Submitted", "Precedence", "MIME-Version", "Content-Disposition", "X-Failed-Recipients"),
    )
)
_VALUES = st.sampled_from(
    (
        *("multipart/report; boundary=B", "multipart/mixed; boundary=B", "message/rfc822", "message/delivery-status"),
        *("message/feedback-report", "text/html; charset=utf-7", "base64", "quoted-printable", "x-uuencode", "<>"),
        *("<a@b>", "MAILER-DAEMON@x.example", 'text/plain; charset="', "=?a?b?c?=", "Mon, 99 Foo 99999 99:99 +9999"),
        *("text/plain; charset*=''x; name*0=a; name*9999=b", "Thu, 1 Jan 1 00:00:00 +2400"),
    )
)
_LINES = st.lists(st.tuples(_HEADERS, _VALUES | st.text(max_size=40)), max_size=8).map(
    lambda lines: "".join(f"{name}: {value}\r\n" for name, value in lines)
)
_BODIES = st.lists(
    st.sampled_from(["--B\r\n", "--B--\r\n", "\r\n", "begin 644 x\r\n", "Action: failed\r\n", "Status: 5.1.1\r\n"])
    | st.sampled_from(["Diagnostic-Code: smtp; 550\r\n", "=\r\n", "<p><blockquote>", "> x\r\n"])
    | _LINES,
    max_size=12,
).map("".join)


@given(_LINES, _BODIES)
def test_broken_structure_is_read(head: str, body: str) -> None:
    everything(f"{head}\r\n{body}".encode("utf-8", "surrogatepass"))


@given(st.sampled_from([mail_of("Hi"), report_of(), complaint_of(), mail_of(html="<p>Hi</p>")]), st.data())
def test_damaged_mails_are_read(raw: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(raw)))
    length = data.draw(st.integers(0, 60))
    everything(raw[:start] + data.draw(st.binary(max_size=20)) + raw[start + length :])


def _nested(depth: int) -> bytes:
    return b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth)
    )


HOSTILE = {
    "deeply nested": _nested(5_000),
    "just nested enough": _nested(40) + b"a\r\n" * 200_000,
    "many parts": b"Content-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\nx\r\n" * 100_000,
    "many headers": b"a: b\r\n" * 150_000,
    "long parameters": b"Content-Type: text/plain" + b'; a="b' * 150_000,
    "long folded header": b"Subject: " + b"x\r\n " * 250_000,
    "many addresses": b"From: " + b"a@b.example, " * 70_000,
    "many brackets": b"From: " + b"(" * 900_000 + b"\r\nTo: " + b"<" * 900_000,
    "encoded words": b"Subject: " + b"=?utf-8?Q?a?= " * 70_000,
    "references": b"References: " + b"<a@b> " * 150_000,
    "html depth": b"Content-Type: text/html\r\n\r\n" + b"<div>" * 190_000,
    "html quotes": b"Content-Type: text/html\r\n\r\n" + b"<blockquote>a</blockquote>" * 40_000,
    "blank lines": b"\r\n" * 500_000,
    "bounce prose": b"From: mailer-daemon@x.example\r\n\r\n"
    + b"The following addresses had <a@b> 550 5.1.1\r\n" * 20_000,
    "spaces": b"\r\n" + b" " * 1_000_000,
    "one word": b"\r\n" + b"a" * 1_000_000,
    "at signs": b"\r\n" + b"a@" * 500_000,
    "numbers": b"Auto-Submitted: auto-replied\r\n\r\n" + b"1.1. " * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_long(name: str) -> None:
    begun = time.process_time()
    everything(HOSTILE[name])
    assert time.process_time() - begun < 5
