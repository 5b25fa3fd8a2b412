"""The app as tests of its entrance have it: without campaigns, with users whose passwords take no time to check."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from miniatures.app.web import passwords
from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.sign_in import SignIn
from miniatures.app.web.site import Site
from miniatures.app.web.users import Users
from miniatures.app.web.visitors import COOKIE, Rights, Sessions, Visitor

PASSWORD = "four words of mine"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def hash_quickly(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._of_nobody.cache_clear()


def site_with(
    folder: Path, *names: str, clock: Callable[[], float] = time.monotonic, behind_tls: bool = False
) -> tuple[Site, Users]:
    """A site whose users are reviewers with `PASSWORD`."""
    users = Users(folder / "users.json")
    for name in names:
        users.add(name, Rights.REVIEWER, PASSWORD)
    sessions = Sessions(clock, still_known=users.knows)
    return Site(Desks([]), sessions, SignIn(users, clock), behind_tls), users


def browser(site: Site, url: str = "http://localhost", address: str = "192.0.2.1", **options: Any) -> TestClient:
    """A browser that shows redirects instead of following them."""
    return TestClient(web_app(site, **options), base_url=url, client=(address, 50_000), follow_redirects=False)


def let_in(client: TestClient, site: Site, rights: Rights = Rights.OWNER) -> Visitor:
    """Somebody who is signed in there."""
    visitor = Visitor("kim", rights)
    site.sessions.open(visitor)
    client.cookies.set(COOKIE, visitor.session)
    return visitor
