"""Finds links and addresses as a mail program would: whatever it would make clickable."""

from __future__ import annotations

import re

_TOP_LEVEL = (
    "com|org|net|edu|gov|int|io|co|ai|app|dev|biz|info|name|pro|shop|store|site|online|tech|cloud|xyz|me|tv|ly|to|gl|"
    "de|uk|fr|nl|es|it|pl|pt|at|ch|be|se|dk|fi|eu|us|ca|au|nz|jp|cn|br|mx|ru|ua|cz|ie|za|kr|sg|hk|tr|gr|hu|ro|"
    "example|test|invalid|localhost|onion"
)

LINK_PATTERN = (
    r"(?<![\w.@-])(?:(?:[a-zA-Z][a-zA-Z0-9+.-]{1,15}://|www\.|mailto:|javascript:|data:)[^\s<>\"”»]+"
    r"|[\w.+-]++@[\w-]++(?:\.[\w-]++)+"
    rf"|(?:[\w-]++\.)+(?:{_TOP_LEVEL})(?![\w-])(?::\d+)?(?:/[^\s<>\"”»]*)?)"
)
_LINK = re.compile(LINK_PATTERN)
_TRAILING = ".,;:!?)]}'\"\u2019*_>"


def links_of(text: str) -> list[str]:
    """Every link, address and bare domain of the text, normalized."""
    return [normal_link(match[0]) for match in _LINK.finditer(text)]


def without_links(text: str) -> str:
    """The text with nothing in place of its links and addresses."""
    return _LINK.sub(" ", text)


def normal_link(link: str) -> str:
    """What spellings of one link share: no scheme, no www. (www.com keeps it), no trailing slash, lower-case host."""
    trimmed = link.rstrip(_TRAILING)
    scheme, mark, rest = trimmed.partition("://")
    if mark and scheme.lower() in {"http", "https"}:
        trimmed = rest
    trimmed = re.sub(r"^(?:mailto:|www\.(?=[^/?#]*\.))", "", trimmed, flags=re.IGNORECASE)
    host, slash, path = trimmed.partition("/")
    return (host.lower() + slash + path).rstrip("/")


def host_of(link: str) -> str:
    """The host of a URL, bare domain or address, without www. and port."""
    rest = normal_link(link).rpartition("@")[2]
    return re.split(r"[/:?#]", rest, maxsplit=1)[0]
