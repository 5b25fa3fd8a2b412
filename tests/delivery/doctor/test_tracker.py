"""The tracker: reached, and looking at an opt-out link does nothing."""

from __future__ import annotations

import pytest

from miniatures.datamodel.send_settings import TrackingSettings
from miniatures.delivery.doctor.finding import Outcome
from miniatures.delivery.doctor.tracker import check_tracker, check_tracking_url
from miniatures.delivery.tokens import Token, TokenKind, Tokens
from tests.delivery.composing import SECRET, settings
from tests.delivery.doctor.tracker_server import FORM, Answer, serving

TOKENS = Tokens(SECRET)
HEALTH = {"/health": Answer(200)}


@pytest.mark.parametrize(
    ("page", "outcome"),
    [
        (Answer(200, FORM, "text/html; charset=utf-8"), Outcome.OK),
        (Answer(404, "No such email", "text/html"), Outcome.OK),
        (Answer(200, "You are unsubscribed", "text/html"), Outcome.PROBLEM),
        (Answer(302, "", location="https://elsewhere.example/"), Outcome.PROBLEM),
        (Answer(500, "", "text/html"), Outcome.PROBLEM),
        (Answer(200, FORM, "text/plain"), Outcome.PROBLEM),
    ],
)
async def test_looking_at_an_opt_out_link_must_only_show_a_page(page: Answer, outcome: Outcome) -> None:
    with serving({**HEALTH, "/u/": page}) as tracker:
        health, opt_out = await check_tracker(TrackingSettings(url=tracker.url), TOKENS, 5)
    assert (health.outcome, opt_out.outcome) == (Outcome.OK, outcome)
    (_, _), (method, path) = tracker.asked
    assert method == "GET"
    assert TOKENS.unsign(TokenKind.OPT_OUT, path.removeprefix("/u/")) == Token("doctor", 0)


async def test_another_program_at_the_address_is_a_problem() -> None:
    with serving({}) as tracker:
        [finding] = await check_tracker(TrackingSettings(url=tracker.url), TOKENS, 5)
    assert (finding.outcome, finding.told) == (Outcome.PROBLEM, "/health answers 404: another program may be there")


async def test_nobody_at_the_address_is_a_problem() -> None:
    [finding] = await check_tracker(TrackingSettings(url="http://127.0.0.1:1"), TOKENS, 5)
    assert (finding.outcome, finding.told) == (Outcome.PROBLEM, "it is not reached from here: ConnectError")
    assert finding.advice == "Start it with: miniatures track CAMPAIGN --port 1"


async def test_a_tracker_at_its_usual_port_is_found_where_the_emails_name_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving({"/health": Answer(200, '{"status":"ok"}', "application/json")}) as usual:
        port = int(usual.url.rpartition(":")[2])
        monkeypatch.setattr("miniatures.delivery.doctor.tracker.USUAL_PORT", port)
        [finding] = await check_tracker(TrackingSettings(url="http://127.0.0.1:1"), TOKENS, 5)
    assert finding.told == f"it listens at {port}, and your emails name 1"
    assert finding.advice.endswith("--port 1")


async def test_a_public_address_is_led_to_the_tracker_by_a_proxy() -> None:
    [finding] = await check_tracker(TrackingSettings(url="https://t.tarnwick.invalid"), TOKENS, 5)
    assert "a proxy has to lead from this address to it" in finding.advice


@pytest.mark.parametrize(
    ("url", "outcome", "told"),
    [
        ("https://t.tarnwick.example", Outcome.OK, "encrypted"),
        ("http://t.tarnwick.example", Outcome.PROBLEM, "over https only"),
        ("https://clicks.example", Outcome.WARNING, "another domain than tarnwick.example"),
        ("http://127.0.0.1:8080", Outcome.WARNING, "cannot reach this machine"),
    ],
)
def test_the_address_is_encrypted_and_of_the_senders_domain(url: str, outcome: Outcome, told: str) -> None:
    sending = settings({"url": url})
    finding = check_tracking_url(sending, sending.tracking)
    assert (finding.outcome, told in finding.told) == (outcome, True), finding.told
