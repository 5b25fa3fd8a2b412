"""What the campaign's own files say."""

from __future__ import annotations

import pytest

from miniatures.delivery.doctor.campaign import (
    check_opt_out_address,
    check_passwords,
    check_postal_address,
    check_sender_address,
)
from miniatures.delivery.doctor.finding import Outcome
from tests.delivery.composing import BRIEF, settings

_LOGIN = {"user": "x", "password": "SMTP_PASSWORD"}


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("Tarnwick Instruments Ltd, 14 Ropery Yard, Kingsbeck KB1 4ZZ, United Kingdom", Outcome.OK),
        ("Kaikatu 4, 00100 Helsinki, Finland", Outcome.OK),
        ("12 Sample Street, 00000 Exampletown", Outcome.PROBLEM),
        ("[Your address]", Outcome.PROBLEM),
        ("TODO: ask Ben", Outcome.PROBLEM),
        ("Leeds", Outcome.PROBLEM),
    ],
)
def test_a_postal_address_is_no_placeholder(address: str, outcome: Outcome) -> None:
    sender = BRIEF.sender.model_copy(update={"postal_address": address})
    assert check_postal_address(BRIEF.model_copy(update={"sender": sender})).outcome is outcome


def test_each_password_is_in_the_environment() -> None:
    sending = settings(
        mailbox={
            "smtp": {"host": "h", "login": _LOGIN},
            "inbox": {"host": "h", "login": {"user": "x", "password": "IMAP_PASSWORD"}},
        }
    )
    missing = check_passwords(sending, {"SMTP_PASSWORD": "x", "IMAP_PASSWORD": ""})
    assert (missing.outcome, missing.told) == (Outcome.PROBLEM, "not set: IMAP_PASSWORD")
    assert check_passwords(sending, {"SMTP_PASSWORD": "x", "IMAP_PASSWORD": "y"}).outcome is Outcome.OK
    assert check_passwords(settings(), {}).told == "no server asks for one"


def test_the_address_that_takes_opt_outs_is_a_mailbox_whose_inbox_is_read() -> None:
    read = {"inbox": {"maildir": "mail"}}
    assert [one.outcome for one in check_opt_out_address(settings(mailbox=read))] == [Outcome.OK]
    assert [one.outcome for one in check_opt_out_address(settings())] == [Outcome.PROBLEM]
    elsewhere = settings(mailbox=read, opt_out_address="stop@tarnwick.example")
    [finding] = check_opt_out_address(elsewhere)
    assert (finding.outcome, "no mailbox of this campaign" in finding.told) == (Outcome.PROBLEM, True)
    own = settings(mailbox=read, opt_out_address="Maren@tarnwick.example")
    assert [one.outcome for one in check_opt_out_address(own)] == [Outcome.OK]


@pytest.mark.parametrize(
    ("address", "outcome"),
    [
        ("maren@tarnwick.example", Outcome.OK),
        ("maren@mail.tarnwick.example", Outcome.OK),
        ("maren@elsewhere.example", Outcome.WARNING),
    ],
)
def test_a_sender_of_another_domain_than_the_mailbox_is_warned_of(address: str, outcome: Outcome) -> None:
    assert check_sender_address(BRIEF, settings(mailbox={"address": address})).outcome is outcome
