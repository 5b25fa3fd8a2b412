"""SPF records, good and bad, asked of a real DNS server."""

from __future__ import annotations

import pytest

from miniatures.delivery.doctor.finding import CouldNotLook, Outcome
from miniatures.delivery.doctor.spf import check_spf
from tests.delivery.dns_server import SILENT, Zone, text
from tests.delivery.doctor.asking import dns_of

_CHAIN: Zone = {
    (f"n{number}.example", "TXT"): [text(f"v=spf1 include:n{number + 1}.example -all")] for number in range(12)
}
_RELAY: Zone = {("relay.example", "TXT"): [text("v=spf1 ip4:192.0.2.0/24 a:out.relay.example -all")]}


@pytest.mark.parametrize(
    ("records", "outcome", "told"),
    [
        (["v=spf1 mx -all"], Outcome.OK, "-all, 1 DNS lookup of 10"),
        (["v=spf1 include:relay.example a/24 ~all"], Outcome.OK, "~all, 3 DNS lookups of 10"),
        (["v=spf1 redirect=relay.example"], Outcome.OK, "-all, 2 DNS lookups of 10"),
        (["V=SPF1 IP4:192.0.2.1 -ALL"], Outcome.OK, "-all, 0 DNS lookups of 10"),
        (["v=spf1 include:%{i}.relay.example -all"], Outcome.OK, "-all, 1 DNS lookup of 10"),
        (["v=spf1 include:n2.example -all"], Outcome.PROBLEM, "more than 10 DNS lookups"),
        (["v=spf1 " + "a:x.example " * 11 + "-all"], Outcome.PROBLEM, "more than 10 DNS lookups"),
        (["v=spf1 include:loop.example -all"], Outcome.PROBLEM, "more than 10 DNS lookups"),
        (["v=spf1 mx +all"], Outcome.PROBLEM, "anybody may send"),
        (["v=spf1 mx all"], Outcome.PROBLEM, "anybody may send"),
        (["v=spf1 mx ?all"], Outcome.WARNING, "says nothing"),
        (["v=spf1 mx"], Outcome.WARNING, "no `all`"),
        (["v=spf1 mx -all", "v=spf1 a -all"], Outcome.PROBLEM, "2 SPF records"),
        (["v=spf1 include:nobody.example -all"], Outcome.PROBLEM, "nobody.example"),
        (["v=spf10 mx -all", "google-site-verification=1"], Outcome.PROBLEM, "no SPF record"),
        ([], Outcome.PROBLEM, "no SPF record"),
    ],
)
async def test_a_record_is_judged_as_receivers_judge_it(records: list[str], outcome: Outcome, told: str) -> None:
    zone: Zone = {
        **_CHAIN,
        **_RELAY,
        ("loop.example", "TXT"): [text("v=spf1 include:loop.example -all")],
        ("tarnwick.example", "TXT"): [text(record) for record in records],
    }
    with dns_of(zone) as dns:
        finding = await check_spf("tarnwick.example", "smtp.relay.example", dns)
    assert (finding.outcome, told in finding.told) == (outcome, True), finding.told
    assert bool(finding.advice) == (outcome is not Outcome.OK)


async def test_that_it_covers_the_relay_is_never_claimed() -> None:
    with dns_of({("tarnwick.example", "TXT"): [text("v=spf1 mx -all")]}) as dns:
        finding = await check_spf("tarnwick.example", "smtp.relay.example", dns)
    assert "whether it covers the addresses that smtp.relay.example sends from shows in Received-SPF" in finding.told


async def test_an_include_that_is_not_answered_is_no_judgement() -> None:
    zone: Zone = {
        ("tarnwick.example", "TXT"): [text("v=spf1 include:silent.example -all")],
        ("silent.example", "TXT"): SILENT,
    }
    with dns_of(zone) as dns, pytest.raises(CouldNotLook):
        await check_spf("tarnwick.example", "localhost", dns)
