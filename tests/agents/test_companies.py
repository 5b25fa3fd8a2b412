"""A sentence about another company is told apart, on the company's own pages and on others'."""

from __future__ import annotations

import pytest

from miniatures.agents.companies import about_another, company_key, company_names, is_own_page, names_company
from tests.agents.scene import page
from tests.checks.cases import PROSPECT

OWN, OTHER = "https://www.nordfrost.example/news", "https://trade.example/news"


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
        ("Casa da Fonte Lda", ("casa da fonte", "casa")),
        ("GmbH", ("gmbh",)),
        ("3M", ("m",)),
    ],
)
def test_company_names(company, names):
    assert company_names(company) == names


def test_spellings_of_one_company_are_one_company():
    assert company_key("Nordfrost Logistics GmbH") == company_key("NORDFROST LOGISTICS") != company_key("Nordfrost")


def test_names_are_whole_words():
    assert names_company("Yesterday NORDFROST's new hall opened.", PROSPECT.company)
    assert not names_company("Nordfrosty weather in Leeds", PROSPECT.company)
    assert names_company("株式会社北極は倉庫を開設", "北極")


def test_own_hosts():
    assert is_own_page("https://news.nordfrost.example/x", PROSPECT)
    assert not is_own_page("https://notnordfrost.example/", PROSPECT)
    assert not is_own_page("https://gmail.com/", PROSPECT.model_copy(update={"email": "x@gmail.com", "website": ""}))


@pytest.mark.parametrize(
    ("website", "url", "own"),
    [
        ("https://shop.nordfrost.co.uk/de", "https://careers.nordfrost.co.uk/", True),
        ("nordfrost-logistics.com", "https://www.nordfrost-logistics.com/", True),
        ("https://nordfrost.github.io", "https://polar.github.io/", False),
        ("https://nordfrost.blogspot.com", "https://polar.blogspot.com/", False),
        ("https://nordfrost.wordpress.com", "https://polar.wordpress.com/", False),  # No public suffix, yet shared.
        ("https://nordfrost.wordpress.com", "https://nordfrost.wordpress.com/", True),
        ("https://nordfrost.co.uk", "https://polar.co.uk/", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/news", True),
        ("", "https://nordfrost.com/", False),
    ],
)
def test_a_company_speaks_on_its_whole_domain_and_not_on_its_neighbours(website, url, own):
    assert is_own_page(url, PROSPECT.model_copy(update={"website": website})) is own


@pytest.mark.parametrize(
    ("url", "text", "sentence", "other"),
    [
        (OWN, "A new hall opened in Leeds with 24 docks.", "A new hall opened in Leeds with 24 docks.", False),
        (OWN, "Polar Foods GmbH opened a new hall in Leeds.", "Polar Foods GmbH opened a new hall in Leeds.", True),
        (OWN, "We built it. Polar Foods GmbH opened a new hall.", "Polar Foods GmbH opened a new hall.", False),
        (OWN, "We like it. Polar Foods Ltd opened a US plant.", "Polar Foods Ltd opened a US plant.", False),
        (OWN, "Polar Foods Ltd opened a second US plant.", "Polar Foods Ltd opened a second US plant.", True),
        (OWN, "Polar Foods Ltd chose us.", "Polar Foods Ltd chose us.", False),
        (
            OWN,
            "Maria Schmidt joined as chief operating officer.",
            "Maria Schmidt joined as chief operating officer.",
            False,
        ),
        (OTHER, "Nordfrost grows. A new hall opened in Leeds.", "A new hall opened in Leeds.", False),
        (OTHER, "Polar grows. A new hall opened in Leeds.", "A new hall opened in Leeds.", True),
        (OTHER, "Nordfrost grows. " + "x " * 300 + "A new hall opened in Leeds.", "A new hall opened in Leeds.", True),
    ],
)
def test_about_another(url, text, sentence, other):
    assert bool(about_another(sentence, page(text, url=url), PROSPECT)) is other


def test_a_page_titled_for_the_company_is_about_it_unless_another_is_named():
    titled = page("A new hall opened in Leeds.", url=OTHER).model_copy(update={"title": "Nordfrost opens hall"})
    assert not about_another("A new hall opened in Leeds.", titled, PROSPECT)
    rival = titled.model_copy(update={"text": "Polar Foods Ltd opened a hall in Leeds."})
    assert about_another("Polar Foods Ltd opened a hall in Leeds.", rival, PROSPECT)
