"""Who cannot hear answers does not write, and whoever can goes on."""

from __future__ import annotations

import pytest

from miniatures.datamodel.send_settings import SendSettings
from miniatures.delivery.back_off import Refusal
from miniatures.delivery.inbound.unheard import unheard

ROBIN, ROSA = "robin@sender.example", "rosa@sender.example"


def settings(*, rosa_reads: bool = True, **more: object) -> SendSettings:
    def box(address: str, reads: bool) -> dict[str, object]:
        inbox = {"inbox": {"maildir": f"/mail/{address}"}} if reads else {}
        return {"address": address, "smtp": {"host": "127.0.0.1"}, **inbox}

    return SendSettings.model_validate(
        {"mailboxes": {"robin": box(ROBIN, True), "rosa": box(ROSA, rosa_reads)}, **more}
    )


def held(settings: SendSettings, *unread: str) -> set[str]:
    return set(unheard(settings, dict.fromkeys(unread, Refusal("it is silent"))))


def test_only_the_mailbox_whose_inbox_is_silent_waits() -> None:
    assert held(settings(), ROBIN) == {"robin"}
    assert held(settings()) == set()


def test_a_mailbox_without_an_inbox_waits_for_any_since_its_answers_may_arrive_there() -> None:
    assert held(settings(rosa_reads=False), ROBIN) == {"robin", "rosa"}


def test_all_wait_for_the_inbox_that_takes_their_opt_outs() -> None:
    assert held(settings(opt_out_address="Robin@sender.example"), ROBIN) == {"robin", "rosa"}
    assert held(settings(opt_out_address=ROBIN), ROSA) == {"rosa"}


@pytest.mark.parametrize("opt_outs", ["leave@sender.example", "robin+leave@sender.example"])
def test_opt_outs_to_an_address_that_is_no_mailboxes_may_come_to_any_inbox(opt_outs: str) -> None:
    assert held(settings(opt_out_address=opt_outs), ROBIN) == {"robin", "rosa"}
    assert held(settings(opt_out_address=opt_outs)) == set()
    assert held(settings(rosa_reads=False, opt_out_address=ROSA), ROBIN) == {"robin", "rosa"}


def test_it_is_said_what_the_server_said() -> None:
    told = unheard(settings(), {ROSA: Refusal("imap.example refuses")})["rosa"]
    assert told.told == "nothing leaves until its answers can be read: imap.example refuses"
