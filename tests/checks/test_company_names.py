"""A company's name is told from names that only begin like it; lists in `data/` hold the mentions."""

from __future__ import annotations

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
    ],
)
def test_company_names(company, names):
    assert company_names(company) == names


def test_spellings_of_one_company_are_one_company():
    assert company_key("Nordfrost Logistics GmbH") == company_key("NORDFROST LOGISTICS") != company_key("Nordfrost")
    assert company_key("Reo Tangaroa 93.4") == "reo tangaroa"


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
