"""The tracker's answers: pages without scripts that fetch nothing, a picture of one pixel, and headers that say so."""

from __future__ import annotations

import math
from base64 import b64decode, b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.responses import HTMLResponse, RedirectResponse, Response

from miniatures.app.track.books import Email
from miniatures.app.track.words import Words, masked, words_in
from miniatures.datamodel.foreign_text import visible

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = (_TEMPLATES / "page.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""One transparent pixel (GIF89a)."""

_HEADERS = {
    "Cache-Control": "no-store, max-age=0",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
RETRY_S = 60
"""Seconds after which somebody is asked to try again while the database does not answer."""


def opt_out_page(email: Email) -> Response:
    """Asks whether to opt out. Nothing happens before the button is pressed."""
    words = _words(email)
    return _page(words, words.ask, email=email, button=words.button)


def opted_out_page(email: Email) -> Response:
    """Says that it is done."""
    words = _words(email)
    return _page(words, words.done, email=email, more=words.done_more)


def not_kept_page(language: str) -> Response:
    """Says that an opt-out is not done, and how to do it otherwise."""
    words = words_in(language)
    return _retry(_page(words, words.failed, status=503, more=words.failed_more), RETRY_S)


def unavailable_page() -> Response:
    """Says that a link cannot be looked up just now."""
    more = "The link is fine. Please try again in a few minutes."
    return _retry(_page(words_in("en"), "This link cannot be looked up just now", status=503, more=more), RETRY_S)


def unknown_page() -> Response:
    """Says that there is nothing at an address. It leads nowhere."""
    more = "If it came from an email, it may have been cut off: copy it whole."
    return _page(words_in("en"), "There is nothing at this address", status=404, more=more)


def refused_page(status: int, told: str, retry_after_s: float | None = None) -> Response:
    """Says why a request is not answered."""
    page = _page(words_in("en"), "That was not done", status=status, more=told)
    return page if retry_after_s is None else _retry(page, retry_after_s)


def own_page() -> Response:
    """Says that a browser is known as the sender's."""
    more = "What is opened or followed in this browser from now on counts as the sender's own, and is in no rate."
    return _page(words_in("en"), "This browser is yours", more=more)


def picture() -> Response:
    """One transparent pixel."""
    return Response(_GIF, media_type="image/gif", headers=_HEADERS)


def redirect(target: str) -> Response:
    """Leads to what the brief links to."""
    return RedirectResponse(target, status_code=302, headers=_HEADERS)


def _words(email: Email) -> Words:
    return words_in("en" if email.campaign is None else email.campaign.brief.language)


def _page(
    words: Words, title: str, *, status: int = 200, email: Email | None = None, button: str = "", more: str = ""
) -> Response:
    facts = {} if email is None else _facts(email, words)
    text = _template().render(language=words.language, title=title, style=_STYLE, facts=facts, button=button, more=more)
    return HTMLResponse(text, status_code=status, headers=_HEADERS)


def _facts(email: Email, words: Words) -> dict[str, str]:
    """By whom and to whom the email was, as far as that is to be told."""
    facts = {words.recipient: visible(masked(email.message.address))}
    if email.campaign is None:
        return facts
    sender = email.campaign.brief.sender
    return {words.sender: visible(f"{sender.name}, {sender.company}")} | facts


@cache
def _template() -> Template:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html.jinja")


def _retry(response: Response, seconds: float) -> Response:
    response.headers["Retry-After"] = str(math.ceil(seconds))
    return response
