"""`miniatures preview`: what a person sees of an email before it leaves."""

from __future__ import annotations

import asyncio
import json
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.message import MessageState
from miniatures.datamodel.prospect import prospect_key
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.suppression import SuppressionReason
from miniatures.inputs.campaign import LoadedCampaign, campaign_places
from miniatures.inputs.reach import reach_of
from miniatures.inputs.trust import trust
from miniatures.review.queue import DraftToReview, draft_to_review, waiting_drafts
from miniatures.review.reviewing import accept, edit, reject
from miniatures.store.open import open_store
from tests.app.web.desk_campaign import write_campaign
from tests.app.web.mail_campaign import rows_in, write_mail_campaign

_SEND = """\
send:
  mailboxes:
    maren: {address: maren.holloway@tarnwick.example, smtp: {host: localhost}}
  tracking: {url: "https://t.tarnwick.example"}
"""
_FIRST, _SECOND = "ada.0@company-0.example", "bo.1@company-1.example"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedCampaign:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    made = write_campaign(tmp_path / "desk", drafts=3, held_back=0, doubted=0)
    made.path.write_text(made.path.read_text(encoding="utf-8") + _SEND, encoding="utf-8")
    _trust(made)
    return made


def _trust(desk: LoadedCampaign) -> None:
    trust(desk.path, reach_of(campaign_places(desk.path)))


def _say(desk: LoadedCampaign, email: str, said: str) -> None:
    def review(shown: DraftToReview) -> Any:
        match said:
            case "accept":
                return accept(shown.item, "ada")
            case "edit":
                return edit(shown.item, "ada", EmailText(subject="My own words", body="Hi Bo,\n\nin my own words."))
            case _:
                return reject(shown.item, "ada", RejectReason.GENERIC)

    with open_store(desk.store_url) as store:
        waiting = next(one for one in waiting_drafts(store, "desk", "ada") if one.prospect == prospect_key(email))
        shown = draft_to_review(store, waiting)
        assert shown
        asyncio.run(store.add_review(review(shown)))


def _shown(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["preview", str(desk.path), *map(str, arguments)]) == ExitCode.OK
    return capsys.readouterr().out


def test_a_ready_draft_is_shown_and_it_is_said_that_nobody_approved_it(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _shown(desk, capsys)
    assert told.startswith("Nobody has approved this draft: it is ready, and it leaves once somebody has.\n")
    assert "From: Maren Holloway <maren.holloway@tarnwick.example>" in told
    assert f"To: Ada Okafor <{_FIRST}>" in told
    assert "14 Ropery Yard" in told
    assert "opt out here: https://t.tarnwick.example/u/" in told


def test_a_ready_draft_that_leaves_at_a_stated_risk_is_shown_as_such(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.path.write_text(f"{desk.path.read_text(encoding='utf-8')}  approval: {{risk: 0.02}}\n", encoding="utf-8")
    assert "it is ready, and it leaves unread, at the stated risk of 2%." in _shown(desk, capsys).splitlines()[0]


def test_the_first_that_is_approved_comes_before_those_that_are_ready(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    _say(desk, _SECOND, "accept")
    told = _shown(desk, capsys)
    assert told.startswith("From: Maren Holloway")
    assert f"<{_SECOND}>" in told


def test_an_edited_draft_is_shown_in_the_persons_words(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    _say(desk, _SECOND, "edit")
    told = _shown(desk, capsys, _SECOND)
    assert "Subject: My own words" in told
    assert "in my own words." in told


def test_the_files_hold_the_very_email(
    desk: LoadedCampaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = json.loads(_shown(desk, capsys, _FIRST, "--out", tmp_path / "seen", "--json"))
    eml, page = map(Path, shown["files"])
    assert (eml.name, page.name) == (f"{_FIRST}.eml", f"{_FIRST}.html")
    assert eml.parent == tmp_path / "seen"
    read = message_from_bytes(eml.read_bytes(), policy=default)
    assert read["To"].addresses[0].addr_spec == _FIRST
    html = read.get_body(("html",))
    assert html is not None
    assert (
        page.read_text(encoding="utf-8").splitlines() == html.get_content().splitlines() == shown["html"].splitlines()
    )
    assert shown["bytes"] == len(eml.read_bytes())
    assert shown["envelope_to"] == _FIRST
    assert dict(shown["headers"])["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert eml.stat().st_mode & 0o077 == 0


def test_the_files_lie_beside_what_a_run_leaves(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(_shown(desk, capsys, "--json"))
    assert {str(Path(file).parent) for file in shown["files"]} == {str(desk.work_folder / "preview")}


def test_what_nobody_would_send_is_not_composed(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    _say(desk, _FIRST, "reject")
    assert main(["preview", str(desk.path), _FIRST]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert f"nothing would be sent to {_FIRST}: rejected (a person would not send it)" in told
    assert "rejected by ada (generic)" in told


def test_a_campaign_that_does_not_say_how_it_sends_is_told_what_to_add(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    text = desk.path.read_text(encoding="utf-8").replace(_SEND, "")
    desk.path.write_text(text, encoding="utf-8")
    assert main(["preview", str(desk.path)]) == ExitCode.BAD_INPUT
    told = capsys.readouterr().err
    assert "Error: campaign.yaml has no `send:`, so there is no mailbox to send by" in told
    added = told.partition("send:\n")[2].partition("\n\n")[0]
    desk.path.write_text(f"{text}\nsend:\n{added}\n", encoding="utf-8")
    _trust(desk)
    assert main(["preview", str(desk.path)]) == ExitCode.OK


def test_a_campaign_without_a_draft_says_so(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    for email in (_FIRST, _SECOND, "chidi.2@company-2.example"):
        _say(desk, email, "reject")
    assert main(["preview", str(desk.path)]) == ExitCode.BAD_INPUT
    assert "no draft of desk is approved or ready" in capsys.readouterr().err


def test_whoever_wants_no_mail_is_not_said_to_get_any(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    _say(desk, _FIRST, "accept")
    with open_store(desk.store_url) as store:
        asyncio.run(store.mail.suppressions.add(_FIRST, SuppressionReason.OPT_OUT, campaign="desk"))
        since = f"{store.now():%Y-%m-%d}"
    told = _shown(desk, capsys, _FIRST).splitlines()[0]
    assert told == f"They are on the list of those who want no mail (opt out, since {since}): it does not leave."


def test_what_left_is_shown_by_its_very_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    sent = write_mail_campaign(tmp_path / "sent")
    _trust(sent)
    row = rows_in(sent, MessageState.ACCEPTED)[0]
    told = _shown(sent, capsys, row.message.address)
    assert told.startswith("As it left the outbox on 20") and f"Message-ID: {row.message_id}" in told
    assert "A new Message-ID" not in told
    shown = json.loads(_shown(sent, capsys, row.message.address, "--json"))
    with open_store(sent.store_url) as store:
        kept = store.mail.outbox.row(row.message.id)
    assert kept is not None and Path(shown["files"][0]).read_bytes() == kept.mime
    assert shown["outbox"] == "accepted"
