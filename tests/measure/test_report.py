"""The report says what happened: every email, its ground, and why it is held back; foreign text stays text."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from miniatures.datamodel.backend import Bill, Usage
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import Draft, DraftStatus, Ground, Statement
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.measure import report
from miniatures.measure.passages import passages
from miniatures.measure.report import ReportFigures, ReportHeading, write_html_report

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


def page_of(tmp_path: Path, *results: ProspectResult) -> str:
    return write_html_report(HEADING, results, tmp_path / "runs" / "report.html").read_text(encoding="utf-8")


def test_ready_emails_come_first_and_reasons_are_told(tmp_path: Path) -> None:
    page = page_of(tmp_path, result(1, DraftStatus.NEEDS_REVIEW), result(2, DraftStatus.READY))
    assert page.index("Subject 2") < page.index("Subject 1")
    assert "the body has 1 word" in page
    assert "not known" in page, "an unknown cost is not a zero"


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
    figures.add(result(1, DraftStatus.READY, cost=0.5))
    assert figures.bill.cost_usd == 0.5
    figures.add(result(2, DraftStatus.READY, cost=None))
    assert figures.bill.cost_usd is None
    assert figures.bill.usage.total_tokens == 30


@given(st.lists(st.text(min_size=1), max_size=6), st.text())
def test_passages_join_to_the_body_again(parts: list[str], tail: str) -> None:
    statements = tuple(Statement(text=part, ground=Ground.QUOTE) for part in parts)
    draft = Draft(
        subject="s", body=" ".join([*parts, tail]), statements=statements, status=DraftStatus.READY, backend="local:x"
    )
    assert "".join(text for text, _ in passages(draft)) == draft.body
