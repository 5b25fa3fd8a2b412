"""`miniatures accept`, `rewrite` and `status --spending` say from the command line what the app says in the browser."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.review import RejectReason, Review
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import accept, reject, rewrite
from miniatures.store.open import open_store
from tests.app.web.desk_campaign import write_campaign


@pytest.fixture
def desk(tmp_path: Path) -> LoadedCampaign:
    return write_campaign(tmp_path / "desk", drafts=36, held_back=1, doubted=1)


def state_risk(desk: LoadedCampaign, risk: float) -> None:
    desk.path.write_text(f"{desk.path.read_text(encoding='utf-8')}ready: {{risk: {risk}}}\n", encoding="utf-8")


def read_sample(desk: LoadedCampaign, rejected: int) -> None:
    """The thirty that were drawn are read; the first of them are rejected."""
    from miniatures.review.bulk import bulk_of
    from miniatures.review.desk import Desk

    with open_store(desk.store_url) as store:
        shown = Desk(store, "desk")
        shown.refresh()
        for number, item in enumerate(bulk_of(shown, None).sample):
            waiting = draft_to_review(store, item.waiting)
            assert waiting
            said = (
                reject(waiting.item, "ada", RejectReason.GENERIC) if number < rejected else accept(waiting.item, "ada")
            )
            asyncio.run(store.add_review(said))


def reviews(desk: LoadedCampaign) -> list[Review]:
    with open_store(desk.store_url) as store:
        return list(store.reviews("desk"))


def test_the_rest_is_accepted_once_the_sample_was_read(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accept", str(desk.path)]) == ExitCode.OK
    assert "The campaign states no risk" in capsys.readouterr().out
    state_risk(desk, 0.1)
    assert main(["accept", str(desk.path), "--yes"]) == ExitCode.BAD_INPUT
    assert "30 of the 30 drafts that were drawn have not been read yet" in capsys.readouterr().err
    read_sample(desk, rejected=2)
    assert main(["accept", str(desk.path)]) == ExitCode.OK
    told = capsys.readouterr().out
    assert "30 were read: 2 rejected (95 %: 2% to 21%), 0 edited. 4 more are ready and unread." in told
    assert "--yes" in told
    assert main(["accept", str(desk.path), "--yes", "--reviewer", "bo"]) == ExitCode.OK
    assert "4 accepted unread." in capsys.readouterr().out
    accepted = [review for review in reviews(desk) if review.unread]
    assert [(review.reviewer, review.teaches) for review in accepted] == [("bo", False)] * 4


def test_too_many_rejections_forbid_it(desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]) -> None:
    state_risk(desk, 0.1)
    read_sample(desk, rejected=4)
    assert main(["accept", str(desk.path), "--yes"]) == ExitCode.BAD_INPUT
    assert (
        "4 of the 30 drafts that were read were rejected, 13%, and the campaign allows 10%" in capsys.readouterr().err
    )
    assert not any(review.unread for review in reviews(desk))


def test_what_code_placed_cannot_be_written_again_and_says_so(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rewrite", str(desk.path)]) == ExitCode.OK
    assert capsys.readouterr().out == "Nothing was sent back.\n"
    with open_store(desk.store_url) as store:
        waiting = draft_to_review(store, waiting_drafts(store, "desk", "ada")[0])
        assert waiting
        asyncio.run(store.add_review(rewrite(waiting.item, "ada", "Shorter.")))
    assert main(["rewrite", str(desk.path)]) == ExitCode.SOME_FAILED
    told = capsys.readouterr().out
    assert "no model writes this campaign's emails" in told and "0 drafts written again." in told


def test_status_tells_what_was_spent_by_whom_and_what_ready_promises(
    desk: LoadedCampaign, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", str(desk.path), "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["spending"] == []
    assert told["ready_means"][0] == "This campaign states no risk, so ready says only that the checks passed."
    assert main(["status", str(desk.path), "--spending"]) == ExitCode.OK
    assert "This campaign states no risk" in capsys.readouterr().out
