"""DKIM: dkimpy verifies what was signed, with the key that a DNS would give, and refuses what was changed since."""

from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import MessageState, OutboxRow
from miniatures.datamodel.send_settings import DkimSettings
from miniatures.delivery.dkim_sign import open_signer, public_key_of
from tests.delivery.composing import DATE, compose, message, settings

_RSA = rsa.generate_private_key(65537, 2048)
_ED25519 = ed25519.Ed25519PrivateKey.generate()
_SIGNED = settings(mailbox={"dkim": {"domain": "tarnwick.example", "selector": "mail", "key": "dkim.pem"}})


def _write(folder: Path, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, form: PrivateFormat) -> None:
    (folder / "dkim.pem").write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))


def _record() -> bytes:
    public = _RSA.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def _ed25519_record() -> bytes:
    public = _ED25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(public)


def _holds(mime: bytes, record: bytes) -> bool:
    asked = []

    def dns(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record

    with patch("dkim.time", SimpleNamespace(time=DATE.timestamp)):
        held = bool(dkim.verify(mime, dnsfunc=dns))
    assert asked == [b"mail._domainkey.tarnwick.example."]
    return held


@pytest.fixture
def signed(tmp_path: Path) -> bytes:
    _write(tmp_path, _RSA, PrivateFormat.PKCS8)
    earlier = OutboxRow(
        message=message(), state=MessageState.ACCEPTED, due_at=DATE, queued_at=DATE, message_id="<0@tarnwick.example>"
    )
    return compose(message(step=1), _SIGNED, folder=tmp_path, earlier=[earlier]).mime


def test_a_signature_holds(signed: bytes) -> None:
    assert _holds(signed, _record())


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_both_forms_of_an_rsa_key_sign(tmp_path: Path, form: PrivateFormat, line_end: bytes) -> None:
    _write(tmp_path, _RSA, form)
    file = tmp_path / "dkim.pem"
    file.write_bytes(file.read_bytes().replace(b"\n", line_end))
    assert _holds(compose(sending=_SIGNED, folder=tmp_path).mime, _record())


def test_an_ed25519_key_signs(tmp_path: Path) -> None:
    _write(tmp_path, _ED25519, PrivateFormat.PKCS8)
    mime = compose(sending=_SIGNED, folder=tmp_path).mime
    assert b"a=ed25519-sha256" in mime
    assert _holds(mime, _ed25519_record())
    assert not _holds(mime.replace(b"Athlone", b"Dublin."), _ed25519_record())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"2,900", b"2,901"),
        (b"Subject: Kestrel", b"Subject: Kestral"),
        (b"From: Maren", b"From: Karen"),
        (b"To: =?utf-8?", b"To: Eve =?utf-8?"),
        (b"09:15:00", b"09:15:01"),
        (b"Message-ID: <1", b"Message-ID: <2"),
        (b"<https://t.tarnwick", b"<https://u.tarnwick"),
        (b"One-Click", b"Two-Click"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.1"),
        (b"multipart/alternative", b"multipart/alternativf"),
        (b"In-Reply-To: <0", b"In-Reply-To: <9"),
        (b"References: <0", b"References: <9"),
        (b"From: Maren", b"From: Eve <eve@example.com>\r\nFrom: Maren"),
    ],
)
def test_whatever_is_changed_breaks_it(signed: bytes, old: bytes, new: bytes) -> None:
    changed = signed.replace(old, new, 1)
    assert changed != signed
    assert not _holds(changed, _record())


def test_white_space_that_a_relay_changes_does_not(signed: bytes) -> None:
    assert _holds(signed.replace(b"Subject: Kestrel", b"subject:   Kestrel", 1), _record())


def test_from_is_signed_once_more_than_it_stands_there(signed: bytes) -> None:
    tags = dkim.util.parse_tag_value(dkim.DKIM(signed).headers[0][1])
    names = [name.strip() for name in tags[b"h"].split(b":")]
    assert names.count(b"from") == 2
    assert tags[b"c"] == b"relaxed/relaxed"
    assert tags[b"d"] == b"tarnwick.example"


def test_its_time_is_the_date_of_the_email(signed: bytes) -> None:
    tags = dkim.util.parse_tag_value(dkim.DKIM(signed).headers[0][1])
    assert tags[b"t"] == b"1796030100", "09:15 UTC on 30 November 2026"


def test_the_published_key_is_known_again(tmp_path: Path) -> None:
    for key, record in ((_RSA, _record()), (_ED25519, _ed25519_record())):
        _write(tmp_path, key, PrivateFormat.PKCS8)
        signer = open_signer(DkimSettings(domain="d.example", selector="s", key=Path("dkim.pem")), tmp_path)
        kind = "rsa" if key is _RSA else "ed25519"
        assert public_key_of(kind, record.decode().partition("p=")[2]) == signer.public
    assert public_key_of("rsa", "AAAA") is None
    assert public_key_of("rsa", "no base64!") is None
    assert public_key_of("ed25519", "AAAA") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n%%%\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dkim.pem").write_bytes(content)
    with pytest.raises(InputError, match=r"dkim\.pem holds no unencrypted private key"):
        compose(sending=_SIGNED, folder=tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dkim\.pem cannot be read"):
        compose(sending=_SIGNED, folder=tmp_path)
