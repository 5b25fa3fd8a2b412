"""Passwords: what one has to be, and how it is kept: as a hash that takes time and memory to guess against (argon2)."""

from __future__ import annotations

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from miniatures.datamodel.errors import InputError

LEAST_CHARACTERS = 10
_HASHER = PasswordHasher()


def hashed(password: str, name: str) -> str:
    """What is kept of the password of this user.

    Raises:
        InputError: it is too short, or is the name.
    """
    if len(password) < LEAST_CHARACTERS:
        raise InputError(
            f"the password is too short: it has {len(password)} characters, and needs at least {LEAST_CHARACTERS}"
        )
    if password.strip().casefold() == name.strip().casefold():
        raise InputError("the password is the name", hint="Choose another: that one is tried first.")
    return _HASHER.hash(_as_bytes(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password that was kept. Without one it is not, and that takes as long to find out."""
    other = _of_nobody()
    try:
        right = _HASHER.verify(kept or other, _as_bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and kept is not None


def _as_bytes(password: str) -> bytes:
    """The same for the same characters, on whichever keyboard they were typed."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _of_nobody() -> str:
    return _HASHER.hash("the password of nobody")
