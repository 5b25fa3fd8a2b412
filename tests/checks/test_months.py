"""Months are known in words of many languages and in figures, and ordinary words are none."""

from __future__ import annotations

import calendar

import pytest

from miniatures.checks import run_checks
from miniatures.checks.case import CheckCase
from miniatures.checks.months import months_named
from miniatures.datamodel.check import CheckName
from miniatures.datamodel.draft import EmailText
from tests.checks.cases import BODY, BRIEF, PROSPECT, SUBJECT, evidence


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("Fra mandag den 4. januar kører skæreriet i treholdsskift.", {1}),
        ("11. tammikuuta aloittaa 14 putkiasentajaa", {1}),
        ("Haku päättyy 15.12.2026", {12}),
        ("in use until 2027-06-30", {6}),
        ("Hatlar Mart 2027'de gemiye yüklenecek.", {3}),
        ("9 września na linii 3", {9}),
        ("In May and June", {5, 6}),
        ("it may be late, the market grew by 3.5 % with Jan at the helm", set()),
        ("12 Dec 2026, Sept. 4, 3. desember, am 4. Jänner", {1, 9, 12}),
        ("our marketing and junior staff", set()),
        ("version 3 may differ", set()),
    ],
)
def test_months_in_words_and_figures(text: str, months: set[int]) -> None:
    assert months_named(text) == months


def test_every_english_month_is_known() -> None:
    assert months_named(" ".join(calendar.month_name[1:])) == set(range(1, 13))


def test_a_quote_that_names_a_month_in_figures_carries_its_name() -> None:
    dated = evidence().model_copy(update={"quote": f"{evidence().quote} It is inspected again on 2027-06-30."})
    case = CheckCase(prospect=PROSPECT, brief=BRIEF, evidence=(dated,))

    def unsupported(month: str) -> bool:
        said = BODY.replace("\n\n", f" It is inspected again on 30 {month} 2027.\n\n", 2)
        report = run_checks(EmailText(subject=SUBJECT, body=said), case)
        return any(check.name is CheckName.UNSUPPORTED for check in report.failed)

    assert not unsupported("June")
    assert unsupported("July")
