"""Finds a wheel on the package index that pip is configured with, so that mirrors and credentials are honoured.

The index is asked by PEP 691 (JSON) or PEP 503 (HTML); indexes on this machine (file: URLs, find-links folders) are
read as folders. What cannot be read this way is left to pip itself.
"""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit
from urllib.request import url2pathname

import httpx

from miniatures.weights.errors import PullFailed

_DEFAULT_INDEX = "https://pypi.org/simple"
_ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"


@dataclass(frozen=True)
class WheelLink:
    """Where a wheel is; the hash is null if the index states none."""

    url: str
    sha256: str | None = None

    @property
    def local_path(self) -> Path | None:
        """The file, if the link is one on this machine."""
        return _local(self.url)


def find_wheel(distribution: str, version: str) -> WheelLink | None:
    """The first pure-Python wheel of this version on any configured index; null if none of them shows it."""
    wanted = re.compile(rf"{_normal(distribution)}-{re.escape(version)}(-\d[^-]*)?-py3-none-any\.whl")
    settings = pip_settings()
    folders = [WheelLink(path.as_uri()) for place in settings.find_links for path in _wheels_in(place)]
    for links in (folders, *(_links(index, distribution, settings) for index in settings.indexes)):
        for link in links:
            name = unquote(Path(urlsplit(link.url).path).name)
            if wanted.fullmatch(name.lower()):
                return link
    return None


def pip_download(distribution: str, version: str, folder: Path) -> Path:
    """Let pip fetch the wheel: it knows keyrings, client certificates and netrc files.

    Raises:
        PullFailed: pip could not either; quotes its last line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    done = subprocess.run(
        [*command, "--dest", str(folder), f"{distribution}=={version}"], capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PullFailed(
            f"no package index gives {distribution} {version}: {last}",
            hint="Check the network and pip's index configuration (`pip config list`).",
        )
    return wheels[0]


@dataclass(frozen=True)
class PipSettings:
    """The places where pip looks."""

    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    certificates: str | None = None

    def trust(self) -> ssl.SSLContext | bool:
        """What httpx verifies servers with: pip's certificates if it is given any."""
        return ssl.create_default_context(cafile=self.certificates) if self.certificates else True


def pip_settings() -> PipSettings:
    """What pip's configuration files and environment variables say; the environment wins, as in pip."""
    settings = _configured()
    index = settings.get("index-url", [_DEFAULT_INDEX])[:1]
    indexes = [] if settings.get("no-index") else index + settings.get("extra-index-url", [])
    certificates = next(iter(settings.get("cert", [])), None)
    return PipSettings(tuple(indexes), tuple(settings.get("find-links", [])), certificates)


def _configured() -> dict[str, list[str]]:
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, list[str]] = {}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.partition(".")
        if section in ("global", "download"):
            found[key.replace("_", "-")] = value.strip("'\"").replace("\\n", " ").split()
    for key in ("index-url", "extra-index-url", "find-links", "no-index", "cert"):
        stated = os.environ.get(f"PIP_{key.replace('-', '_').upper()}")
        if stated:
            found[key] = stated.split()
    return found


def _links(index: str, distribution: str, settings: PipSettings) -> list[WheelLink]:
    page = f"{index.rstrip('/')}/{_normal(distribution).replace('_', '-')}/"
    folder = _local(page)
    if folder is not None:
        return _file_links(folder)
    try:
        response = httpx.get(
            page, headers={"Accept": _ACCEPT}, follow_redirects=True, timeout=30, verify=settings.trust()
        )
        response.raise_for_status()
    except (httpx.HTTPError, OSError):
        return []  # The next index, and at last pip, gets its chance and says what is wrong.
    return [_with_credentials(link, index) for link in _parse(response)]


def _with_credentials(link: WheelLink, index: str) -> WheelLink:
    """The link with the index's user and password, if it leads to the same host."""
    target, source = httpx.URL(link.url), httpx.URL(index)
    if not source.userinfo or (target.host, target.port) != (source.host, source.port):
        return link
    return replace(link, url=str(target.copy_with(userinfo=source.userinfo)))


def _parse(response: httpx.Response) -> list[WheelLink]:
    base = str(response.url)
    if "json" not in response.headers.get("Content-Type", ""):
        return _html_links(response.text, base)
    return [
        WheelLink(urljoin(base, file["url"]), file.get("hashes", {}).get("sha256"))
        for file in response.json().get("files", [])
    ]


def _html_links(page: str, base: str) -> list[WheelLink]:
    collector = _Anchors()
    collector.feed(page)
    links = (urldefrag(urljoin(base, href)) for href in collector.hrefs)
    return [WheelLink(url, mark.removeprefix("sha256=") if mark.startswith("sha256=") else None) for url, mark in links]


def _file_links(folder: Path) -> list[WheelLink]:
    page = folder / "index.html"
    if page.is_file():
        return _html_links(page.read_text(encoding="utf-8"), f"{folder.as_uri()}/")
    return [WheelLink(path.as_uri()) for path in _wheels_in(str(folder))]


def _wheels_in(place: str) -> list[Path]:
    folder = _local(place) or Path(place)
    return sorted(folder.glob("*.whl")) if folder.is_dir() else []


def _local(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "_", distribution).lower()


class _Anchors(HTMLParser):
    """Collects the targets of a page's links."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)
