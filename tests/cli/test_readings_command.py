"""Blind readings of a campaign that was really run: the sheet, what readers fill in, and what it adds up to."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.review import ReviewAction
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.store.open import open_store
from tests.agents.tiny_sites import write_site
from tests.chaos.small_campaign import NAME, prospects, run_small_campaign
from tests.cli.test_review_command import write_list

COUNT = 4
FILLED = {"verdict": "edit", "sense": "ok", "subject": "odd", "choice": "good"}


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    folder = tmp_path / NAME
    create_campaign(folder)
    written = re.sub(r"(?m)^search:.*$", "search: local:sites", (folder / "campaign.yaml").read_text())
    (folder / "campaign.yaml").write_text(written)
    url = load_campaign(folder).store_url
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True)
    asyncio.run(run_small_campaign(url, COUNT))
    write_list(folder, prospects(COUNT))
    for person in prospects(COUNT):
        host = person.website.split("/")[2]
        write_site(folder / "sites", host, {"index.html": f"<p>We are {person.company}.</p><a href=/cellar>c</a>"})
        write_site(folder / "sites", host, {"cellar/index.html": "<p>Not one word of this page is in the email.</p>"})
    return folder


def sheet_of(campaign: Path, sheet: Path, *options: str) -> int:
    """Write a sheet of the small campaign's drafts, none of which is ready."""
    return main(["readings", "sheet", str(campaign), "--out", str(sheet), "--status", "needs_review", *options])


def fill_in(sheet: Path, numbers: int, **answers: str) -> None:
    """Answer the first `numbers` emails as a person would: behind the colons."""
    head, *entries = re.split(r"(?m)^(?=  - email)", (sheet / "readings.yaml").read_text())
    for place in range(numbers):
        for key, answer in answers.items():
            entries[place] = re.sub(rf'(?m)^    "?{key}"?:.*$', f'    "{key}": {answer}', entries[place])
    (sheet / "readings.yaml").write_text(head + "".join(entries))


def test_a_reader_is_given_the_offer_and_all_pages_and_not_how_it_was_made(ran: Path, tmp_path: Path) -> None:
    assert sheet_of(ran, tmp_path / "sheet") == ExitCode.OK
    emails = sorted((tmp_path / "sheet").glob("[0-9]*.md"))
    assert len(emails) == COUNT
    brief = load_campaign(ran).brief
    for email in emails:
        text = email.read_text()
        assert "Not one word of this page" in text
        assert "We are Company" in text
        assert all(told in text for told in (*brief.claims, *brief.links))
        assert not {"steady", "attempts", "backend", "check"} & set(re.findall(r"\w+", text.lower()))
    with open_store(load_campaign(ran).store_url) as store:
        backends = {result.draft.backend for result in store.results(NAME) if result.draft}
    whole = "".join(path.read_text() for path in (tmp_path / "sheet").iterdir())
    assert not any(backend in whole for backend in backends)


def test_the_order_is_drawn(ran: Path, tmp_path: Path) -> None:
    orders = set()
    for seed in range(4):
        sheet = tmp_path / f"sheet-{seed}"
        sheet_of(ran, sheet, "--seed", str(seed))
        orders.add(tuple(re.findall(r'draft: "(\w+)"', (sheet / "readings.yaml").read_text())))
    assert len(orders) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_what_readers_fill_in_becomes_records_once(
    ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet"
    sheet_of(ran, sheet)
    fill_in(sheet, 3, **FILLED, false='[{kind: stale, what: "it was in May"}]', comment='"so: it is"')
    for _ in range(2):
        assert main(["readings", "import", str(sheet), str(ran), "--reader", "ada"]) == ExitCode.OK
    fill_in(sheet, 1, verdict="send", false="[]")
    assert main(["readings", "import", str(sheet / "readings.yaml"), str(ran), "--reader", "bo"]) == ExitCode.OK
    with open_store(load_campaign(ran).store_url) as store:
        reviews = list(store.reviews(NAME))
    assert [review.action for review in reviews] == [ReviewAction.READ] * 6
    assert {review.reviewer for review in reviews} == {"ada", "bo"}
    capsys.readouterr()
    assert main(["readings", "report", str(ran), "--json"]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)[NAME]
    ada, bo, strictest = told["shares"]
    assert (ada["sent"]["passed"], ada["false"]["passed"], ada["odd_subject"]["total"]) == (0, 3, 3)
    assert (bo["sent"]["passed"], bo["false"]["passed"]) == (1, 2)
    assert (strictest["sent"]["passed"], strictest["false"]["passed"]) == (0, 3)
    assert told["agreement"][0]["verdicts"]["share"] == pytest.approx(2 / 3)
    assert main(["readings", "report", str(ran)]) == ExitCode.OK
    assert "ada and bo gave 67% of 3 drafts the same verdict" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"verdict": "reject"}, "email 001 has a verdict and no sense and no subject and no choice"),
        ({**FILLED, "verdict": "yes"}, "readings[0].verdict"),
        ({**FILLED, "draft": '"unknown"'}, f"email 001 is of none of the campaigns {NAME}"),
        ({**FILLED, "text": '"another"'}, "the text of email 001 has changed since the sheet was written"),
        ({}, "holds no verdict"),
    ],
)
def test_what_cannot_be_kept_is_said_and_nothing_is(
    ran: Path, tmp_path: Path, answers: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet"
    sheet_of(ran, sheet)
    fill_in(sheet, 1, **answers)
    assert main(["readings", "import", str(sheet), str(ran), "--reader", "ada"]) == ExitCode.BAD_INPUT
    assert said in " ".join(capsys.readouterr().err.split())
    with open_store(load_campaign(ran).store_url) as store:
        assert not list(store.reviews(NAME))


def test_a_sheet_is_never_written_over(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sheet").mkdir()
    (tmp_path / "sheet" / "readings.yaml").write_text("mine")
    assert sheet_of(ran, tmp_path / "sheet") == ExitCode.BAD_INPUT
    assert "is not empty" in capsys.readouterr().err
    assert (tmp_path / "sheet" / "readings.yaml").read_text() == "mine"


def test_a_status_without_drafts_is_refused(ran: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["readings", "sheet", str(ran), "--out", str(tmp_path / "s"), "--status", "blocked"]) == ExitCode.BAD_INPUT
    )
    assert "--status blocked: no draft is in such a status" in capsys.readouterr().err
