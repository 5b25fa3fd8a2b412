"""Addresses as they go over the wire."""

from __future__ import annotations

import pytest

from miniatures.delivery.wire import BadAddress, ascii_domain, ascii_url, mailto, needs_smtputf8, wire_address
from tests.delivery.composing import message


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("Ana@Example.COM", "Ana@example.com"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
        ("ana@straße.example", "ana@xn--strae-oqa.example"),
        ("josé@bücher.example", "josé@xn--bcher-kva.example"),
        ("jose\u0301@example.com", "josé@example.com"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
        ("a+b/c@mail.test", "a+b/c@mail.test"),
    ],
)
def test_a_domain_is_in_ascii_and_the_name_before_it_is_kept(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "", "ana", "ana@", "@example.com", "ana@example.com\r\nBcc: eve@example.com", "ana@ex\nample.com",
        "ana@example.com, eve@example.com", "<ana@example.com>", "Ana <ana@example.com>", "a b@example.com",
        "ana@example..com", "ana@-.example", f"ana@{'a' * 64}.example", "ana\0@example.com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        wire_address(address)


def test_only_a_name_beyond_ascii_needs_a_server_with_smtputf8() -> None:
    assert not needs_smtputf8(message(address="ana@bücher.example"))
    assert needs_smtputf8(message(address="josé@example.com"))


def test_a_bare_domain_and_a_web_address_are_in_ascii() -> None:
    assert ascii_domain("bücher.example") == "xn--bcher-kva.example"
    assert ascii_url("https://t.bücher.example:8443") == "https://t.xn--bcher-kva.example:8443"
    assert ascii_url("http://127.0.0.1:8080") == "http://127.0.0.1:8080"
    with pytest.raises(BadAddress):
        ascii_domain("bü cher")


def test_a_mailto_link_is_escaped() -> None:
    assert mailto("a+b@example.com", "unsubscribe 1&2") == "mailto:a%2Bb@example.com?subject=unsubscribe%201%262"
