"""What is advised where an encrypted connection did not come about."""

from __future__ import annotations

import pytest

from miniatures.delivery.encryption_advice import encryption_advice

_REFUSED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("unable to get local issuer certificate", "ca_file: PATH"),
        ("self-signed certificate in certificate chain", "ca_file: PATH"),
        ("certificate has expired", "renewed"),
        ("Hostname mismatch, certificate is not valid for 'a.example'.", "`host`"),
        ("IP address mismatch, certificate is not valid for '127.0.0.1'.", "`host`"),
    ],
)
def test_a_refused_certificate_is_mended_and_never_gone_without(why: str, advice: str) -> None:
    told = encryption_advice(_REFUSED + why)
    assert advice in told
    assert "tls" not in told


@pytest.mark.parametrize(
    "said", ["SMTPException: SMTP STARTTLS extension not supported by server.", "TLS not supported by server"]
)
def test_where_no_starttls_is_offered_the_setting_is_named(said: str) -> None:
    assert "`tls: implicit`" in encryption_advice(said)


def test_of_anything_else_it_says_nothing() -> None:
    assert encryption_advice("[Errno 111] Connection refused") == ""
