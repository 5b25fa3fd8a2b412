"""What a campaign says of its sending is understood, or refused in a sentence that says how to write it."""

from __future__ import annotations

from datetime import time

import pytest
from pydantic import ValidationError

from miniatures.datamodel.send_settings import Hours, InboxSettings, SmtpSettings


@pytest.mark.parametrize("host", ["127.0.0.1:35361", "mail.sender.example:35361", "[::1]:35361"])
def test_a_port_behind_a_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError, match="port: 35361"):
        SmtpSettings(host=host)
    with pytest.raises(ValidationError, match="port: 35361"):
        InboxSettings.model_validate({"host": host, "login": {"user": "rosa", "password": "WORD"}})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "2001:db8::25", "mail.sender.example"])
def test_an_address_without_a_port_is_a_host(host: str) -> None:
    assert SmtpSettings(host=host).host == host


@pytest.mark.parametrize("closes", ["24:00", 1440])
def test_a_day_may_close_at_its_end(closes: object) -> None:
    hours = Hours.model_validate({"opens": "00:00", "closes": closes})
    assert hours.closes == time(23, 59, 59, 999999)
    assert Hours.model_validate_json(hours.model_dump_json()) == hours


def test_no_day_opens_at_its_end() -> None:
    with pytest.raises(ValidationError):
        Hours.model_validate({"opens": "24:00"})
