"""The DNS: what is not there is kept apart from what is not known."""

from __future__ import annotations

import pytest

from miniatures.delivery.doctor.dns import Dns, MailServer
from miniatures.delivery.doctor.finding import CouldNotLook
from tests.delivery.dns_server import BROKEN, SILENT, text
from tests.delivery.doctor.asking import dns_of

ZONE = {
    ("a.example", "TXT"): [text("x" * 300), text("second")],
    ("a.example", "MX"): ["20 second.example.", "10 first.example."],
    ("a.example", "A"): ["192.0.2.1"],
    ("a.example", "AAAA"): ["2001:db8::1"],
    ("silent.example", "TXT"): SILENT,
    ("broken.example", "TXT"): BROKEN,
}


async def test_records_are_read() -> None:
    with dns_of(ZONE) as dns:
        assert sorted(await dns.texts("a.example")) == ["second", "x" * 300]
        assert await dns.mail_servers("a.example") == [
            MailServer(10, "first.example"),
            MailServer(20, "second.example"),
        ]
        assert await dns.addresses("a.example") == ["192.0.2.1", "2001:db8::1"]


async def test_a_name_without_a_record_and_a_name_that_is_not_there_have_none() -> None:
    with dns_of(ZONE) as dns:
        assert await dns.texts("nobody.example") == []
        assert await dns.mail_servers("silent.example") == []


@pytest.mark.parametrize("name", ["silent.example", "broken.example"])
async def test_a_server_that_does_not_answer_says_nothing(name: str) -> None:
    with dns_of(ZONE) as dns, pytest.raises(CouldNotLook, match=name):
        await dns.texts(name)


async def test_no_server_at_all_says_nothing() -> None:
    with pytest.raises(CouldNotLook):
        await Dns(["127.0.0.1"], port=1, timeout_s=0.3).texts("a.example")
