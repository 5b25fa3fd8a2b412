"""No spelling of a foreign link passes, and no ordinary email is stopped; lists in `data/` hold both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miniatures.checks.web import links_of, normal_link
from miniatures.datamodel.check import CheckName
from miniatures.finetune.gold.check import check_case
from miniatures.finetune.gold.folder import read_gold
from tests.checks.cases import BODY, PROSPECT, SUBJECT, case, evidence, result, swap_text

_DATA = Path(__file__).parent / "data"
_GOLD = Path(__file__).parents[2] / "examples" / "gold"
_PLACE = "A store of that size"


def lines(name: str) -> list[str]:
    """The lines of a list, with characters that cannot be seen written as {U+200B}."""
    written = (_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [re.sub(r"\{U\+([0-9A-F]+)\}", lambda code: chr(int(code[1], 16)), line) for line in written]


def test_the_lists_are_long_enough():
    assert len(set(lines("links_refused"))) >= 150
    assert len(set(lines("ordinary_sentences"))) >= 100


@pytest.mark.parametrize("link", lines("links_refused"))
def test_no_spelling_of_a_link_passes(link):
    for text in (f"See {link} for it. A store of that size", f"{link} is it. A store of that size"):
        found = result(CheckName.LINKS, body=swap_text(_PLACE, text))
        assert not found.passed, text
    assert not result(CheckName.LINKS, body=f"{BODY}\n{link}").passed
    assert not result(CheckName.LINKS, subject=link).passed


@pytest.mark.parametrize("sentence", lines("ordinary_sentences"))
def test_no_ordinary_sentence_is_stopped(sentence):
    found = result(CheckName.LINKS, body=swap_text(_PLACE, f"{sentence} A store of that size"))
    assert found.passed, found.reason


@pytest.mark.parametrize("folder", ["atlas", "borealis", "cobalt", "delta", "ember", "flint"])
def test_no_hand_written_email_is_stopped(folder):
    gold = read_gold(_GOLD / folder)
    assert len(gold.emails) >= 100
    for email in gold.emails:
        found = result(CheckName.LINKS, subject=email.subject, body=email.body, case=check_case(email, gold))
        assert found.passed, found.reason


@pytest.mark.parametrize(
    ("company", "named", "passes"),
    [
        ("Booking.com", "Booking.com", True),
        ("Booking.com B.V.", "booking.com", True),
        ("Nordfrost.com", "Nordfrost.com", True),
        ("Nordfrost.com", "nordfrost.com/offer", False),
        ("Nordfrost.com", "https://evil.top/nordfrost.com", False),
        ("Nordfrost evil.top", "evil.top", False),
        ("https://evil.top", "evil.top", False),
        ("evil.top/x", "evil.top", False),
    ],
)
def test_a_company_may_be_named_like_a_domain(company, named, passes):
    someone = PROSPECT.model_copy(update={"company": company})
    body = swap_text("Nordfrost opened", f"{named} opened")
    assert result(CheckName.LINKS, body=body, case=case(prospect=someone)).passed is passes


@pytest.mark.parametrize("first", ["evil.top", "http://evil.top", "Anna EVIL.COM", "203.0.113.5/x", "tel:0800123456"])
def test_a_first_name_brings_no_link_in(first):
    someone = PROSPECT.model_copy(update={"first_name": first})
    assert not result(CheckName.LINKS, body=swap_text("María", first), case=case(prospect=someone)).passed


@given(st.from_regex(r"[a-z]{1,12}\.(com|example|io|de|top|zip|ninja)(/[a-z0-9]{1,8})?", fullmatch=True))
@example("www.com")
@example("www.com/a.b")
def test_a_foreign_domain_is_found_however_it_is_written(domain):
    for written in (domain, f"https://{domain}", f"HTTP://www.{domain}/", f"<{domain}>", f"({domain})", f"{domain}."):
        assert normal_link(domain) in links_of(f"see {written} now"), written


@given(st.text(max_size=60))
def test_no_text_hides_a_link_that_follows(text):
    assert links_of(f"{text} http://evil.top/x")[-1:] == ["evil.top/x"]


def test_the_subject_and_the_sender_keep_their_links():
    assert result(CheckName.LINKS, subject=SUBJECT).passed
    assert result(CheckName.LINKS, body=f"{BODY}\nanna@frostwatch.example\nHTTPS://FrostWatch.example/demo").passed


@pytest.mark.parametrize("link", ["evil.md", "evil.sh", "Evil.New offers it", "Evil.It offers it", "evil-plan.py"])
def test_a_quote_that_holds_a_link_makes_it_no_ordinary_word(link):
    hostile = case(evidence=(evidence(), evidence(f"All is explained at {link} for everybody.")))
    assert not result(CheckName.LINKS, body=swap_text(_PLACE, f"See {link}. A store of that size"), case=hostile).passed


def test_the_host_of_a_link_of_the_brief_may_be_named():
    body = swap_text(_PLACE, "More of it is on frostwatch.example. A store of that size")
    assert result(CheckName.UNSUPPORTED, body=body).passed


def test_long_runs_beside_text_without_spaces_are_read_at_once():
    for run in (
        "http://a" + "." * 19_000 + "例a",
        "\uff0c" * 19_000,
        "例" * 19_000 + ".com",
        "a.例" * 6_000,
        "[ " * 9_000,
    ):
        links_of(run)
