"""A sentence about another company is told apart, on the company's own pages and on others'."""

from __future__ import annotations

import pytest

from miniatures.agents.companies import about_another, is_own_page
from tests.agents.scene import page
from tests.checks.cases import PROSPECT

OWN, OTHER = "https://www.nordfrost.example/news", "https://trade.example/news"


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


def test_a_name_that_only_begins_like_theirs_is_anothers():
    bank = PROSPECT.model_copy(update={"company": "Deutsche Bank AG"})
    sentence = "Deutsche Telekom opened a data centre in Leeds."
    assert about_another(sentence, page(sentence, url=OTHER), bank)
    assert not about_another(
        "Deutsche Bank opened an office.", page("Deutsche Bank opened an office.", url=OTHER), bank
    )


@pytest.mark.parametrize("website", ["http://[x", "http://xn--a/", "//[::1", "http://a b/", "http://\u2100/"])
def test_an_address_that_cannot_be_read_is_nobodys(website):
    assert not is_own_page(
        "https://polar.example/", PROSPECT.model_copy(update={"website": website, "email": "a@gmail.com"})
    )
    assert not is_own_page(website, PROSPECT)
