"""The app over a small campaign that was really run, and browsers of people who are signed in there."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from starlette.testclient import TestClient

from miniatures.app.web.desks import Desks, OpenDesk
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import COOKIE, Rights, Sessions, Visitor
from miniatures.datamodel.review import Review
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store
from tests.agents.tiny_sites import write_site
from tests.chaos.small_campaign import NAME, prospects, run_small_campaign
from tests.cli.test_review_command import write_list
from tests.finetune.reviewed_campaign import OtherBackend, run_with_shadow

COUNT = 4
UNREAD = "Not one word of this page is in the email."


@dataclass
class Browser:
    """Somebody at the app. Redirects are shown instead of followed."""

    client: TestClient
    visitor: Visitor

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def post(self, path: str, **fields: str) -> httpx.Response:
        return self.client.post(path, data={"csrf": self.visitor.csrf, **fields})

    def send(self, path: str, fields: list[tuple[str, str]]) -> httpx.Response:
        """Post fields of which several have one name."""
        body = str(httpx.QueryParams([("csrf", self.visitor.csrf), *fields]))
        return self.client.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})


@dataclass
class OpenedApp:
    """The app, what lies behind it, and its visitors."""

    site: Site
    folder: Path
    client: Callable[[], TestClient] = field(repr=False)

    @property
    def desk(self) -> OpenDesk:
        return self.site.desks[NAME]

    def reviews(self) -> list[Review]:
        return list(self.desk.store.reviews(NAME))

    def change(self, what: Callable[[Store], object]) -> None:
        """Do something to the campaign's store as another process would; a coroutine is waited for."""

        async def do() -> None:
            with open_store(self.desk.loaded.store_url) as store:
                made = what(store)
                if asyncio.iscoroutine(made):
                    await made

        asyncio.run(do())

    def browser(self, name: str = "ada", rights: Rights = Rights.OWNER) -> Browser:
        """Somebody who is signed in."""
        visitor, client = Visitor(name, rights), self.client()
        self.site.sessions.open(visitor)
        client.cookies.set(COOKIE, visitor.session)
        return Browser(client, visitor)


@contextmanager
def small_app(folder: Path) -> Iterator[OpenedApp]:
    """The app over a copy of the small campaign, which was run with a shadow and once more with another backend."""
    shutil.copytree(_ran(), folder / NAME)
    site = Site(Desks([folder / NAME]), Sessions())
    app = web_app(site)
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as first:

        def client() -> TestClient:
            made = TestClient(app, base_url="http://localhost", follow_redirects=False)
            made.portal = first.portal
            return made

        yield OpenedApp(site, folder / NAME, client)
        assert first.portal is not None
        first.portal.call(site.desks.close)


@cache
def _keep() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="small-campaign-")


@cache
def _ran() -> Path:
    """The campaign's folder as the runs left it: made once for all tests of a process."""
    folder = Path(_keep().name) / NAME
    create_campaign(folder)
    written = re.sub(r"(?m)^search:.*$", "search: local:sites", (folder / "campaign.yaml").read_text())
    (folder / "campaign.yaml").write_text(written)
    url = load_campaign(folder).store_url
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    asyncio.run(run_with_shadow(url, COUNT))
    asyncio.run(run_small_campaign(url, COUNT, OtherBackend()))
    write_list(folder, prospects(COUNT))
    for person in prospects(COUNT):
        host = person.website.split("/")[2]
        home = f"<title>Home of {person.company}</title><p>We are {person.company}.</p><a href=/cellar>c</a>"
        write_site(folder / "sites", host, {"index.html": home, "cellar/index.html": f"<p>{UNREAD}</p>"})
    return folder
