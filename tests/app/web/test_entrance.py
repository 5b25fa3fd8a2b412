"""Coming in by token and by name, and leaving: what is let in, what is not, and what the browser is given."""

from __future__ import annotations

import asyncio
import logging
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from starlette.responses import Response

from miniatures.app.web import sign_in
from miniatures.app.web.desks import Desks
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import COOKIE, SESSION_SECONDS, Rights, Sessions, Visitor
from tests.app.web.entered import PASSWORD, Clock, browser, hash_quickly, let_in, site_with

KIM = {"name": "kim", "password": PASSWORD}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_quickly(monkeypatch)


def cookie_of(reply: Response) -> tuple[str, dict[str, str]]:
    """The name and the attributes of the only cookie that was set."""
    ((name, morsel),) = SimpleCookie(reply.headers["set-cookie"]).items()
    return name, {key: value for key, value in morsel.items() if value}


def test_the_printed_address_lets_in_once() -> None:
    site = Site(Desks([]), Sessions())
    token = site.sessions.token_for(Visitor("kim", Rights.OWNER))
    first, second = browser(site), browser(site)
    reply = first.get(f"/enter/{token}")
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert first.get("/").status_code == 200
    again = second.get(f"/enter/{token}")
    assert again.status_code == 403
    assert "lets in once, and it was used" in again.text and "set-cookie" not in again.headers
    assert second.get("/").headers["location"] == "/login"


def test_a_token_that_is_none_lets_nobody_in() -> None:
    client = browser(Site(Desks([]), Sessions()))
    assert client.get("/enter/guess").status_code == 403
    assert client.get("/").headers["location"] == "/login"


def test_a_name_and_its_password_let_in_beside_the_token(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path, "Kim")
    client = browser(site)
    assert '<form method="post" action="/login"' in client.get("/login").text
    reply = client.post("/login", data=KIM)
    assert (reply.status_code, reply.headers["location"]) == (303, "/")
    assert ">Kim</span>" in client.get("/").text
    token = site.sessions.token_for(Visitor("owner", Rights.OWNER))
    assert browser(site).get(f"/enter/{token}").status_code == 303


def test_nobody_learns_whether_the_name_or_the_password_was_wrong(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    wrong = client.post("/login", data={"name": "kim", "password": "not it at all"})
    unknown = client.post("/login", data={"name": "lee", "password": PASSWORD})
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("kim", "lee") == unknown.text
    assert "The name or the password is wrong." in wrong.text
    assert "set-cookie" not in wrong.headers


def test_an_unknown_name_is_checked_as_long_as_a_known_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, checked = browser(site_with(tmp_path, "kim")[0]), []
    monkeypatch.setattr(sign_in, "fits", lambda password, kept: bool(checked.append(kept)))
    for name in ("kim", "lee"):
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 403
    assert checked[0].startswith("$argon2id$") and checked[1] is None


@pytest.mark.parametrize("given", [{}, {"name": "kim"}, {"password": PASSWORD}, {"name": "kim", "password": ""}])
def test_what_is_left_out_is_wrong(tmp_path: Path, given: dict[str, str]) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    reply = client.post("/login", data=given, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert reply.status_code == 403


def test_what_was_typed_is_escaped(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    assert 'value="&#34;&gt;&lt;b&gt;"' in client.post("/login", data={"name": '"><b>', "password": "x"}).text


@pytest.mark.parametrize("name", ["kim", "nobody"])
def test_after_some_tries_everybody_waits_for_longer_and_longer(tmp_path: Path, name: str) -> None:
    clock = Clock()
    client = browser(site_with(tmp_path, "kim", clock=clock)[0])
    wrong = {"name": name, "password": "not it at all"}
    assert [client.post("/login", data=wrong).status_code for _ in range(6)] == [403] * 5 + [429]
    for seconds in (1, 2, 4):
        reply = client.post("/login", data={"name": name, "password": PASSWORD})
        assert (reply.status_code, reply.headers["retry-after"]) == (429, str(seconds))
        unit = "second" if seconds == 1 else "seconds"
        assert f"There were too many tries: wait {seconds} {unit}, then sign in again." in reply.text
        clock.now += seconds
        assert client.post("/login", data=wrong).status_code == 403
    clock.now += 8
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == (
        303 if name == "kim" else 403
    )


def test_one_address_that_tries_many_names_waits_and_others_do_not(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path, "kim", clock=Clock())
    client = browser(site)
    tried = [client.post("/login", data={"name": str(n), "password": "x"}).status_code for n in range(21)]
    assert tried == [403] * 20 + [429]
    assert browser(site, address="192.0.2.2").post("/login", data=KIM).status_code == 303


async def test_guesses_of_the_same_moment_are_no_more_than_those_of_one_after_the_other(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path, "kim", clock=Clock())
    assert site.sign_in is not None
    guesses = [site.sign_in.let_in("kim", str(number), "192.0.2.1") for number in range(30)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert [answer.code for answer in answers] == ["wrong_password"] * 5 + ["too_many_tries"] * 25


def test_a_crowd_that_signs_in_at_once_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "_MOST_WAITING", 0)
    reply = browser(site_with(tmp_path, "kim")[0]).post("/login", data=KIM)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "5")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:3000", "http://127.0.0.1", "file://", ""]
)
def test_a_page_of_another_site_signs_nobody_in(tmp_path: Path, origin: str) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    reply = client.post("/login", data=KIM, headers={"Origin": origin})
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers
    assert client.post("/login", data=KIM, headers={"Origin": "http://localhost"}).status_code == 303


def test_a_form_of_another_kind_signs_nobody_in(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    assert client.post("/login", json=KIM).status_code == 415
    assert client.post("/login", files={"name": b"kim"}).status_code == 415
    assert client.get("/login", params=KIM).status_code == 200
    assert not client.cookies


def test_the_cookie_is_for_this_app_alone_and_ends(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0], "http://localhost:8080")
    name, attributes = cookie_of(client.post("/login", data=KIM))
    assert name == f"{COOKIE}_8080", "another app at another port has another one"
    known = {"httponly": True, "samesite": "strict", "path": "/", "max-age": str(int(SESSION_SECONDS))}
    assert attributes == known


@pytest.mark.parametrize(("url", "behind_tls"), [("https://localhost", False), ("http://localhost", True)])
def test_over_tls_the_cookie_is_secure_and_no_other_site_can_set_it(tmp_path: Path, url: str, behind_tls: bool) -> None:
    site, _ = site_with(tmp_path, "kim", behind_tls=behind_tls)
    client = browser(site, url)
    reply = client.post("/login", data=KIM, headers={"Origin": "https://localhost"})
    name, attributes = cookie_of(reply)
    assert (name, attributes["secure"], attributes["path"]) == (f"__Host-{COOKIE}", True, "/")
    session = SimpleCookie(reply.headers["set-cookie"])[name].value
    assert browser(site, url).get("/", headers={"Cookie": f"{name}={session}"}).status_code == 200
    assert browser(site, url).get("/", headers={"Cookie": f"{COOKIE}={session}"}).status_code == 303


def test_a_session_that_somebody_else_chose_is_not_taken_on(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    client.cookies.set(COOKIE, "chosen")
    reply = client.post("/login", data=KIM)
    assert len(SimpleCookie(reply.headers["set-cookie"])[COOKIE].value) > 40


def test_who_signs_in_anew_leaves_the_session_of_before(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path, "kim")
    client = browser(site)
    before = let_in(client, site)
    assert client.get("/login").headers["location"] == "/"
    assert client.post("/login", data=KIM).status_code == 303
    assert site.sessions.find(before.session) is None


def test_who_leaves_is_out(tmp_path: Path) -> None:
    site, _ = site_with(tmp_path, "kim")
    client = browser(site)
    visitor = let_in(client, site)
    assert client.post("/logout", data={"csrf": "guess"}).status_code == 403
    reply = client.post("/logout", data={"csrf": visitor.csrf})
    assert (reply.status_code, reply.headers["location"]) == (303, "/login")
    name, attributes = cookie_of(reply)
    assert name == COOKIE and attributes["httponly"] and "max-age" in reply.headers["set-cookie"].lower()
    assert browser(site).get("/", headers={"Cookie": f"{COOKIE}={visitor.session}"}).status_code == 303


def test_a_session_ends_with_its_time(tmp_path: Path) -> None:
    clock = Clock()
    client = browser(site_with(tmp_path, "kim", clock=clock)[0])
    client.post("/login", data=KIM)
    clock.now += SESSION_SECONDS - 1
    assert client.get("/").status_code == 200
    clock.now += 1
    assert client.get("/").headers["location"] == "/login"


@pytest.mark.parametrize("change", ["removed", "new password"])
def test_whoever_is_removed_or_has_another_password_is_out_at_once(tmp_path: Path, change: str) -> None:
    site, users = site_with(tmp_path, "kim", "lee")
    kim, lee = browser(site), browser(site)
    kim.post("/login", data=KIM)
    lee.post("/login", data=KIM | {"name": "lee"})
    if change == "removed":
        users.remove("kim")
    else:
        users.set_password("kim", "another password")
    assert kim.get("/").headers["location"] == "/login"
    assert lee.get("/").status_code == 200
    assert kim.post("/login", data=KIM).status_code == 403


def test_where_nobody_has_a_name_the_page_says_how_to_come_in(tmp_path: Path) -> None:
    for site in (Site(Desks([]), Sessions()), site_with(tmp_path)[0]):
        client = browser(site)
        assert "opens the address that it printed" in client.get("/login").text
        assert client.post("/login", data=KIM).status_code == 404


def test_a_link_of_another_site_leads_on_for_who_is_signed_in(tmp_path: Path) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    assert "go on to the app" in client.get("/login", headers={"Sec-Fetch-Site": "cross-site"}).text
    assert "go on to the app" not in client.get("/login", headers={"Sec-Fetch-Site": "none"}).text


def test_a_damaged_file_lets_nobody_in_and_strangers_learn_nothing_of_this_machine(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    site, users = site_with(tmp_path, "kim")
    client = browser(site)
    client.post("/login", data=KIM)
    users.path.write_text("{")
    for reply in (client.get("/"), client.get("/login"), browser(site).post("/login", data=KIM)):
        assert reply.status_code == 500
        assert str(tmp_path) not in reply.text + str(reply.headers)
    assert "users.json is damaged" in caplog.text


def test_the_log_has_no_password_and_no_name_that_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    client = browser(site_with(tmp_path, "kim")[0])
    with caplog.at_level(logging.DEBUG, "miniatures"):
        client.post("/login", data={"name": "kim", "password": "first password"})
        client.post("/login", data={"name": "second password", "password": "x"})
    said = [record.getMessage() for record in caplog.records]
    assert said == ["a sign-in failed: kim, from 192.0.2.1", "a sign-in failed: an unknown name, from 192.0.2.1"]
