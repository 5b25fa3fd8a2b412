"""Replaces addresses and telephone numbers in texts by ones that belong to nobody, the same for the same."""

from __future__ import annotations

import re

from miniatures.datamodel.keyed_hash import keyed_hash

EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
PHONE = (
    r"(?<![\w.,/-])(?:\+|00|0|\()[\d ()./-]{6,}\d(?![\w-])"  # with a country or area code
    r"|(?<![\w.,/-])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\w-])"  # as in North America
)
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}")
_FEWEST_DIGITS = 8
_FICTIONAL = "55501"
"""The last seven digits of telephone numbers that are kept free for fiction are 555 01xx."""


def surrogate_email(email: str, secret: bytes) -> str:
    """An address under a reserved domain."""
    name = keyed_hash(secret, email.lower())
    return f"contact-{name[:6]}@{name[6:12]}.example"


def surrogate_phone(phone: str, secret: bytes) -> str:
    """A number of the same shape whose last seven digits are 555 01xx; what is no telephone number stays."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) < _FEWEST_DIGITS or _DATE.fullmatch(phone):
        return phone
    last = int(keyed_hash(secret, digits)[:8], 16) % 100
    if digits[-7:] == f"{_FICTIONAL}{last:02}":
        last = (last + 1) % 100
    fresh = iter(f"{digits[:-7]}{_FICTIONAL}{last:02}")
    return re.sub(r"\d", lambda _: next(fresh), phone)
