"""The report says what happened: every email, its ground, and why it is held back; foreign text stays text."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import PLACED, Draft, DraftStatus, EmailText, Ground, Statement
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.money import cost_words, dollars
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.standing import Standing, State
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign
from miniatures.measure import report
from miniatures.measure.check_words import COMPARES
from miniatures.measure.field_readings import FIELD_READINGS, PLACED_READINGS
from miniatures.measure.passages import passages
from miniatures.measure.report import ReportFigures, ReportHeading, write_html_report

ODD_ADDRESSES = (
    "javascript:alert(1)",
    "JavaScript:alert(1)//http://frio.example",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "//frio.example/",
    'HTTPS://frio.example/a"b',
)
HEADING = ReportHeading(campaign="autumn", offer="Loggers.", roles={"writer": "local:x"}, search="ddgs")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def result(number: int, status: DraftStatus, body: str = "Hello.", cost: float | None = None) -> ProspectResult:
    prospect = Prospect(email=f"p{number}@example.com", company="Frio", first_name=f"Ana{number}")
    if status is DraftStatus.NOTHING_FOUND:
        problem = Problem(where="http://frio.example/", kind="robots_disallowed")
        dossier = Dossier(status=DossierStatus.NOTHING_FOUND, problems=(problem,))
        return ProspectResult(campaign="autumn", prospect=prospect, status=status, dossier=dossier)
    fact = Evidence(
        quote="A <b>bold</b> fact.", url="http://frio.example/", text_hash="x", fetched_at=NOW, signal="news"
    )
    failed = CheckResult(name=CheckName.LENGTH, outcome=Outcome.FAIL, reason="the body has 1 word")
    passed = CheckResult(name=CheckName.SCHEMA, outcome=Outcome.PASS)
    draft = Draft(
        subject=f"Subject {number}",
        body=body,
        checks=(passed,) if status is DraftStatus.READY else (passed, failed),
        status=status,
        backend="local:x",
    )
    return ProspectResult(
        campaign="autumn",
        prospect=prospect,
        status=status,
        draft=draft,
        dossier=Dossier(status=DossierStatus.FOUND, facts=(fact,)),
        bill=Bill(usage=Usage(input_tokens=10, output_tokens=5), cost_usd=cost),
    )


def standing(result: ProspectResult, **said: Any) -> Standing:
    """Where the prospect stands while nobody has said anything."""
    text = result.draft.text if result.draft else None
    about = {"state": State(result.status.value), "text": text, "reason": _reason(result)}
    return Standing(prospect=result.prospect, result=result, **about | said)


def _reason(result: ProspectResult) -> str:
    return result.dossier.why_nothing if result.dossier else ""


def page_of(tmp_path: Path, *results: ProspectResult | Standing) -> str:
    standings = (one if isinstance(one, Standing) else standing(one) for one in results)
    return write_html_report(HEADING, standings, tmp_path / "runs" / "report.html").read_text(encoding="utf-8")


def test_ready_emails_come_first_and_reasons_are_told(tmp_path: Path) -> None:
    page = page_of(tmp_path, result(1, DraftStatus.NEEDS_REVIEW), result(2, DraftStatus.READY))
    assert page.index("Subject 2") < page.index("Subject 1")
    assert "the body has 1 word" in page
    assert "cost unknown" in page, "an unknown cost is not a zero"


def test_costs_are_told_in_the_terminal_s_words(tmp_path: Path) -> None:
    free = page_of(tmp_path, result(1, DraftStatus.READY, cost=0.0))
    assert cost_words(0.0) in html.unescape(free) and "$0.00" not in free
    assert "<b>no</b>API cost" in free
    paid = page_of(tmp_path, result(1, DraftStatus.READY, cost=1234.5))
    assert f"<b>{dollars(1234.5)}</b>cost" in paid and cost_words(1234.5) in paid


def test_foreign_text_is_escaped(tmp_path: Path) -> None:
    page = page_of(tmp_path, result(1, DraftStatus.NEEDS_REVIEW, body="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in page
    assert "A &lt;b&gt;bold&lt;/b&gt; fact." in page


def test_a_prospect_without_a_draft_is_listed_with_the_reason(tmp_path: Path) -> None:
    page = page_of(tmp_path, result(1, DraftStatus.NOTHING_FOUND))
    assert "nothing found" in page
    assert "robots disallowed" in page


def test_a_long_campaign_is_counted_whole_and_shown_in_part(tmp_path: Path) -> None:
    page = page_of(tmp_path, *(result(number, DraftStatus.READY) for number in range(report.SHOWN + 25)))
    assert page.count("<article") == report.SHOWN
    assert "525" in page and "25 more prospects" in page


def test_figures_keep_an_unknown_cost_unknown() -> None:
    figures = ReportFigures()
    figures.add(standing(result(1, DraftStatus.READY, cost=0.5)))
    assert figures.bill.cost_usd == 0.5
    figures.add(standing(result(2, DraftStatus.READY, cost=None)))
    assert figures.bill.cost_usd is None
    assert figures.bill.usage.total_tokens == 30


def test_a_ready_draft_promises_no_more_than_the_checks_hold(tmp_path: Path) -> None:
    page = page_of(tmp_path, result(1, DraftStatus.READY))
    assert "passed the checks. Read every email before it is sent." in page
    assert FIELD_READINGS.sentence in page
    assert "of 75 drafts called ready, 1 could be sent as it stood, 20 after a small edit, and 60 held" in page
    assert set(COMPARES) == set(CheckName)
    assert "each number, name and link is found in the brief, a quote or the row" in page
    placed = result(1, DraftStatus.READY)
    placed = placed.model_copy(update={"draft": placed.draft.model_copy(update={"backend": PLACED})})
    assert PLACED_READINGS.sentence in page_of(tmp_path, placed)
    for promise in ("verified", "guarantee", "is supported", "are supported", "stands on", "proven"):
        assert promise not in page


def test_what_people_said_stands_before_the_models_draft(tmp_path: Path) -> None:
    edited = EmailText(subject="Mine", body="My own words.")
    mine = standing(result(1, DraftStatus.READY), state=State.EDITED, text=edited, review="edited by ada")
    refused = standing(result(2, DraftStatus.READY), state=State.REJECTED, text=None, review="rejected by ben")
    gone = standing(result(3, DraftStatus.READY), state=State.REMOVED, text=None, is_listed=False)
    page = page_of(tmp_path, gone, refused, mine)
    assert page.index("My own words.") < page.index("draft, which does not stand") < page.index("Subject 1")
    assert page.index("edited by ada") < page.index("rejected by ben")
    assert "1 not shown: no longer on the list, or left out of it since" in page
    assert not {"Subject 3", "p3@example.com", "Ana3"} & set(re.findall(r"Subject 3|p3@example.com|Ana3", page))


def test_a_doctored_store_makes_no_script_link_and_turns_no_text(tmp_path: Path) -> None:
    doctored = result(1, DraftStatus.READY, body="Pay \u202eyadot\u202c \x1b[2J now")
    assert doctored.dossier is not None
    odd = [fact.model_copy(update={"url": url}) for fact in doctored.dossier.facts for url in ODD_ADDRESSES]
    kept = Quote(quote="No address was kept.", signal="news")
    dossier = doctored.dossier.model_copy(update={"facts": (*odd, kept)})
    page = page_of(tmp_path, doctored.model_copy(update={"dossier": dossier}))
    assert re.findall(r'href="([^"]*)"', page) == ["HTTPS://frio.example/a&#34;b"]
    assert not re.search("[\u202a-\u202e\x1b]", page)


@given(st.lists(st.text(min_size=1), max_size=6), st.text())
def test_passages_join_to_the_body_again(parts: list[str], tail: str) -> None:
    statements = tuple(Statement(text=part, ground=Ground.QUOTE) for part in parts)
    draft = Draft(
        subject="s", body=" ".join([*parts, tail]), statements=statements, status=DraftStatus.READY, backend="local:x"
    )
    assert "".join(text for text, _ in passages(draft)) == draft.body


def test_the_heading_tells_the_backends_of_every_arm(tmp_path: Path) -> None:
    create_campaign(tmp_path / "autumn")
    file = tmp_path / "autumn" / "campaign.yaml"
    text = file.read_text(encoding="utf-8").replace("backends:\n", "backends:\n  large: miniature:large@live\n", 1)
    file.write_text(f"{text}\narms: {{placed: {{}}, large: {{writer: large}}}}\n", encoding="utf-8")
    heading = report.heading_of(load_campaign(tmp_path / "autumn"))
    assert heading.roles == {"researcher": "miniature:reader@live", "writer of large": "miniature:large@live"}
