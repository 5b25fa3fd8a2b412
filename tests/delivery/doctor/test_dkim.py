"""The key record against the private key."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from miniatures.delivery.doctor.dkim import check_dkim
from miniatures.delivery.doctor.finding import Outcome
from tests.delivery.composing import settings
from tests.delivery.dns_server import text
from tests.delivery.doctor.asking import dns_of

_KEYS = {
    "rsa": rsa.generate_private_key(65537, 2048),
    "other": rsa.generate_private_key(65537, 2048),
    "short": rsa.generate_private_key(65537, 1024),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
_NAME = "mail._domainkey.tarnwick.example"


def _public(name: str) -> str:
    key = _KEYS[name].public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    else:
        raw = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("key", "record", "outcome", "told"),
    [
        ("rsa", "v=DKIM1; k=rsa; p={rsa}", Outcome.OK, "RSA of 2,048 bits"),
        ("rsa", "p={rsa}", Outcome.OK, "RSA of 2,048 bits"),
        ("rsa", "v=DKIM1; t=y; p={rsa}", Outcome.WARNING, "for testing"),
        ("short", "v=DKIM1; k=rsa; p={short}", Outcome.WARNING, "RSA of 1,024 bits"),
        ("ed25519", "v=DKIM1; k=ed25519; p={ed25519}", Outcome.WARNING, "Ed25519"),
        ("rsa", "v=DKIM1; k=rsa; p={other}", Outcome.PROBLEM, "not the public half"),
        ("rsa", "v=DKIM1; k=rsa; p=rubbish", Outcome.PROBLEM, "not the public half"),
        ("rsa", "v=DKIM1; k=rsa; p=", Outcome.PROBLEM, "withdrawn"),
        ("rsa", "v=spf1 -all", Outcome.PROBLEM, "no key record"),
        ("rsa", "", Outcome.PROBLEM, "no key record"),
    ],
)
async def test_the_record_is_compared_with_the_key(
    tmp_path: Path, key: str, record: str, outcome: Outcome, told: str
) -> None:
    pem = _KEYS[key].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "dkim.pem").write_bytes(pem)
    content = record.format(**{name: _public(name) for name in _KEYS})
    sending = settings(mailbox={"dkim": {"domain": "tarnwick.example", "selector": "mail", "key": "dkim.pem"}})
    with dns_of({(_NAME, "TXT"): [text(content)]} if content else {}) as dns:
        finding = await check_dkim(sending.mailboxes["maren"], tmp_path, dns)
    assert (finding.outcome, told in finding.told) == (outcome, True), finding.told


async def test_a_key_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    sending = settings(mailbox={"dkim": {"domain": "tarnwick.example", "selector": "mail", "key": "missing.pem"}})
    with dns_of({}) as dns:
        finding = await check_dkim(sending.mailboxes["maren"], tmp_path, dns)
    assert finding.outcome is Outcome.PROBLEM
    assert "missing.pem cannot be read" in finding.told


async def test_whether_the_server_signs_is_not_claimed(tmp_path: Path) -> None:
    with dns_of({}) as dns:
        finding = await check_dkim(settings().mailboxes["maren"], tmp_path, dns)
    assert finding.outcome is Outcome.WARNING
    assert "not seen from here" in finding.told
