"""The report has words for every check, whichever is added next."""

from __future__ import annotations

from miniatures.datamodel.check import CheckName
from miniatures.measure.check_words import COMPARES


def test_every_check_says_what_it_compares() -> None:
    assert set(COMPARES) == set(CheckName)
