"""Which addresses are public, and what `allow` opens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.agents.tools.fetch.address import AddressGuard, AddressRefused, split_port
from miniatures.agents.tools.fetch.hosts import HostsMap
from miniatures.datamodel.errors import InputError

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    AddressGuard().check(address, 443, "example.com")


def test_the_refusal_says_what_and_how_to_mend() -> None:
    with pytest.raises(AddressRefused, match=r"intranet\.test leads to 10\.0\.0\.7.*private") as raised:
        AddressGuard().check("10.0.0.7", 80, "intranet.test")
    assert "fetch.allow" in raised.value.hint


@given(st.ip_addresses(v=4).filter(lambda address: not address.is_global))
def test_what_python_calls_not_global_is_refused(address: object) -> None:
    assert AddressGuard().refusal(str(address), 80)
    assert AddressGuard().refusal(f"::ffff:{address}", 80)


@given(st.ip_addresses(v=6).filter(lambda address: not address.is_global))
def test_the_same_in_version_6(address: object) -> None:
    assert AddressGuard().refusal(str(address), 80) or getattr(address, "ipv4_mapped", None)


def test_allow_opens_what_it_names_and_no_more() -> None:
    guard = AddressGuard(["127.0.0.1:8080", "10.1.0.0/16", "[::1]:9000", "fd00::/8"])
    assert not guard.refusal("127.0.0.1", 8080) and guard.refusal("127.0.0.1", 8081)
    assert not guard.refusal("10.1.2.3", 5432) and guard.refusal("10.2.0.1", 80)
    assert not guard.refusal("::1", 9000) and guard.refusal("::1", 80)
    assert not guard.refusal("::ffff:127.0.0.1", 8080)
    assert not guard.refusal("fd00::5", 80)


@pytest.mark.parametrize("entry", ["localhost", "10.0.0.0/99", "", "127.0.0.1:port"])
def test_allow_takes_addresses_only(entry: str) -> None:
    with pytest.raises(InputError, match=r"fetch\.allow"):
        AddressGuard([entry])


def test_split_port() -> None:
    assert split_port("127.0.0.1:80") == ("127.0.0.1", 80)
    assert split_port("::1") == ("::1", None)
    assert split_port("[::1]:80") == ("::1", 80)
    assert split_port("10.0.0.0/8") == ("10.0.0.0/8", None)


def test_hosts_map() -> None:
    hosts = HostsMap({"*.example": "127.0.0.1:8080", "frost.example": "127.0.0.2", "v6.test": "[::1]:81"})
    assert hosts.lookup("FROST.example.", 80) == ("127.0.0.2", 80)
    assert hosts.lookup("a.b.example", 80) == ("127.0.0.1", 8080)
    assert hosts.lookup("v6.test", 80) == ("::1", 81)
    assert hosts.lookup("example", 80) is None and hosts.lookup("notexample", 80) is None
    with pytest.raises(InputError, match=r"hosts\.x\.test"):
        HostsMap({"x.test": "localhost"})
