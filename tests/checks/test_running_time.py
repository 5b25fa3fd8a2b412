"""Every check takes time in proportion to the text's length, on drafts and quotes made to slow it down."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator

import pytest

from miniatures.agents.companies import about_another
from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.run import CHECKS
from miniatures.checks.sentences import sentences
from miniatures.checks.web import links_of
from miniatures.checks.words import fold
from miniatures.datamodel.draft import EmailText
from tests.agents.scene import page
from tests.checks.cases import BODY, CASE, PROSPECT, SUBJECT, case, evidence

_SMALL, _LARGE = 50_000, 200_000
_TOO_MUCH = 9
"""Times as long for four times the text; a square would be sixteen."""
_UNMEASURED_S = 0.3
"""Seconds of processor time below which a ratio says nothing."""
_UNITS = ["\n", "\n p", "a.", "Nordfrost ", "\u0301\u0316", "1 000 ", "! ", "{", "A&", "hundred and "]


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """Many small objects make the collector's own time grow faster than their number."""
    gc.disable()
    yield
    gc.enable()


def takes(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def growth(work: Callable[[str], object], unit: str) -> float:
    """How many times as long the large text takes; 1 where it takes next to nothing."""
    small, large = (unit * (size // len(unit)) for size in (_SMALL, _LARGE))
    spent = takes(lambda: work(large))
    return spent / max(takes(lambda: work(small)), 0.01) if spent > _UNMEASURED_S else 1


def read(body: str, its_case: CheckCase = CASE) -> dict[str, Callable[[], object]]:
    draft = DraftText(EmailText(subject=SUBJECT, body=body), "en")
    return {name.value: lambda check=check: check(draft, its_case) for name, check in CHECKS.items()}


@pytest.mark.slow
@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("unit", _UNITS)
def test_a_hostile_draft_takes_time_by_its_length(unit):
    small, large = read(unit * (_SMALL // len(unit))), read(unit * (_LARGE // len(unit)))
    for name in large:
        before, spent = takes(small[name]), takes(large[name])
        assert spent < _UNMEASURED_S or spent / max(before, 0.01) < _TOO_MUCH, name


@pytest.mark.slow
@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("unit", ["Nordfrost ", "\u0301\u0316", "1 000 ", "a."])
def test_a_hostile_quote_takes_time_by_its_length(unit):
    def check(quote: str) -> None:
        for work in read(BODY, case(evidence=(evidence(quote),))).values():
            work()

    assert growth(check, unit) < _TOO_MUCH


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize(
    "unit", [".", "a.", "a@", "//", "data:", "data:a", "www.", "0:", "[1:", "evil.top.", "\uff41\uff0e", "\n"]
)
@pytest.mark.parametrize(
    "work", [links_of, fold, lambda text: list(sentences(text))], ids=["links", "fold", "sentences"]
)
def test_reading_takes_time_by_the_texts_length(work, unit):
    assert growth(work, unit) < _TOO_MUCH


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("unit", ["A", "Nordfrost ", "Polar Foods ", "Ab, ", "\u0301\u0316"])
def test_looking_for_the_company_takes_time_by_the_pages_length(unit):
    assert growth(lambda text: about_another(text, page(text), PROSPECT), unit) < _TOO_MUCH
