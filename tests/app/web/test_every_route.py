"""Every route of the app, asked for all kinds of things by all kinds of visitors: it never breaks, and always answers.

The app listens on loopback. What is sent is drawn by schemathesis from the routes' own OpenAPI document: what fits it,
with known names among others, and what does not.
"""

from __future__ import annotations

import asyncio
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import httpx
import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.utils import many
from schemathesis import Case, GenerationMode

from miniatures.app.listener import PatientProtocol, Server, bound
from miniatures.app.web.cookie import COOKIE
from miniatures.app.web.desks import Desks
from miniatures.app.web.preview_pages import EMAIL_POLICY, PAGE_POLICY
from miniatures.app.web.rendering import HEADERS
from miniatures.app.web.routes import web_app
from miniatures.app.web.sign_in import SignIn
from miniatures.app.web.site import Site
from miniatures.app.web.users import Users
from miniatures.app.web.visitors import Rights, Sessions, Visitor
from miniatures.datamodel.draft import DraftStatus
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from miniatures.weights.registry import Registry
from tests.app.web.client import small_app
from tests.app.web.desk_campaign import write_campaign
from tests.app.web.entered import PASSWORD
from tests.app.web.mail_campaign import add_mail
from tests.app.web.openapi import Known, openapi, operations
from tests.chaos.small_campaign import NAME
from tests.finetune.small_examples import example

pytestmark = [pytest.mark.slow, pytest.mark.hypothesis]

MODES = ((True, GenerationMode.POSITIVE, 8), (False, GenerationMode.POSITIVE, 5), (False, GenerationMode.NEGATIVE, 3))
"""Whether what is asked for is there and the owner asks; whether it fits the document; and how many are sent, of which
`make explore` sends more."""
LONGEST_S = 2.0
TRIES = 3
"""How often a request may be sent until it is answered in time: the machine has other things to do as well."""
IMAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
OWN_POLICIES = (IMAGE_POLICY, EMAIL_POLICY, PAGE_POLICY)
CSRF = "c" * 43
ENDLESS = "/c/{campaign}/events"
ROUTES = [
    (method, route.path_format)
    for route, method in operations(web_app(Site(Desks([]), Sessions())))
    if route.path_format != ENDLESS
]


@dataclass(frozen=True)
class Served:
    """The app as it listens, its document, and who may ask: a signed-in owner and reviewer, and nobody."""

    url: str
    site: Site
    documents: dict[bool, Any]
    """By whether all is there that is asked for."""
    visitors: dict[str, Visitor | None]

    def cookies(self, who: str) -> dict[str, str]:
        """What this visitor's browser shows. They are let in again, should they have signed out."""
        visitor = self.visitors[who]
        if visitor is None:
            return {}
        self.site.sessions.open(visitor)
        return {f"{COOKIE}_{self.url.rpartition(':')[2]}": visitor.session}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app on three campaigns: one that was really run, one with drafts to review, and one that was never run."""
    folder = tmp_path_factory.mktemp("site")
    with ExitStack() as held:
        held.enter_context(pytest.MonkeyPatch.context()).setenv("MINIATURES_HOME", str(folder / "home"))
        with small_app(folder):
            pass  # leaves the folder of a campaign that was run
        add_mail(folder / NAME, DraftStatus.NEEDS_REVIEW)
        loaded = write_campaign(folder / "desk", 6)
        for campaign in (load_campaign(folder / NAME), loaded):  # so that nobody writes a draft again
            store = held.enter_context(open_store(campaign.store_url))
            held.enter_context(store.campaign_lock(campaign.name))
        create_campaign(folder / "never")
        dataset = build_dataset([example("A", "Hello")], folder / NAME / "data", BuildSettings())
        users = Users()
        users.add("kim", Rights.REVIEWER, PASSWORD)
        sessions = Sessions(still_known=users.knows)
        site = Site(Desks([folder / NAME, loaded.path, folder / "never"]), sessions, SignIn(users))
        visitors = {
            "owner": Visitor("ada", Rights.OWNER, csrf=CSRF),
            "reviewer": Visitor("bo", Rights.REVIEWER, csrf=CSRF),
            "nobody": None,
        }
        url = held.enter_context(served(site))
        app = Served(url, site, {}, visitors)
        known = known_of(app, dataset.manifest.hash)
        some = {**known, "campaign": [NAME, "desk", "never"]}
        app.documents[True] = schemathesis.openapi.from_dict(openapi(web_app(site), known, there=True))
        app.documents[False] = schemathesis.openapi.from_dict(openapi(web_app(site), some, there=False))
        held.enter_context(pytest.MonkeyPatch.context()).setattr(many, "more", _more, raising=False)
        yield app


def known_of(app: Served, dataset: str) -> Known:
    """Names that the app's own pages have, so that not all that is asked for is unknown."""
    with httpx.Client(base_url=app.url, cookies=app.cookies("owner")) as client:

        def on(path: str, form: str) -> list[str]:
            return sorted(set(re.findall(form, client.get(path).raise_for_status().text)))

        drafts = on(f"/c/{NAME}/queue?show=all", r"/drafts/([0-9a-f]+)")
        hashes = [on(f"/c/{NAME}/drafts/{draft}", r'hash" value="(\w+)"') for draft in drafts]
        people = on(f"/c/{NAME}/traces", r"/traces/([0-9a-f]+)")[:2]
        return {
            "campaign": [NAME],
            "draft": drafts,  # that of an email which has left among them
            "place": [0],
            "message": on(f"/c/{NAME}/outbox", r"/outbox/([0-9a-f]+)/settle"),
            "mail": on(f"/c/{NAME}/replies", r"/replies/([0-9a-f]+)"),
            "action": ["accept", "edit", "reject", "set_aside", "withdraw", "rewrite", "send"],
            "text_hash": sorted({one for found in hashes for one in found}),
            "seen": [0, 1, 2],
            "anyway": [True],
            "prospect": people,
            "trace": on(f"/c/{NAME}/traces/{people[0]}", r"/trace/([0-9a-f]+)")[:2],
            "chart": on(f"/c/{NAME}", r"/charts/(\w+)\.svg"),
            "sheet": on(f"/c/{NAME}/read?status=all", r'name="sheet" value="(\w+)"'),
            "pair": on(f"/c/{NAME}/compare", r'name="pair" value="(\w+)"'),
            "digest": ["0" * 64, *on("/c/desk/bulk", r'name="digest" value="(\w+)"')],
            "dataset": [dataset[:12], dataset],
            "name": [*Registry().names(), "kim"],
            "version": ["live", *Registry().versions("reader")],
            "password": [PASSWORD],
            "token": [app.site.sessions.token_for(Visitor("cy", Rights.OWNER))],
            "file": ["app.css", "app.js", "..%2F..%2Fusers.py"],
            "csrf": [CSRF],
            "subject": ["Rooms", "ok"],
            "body": ["Hi Ada,\n\nYour rooms."],
            "kind": [["stale"]],
            "what": [["three words here"]],
        }


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The app on a free port of loopback, as `miniatures app` has it, in a thread of this process."""
    with bound("127.0.0.1", 0) as listening:
        options: dict[str, Any] = {"http": PatientProtocol, "ws": "none", "lifespan": "off", "log_level": "error"}
        config = uvicorn.Config(web_app(site), timeout_graceful_shutdown=1, **options)
        server = Server(config, lambda: None, lambda: None)
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            asyncio.run(site.desks.close())


def _more(self: Any) -> bool:
    """What hypothesis-jsonschema, which schemathesis draws with, asks of Hypothesis, and Hypothesis calls otherwise."""
    if self._depth is None:
        self.__enter__()
        self._elements = iter(self)
    return next(self._elements, self) is not self


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[f"{method} {path}" for method, path in ROUTES])
def test_no_request_breaks_a_route(app: Served, method: str, path: str) -> None:
    for there, mode, examples in MODES:
        operation = app.documents[there][path][method]
        if mode is GenerationMode.NEGATIVE and not (operation.path_parameters or operation.query or operation.body):
            continue
        who = st.just("owner") if there else st.sampled_from(sorted(app.visitors))

        @settings(max_examples=examples * settings().max_examples // 100, suppress_health_check=UNHURRIED)
        @given(case=operation.as_strategy(generation_mode=mode), who=who)
        def asked(case: Case, who: str) -> None:
            check(app, case, who)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            asked()


UNHURRIED = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def check(app: Served, case: Case, who: str) -> None:
    """Send it, and look at the answer."""
    for _ in range(TRIES):
        began = time.perf_counter()
        reply = case.call(base_url=app.url, cookies=app.cookies(who), allow_redirects=False, timeout=30)
        took = time.perf_counter() - began
        said = reply.headers.get("x-error", [""])[0]
        told = f"{who}: {case.as_curl_command()} -> {reply.status_code} in {took:.1f} s: {said}"
        assert reply.status_code < 500, told
        _assert_headers(reply.headers, told)
        if took < LONGEST_S:
            return
    pytest.fail(told)


def _assert_headers(headers: Any, told: str) -> None:
    """The headers are there; our own files may be kept, and a chart and an email, which run nothing, have their own
    style; the page around an email may show it in a frame."""
    for name, value in HEADERS.items():
        found = headers[name.lower()]
        said = found[0] if isinstance(found, list) else found
        kept = name == "Cache-Control" and "immutable" in said
        own = name == "Content-Security-Policy" and said in OWN_POLICIES
        assert said == value or kept or own, f"{name}: {said!r}: {told}"


@pytest.mark.parametrize("who", ["owner", "reviewer", "nobody"])
@pytest.mark.parametrize("campaign", [NAME, "never", "other"])
def test_the_stream_of_events_begins_or_is_refused(app: Served, who: str, campaign: str) -> None:
    address = f"{app.url}/c/{campaign}/events"
    with requests.get(address, cookies=app.cookies(who), stream=True, allow_redirects=False, timeout=10) as reply:
        known = campaign != "other"
        assert reply.status_code == (303 if who == "nobody" else 200 if known else 404)
        _assert_headers(reply.headers, address)
        if reply.status_code == 200:
            assert next(reply.iter_lines()) == b"retry: 2000"


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_change_nothing(app: Served, method: str) -> None:
    for path in sorted({path for _, path in ROUTES}):
        address = app.url + re.sub(r"\{\w+\}", "1", path)
        reply = requests.request(method, address, cookies=app.cookies("owner"), allow_redirects=False, timeout=10)
        assert reply.status_code < 500 and (method == "HEAD" or reply.status_code in (404, 405)), (method, path)
        _assert_headers(reply.headers, f"{method} {path}")
