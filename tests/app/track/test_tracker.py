"""The tracker over real HTTP: pictures and links are counted, opting out takes a POST and nothing else does."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from miniatures.app.track import tracker as module
from miniatures.app.track.tracker import own_key
from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.datamodel.message import MessageState
from miniatures.delivery.hits.classify import OWN, classify
from miniatures.delivery.tokens import TokenKind, Tokens
from miniatures.inputs.campaign import load_campaign
from miniatures.store.home_secret import home_secret
from miniatures.store.open import open_store
from tests.app.track.served import LINK, MONDAY, Served, email_to, queued, served, write_campaign

ONE_CLICK = "List-Unsubscribe=One-Click"


def only_hit(tracker: Served) -> Hit:
    [hit] = tracker.hits()
    return hit


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_picture_is_fetched(tracker: Served, method: str) -> None:
    reply = tracker.ask(method, tracker.path(TokenKind.OPEN))
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/gif")
    assert "no-store" in reply.headers["cache-control"]
    assert reply.content[:6] == (b"GIF89a" if method == "GET" else b"")
    hit = only_hit(tracker)
    assert (hit.kind, hit.method, hit.at, hit.prospect) == (HitKind.OPEN, method, MONDAY, tracker.message.prospect)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_leads_to_what_was_sent(tracker: Served, method: str) -> None:
    reply = tracker.ask(method, tracker.path(TokenKind.CLICK, 1), params={"url": "https://evil.example/"})
    assert (reply.status_code, reply.headers["location"]) == (302, LINK)
    assert (only_hit(tracker).link, only_hit(tracker).method) == (1, method)


def test_the_link_that_nobody_sees_leads_where_the_first_does_and_is_a_machines(tracker: Served) -> None:
    reply = tracker.ask("GET", tracker.path(TokenKind.CLICK, 0), headers={"User-Agent": "Mozilla/5.0 (X11; Linux)"})
    assert (reply.status_code, reply.headers["location"]) == (302, LINK)
    assert classify(tracker.hits(), None)[0].hit_class is HitClass.MACHINE


def test_a_link_leads_where_it_led_when_it_was_queued_whatever_the_brief_says_now(tracker: Served) -> None:
    old = email_to(tracker.loaded, "ana@depot.example").model_copy(update={"links": ("https://waymark.example/2024",)})
    queued(tracker.loaded, old)
    reply = tracker.ask("GET", tracker.path(TokenKind.CLICK, 1, old.id))
    assert (reply.status_code, reply.headers["location"]) == (302, "https://waymark.example/2024")


def test_a_link_beyond_the_last_leads_nowhere(tracker: Served) -> None:
    reply = tracker.ask("GET", tracker.path(TokenKind.CLICK, 2))
    assert (reply.status_code, reply.headers.get("location")) == (404, None)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_at_the_page_opts_nobody_out(tracker: Served, method: str) -> None:
    for _ in range(3):
        reply = tracker.ask(method, tracker.path(TokenKind.OPT_OUT), params={"List-Unsubscribe": "One-Click"})
        assert reply.status_code == 200
    assert not tracker.opted_out()
    assert tracker.state() is MessageState.QUEUED
    assert {hit.kind for hit in tracker.hits()} == {HitKind.UNSUBSCRIBE_VIEW}


@pytest.mark.parametrize(
    "body",
    [
        {"content": ONE_CLICK, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"content": b"", "headers": {"Origin": "https://mail.example", "Cookie": "other=1"}},
        {"content": b"{}", "headers": {"Content-Type": "application/json"}},
    ],
    ids=["urlencoded", "multipart", "the button", "from another page", "anything else"],
)
def test_whoever_posts_opts_out(tracker: Served, body: dict[str, object]) -> None:
    reply = tracker.ask("POST", tracker.path(TokenKind.OPT_OUT), **body)
    assert reply.status_code == 200
    assert "You will get no more emails." in reply.text
    assert tracker.opted_out()
    assert tracker.state() is MessageState.CANCELLED
    assert only_hit(tracker).kind is HitKind.UNSUBSCRIBE_POST


def test_whoever_opted_out_is_told_so_and_asked_nothing(tracker: Served) -> None:
    path = tracker.path(TokenKind.OPT_OUT)
    assert "<button>" in tracker.ask("GET", path).text
    tracker.ask("POST", path)
    again = tracker.ask("GET", path)
    assert again.status_code == 200
    assert "You will get no more emails." in again.text and "<button>" not in again.text


def test_a_mail_providers_opt_out_is_told_from_the_buttons(tracker: Served) -> None:
    path = tracker.path(TokenKind.OPT_OUT)
    tracker.ask("POST", path, files={"List-Unsubscribe": (None, "One-Click")})
    tracker.ask("POST", path)
    noted = sorted(hit.headers.get("list-unsubscribe", "") for hit in tracker.hits())
    assert noted == ["", "One-Click"]


def test_opting_out_again_and_at_once_does_no_harm(tracker: Served) -> None:
    path = tracker.path(TokenKind.OPT_OUT)
    with ThreadPoolExecutor(8) as crowd:
        replies = list(crowd.map(lambda _: tracker.ask("POST", path, content=ONE_CLICK), range(24)))
    assert {reply.status_code for reply in replies} == {200}
    assert tracker.opted_out()
    assert len(tracker.hits()) == 24


def test_an_opt_out_stops_the_follow_up_as_well_and_nobody_else(tmp_path: Path) -> None:
    loaded = write_campaign(tmp_path / "autumn")
    with served(loaded, "kim@depot.example", "lee@depot.example") as tracker:
        queued(loaded, email_to(loaded, "kim@depot.example", step=1))
        tracker.ask("POST", tracker.path(TokenKind.OPT_OUT))
        assert not tracker.opted_out("lee@depot.example")
    with open_store(loaded.store_url) as store:
        states = {row.message.address: row.state for row in store.mail.outbox.stream(loaded.name)}
        thread = store.mail.outbox.thread(loaded.name, tracker.message.prospect)
    assert states == {"kim@depot.example": MessageState.CANCELLED, "lee@depot.example": MessageState.QUEUED}
    assert [row.state for row in thread] == [MessageState.CANCELLED, MessageState.CANCELLED]


def test_the_page_names_the_sender_and_hides_the_address(tracker: Served) -> None:
    text = tracker.ask("GET", tracker.path(TokenKind.OPT_OUT)).text
    assert "Robin Ashford, Waymark Planning" in text
    assert "k***@depot.example" in text
    assert "kim@depot.example" not in text
    assert "<script" not in text


@pytest.mark.parametrize(
    ("language", "button", "done"),
    [
        ("de-AT", "Keine E-Mails mehr senden", "Sie erhalten keine E-Mails mehr."),
        ("fr", "Ne plus m\u2019envoyer d\u2019e-mails", "Vous ne recevrez plus d\u2019e-mails."),
        ("es", "No enviarme más correos", "No recibirá más correos."),
        ("it", "Non inviarmi più e-mail", "Non riceverà più e-mail."),
        ("nl", "Stuur mij geen e-mails meer", "U ontvangt geen e-mails meer."),
        ("pl", "Send me no more emails", "You will get no more emails."),
    ],
)
def test_the_page_speaks_the_briefs_language(tmp_path: Path, language: str, button: str, done: str) -> None:
    with served(write_campaign(tmp_path / "autumn", language=language)) as tracker:
        path = tracker.path(TokenKind.OPT_OUT)
        assert button in tracker.ask("GET", path).text
        assert done in tracker.ask("POST", path).text


def test_a_brief_is_text_on_the_page(tmp_path: Path) -> None:
    loaded = write_campaign(tmp_path / "autumn")
    brief = tmp_path / "autumn" / "brief.md"
    text = brief.read_text(encoding="utf-8")
    brief.write_text(text.replace("name: Robin Ashford", 'name: "<img src=x>{{7*7}}\u202e"'), encoding="utf-8")
    with served(load_campaign(loaded.path, trusted=True)) as tracker:
        page = tracker.ask("GET", tracker.path(TokenKind.OPT_OUT)).text
    assert "&lt;img src=x&gt;{{7*7}}\ufffd, Waymark Planning" in page


def test_an_email_of_a_campaign_that_is_not_served_can_be_opted_out_of_and_its_links_lead_on(tmp_path: Path) -> None:
    loaded = write_campaign(tmp_path / "autumn")
    stranger = email_to(loaded, "sam@depot.example").model_copy(update={"campaign": "spring"})
    with served(loaded) as tracker:
        queued(loaded, stranger)
        opt_out = tracker.path(TokenKind.OPT_OUT, message=stranger.id)
        assert tracker.ask("GET", opt_out).status_code == 200
        assert tracker.ask("POST", opt_out).status_code == 200
        assert tracker.opted_out("sam@depot.example")
        assert tracker.ask("GET", tracker.path(TokenKind.CLICK, 1, stranger.id)).headers["location"] == LINK


def forgeries(tracker: Served) -> list[str]:
    real = tracker.path(TokenKind.CLICK, 1).removeprefix("/c/")
    other = Tokens(b"x" * 32).sign(TokenKind.CLICK, tracker.message.id, 1)
    unknown = tracker.tokens.sign(TokenKind.CLICK, "no-such-email", 1)
    opt_out = tracker.path(TokenKind.OPT_OUT).removeprefix("/u/")
    wild = [
        "",
        ".",
        "..",
        "%00",
        "%2e%2e%2f",
        "a" * 4096,
        "\u00e9",
        "https:%2F%2Fevil.example",
        "'--",
        "{{7*7}}",
        "x" * 60_000,
    ]
    return [other, unknown, opt_out, real[:-1], f"{real}x", f"{real}/", f"{real}/..", real.swapcase(), *wild]


@pytest.mark.parametrize("kind", ["o", "c", "u"])
def test_what_is_no_token_of_ours_leads_nowhere(tracker: Served, kind: str) -> None:
    for forged in forgeries(tracker):
        for method in ("GET", "HEAD", "POST"):
            ending = ".gif" if kind == "o" else ""
            if kind == "u" and forged == tracker.path(TokenKind.OPT_OUT).removeprefix("/u/"):
                continue
            reply = tracker.ask(method, f"/{kind}/{forged}{ending}")
            assert reply.status_code in (400, 404, 405, 429), (method, forged[:80])
            assert "location" not in reply.headers
            assert "evil" not in reply.text
    assert tracker.hits() == []
    assert not tracker.opted_out()


def test_other_methods_change_nothing(tracker: Served) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        assert tracker.ask(method, tracker.path(TokenKind.OPT_OUT)).status_code == 405
    assert tracker.ask("POST", tracker.path(TokenKind.CLICK, 1)).status_code == 405
    assert tracker.hits() == []


def test_whoever_guesses_is_held_to_a_pace_and_whoever_was_written_to_is_not(tracker: Served) -> None:
    codes = [tracker.ask("GET", "/c/guess").status_code for _ in range(60)]
    refused = tracker.ask("GET", "/c/guess")
    assert codes == [404] * 60
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert tracker.ask("POST", tracker.path(TokenKind.OPT_OUT)).status_code == 200


def test_one_email_is_held_to_a_pace_and_the_way_out_stays_open(tracker: Served) -> None:
    codes = [tracker.ask("GET", tracker.path(TokenKind.OPEN)).status_code for _ in range(201)]
    assert codes == [200] * 200 + [429]
    assert tracker.ask("GET", tracker.path(TokenKind.OPT_OUT)).status_code == 200


def test_a_body_is_bounded_in_size_and_time(tracker: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BODY_SECONDS", 0.3)
    path = tracker.path(TokenKind.OPT_OUT)
    assert tracker.ask("POST", path, content=b"x" * 20_000).status_code == 413

    def drip() -> object:
        for _ in range(8):
            yield b"x"
            time.sleep(0.1)

    assert tracker.ask("POST", path, content=drip()).status_code == 408
    assert not tracker.opted_out()


def raw(tracker: Served, *pieces: bytes) -> bytes:
    parts = urlsplit(tracker.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        for piece in pieces:
            line.sendall(piece)
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer


def test_what_is_no_http_is_told_so(tracker: Served) -> None:
    assert raw(tracker, b"\x16\x03\x01\x02\x00\r\n\r\n").startswith(b"HTTP/1.1 400")
    head = b"GET /health HTTP/1.1\r\nHost: a\r\n"
    with suppress(ConnectionResetError):  # what is left of the request when it is answered
        assert raw(tracker, head + b"X: " + b"y" * 200_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 4")
    assert tracker.ask("GET", "/health").json() == {"status": "ok"}


def test_a_slow_client_is_hung_up_on(tracker: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miniatures.app.track.serve.TrackProtocol.request_seconds", 0.3)
    started = time.monotonic()
    with suppress(ConnectionResetError):
        assert raw(tracker, b"GET /health HTTP/1.1\r\nHost: a\r\n") == b""
    assert time.monotonic() - started < 5


def test_any_host_will_do_and_none_is_repeated(tracker: Served) -> None:
    reply = tracker.ask("GET", tracker.path(TokenKind.OPT_OUT), headers={"Host": "evil.example"})
    assert reply.status_code == 200
    assert "evil" not in reply.text + str(reply.headers)


@pytest.mark.parametrize(
    ("proxies", "told", "expected"),
    [
        ((), "203.0.113.7", "127.0.0.1"),
        (("127.0.0.1",), "203.0.113.7", "203.0.113.7"),
        (("127.0.0.1",), "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (("127.0.0.1", "10.0.0.0/8"), "203.0.113.7, 10.1.2.3", "203.0.113.7"),
        (("127.0.0.1",), "203.0.113.7, nonsense", "127.0.0.1"),
        (("127.0.0.1",), "2001:db8::7", "2001:db8::7"),
        (("192.0.2.1",), "203.0.113.7", "127.0.0.1"),
    ],
)
def test_a_proxy_is_believed_only_if_it_was_named(
    tmp_path: Path, proxies: tuple[str, ...], told: str, expected: str
) -> None:
    with served(write_campaign(tmp_path / "autumn"), proxies=proxies) as tracker:
        tracker.ask("GET", tracker.path(TokenKind.OPEN), headers={"X-Forwarded-For": told, "Forwarded": f"for={told}"})
        assert only_hit(tracker).address == expected


def test_a_hit_keeps_what_tells_something_and_no_mailbox(tracker: Served) -> None:
    sent = {
        "User-Agent": "Reader/1 (kim@depot.example) " + "x" * 5000,
        "Accept-Language": "de",
        "From": "kim@depot.example",
        "Referer": "https://mail.example/?to=kim@depot.example",
        "Via": "1.1 kim@depot.example gateway",
        "Sec-Fetch-Mode": "navigate",
        "Authorization": "Basic abc",
        "Own": "cookie",
    }
    tracker.ask("GET", tracker.path(TokenKind.CLICK, 1), headers=sent)
    hit = only_hit(tracker)
    assert "depot.example" not in hit.model_dump_json().replace(tracker.message.id, "")
    assert hit.headers == {
        "accept": "*/*",
        "accept-language": "de",
        "sec-fetch-mode": "navigate",
        "via": "1.1  gateway",
        OWN: "loopback",
    }
    assert len(hit.user_agent) <= 300


def test_the_senders_own_visits_count_as_nobodys(tmp_path: Path) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"
    reader = {"User-Agent": firefox, "Accept-Language": "de", "X-Forwarded-For": "203.0.113.7"}
    with served(write_campaign(tmp_path / "autumn"), proxies=("127.0.0.1",)) as tracker:
        with httpx.Client(base_url=tracker.url, headers=reader) as browser:
            browser.get(tracker.path(TokenKind.CLICK, 1))
            assert browser.get("/own/guess").status_code == 404
            made = browser.get(f"/own/{own_key(home_secret())}")
            assert made.status_code == 200
            assert "Secure" in made.headers["set-cookie"]
            kept = made.headers["set-cookie"].partition(";")[0]
            browser.get(tracker.path(TokenKind.CLICK, 1), headers={"Cookie": kept})
            browser.get(tracker.path(TokenKind.CLICK, 1), headers={"Cookie": "own=guess"})
        classes = [one.hit_class for one in classify(tracker.hits(), None)]
    assert classes == [HitClass.HUMAN, HitClass.MACHINE, HitClass.HUMAN]


def test_visits_on_this_machine_count_where_the_tracker_is_nowhere_else(tmp_path: Path) -> None:
    local = "http://127.0.0.1:8085"
    with served(write_campaign(tmp_path / "autumn", url=local), url=local) as tracker:
        tracker.ask("GET", tracker.path(TokenKind.OPEN), headers={"User-Agent": "Thunderbird"})
        assert OWN not in only_hit(tracker).headers


def test_no_answer_is_kept_by_anybody_or_tells_where_it_came_from(tracker: Served) -> None:
    paths = [tracker.path(TokenKind.OPEN), tracker.path(TokenKind.CLICK, 1), tracker.path(TokenKind.OPT_OUT), "/c/none"]
    for path in paths:
        headers = tracker.ask("GET", path).headers
        assert "no-store" in headers["cache-control"]
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        assert "default-src 'none'" in headers["content-security-policy"]
