"""What an address may be shown and kept as: secrets stand in campaign files, never in what a campaign leaves."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<=://)[^\s/?#]*@")
_UP_TO_AT = re.compile(r"[^\s@]+@?")
_PASSWORD_WITH_SLASH = re.compile(r"(?<=://)[^\s/?#:@]+:(?!\d+[/?#])")
"""The user before a password that holds a slash, which no parser takes for one."""
_SECRET_VALUE = re.compile(
    r"([?&;](?=[^\s=&;#?]*(?:key|token|secret|pass|pwd|auth|sig|credential|session))[^\s=&;#?]*=)[^\s&;#]*",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """The text with no user and password in its addresses, and `***` for each query value that is named like a key.

    It takes time by the text's length, whatever the text: no two attempts at a match read the same characters.
    """
    return without_secret_values(_USERINFO.sub("", _UP_TO_AT.sub(_without_password, text)))


def without_secret_values(text: str) -> str:
    """The text with `***` for each query value that is named like a key; the host of an address is never touched."""
    return _SECRET_VALUE.sub(r"\1***", text)


def _without_password(piece: re.Match[str]) -> str:
    text = piece[0]
    user = _PASSWORD_WITH_SLASH.search(text) if text.endswith("@") else None
    return text[: user.start()] if user else text
