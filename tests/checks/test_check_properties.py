"""What must hold for every text, tried on many."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.checks import run_checks
from miniatures.checks.numbers import DecimalMark, values_of
from miniatures.checks.sentences import sentences
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import EmailText
from tests.checks.cases import BODY, BRIEF, CASE, SUBJECT, case, evidence, result

any_text = st.text(max_size=400)
storable_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
QUOTES = (
    "In March we opened a 7,200 m² cold store in Rotterdam with 24 loading docks.",
    "Dr. Ada Lindqvist joins us from Tromsø Shipping as chief operating officer.",
    "Wir haben 1,5 Mio. Euro in neue Kältetechnik investiert.",
    "Les 300 salariés de Lyon ont emménagé le 3 mai 2026.",
    "Our B2B unit moved 12.5 million parcels, 18 % more than in 2024.",
)
LINES = (*BRIEF.claims, BRIEF.offer, BRIEF.call_to_action, *QUOTES)


@given(any_text, any_text)
def test_no_text_raises(subject, body):
    report = run_checks(EmailText(subject=subject, body=body), CASE)
    assert len(report.results) == len(CheckName)
    assert all(entry.reason for entry in report.failed)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "A",
        "a.",
        "a@",
        "1,",
        "'a",
        "a-",
        "{",
        "<a",
        "%a",
        "$1",
        "one ",
        "Ab ",
        "a!",
        "-",
        "if ",
        "9a9",
        "\uff41\uff11",
    ],
)
def test_no_text_takes_long(unit):
    body = (unit * 20_000)[:20_000]
    started = time.process_time()
    run_checks(EmailText(subject=body[:100], body=body), CASE)
    assert time.process_time() - started < 3


@given(storable_text)
def test_no_quote_raises(quote):
    found = case(evidence=(evidence(quote),)) if quote else CASE
    assert run_checks(EmailText(subject=SUBJECT, body=BODY), found).results


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=8), st.sampled_from([" ", "\n", "\n\n"]))
def test_what_the_sources_say_is_supported(lines, between):
    grounded = case(evidence=tuple(evidence(quote) for quote in QUOTES))
    body = between.join(lines)
    assert result(CheckName.UNSUPPORTED, subject="hello", body=body, case=grounded).passed
    assert not any(claim.unsupported for claim in run_checks(EmailText(subject="x", body=body), grounded).statements)


@given(st.integers(min_value=10_001, max_value=10**9))
def test_a_number_that_no_source_has_fails(number):
    for written in (str(number), f"{number:,}", f"{number} %"):
        found = result(CheckName.UNSUPPORTED, body=f"{BODY}\nIt is {written} in all.")
        assert found.outcome is Outcome.FAIL
        assert str(number)[0] in found.reason


@given(st.from_regex(r"[A-Z][a-z]{3,9}(zq|xv|qk)[a-z]{0,3}", fullmatch=True))
def test_a_name_that_no_source_has_fails(name):
    assert name in result(CheckName.UNSUPPORTED, body=f"{BODY}\nWe asked {name} about it.").reason


@given(st.integers(min_value=0, max_value=10**12))
def test_every_way_of_grouping_a_number_is_read_alike(number):
    grouped = f"{number:,}"
    assert values_of(grouped, DecimalMark.POINT) == [float(number)]
    assert values_of(grouped.replace(",", "."), DecimalMark.COMMA) == [float(number)]
    for separator in " \u00a0\u202f'":
        assert values_of(grouped.replace(",", separator), DecimalMark.ANY) == [float(number)]


@given(any_text)
def test_sentences_are_slices_that_lose_nothing(text):
    found = list(sentences(text))
    assert all(sentence in text for sentence in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", text)
