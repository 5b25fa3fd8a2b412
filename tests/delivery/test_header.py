"""Header lines, by properties: whatever a name or a subject holds, the line is one header and says it."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miniatures.delivery.header import address_line, one_line, parts_line, text_line

ANY_TEXT = st.text(max_size=400)
INJECTIONS = ["a\r\nBcc: eve@example.com", "a\nX: b", "a\rX: b", "\r\n\r\nbody", "a\x00b\x0bc\x85d\u2028e", "\ud800"]


def _read(line: bytes) -> Message:
    """By the standard library's older parser, which decodes nothing by itself."""
    return message_from_bytes(line + b"\r\n", policy=compat32)


def _decoded(value: object) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n", "", str(value)))))


def _is_one_header(line: bytes, name: str) -> bool:
    lines = line.split(b"\r\n")
    return (
        line.startswith(f"{name}: ".encode())
        and line.endswith(b"\r\n")
        and line.replace(b"\r\n", b"").isascii()
        and not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|[\r\n]", line.replace(b"\r\n", b""))
        and all(one.startswith(b" ") and one.strip() for one in lines[1:-1])
        and all(len(one) <= 998 for one in lines)
    )


@given(ANY_TEXT)
@example("=?utf-8?q?Free?=")
@example("x" * 2000)
@example("word " * 300)
@example("שלום \u202e עולם")
@example("👩‍🚀" * 90)
def test_a_subject_is_one_header_and_reads_as_written(text: str) -> None:
    line = text_line("Subject", text)
    assert _is_one_header(line, "Subject")
    assert _decoded(_read(line)["Subject"]) == one_line(text)


@given(ANY_TEXT)
@example('Ana "The Fridge" O\\Neil, Ltd.')
@example("Ana (Sales) <eve@example.com>")
@example("=?utf-8?q?Eve?=")
@example("Wolfeschlegelsteinhausenbergerdorff" * 30)
@example("a,b;c:d@e")
@example("José María Ruiz Cano, M.Sc.")
def test_a_name_is_one_header_with_one_address(text: str) -> None:
    line = address_line("To", text, "ana@example.com")
    assert _is_one_header(line, "To")
    value = re.sub(r"\r?\n", "", str(_read(line)["To"]))
    name, address = parseaddr(value)
    assert address == "ana@example.com"
    assert _decoded(name) == one_line(text)


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_ends_a_header(text: str) -> None:
    for line in (text_line("Subject", text), address_line("To", text, "ana@example.com")):
        read = message_from_bytes(line + b"\r\n")
        assert len(read.keys()) == 1
        assert read.get_payload() == ""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("", b"To: ana@example.com\r\n"),
        ("Ana Lima", b"To: Ana Lima <ana@example.com>\r\n"),
        ("Lima, Ana", b'To: "Lima, Ana" <ana@example.com>\r\n'),
        ('Ana \\ "', b'To: "Ana \\\\ \\"" <ana@example.com>\r\n'),
        ("Åsen", b"To: =?utf-8?b?w4VzZW4=?= <ana@example.com>\r\n"),
    ],
)
def test_a_name_is_bare_quoted_or_encoded(name: str, line: bytes) -> None:
    assert address_line("To", name, "ana@example.com") == line


def test_an_address_beyond_ascii_stands_there_in_utf8() -> None:
    assert address_line("To", "", "josé@example.com") == "To: josé@example.com\r\n".encode()


def test_parts_stand_each_on_its_line() -> None:
    assert parts_line("List-Unsubscribe", ["<https://a>", "<mailto:b>"], separator=",") == (
        b"List-Unsubscribe: <https://a>,\r\n <mailto:b>\r\n"
    )
