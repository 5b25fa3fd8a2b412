"""DMARC with its alignment, and MX."""

from __future__ import annotations

from typing import Any

import pytest

from miniatures.delivery.doctor.dmarc import check_dmarc
from miniatures.delivery.doctor.domains import organizational
from miniatures.delivery.doctor.finding import Outcome
from miniatures.delivery.doctor.mx import check_mx
from tests.delivery.composing import settings
from tests.delivery.dns_server import Zone, text
from tests.delivery.doctor.asking import dns_of

_ELSEWHERE = {"bounces": "b+{token}@relay.example"}
_SIGNED = {"dkim": {"domain": "mail.tarnwick.example", "selector": "s", "key": "k"}}
_SIGNED_ELSEWHERE = {"dkim": {"domain": "relay.example", "selector": "s", "key": "k"}}


@pytest.mark.parametrize(
    ("record", "mailbox", "outcome", "told"),
    [
        ("v=DMARC1; p=none", {}, Outcome.OK, "p=none; SPF can vouch"),
        ("v=DMARC1;p=reject", _SIGNED, Outcome.OK, "p=reject; SPF and DKIM can vouch"),
        ("v=DMARC1; p=reject; adkim=s", _SIGNED, Outcome.OK, "p=reject; SPF can vouch"),
        ("v=DMARC1; p=quarantine", _ELSEWHERE | _SIGNED, Outcome.OK, "DKIM can vouch"),
        ("v=DMARC1; p=quarantine", _ELSEWHERE | _SIGNED_ELSEWHERE, Outcome.PROBLEM, "neither SPF (for relay.example)"),
        ("v=DMARC1; p=none", _ELSEWHERE | _SIGNED_ELSEWHERE, Outcome.WARNING, "neither SPF"),
        ("v=DMARC1; p=reject", _ELSEWHERE, Outcome.WARNING, "neither SPF"),
        ("v=DMARC1; p=perhaps", {}, Outcome.PROBLEM, "no valid p="),
        ("v=DMARC1", {}, Outcome.PROBLEM, "no valid p="),
        ("v=spf1 -all", {}, Outcome.WARNING, "no DMARC record"),
    ],
)
async def test_a_policy_is_read_with_who_vouches(
    record: str, mailbox: dict[str, Any], outcome: Outcome, told: str
) -> None:
    with dns_of({("_dmarc.tarnwick.example", "TXT"): [text(record)]}) as dns:
        finding = await check_dmarc(settings(mailbox=mailbox).mailboxes["maren"], dns)
    assert (finding.outcome, told in finding.told) == (outcome, True), finding.told


async def test_a_subdomain_has_the_policy_of_its_organization() -> None:
    box = settings(mailbox={"address": "maren@news.tarnwick.example"}).mailboxes["maren"]
    with dns_of({("_dmarc.tarnwick.example", "TXT"): [text("v=DMARC1; p=reject")]}) as dns:
        assert (await check_dmarc(box, dns)).told.startswith("p=reject")


async def test_two_policies_are_a_problem() -> None:
    records = [text("v=DMARC1; p=none"), text("v=DMARC1; p=reject")]
    with dns_of({("_dmarc.tarnwick.example", "TXT"): records}) as dns:
        assert (await check_dmarc(settings().mailboxes["maren"], dns)).outcome is Outcome.PROBLEM


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.example.co.uk", "example.co.uk"),
        ("a.b.tarnwick.example", "tarnwick.example"),
        ("example.com", "example.com"),
        ("x.example.com.", "example.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_an_organizational_domain_is_what_somebody_registered(domain: str, expected: str) -> None:
    assert organizational(domain) == expected


_MX = ("tarnwick.example", "MX")


@pytest.mark.parametrize(
    ("zone", "outcome", "told"),
    [
        ({_MX: ["10 mx.tarnwick.example."], ("mx.tarnwick.example", "A"): ["192.0.2.1"]}, Outcome.OK, "mx.tarnwick"),
        ({_MX: ["10 mx.tarnwick.example."]}, Outcome.PROBLEM, "has no address"),
        ({_MX: ["0 ."]}, Outcome.PROBLEM, "takes no mail"),
        ({("tarnwick.example", "A"): ["192.0.2.1"]}, Outcome.WARNING, "no MX record"),
        ({}, Outcome.PROBLEM, "no server takes mail"),
    ],
)
async def test_a_domain_takes_mail_or_does_not(zone: Zone, outcome: Outcome, told: str) -> None:
    with dns_of(zone) as dns:
        finding = await check_mx("tarnwick.example", dns)
    assert (finding.outcome, told in finding.told) == (outcome, True), finding.told
