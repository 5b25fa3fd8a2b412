"""What mail programs, mail providers and link scanners send to a tracker, as `examples/hits/SOURCES.md` describes it.

All of it comes from loopback; like a proxy, each request says for whom it asks: an address that is reserved for
documentation (RFC 3849, RFC 5737), another one for each person.
"""

from __future__ import annotations

from hashlib import sha256

import httpx

from examples.ab_demo.mailbox import Letter
from examples.ab_demo.rates import Program

_IMAGES = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5"
_PAGES = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15"
_APPLE_RELAY = "Mozilla/5.0"
_GMAIL_BEFORE = f"{_CHROME} Edge/12.246 Mozilla/5.0"
_OPENING = {
    Program.GMAIL: "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    Program.OUTLOOK: "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Trident/7.0; ms-office; MSOffice 16)",
    Program.THUNDERBIRD: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.14.0",
}
_PREFETCHING = {Program.APPLE: _APPLE_RELAY, Program.GMAIL: _GMAIL_BEFORE}


class Web:
    """Sends the requests. Where a link leads is not asked for: the sender's own site is nobody's here."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def scan(self, letter: Letter, domain: str) -> None:
        """A gateway fetches the picture and every address of the email at once, the page to opt out included."""
        for address in letter.all_addresses:
            self._get(address, _CHROME, _gateway(domain), Accept=_PAGES)

    def prefetch(self, letter: Letter, program: Program, person: str) -> bool:
        """What the program fetches before anybody looks; whether it does so at all."""
        agent = _PREFETCHING.get(program)
        if agent is not None:
            self._get(letter.picture, agent, _relay(person), Accept=_IMAGES)
        return agent is not None

    def open(self, letter: Letter, program: Program, person: str) -> None:
        """Somebody looks at the email. Apple's programs have the picture already and fetch nothing."""
        if program is not Program.APPLE:
            by = _relay(person) if program is Program.GMAIL else home(person)
            self._get(letter.picture, _OPENING[program], by, Accept=_IMAGES)

    def click(self, letter: Letter, program: Program, person: str) -> None:
        """Somebody follows the link of the text, in a browser."""
        self._get(letter.link, _browser(program), home(person), **_BROWSING)

    def opt_out_by_page(self, letter: Letter, program: Program, person: str) -> None:
        """Somebody follows the link at the end, and presses the button of the page."""
        self._get(letter.opt_out_page, _browser(program), home(person), **_BROWSING)
        self._post(letter.opt_out_page, "", _browser(program), home(person), **_BROWSING)

    def opt_out_by_one_click(self, letter: Letter, person: str) -> None:
        """A mail provider opts out for somebody."""
        self._post(letter.one_click, "List-Unsubscribe=One-Click", "Mail", _relay(person))

    def _get(self, url: str, agent: str, by: str, **headers: str) -> None:
        answer = self._client.get(url, headers={"User-Agent": agent, "X-Forwarded-For": by, **headers})
        if answer.is_error:
            answer.raise_for_status()

    def _post(self, url: str, body: str, agent: str, by: str, **headers: str) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        headers = {"User-Agent": agent, "X-Forwarded-For": by, **form, **headers}
        self._client.post(url, content=body, headers=headers).raise_for_status()


_BROWSING = {
    "Accept": _PAGES,
    "Accept-Language": "en-GB,en;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
}


def home(person: str) -> str:
    """The address of somebody's own line."""
    number = sha256(person.encode()).hexdigest()
    return f"2001:db8:{number[:4]}:{number[4:8]}::1"


def _relay(person: str) -> str:
    """The address of a provider's proxy."""
    return f"198.51.100.{sha256(person.encode()).digest()[0]}"


def _gateway(domain: str) -> str:
    return f"203.0.113.{sha256(domain.encode()).digest()[0]}"


def _browser(program: Program) -> str:
    return _SAFARI if program is Program.APPLE else _CHROME
