"""Nothing of the app is reached past its guard, and whatever goes out has the headers that keep it harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from miniatures.app.door import FORM, Door
from miniatures.app.web.desks import Desks
from miniatures.app.web.forms import MOST_FORM_BYTES, form_fields
from miniatures.app.web.guard import Guard
from miniatures.app.web.rendering import HEADERS
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import Rights, Sessions, Visitor
from miniatures.datamodel.errors import InputError
from tests.app.web.entered import browser, let_in, site_with

OPEN_TO_ALL = {("GET", "/login"), ("POST", "/login"), ("GET", "/enter/1"), ("GET", "/static/1")}
FORM_HEADERS = {"Content-Type": FORM}


@pytest.fixture
def site() -> Site:
    return Site(Desks([]), Sessions())


@pytest.fixture
def client(site: Site) -> TestClient:
    return browser(site)


def addresses() -> Iterator[tuple[str, str]]:
    """Each method and address that the app has."""
    for route in web_app(Site(Desks([]), Sessions())).routes:
        assert isinstance(route, Route), "a mount would go past the guard"
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, re.sub(r"\{[^}]+\}", "1", route.path)


GUARDED = sorted(set(addresses()) - OPEN_TO_ALL)


def safe(reply: Response) -> bool:
    """Whether it has all headers; what is no secret may be kept by browsers."""
    kept = reply.headers.get("cache-control", "").startswith("public")
    wanted = {name: value for name, value in HEADERS.items() if not (kept and name == "Cache-Control")}
    return all(reply.headers.get(name) == value for name, value in wanted.items())


def test_the_policy_lets_no_script_and_no_site_in_but_ours() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'" and policy["base-uri"] == "'none'"
    assert {value for name, value in policy.items() if name not in ("default-src", "frame-ancestors", "base-uri")} == {
        "'self'"
    }
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "address"), GUARDED)
def test_nobody_comes_past_the_sign_in(client: TestClient, method: str, address: str) -> None:
    reply = client.request(method, address, headers=FORM_HEADERS)
    if method == "GET":
        assert (reply.status_code, reply.headers["location"]) == (303, "/login")
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 401
    else:
        assert reply.status_code == 401
        assert "You are not signed in here any more" in reply.text
    assert safe(reply)


@pytest.mark.parametrize(("method", "address"), [one for one in GUARDED if one[0] != "GET"])
@pytest.mark.parametrize("sent", ["", "csrf=guess"])
def test_no_form_of_somebody_else_s_is_taken(
    site: Site, client: TestClient, method: str, address: str, sent: str
) -> None:
    let_in(client, site)
    reply = client.request(method, address, content=sent, headers=FORM_HEADERS)
    assert reply.status_code == 403
    assert "This form was not made for you" in reply.text


@pytest.mark.parametrize(("method", "address"), [*GUARDED, *sorted(OPEN_TO_ALL)])
def test_no_page_of_another_site_and_no_foreign_name_gets_an_answer(
    site: Site, client: TestClient, method: str, address: str
) -> None:
    let_in(client, site)
    foreign = client.request(method, address, headers=FORM_HEADERS | {"Origin": "http://evil.example"})
    rebound = client.request(method, address, headers=FORM_HEADERS | {"Host": "evil.example"})
    assert (foreign.status_code, rebound.status_code) == (403, 421)
    assert safe(foreign) and safe(rebound)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("192.0.2.7", 200),
        ("team.example", 200),
        ("TEAM.example.:443", 200),
        ("other.example", 421),
        ("localhost.evil.example", 421),
        ("a@localhost", 421),
        ("", 421),
    ],
)
def test_it_answers_to_addresses_and_to_the_names_that_were_allowed(site: Site, host: str, status: int) -> None:
    client = browser(site, names=("team.example",))
    assert client.get("/login", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/login", 200),
        ("HEAD", "/login", 200),
        ("GET", "/", 303),
        ("GET", "/enter/guess", 403),
        ("GET", "/static/app.css", 200),
        ("GET", "/static/none.css", 404),
        ("GET", "/static/..%2f..%2frouting.py", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/login/", 404),
        ("POST", "/nowhere", 404),
        ("DELETE", "/login", 405),
        ("OPTIONS", "/", 405),
        ("POST", "/login", 415),
    ],
)
def test_every_answer_has_the_headers(client: TestClient, method: str, address: str, status: int) -> None:
    reply = client.request(method, address)
    assert reply.status_code == status
    assert safe(reply)
    assert "access-control-allow-origin" not in reply.headers
    assert (status == 405) == ("allow" in reply.headers)


def test_a_page_that_fails_tells_strangers_nothing_and_has_the_headers_all_the_same(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path)
    client = TestClient(guarded_app(site), base_url="http://localhost")
    for address in ("/unforeseen", "/mistake"):
        reply = client.get(address)
        assert reply.status_code == 500
        assert "/secret/place" not in reply.text + str(reply.headers)
        assert "This page failed" in reply.text
        assert safe(reply)
    let_in(client, site)
    told = client.get("/mistake")
    assert "/secret/place" in told.text, "whoever was let in is told what to mend"
    assert told.headers["x-error"] == "/secret/place cannot be read: Set-Cookie: a=b ?[31m ?", (
        "one line, whatever it quotes"
    )
    assert "/secret/place" not in client.get("/unforeseen").text


def guarded_app(site: Site) -> Starlette:
    """Pages of each kind behind a guard."""

    async def fail(request: Request) -> Response:
        raise ValueError("/secret/place")

    async def mistake(request: Request) -> Response:
        raise InputError("/secret/place cannot be read:\r\nSet-Cookie: a=b \x1b[31m \u00e9")

    async def done(request: Request) -> Response:
        return PlainTextResponse(str(len(await form_fields(request)) if request.method == "POST" else request.method))

    guard = Guard(Door(bodies=FORM), site.sessions)
    app = Starlette(
        routes=[
            Route("/unforeseen", guard.open_to_all(fail)),
            Route("/mistake", guard.open_to_all(mistake)),
            Route("/decide", guard.reviewers(done), methods=["GET", "POST"]),
            Route("/promote", guard.owners(done), methods=["GET", "POST", "PUT"]),
        ]
    )
    app.state.site = site
    return app


def test_a_reviewer_cannot_do_what_only_an_owner_may(site: Site) -> None:
    client = TestClient(guarded_app(site), base_url="http://localhost")
    reviewer = let_in(client, site, Rights.REVIEWER)
    assert client.post("/decide", data={"csrf": reviewer.csrf}).status_code == 200
    for reply in (client.get("/promote"), client.post("/promote", data={"csrf": reviewer.csrf})):
        assert reply.status_code == 403
        assert "Only an owner may do that" in reply.text
    owner = let_in(client, site, Rights.OWNER)
    assert client.post("/decide", data={"csrf": owner.csrf}).status_code == 200
    assert client.post("/promote", data={"csrf": owner.csrf}).status_code == 200
    assert client.post("/promote", data={"csrf": reviewer.csrf}).status_code == 403
    assert client.put("/promote", content="csrf=guess").status_code == 403


def test_the_form_of_one_visitor_is_not_another_s(site: Site) -> None:
    client = TestClient(guarded_app(site), base_url="http://localhost")
    other = Visitor("lee", Rights.OWNER)
    site.sessions.open(other)
    let_in(client, site)
    assert client.post("/decide", data={"csrf": other.csrf}).status_code == 403


@pytest.mark.parametrize("announced", [True, False])
def test_what_is_sent_is_capped(site: Site, announced: bool) -> None:
    client = TestClient(guarded_app(site), base_url="http://localhost")
    start = f"csrf={let_in(client, site).csrf}&text=".encode()
    for size, status in ((MOST_FORM_BYTES, 200), (MOST_FORM_BYTES + 1, 413)):
        whole = start + b"a" * (size - len(start))
        body = whole if announced else iter([whole[:1000], whole[1000:]])
        reply = client.post("/decide", content=body, headers=FORM_HEADERS)
        assert reply.status_code == status


def test_so_is_what_strangers_send(client: TestClient) -> None:
    reply = client.post("/login", content=b"a" * (MOST_FORM_BYTES + 1), headers=FORM_HEADERS)
    assert reply.status_code in (404, 413)


def test_a_form_of_no_measure_is_refused(site: Site) -> None:
    client = TestClient(guarded_app(site), base_url="http://localhost")
    let_in(client, site)
    for body in ("&".join(["a=b"] * 1000), b"\xff\xfe"):
        assert client.post("/decide", content=body, headers=FORM_HEADERS).status_code == 400
