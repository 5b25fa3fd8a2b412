"""A company's name is told from names that only begin like it; lists in `data/` hold the mentions."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.checks.company_names import company_key, company_names, look_alikes, names_company

_DATA = Path(__file__).parent / "data"


def mentions(name: str) -> list[tuple[str, str]]:
    lines = (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [(company, text) for company, _, text in (line.partition(" | ") for line in lines)]


@pytest.mark.parametrize(("company", "text"), mentions("other_companies"))
def test_another_company_does_not_pass_for_it(company, text):
    assert not names_company(text, company)


@pytest.mark.parametrize(("company", "text"), mentions("own_companies"))
def test_an_ordinary_mention_names_it(company, text):
    assert names_company(text, company)


@pytest.mark.parametrize(
    ("company", "names"),
    [
        ("Nordfrost Logistics GmbH", ("nordfrost logistics", "nordfrost")),
        ("The Cold Store Company Ltd", ("cold store",)),
        ("Østfrys A/S", ("ostfrys",)),
        ("Hushline sp. z o.o.", ("hushline",)),
        ("Acme S.A. de C.V.", ("acme",)),
        ("Teluk Ortopedik Sdn. Bhd.", ("teluk ortopedik", "teluk")),
        ("AB Volvo", ("volvo",)),
        ("Muster GmbH & Co. KG", ("muster",)),
        ("Simple Private", ("simple private",)),
        ("Casa da Fonte Lda", ("casa da fonte",)),
        ("Deutsche Bank AG", ("deutsche bank",)),
        ("A.P. Moller - Maersk", ("ap moller maersk", "ap moller", "maersk")),
        ("GmbH", ("gmbh",)),
        ("3M", ("3m",)),
        ("Reo Tangaroa 93.4", ("reo tangaroa 93 4", "reo tangaroa")),
        ("Velbrook 7 GmbH", ("velbrook 7", "velbrook")),
        ("Group 4 plc", ("group 4",)),
    ],
)
def test_company_names(company, names):
    assert company_names(company) == names


def test_spellings_of_one_company_are_one_company():
    assert company_key("Nordfrost Logistics GmbH") == company_key("NORDFROST LOGISTICS") != company_key("Nordfrost")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Depot 4", "Depot 7"),
        ("Studio 54", "Studio 12"),
        ("Fabrik 21 AG", "Fabrik AG"),
        ("7-Eleven", "Eleven"),
        ("Radio 93.4", "Radio 88.1"),
        ("Group 4 plc", "Holding 4"),
    ],
)
def test_names_that_differ_by_a_number_are_of_two_companies(one, other):
    assert company_key(one) != company_key(other)


_WORDS = st.lists(st.sampled_from(["Nordfrost", "Depot", "Kelder", "Müller", "Ýmir"]), min_size=1, max_size=3)
_FRAMES = ("{} GmbH", "{}, Ltd.", " {} ", "\u201c{}\u201d", "{} S.A.")
_SPELLINGS = [str, str.upper, str.lower, *(frame.format for frame in _FRAMES)]


@given(_WORDS, st.integers(0, 9_999), st.integers(0, 9_999))
def test_another_number_is_always_another_company(words, one, other):
    keys = {company_key(" ".join([*words, str(number)])) for number in (one, other)}
    assert len(keys) == len({one, other})


@given(_WORDS, st.sampled_from(["", " 4", " 54", " 93.4"]), st.sampled_from(_SPELLINGS))
def test_however_a_name_with_a_number_is_spelt_it_is_one_company(words, number, spell):
    name = " ".join(words) + number
    assert company_key(spell(name)) == company_key(name)
    assert company_key(unicodedata.normalize("NFD", spell(name))) == company_key(name)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Velbrook 7 opened a hall.", True),
        ("Velbrook opened a hall.", True),
        ("Velbrook 12 opened a hall.", False),
        ("Velbrook 2026 results were good.", True),
        ("After Velbrook, 12 others opened a hall.", True),
        ("Velbrook 12 and Velbrook 7 opened a hall.", True),
    ],
)
def test_a_short_name_with_another_number_is_another_company(text, named):
    assert names_company(text, "Velbrook 7 GmbH") is named


@given(st.text(min_size=1, max_size=40), st.text(max_size=80))
def test_no_company_and_no_text_raises(company, text):
    names_company(text, company)
    assert all(company_names(company)[1:])
    list(look_alikes(text, company))


@given(
    st.sampled_from([company for company, _ in mentions("own_companies")]), st.sampled_from(["{}", "In Hull {} grows."])
)
def test_a_company_is_named_by_its_name_as_it_is_written(company, frame):
    assert names_company(frame.format(company), company)
