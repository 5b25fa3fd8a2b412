"""The email's bytes and its envelope."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.delivery.compose import xtext
from miniatures.delivery.tokens import Token, TokenKind, Tokens
from miniatures.delivery.wire import BadAddress
from tests.delivery.composing import (
    BODY,
    DATE,
    ID,
    LINK,
    SECRET,
    compose,
    links,
    message,
    parsed,
    part,
    settings,
)

_ANY_TEXT = st.text(max_size=300)


def _row(step: int, state: MessageState, **changes: Any) -> OutboxRow:
    sent = message(id=f"{step:032x}", step=step, **changes)
    return OutboxRow(message=sent, state=state, due_at=DATE, queued_at=DATE, message_id=f"<{sent.id}@tarnwick.example>")


def test_an_email_has_these_headers_and_no_other() -> None:
    read = parsed(compose())
    headers = [(name, str(value)) for name, value in read.items()]
    assert [name for name, _ in headers] == [
        "From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post",
        "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert headers[:5] == [
        ("From", "Maren Holloway <maren@tarnwick.example>"),
        ("To", "Aoife Ní Bhriain <aoife@kestrelgdp.example>"),
        ("Subject", "Kestrel: readings for the new rooms"),
        ("Date", "Mon, 30 Nov 2026 09:15:00 +0000"),
        ("Message-ID", f"<{ID}@tarnwick.example>"),
    ]
    assert headers[6][1] == "List-Unsubscribe=One-Click"
    assert [one.get_content_type() for one in read.iter_parts()] == ["text/plain", "text/html"]


def test_the_same_email_has_the_same_bytes() -> None:
    assert compose().mime == compose().mime


def test_opting_out_by_header_leads_to_a_page_and_to_the_mailbox() -> None:
    page, by_mail = str(parsed(compose())["List-Unsubscribe"]).split(", ")
    token = page.removeprefix("<https://t.tarnwick.example/u/").removesuffix(">")
    assert Tokens(SECRET).unsign(TokenKind.OPT_OUT, token) == Token(ID, 0)
    assert by_mail == f"<mailto:maren@tarnwick.example?subject=unsubscribe%20{ID}>"


def test_without_a_page_opting_out_goes_by_mail_and_no_header_promises_one_click() -> None:
    read = parsed(compose(sending=settings(None, opt_out_address="stop@tarnwick.example")))
    assert str(read["List-Unsubscribe"]) == f"<mailto:stop@tarnwick.example?subject=unsubscribe%20{ID}>"
    assert read["List-Unsubscribe-Post"] is None
    composed = compose(sending=settings(None, opt_out_address="stop@tarnwick.example"))
    assert part(composed, "plain").endswith("reply STOP or write to stop@tarnwick.example\n")
    assert links(composed)[-1] == "mailto:stop@tarnwick.example?subject=STOP"


def test_each_link_is_signed_with_its_number_in_both_parts() -> None:
    second = "https://tarnwick.example/prices?list=a&year=2026"
    one = message(body=f"Hello Aoife,\n\nfirst {LINK}, then {second} and {LINK} again.")
    composed = compose(one)
    found = re.findall(r"https://t\.tarnwick\.example/c/([\w-]+\.[\w-]+)", part(composed, "plain"))
    numbers = [Tokens(SECRET).unsign(TokenKind.CLICK, token) for token in found]
    assert numbers == [Token(ID, 1), Token(ID, 2), Token(ID, 3)]
    assert one.links == (LINK, second, LINK)
    assert [url.rpartition("/")[2] for url in links(composed)[:3]] == found
    assert LINK not in part(composed, "plain")


def test_a_link_that_left_the_brief_after_queueing_is_signed_all_the_same() -> None:
    old = "https://tarnwick.example/2024"
    composed = compose(message(body=f"Hello Aoife,\n\nfirst {old}, then {LINK}.", links=(old,)))
    assert Tokens(SECRET).unsign(TokenKind.CLICK, links(composed)[0].rpartition("/")[2]) == Token(ID, 1)
    assert LINK in part(composed, "plain") and old not in part(composed, "plain")


def test_a_follow_up_answers_what_left_under_the_threads_subject() -> None:
    earlier = [
        _row(1, MessageState.UNCERTAIN, subject=""),
        _row(0, MessageState.ACCEPTED),
        _row(2, MessageState.REJECTED),
        _row(4, MessageState.ACCEPTED),
    ]
    read = parsed(compose(message(step=3, subject=""), earlier=earlier))
    first, second = f"<{0:032x}@tarnwick.example>", f"<{1:032x}@tarnwick.example>"
    assert str(read["Subject"]) == "Re: Kestrel: readings for the new rooms"
    assert str(read["In-Reply-To"]) == second
    assert str(read["References"]) == f"{first} {second}"


def test_a_follow_up_with_a_subject_of_its_own_keeps_it_and_the_thread() -> None:
    read = parsed(compose(message(step=1, subject="One more thing"), earlier=[_row(0, MessageState.ACCEPTED)]))
    assert str(read["Subject"]) == "One more thing"
    assert str(read["In-Reply-To"]) == f"<{0:032x}@tarnwick.example>"


def test_a_first_email_answers_nothing() -> None:
    assert parsed(compose())["In-Reply-To"] is None
    assert parsed(compose())["References"] is None


def test_the_envelope_names_the_email() -> None:
    composed = compose(sending=settings(mailbox={"bounces": "bounces+{token}@mail.tarnwick.example"}))
    assert composed.envelope_from == f"bounces+{ID}@mail.tarnwick.example"
    assert composed.envelope_id == ID
    assert composed.message_id == f"<{ID}@tarnwick.example>"
    assert compose().envelope_from == "maren@tarnwick.example"
    assert compose().envelope_to == "aoife@kestrelgdp.example"


@pytest.mark.parametrize(("text", "encoded"), [("abc", "abc"), ("a+b=c d", "a+2Bb+3Dc+20d"), ("", "")])
def test_an_envelope_id_is_xtext(text: str, encoded: str) -> None:
    assert xtext(text) == encoded


def test_international_domains_go_in_ascii_and_names_in_utf8() -> None:
    by_domain = compose(message(address="ana@bücher.example"))
    assert by_domain.envelope_to == "ana@xn--bcher-kva.example"
    assert not by_domain.smtputf8
    assert by_domain.mime.isascii()
    by_name = compose(message(address="josé@bücher.example"))
    assert by_name.smtputf8
    assert "<josé@xn--bcher-kva.example>".encode() in by_name.mime


def test_a_mailbox_at_an_international_domain_sends_in_ascii() -> None:
    sending = settings({"url": "https://t.bücher.example"}, mailbox={"address": "ana@bücher.example"})
    composed = compose(message(mailbox="ana@bücher.example"), sending=sending)
    assert composed.mime.isascii()
    assert composed.message_id.endswith("@xn--bcher-kva.example>")
    assert b"<https://t.xn--bcher-kva.example/u/" in composed.mime


def test_an_address_that_would_add_a_recipient_is_refused() -> None:
    with pytest.raises(BadAddress):
        compose(message(address="ana@example.com>\r\nBcc: <eve@example.com"))


def test_a_mailbox_that_was_taken_out_is_named() -> None:
    with pytest.raises(InputError, match="no mailbox with the address ben@tarnwick"):
        compose(message(mailbox="ben@tarnwick.example"))


@given(name=_ANY_TEXT, subject=_ANY_TEXT, body=_ANY_TEXT)
def test_nothing_that_is_written_adds_a_header_or_a_part(name: str, subject: str, body: str) -> None:
    composed = compose(message(name=name, subject=subject, body=body))
    read = parsed(composed)
    assert len(read.items()) == 9
    assert len(list(read.iter_parts())) == 2
    assert str(read["To"].addresses[0].addr_spec) == "aoife@kestrelgdp.example"
    assert len(read["To"].addresses) == 1
    assert composed.mime.isascii()


@given(name=_ANY_TEXT, subject=_ANY_TEXT, body=_ANY_TEXT)
def test_every_line_is_one_that_any_server_takes(name: str, subject: str, body: str) -> None:
    lines = compose(message(name=name, subject=subject, body=body)).mime.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("Hello Åsa,\n\nshort.", "quoted-printable"),
        ("アナ様\n\n新しい倉庫の完成、おめでとうございます。", "base64"),
        ("word " * 400, "quoted-printable"),
    ],
)
def test_a_body_travels_in_ascii_in_the_encoding_that_suits_it(body: str, encoding: str) -> None:
    composed = compose(message(body=body), settings(None))
    first = next(iter(parsed(composed).iter_parts()))
    assert first["Content-Transfer-Encoding"] == encoding
    assert part(composed, "plain").startswith(body.strip())


def test_the_name_is_the_mailboxs_own_or_the_briefs() -> None:
    named = parsed(compose(sending=settings(mailbox={"name": "Maren, Tarnwick"})))
    assert named["From"].addresses[0].display_name == "Maren, Tarnwick"


def test_a_subject_beyond_ascii_is_encoded_words() -> None:
    composed = compose(message(subject="Żimna Dolina → new rooms 🧊"))
    raw = composed.mime.split(b"Subject: ")[1].split(b"\r\nDate")[0].decode("ascii")
    assert str(make_header(decode_header(raw))) == "Żimna Dolina → new rooms 🧊"


def test_the_body_that_was_approved_is_what_arrives() -> None:
    assert part(compose(sending=settings(None)), "plain").split("\n\n-- \n")[0] == BODY
