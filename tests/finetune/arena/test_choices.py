"""What an email opens with is held against the label of the sentence that it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miniatures.datamodel.draft import Draft, DraftStatus, Ground, Statement
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.finetune.arena.choices import Choice, choice_of, choice_scores, opens
from miniatures.finetune.arena.company import ArenaCompany
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import parse_yaml
from tests.finetune.arena.test_arena import COMPANY

MORE = """
  - quote: "Folding"
    page: /
    kind: product
    when: "2026"
    worth: {warm: {verdict: open, signal: growth, angle: 0}, cold: {verdict: support, signal: expansion, angle: 0}}
  - {quote: "Gluing", page: /, kind: product, when: "2026"}
"""


@pytest.fixture
def company() -> ArenaCompany:
    return validate(ArenaCompany, parse_yaml(COMPANY + MORE.lstrip("\n"), Path("hollin.yaml")))


def result(*sources: str, status: DraftStatus = DraftStatus.READY, given: str = "Gluing") -> ProspectResult:
    statements = [Statement(text="The offer.", ground=Ground.BRIEF, source="the offer")]
    statements += [Statement(text=f"It says {source}", ground=Ground.QUOTE, source=source) for source in sources]
    draft = Draft(
        subject="s",
        body="b",
        statements=tuple(statements),
        evidence=(Quote(quote=given, signal="expansion"),),
        status=status,
        backend="b",
    )
    prospect = Prospect(email="a@hollincarton.example", company="Hollin Carton")
    return ProspectResult(campaign="c", prospect=prospect, status=status, draft=draft)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (result("Our third shift has run since Monday."), Choice.RIGHT),
        (result("third shift has run since Monday. The dairy"), Choice.UNLABELLED),
        (result("third shift has run since Monday", "The dairy broke ground in April."), Choice.RIGHT),
        (result("The dairy broke ground in April."), Choice.OTHER_COMPANY),
        (result("We care.  "), Choice.EMPTY),
        (result("Folding"), Choice.SUPPORT_ONLY),
        (result("Gluing"), Choice.OFF_TOPIC),
        (result(), Choice.OFF_TOPIC),
        (result("Nobody said this."), Choice.UNLABELLED),
        (result("We care.", status=DraftStatus.NEEDS_REVIEW), Choice.NO_EMAIL),
    ],
)
def test_the_first_quoted_statement_decides(company: ArenaCompany, found: ProspectResult, expected: Choice) -> None:
    assert choice_of(found, company, "cold") is expected


def test_a_company_is_without_news_for_a_brief_that_nothing_opens(company: ArenaCompany) -> None:
    assert opens(company, "cold") and opens(company, "warm") and not opens(company, "mild")


def test_shares_count_companies_with_news_and_without_apart(company: ArenaCompany) -> None:
    right: Any = [result("Our third shift has run since Monday."), result("We care.")]
    with_news = choice_scores(right, {company.domain: company}, "cold")
    assert (with_news.right.passed, with_news.right.total, with_news.ready_with_news.passed) == (1, 2, 2)
    without = choice_scores(right, {company.domain: company}, "mild")
    assert (without.right.total, without.written_without_news.passed, without.written_without_news.total) == (0, 2, 2)
    assert with_news.choices == {"right": 1, "empty": 1}
