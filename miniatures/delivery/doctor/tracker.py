"""Where links lead and people opt out: whether it is reached, and whether looking at a link does nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from miniatures.datamodel.send_settings import SendSettings, TrackingSettings
from miniatures.delivery.doctor.domains import aligned
from miniatures.delivery.doctor.finding import CouldNotLook, Finding, ok, problem, warning
from miniatures.delivery.doctor.server import is_loopback
from miniatures.delivery.tokens import Addresses, Tokens
from miniatures.delivery.wire import ascii_url, wire_domain

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

_NOBODY = "doctor"
"""The id of no email: what is asked for concerns nobody."""
_POSTS = re.compile(r"<form\b[^>]*\bmethod\s*=\s*[\"']?post", re.IGNORECASE)
USUAL_PORT = 8085
"""Where `miniatures track` listens unless it is told otherwise."""


async def check_tracker(tracking: TrackingSettings, tokens: Tokens, timeout_s: float) -> list[Finding]:
    """The tracker's health, and the opt-out page of an email that was never sent."""
    from httpx import AsyncClient

    url = ascii_url(tracking.url)
    async with AsyncClient(timeout=timeout_s, follow_redirects=False) as client:
        try:
            health = await _get(client, f"{url}/health")
        except CouldNotLook as error:
            elsewhere = await _elsewhere(client, url)
            return [problem(f"tracker {tracking.url}", elsewhere or error.message, _start_it(url))]
        if health.status_code != 200:
            told = f"/health answers {health.status_code}: another program may be there"
            return [problem(f"tracker {tracking.url}", told, _start_it(url))]
        page = await _get(client, Addresses(tokens, url, _NOBODY).opt_out)
    return [ok(f"tracker {tracking.url}", "it answers"), _opt_out_page(page)]


def check_tracking_url(settings: SendSettings, tracking: TrackingSettings) -> Finding:
    """Encrypted, as one-click opt-out asks for (RFC 8058), and of the senders' own domain."""
    about, parts = f"links to {tracking.url}", urlsplit(ascii_url(tracking.url))
    host = parts.hostname or ""
    if is_loopback(host):
        return warning(about, "recipients elsewhere cannot reach this machine", "Name an address that is seen outside.")
    if parts.scheme != "https":
        told = "it is not encrypted, and mail programs offer one-click opt-out over https only"
        return problem(about, told, "Put it behind https.")
    domains = {wire_domain(mailbox.address) for mailbox in settings.mailboxes.values()}
    foreign = sorted(domain for domain in domains if not aligned(host, domain))
    if foreign:
        told = f"links of another domain than {', '.join(foreign)} look like fraud to filters"
        return warning(about, told, f"Use a name of your own, such as t.{foreign[0]}.")
    return ok(about, "encrypted, and of the sender's own domain")


def _start_it(url: str) -> str:
    """How the tracker comes to be at an address."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or ""):
        return "Start it with: miniatures track CAMPAIGN; a proxy has to lead from this address to it."
    port = "" if parts.port == USUAL_PORT else f" --port {parts.port or 80}"
    return f"Start it with: miniatures track CAMPAIGN{port}"


async def _elsewhere(client: AsyncClient, url: str) -> str:
    """What to say if the tracker is on this machine, and at another port than the emails name; else nothing."""
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or "") or parts.port == USUAL_PORT:
        return ""
    try:
        health = await _get(client, f"http://127.0.0.1:{USUAL_PORT}/health")
    except CouldNotLook:
        return ""
    found = health.status_code == 200 and health.text == '{"status":"ok"}'
    return f"it listens at {USUAL_PORT}, and your emails name {parts.port or 80}" if found else ""


def _opt_out_page(page: Response) -> Finding:
    about, kind = "opt-out page", page.headers.get("content-type", "")
    advice = "Looking at the link must only show a page, or scanners opt everybody out: is a proxy in between?"
    if page.status_code == 404:
        return ok(about, "looking at the link of an email that was never sent does nothing")
    if page.status_code != 200 or not kind.startswith("text/html"):
        return problem(about, f"looking at the link answers {page.status_code} {kind}".rstrip(), advice)
    if not _POSTS.search(page.text):
        return problem(about, "looking at the link shows a page without a button that posts", advice)
    return ok(about, "looking at the link shows a page with a button, and does nothing else")


async def _get(client: AsyncClient, url: str) -> Response:
    from httpx import HTTPError, InvalidURL

    try:
        return await client.get(url)
    except (HTTPError, InvalidURL) as error:
        raise CouldNotLook(f"it is not reached from here: {type(error).__name__}") from error
