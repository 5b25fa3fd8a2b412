"""Names that nobody can find by guessing: anybody can compute the plain hash of an address, this takes a secret."""

from __future__ import annotations

import hashlib
import hmac


def keyed_hash(secret: bytes, text: str) -> str:
    """HMAC-SHA256 (RFC 2104) of the UTF-8 text, in hexadecimal."""
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
