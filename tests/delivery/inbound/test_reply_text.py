"""What a person wrote is told from what they quote, in the forms of the usual mail programs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.delivery.inbound.mail import read_mail
from miniatures.delivery.inbound.reply_text import reply_text
from tests.delivery.inbound.written import mail_of

OURS = "Hi Person,\n\nWould a call help?\n\nRosa\n\nReply STOP to opt out."
QUOTED = "\n".join(f"> {line}".rstrip() for line in OURS.split("\n"))
BARE = OURS

GMAIL = f"Yes, Tuesday works.\n\nOn Mon, Nov 30, 2026 at 9:12 AM Rosa Lind <rosa@sender.example>\nwrote:\n\n{QUOTED}\n"
APPLE = (
    "Yes, Tuesday works.\n\nSent from my iPhone\n\n"
    f"> On 30 Nov 2026, at 09:12, Rosa Lind <rosa@sender.example> wrote:\n> \n{QUOTED}\n"
)
APPLE_DESKTOP = f"Yes, Tuesday works.\n\n> On 30 Nov 2026, at 09:12, Rosa <rosa@sender.example> wrote:\n>\n{QUOTED}"
THUNDERBIRD = f"On 30.11.26 09:12, Rosa Lind wrote:\n{QUOTED}\nYes, Tuesday works.\n\n-- \nPerson One\nCompany 1\n"
GERMAN = (
    f"Yes, Tuesday works.\n\nAm Mo., 30. Nov. 2026 um 09:12 Uhr schrieb Rosa Lind <\nrosa@sender.example>:\n\n{QUOTED}"
)
FRENCH = f"Yes, Tuesday works.\n\nLe lun. 30 nov. 2026 à 09:12, Rosa Lind <rosa@sender.example> a écrit :\n\n{QUOTED}"
SPANISH = (
    f"Yes, Tuesday works.\n\nEl lun, 30 nov 2026 a las 9:12, Rosa Lind (<rosa@sender.example>) escribió:\n\n{QUOTED}"
)
DUTCH = f"Yes, Tuesday works.\n\nOp ma 30 nov 2026 om 09:12 schreef Rosa Lind <rosa@sender.example>:\n\n{QUOTED}"
SWEDISH = f"Yes, Tuesday works.\n\nDen mån 30 nov. 2026 kl 09:12 skrev Rosa Lind <rosa@sender.example>:\n\n{QUOTED}"
POLISH = f"Yes, Tuesday works.\n\npon., 30 lis 2026 o 09:12 Rosa Lind <rosa@sender.example> napisał(a):\n\n{QUOTED}"
OUTLOOK = (
    "Yes, Tuesday works.\n\nKind regards,\nPerson One\nHead of Logistics\n\n"
    "From: Rosa Lind <rosa@sender.example>\nSent: Monday, November 30, 2026 9:12 AM\n"
    f"To: Person One\nSubject: Hello\n\n{BARE}"
)
OUTLOOK_RULE = (
    "Yes, Tuesday works.\n\n________________________________\n"
    "Von: Rosa Lind <rosa@sender.example>\nGesendet: Montag, 30. November 2026 09:12\n"
    f"An: Person\nBetreff: Hello\n\n{BARE}"
)
OUTLOOK_BOLD = f"Yes, Tuesday works.\n\n*From:* Rosa <rosa@sender.example>\n*Date:* Monday, 30 November\n\n{BARE}"
OUTLOOK_MOBILE = (
    "Yes, Tuesday works.\n\nGet Outlook for iOS<https://aka.example/ios>\n________________________________\n"
    f"From: Rosa\nSent: Monday\n\n{BARE}"
)
OLD_OUTLOOK = f"Yes, Tuesday works.\n\n-----Original Message-----\nFrom: Rosa\n\n{BARE}"
UNMARKED = f"Yes, Tuesday works.\n\nOn Mon, 30 Nov 2026, Rosa Lind wrote:\n\n{BARE}"


@pytest.mark.parametrize(
    "text",
    [
        GMAIL, APPLE, APPLE_DESKTOP, THUNDERBIRD, GERMAN, FRENCH, SPANISH, DUTCH, SWEDISH, POLISH,
        OUTLOOK, OUTLOOK_RULE, OUTLOOK_BOLD, OUTLOOK_MOBILE, OLD_OUTLOOK, UNMARKED,
    ],
)  # fmt: skip
def test_only_what_the_person_wrote_is_left(text: str) -> None:
    assert reply_text(text) == "Yes, Tuesday works."


def test_inline_answers_are_kept_in_order() -> None:
    text = (
        "See below.\n\nOn 30 Nov 2026, Rosa <rosa@sender.example> wrote:\n> Would a call help?\nYes.\n"
        "> When?\nTuesday at ten.\n\nBest,\nPerson"
    )
    assert reply_text(text) == "See below.\n\nYes.\nTuesday at ten."


def test_a_sentence_that_ends_in_wrote_is_the_persons_own() -> None:
    text = "You asked what I wrote: it was a note on cooling.\n\nI agree with it."
    assert reply_text(text) == text


def test_thanks_that_open_a_mail_are_no_signature() -> None:
    text = "Thank you!\n\nWe start in March and would like to see the hall before that, if it can be arranged."
    assert reply_text(text) == text


def test_a_postscript_below_the_signature_is_read() -> None:
    assert reply_text("Not now.\n\nRegards,\nPerson\n\nPS: please take me off your list") == (
        "Not now.\n\nPS: please take me off your list"
    )


def test_what_a_server_adds_is_left_out() -> None:
    text = (
        "[EXTERNAL] This message comes from outside of our organization.\n\nCall me.\n\n"
        "This e-mail and any attachments are confidential and intended solely for the addressee.\n\n"
        "Unsubscribe from our newsletter: https://company1.example/u"
    )
    assert reply_text(text) == "Call me."


@pytest.mark.parametrize(
    "markup",
    [
        f'<div dir="ltr">Call <b>me</b>.</div><br><div class="gmail_quote"><div>On Monday Rosa wrote:</div>'
        f"<blockquote>{OURS}</blockquote></div>",
        '<div>Call me.</div><div id="appendonsend"></div><hr>'
        f'<div id="divRplyFwdMsg"><b>Von:</b> Rosa</div><p>{OURS}</p>',
        '<p>Call me.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Rosa</p></div>'
        f"<p>{OURS}</p>",
        '<p>Call me.</p><div class="moz-cite-prefix">Am 30.11.26 um 09:12 schrieb Rosa:<br></div>'
        f"<blockquote>{OURS}</blockquote>",
        f"<style>p {{color: red}}</style><p>Call&nbsp;me.</p><blockquote type=cite>{OURS}</blockquote>",
    ],
)
def test_quotes_in_html_are_known_by_the_marks_of_programs(markup: str) -> None:
    assert reply_text(read_mail(mail_of(html=markup)).text) == "Call me."


@given(st.text(alphabet="On wrote:\n>-_ FromSent@1é", max_size=400))
def test_any_text_is_read(text: str) -> None:
    assert len(reply_text(text)) <= len(text)


@pytest.mark.parametrize(
    "text", ["\n" * 90_000, "On " * 30_000, "> " * 45_000, "From: a\n" * 12_000, " \n" * 45_000, "wrote:1 " * 11_000]
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    reply_text(text)
    assert time.process_time() - begun < 2
