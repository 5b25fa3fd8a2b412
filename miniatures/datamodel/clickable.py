"""Finds what a mail program would make clickable: links of any scheme, addresses, bare domains and IP addresses.

What ends a domain is looked up in the public suffix list that the package `tld` carries. Nothing here knows what is
ordinary in an email: `Node.js` is no domain, but `ASP.NET` and `plan.md` are, and whoever asks may know better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from ipaddress import ip_address
from itertools import pairwise

_SCHEMES = (
    "mailto|tel|telnet|sms|smsto|mms|fax|callto|facetime|skype|sips?|xmpp|whatsapp|javascript|vbscript|jscript|livescript|"
    "magnet|bitcoin|ethereum|litecoin|monero|upi|spotify|viber|ircs?|ldaps?|nntp|rtsp|onenote|search-ms|intent|itms(?:-apps)?|webcals?|urn|view-source|blob|cid|mid|ms-[a-z]+|zoommtg|msteams|https?|ftps?|ssh|"
    r"(?:data|file|news|market|geo|maps|about|feed|callback|search|tg)(?=:\S{0,200}[/,;?@])"
)
"""Schemes that need no slashes; of those that are words as well, only what goes on like a link is one."""
_REST = r"[^\s<>\"\u201c\u201d\u201e\u00ab\u00bb`]"
_PICTURES = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
"""Emoji, of which names of domains are made too."""
_HOST = rf"[\w{_PICTURES}-]++(?:\.[\w-]++)++"
_TAIL = rf"(?::\d++(?!\w))?(?:[/?#]{_REST}*+)?"
_CANDIDATE = re.compile(
    rf"(?P<link>(?<![a-z0-9+-])[a-z][a-z0-9+-]{{0,30}}+://{_REST}++"
    rf"|(?<![\w+-])(?:{_SCHEMES}):(?!:){_REST}++"
    rf"|(?<![\w-])www\.[\w-]{_REST}*+"
    rf"|(?<![\w:/])//[\w.-]++(?:/{_REST}|:\d){_REST}*+)"
    rf"|(?P<address>(?<![\w.+-])[\w.+-]++@(?:{_HOST}|\[[\w.:]++\]))"
    rf"|(?P<six>(?<![\w:.])\[?(?:[0-9a-f]{{0,4}}:){{2,7}}[0-9a-f]{{0,4}}(?![\w:])\]?{_TAIL})"
    rf"|(?P<host>(?<![\w-]){_HOST})(?P<tail>{_TAIL})",
    re.IGNORECASE,
)
_OTHER_LETTERS = re.compile(r"(?![\x00-\u036f])[^\W\d_]")
"""A letter of no Latin script."""
_NUMERIC = re.compile(r"0x[0-9a-f]+|\d+", re.IGNORECASE)
_RESERVED = frozenset({"example", "test", "invalid", "localhost", "onion", "local", "internal"})


@dataclass(frozen=True, slots=True)
class Clickable:
    """A stretch of a text that can be clicked on. `host` is its bare domain; empty where a scheme or an @ makes it."""

    start: int
    end: int
    text: str
    host: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether it is a domain and nothing else: no scheme, port or path."""
        return self.text == self.host != ""


def clickables(text: str) -> Iterator[Clickable]:
    """Everything clickable, in order, in time linear in the text's length."""
    for match in _CANDIDATE.finditer(text):
        host = match["host"] or ""
        if (host and not is_domain(host)) or (match["six"] and not _is_six(match["six"])):
            continue
        yield Clickable(match.start(), match.end(), match[0], host)


def is_domain(host: str) -> bool:
    """Whether words joined by dots end as domains do, or are an IP address. A sentence may be glued to it.

    Where a script without spaces or with other letters follows, as in `evil.comを`, the domain ends before it.
    """
    labels = [label.strip("_-") for label in host.split(".")]
    if all(_NUMERIC.fullmatch(label) for label in labels):
        return _is_four(labels)
    if _is_top_level(labels[-1]) or _is_top_level(_OTHER_LETTERS.split(labels[-1])[0]):
        return True
    return any(_begins_anew(following) and _is_top_level(label) for label, following in pairwise(labels[1:]))


def _begins_anew(label: str) -> bool:
    return label[:1].isupper() or _OTHER_LETTERS.match(label) is not None


def _is_four(labels: list[str]) -> bool:
    if any(label[:2].lower() == "0x" for label in labels):
        return len(labels) <= 4
    return len(labels) == 4 and all(
        len(label) <= 4 and int(label, 8 if _is_octal(label) else 10) <= 255 for label in labels
    )


def _is_octal(label: str) -> bool:
    return len(label) == 4 and label[0] == "0" and set(label) <= set("01234567")


def _is_six(written: str) -> bool:
    inside = re.match(r"\[?([0-9a-f:]*)", written, re.IGNORECASE)
    try:
        return inside is not None and ip_address(inside[1]).version == 6 and any(one.isdigit() for one in inside[1])
    except ValueError:
        return False


def _is_top_level(label: str) -> bool:
    lower = label.lower()
    return lower in top_level_domains() or lower.startswith("xn--")


@lru_cache(maxsize=1)
def top_level_domains() -> frozenset[str]:
    """The last labels of all public suffixes that registries run, and those that are reserved; lower case."""
    listed = (files("tld") / "res" / "effective_tld_names.dat.txt").read_text(encoding="utf-8")
    official = listed.partition("===BEGIN ICANN DOMAINS===")[2].partition("===END ICANN DOMAINS===")[0]
    rules = (line.strip() for line in official.splitlines() if line.strip() and not line.startswith("//"))
    return _RESERVED.union(rule.rpartition(".")[2].lower() for rule in rules)
