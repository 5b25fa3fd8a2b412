"""Signs an email in place of the server (DKIM, RFC 6376), for servers that do not sign themselves.

dkimpy does the signing. Keys are RSA of 1,024 bits or more, or Ed25519 (RFC 8463), which some large receivers do not
verify yet. The signature's own time (`t=`) is the email's date.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.send_settings import DkimSettings
from miniatures.delivery.wire import ascii_domain

SIGNED_HEADERS = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"mime-version",
    b"content-type",
    b"in-reply-to",
    b"references",
)
LEAST_RSA_BITS = 1024
_LARGEST_KEY = 100_000
_ED25519_BYTES = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of an Ed25519 private key in PKCS 8 (RFC 8410)."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key, so that two spellings of one are equal."""

    kind: str
    """`rsa` or `ed25519`, as in a key record's `k=`."""
    bits: int
    value: tuple[int, int] | bytes
    """Modulus and exponent, or the 32 bytes."""


@dataclass(frozen=True, slots=True)
class DkimSigner:
    """Signs for one domain and selector."""

    domain: str
    selector: str
    private: bytes
    """As dkimpy takes it: PEM of RSA, base64 of Ed25519."""
    public: PublicKey

    def signed(self, mime: bytes, date: datetime) -> bytes:
        """The email with a signature of this date before it. `From` is signed once more than it stands there: none can
        be added."""
        algorithm = b"rsa-sha256" if self.public.kind == "rsa" else b"ed25519-sha256"
        signer = _dated_dkim()(mime, signature_algorithm=algorithm)
        signer.signed_at = date
        present = {name.lower() for name, _ in signer.headers}
        line: bytes = signer.sign(
            self.selector.encode(),
            self.domain.encode(),
            self.private,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[*(name for name in SIGNED_HEADERS if name in present), b"from"],
        )
        return line + mime


@cache
def _dated_dkim() -> type[Any]:
    """dkimpy's signer with a date of our own: it would ask the clock, between choosing the tags and signing them."""
    from dkim import DKIM

    class DatedDkim(DKIM):  # type: ignore[misc]
        signed_at: datetime

        def gen_header(self, fields: Sequence[tuple[bytes, bytes]], *rest: Any) -> bytes:
            time = str(int(self.signed_at.timestamp())).encode()
            dated = [(tag, time if tag == b"t" else value) for tag, value in fields]
            header: bytes = super().gen_header(dated, *rest)
            return header

    return DatedDkim


def open_signer(settings: DkimSettings, folder: Path) -> DkimSigner:
    """The signer of a mailbox; a relative path of its key starts at `folder`, the campaign's.

    Raises:
        InputError: the key cannot be read, or is none that signs.
    """
    path = folder / settings.key.expanduser()
    pem = read_regular(path, _LARGEST_KEY).replace(b"\r\n", b"\n")
    private, public = _ed25519(pem) or _rsa(pem, path)
    return DkimSigner(ascii_domain(settings.domain), settings.selector, private, public)


def public_key_of(kind: str, encoded: str) -> PublicKey | None:
    """The key of a DNS record, from its `k=` and `p=`; None if it is none that is known here."""
    from dkim.crypto import UnparsableKeyError, parse_public_key

    try:
        raw = base64.b64decode("".join(encoded.split()), validate=True)
        if kind == "ed25519":
            return PublicKey("ed25519", 256, raw) if len(raw) == 32 else None
        key = parse_public_key(raw)
    except (ValueError, IndexError, UnparsableKeyError):
        return None
    return _rsa_public(key) if kind == "rsa" else None


def _ed25519(pem: bytes) -> tuple[bytes, PublicKey] | None:
    from nacl.signing import SigningKey

    found = re.search(rb"-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+?)\n-----END", pem)
    try:
        der = base64.b64decode(found[1]) if found else b""
    except ValueError:
        return None
    seed = der.removeprefix(_ED25519_BYTES)
    if len(der) != len(_ED25519_BYTES) + 32 or len(seed) != 32:
        return None
    return base64.b64encode(seed), PublicKey("ed25519", 256, bytes(SigningKey(seed).verify_key))


def _rsa(pem: bytes, path: Path) -> tuple[bytes, PublicKey]:
    from dkim.crypto import UnparsableKeyError, parse_pem_private_key

    hint = "Make one with: openssl genrsa -out dkim.pem 2048"
    try:
        public = _rsa_public(parse_pem_private_key(pem))
    except (ValueError, IndexError, UnparsableKeyError) as error:
        raise InputError(
            f"{path} holds no unencrypted private key that signs (RSA or Ed25519, PEM)", hint=hint
        ) from error
    if public.bits < LEAST_RSA_BITS:
        raise InputError(f"the key in {path} has {public.bits} bits, and receivers refuse so few", hint=hint)
    return pem, public


def _rsa_public(key: dict[str, int]) -> PublicKey:
    modulus, exponent = key["modulus"], key["publicExponent"]
    return PublicKey("rsa", modulus.bit_length(), (modulus, exponent))
