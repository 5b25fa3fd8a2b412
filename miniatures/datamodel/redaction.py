"""What an address may be shown and kept as: secrets stand in campaign files, never in what a campaign leaves."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"(?<=://)(?:[^\s/?#]*@|[^\s/?#:@]+:(?!\d+(?:[/?#]|$))[^\s@]*@)")
"""The second form is a password that holds a slash, which no parser takes for one."""
_SECRET_VALUE = re.compile(
    r"([?&;][^\s=&;#]*(?:key|token|secret|pass|pwd|auth|sig|credential|session)[^\s=&;#]*=)[^\s&;#]*", re.IGNORECASE
)


def without_secrets(text: str) -> str:
    """The text with no user and password in its addresses, and `***` for each query value that is named like a key."""
    return _SECRET_VALUE.sub(r"\1***", _USERINFO.sub("", text))
