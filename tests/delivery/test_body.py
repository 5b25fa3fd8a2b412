"""Plain text and HTML: they say the same, and the HTML is harmless."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from miniatures.delivery.body import printable
from tests.delivery.composing import BODY, BRIEF, LINK, compose, links, message, part, settings, words_of_html

_WORDS = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=12)
_BODIES = st.lists(st.lists(_WORDS | st.just(LINK), max_size=12).map(" ".join), max_size=12).map("\n".join)
_BY_MAIL = {"tracking": None}


def _words_of_text(composed: object) -> list[str]:
    text = part(composed, "plain").replace("\n-- \n", "\n")  # type: ignore[arg-type]
    return re.findall(r"\S+", text)


@pytest.mark.parametrize("tracking", [{"url": "https://t.tarnwick.example", "opens": True}, None])
def test_both_parts_say_the_same_and_lead_to_the_same_places(tracking: dict[str, object] | None) -> None:
    composed = compose(sending=settings(tracking))
    said, shown = _words_of_text(composed), words_of_html(composed)
    host = "t.tarnwick.example"
    assert said == shown
    assert said[:6] == ["Hello", "Aoife,", "your", "hall", "in", "Athlone"]
    assert "Kingsbeck" in said
    assert any(host in word for word in said) == (tracking is not None)


@given(_BODIES)
def test_both_parts_say_the_same_whatever_is_written(body: str) -> None:
    composed = compose(message(body=body))
    assert _words_of_text(composed) == words_of_html(composed)


@given(st.text(max_size=300))
def test_no_text_becomes_markup(body: str) -> None:
    tree = html.document_fromstring(part(compose(message(body=body, subject=body), settings(None)), "html"))
    tags = {str(element.tag) for element in tree.iter()}
    assert tags <= {"html", "head", "meta", "title", "body", "div", "p", "br", "a"}
    assert not tree.xpath("//@onclick | //@onload | //script")


def test_the_approved_text_stands_in_the_plain_part_to_the_letter_where_nothing_is_tracked() -> None:
    assert part(compose(sending=settings(None)), "plain").startswith(f"{BODY}\n\n-- \nTarnwick Instruments, 14 Ropery")


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        "Hello Aoife,\n\n(see tarnwick.example/cold-stores/), or www.tarnwick.example/cold-stores!",
        "アナ様\n\n詳細はhttps://tarnwick.example/cold-storesをご覧ください。",
    ],
)
def test_a_signed_link_takes_the_place_of_the_link_and_of_nothing_else(body: str) -> None:
    composed = compose(message(body=body))
    written = part(composed, "plain").split("\n\n-- \n")[0]
    shown = html.document_fromstring(part(composed, "html")).xpath("//p//a[contains(@href, '/c/')]")
    for anchor in shown:
        written = written.replace(anchor.get("href"), anchor.text, 1)
    assert shown
    assert written == body


def test_the_html_asks_for_nothing_from_outside_but_the_picture_that_counts_opens() -> None:
    tracked = html.document_fromstring(part(compose(), "html"))
    plain = html.document_fromstring(part(compose(sending=settings({"url": "https://t.tarnwick.example"})), "html"))
    found = [str(one) for one in tracked.xpath("//@src")]
    assert len(found) == 1
    assert re.fullmatch(r"https://t\.tarnwick\.example/o/[\w.-]+\.gif", found[0])
    assert plain.xpath("//@src") == []
    for tree in (tracked, plain):
        assert tree.xpath("//script | //link | //style | //iframe | //form") == []
        assert "url(" not in html.tostring(tree, encoding="unicode")


def test_it_is_small() -> None:
    assert len(part(compose(), "html")) < 4000


def test_the_preheader_is_the_first_sentence_after_the_greeting_and_nobody_sees_it() -> None:
    tree = html.document_fromstring(part(compose(), "html"))
    first = tree.xpath("//body/*")[0]
    assert first.text_content() == "your hall in Athlone grew to 2,900 pallet positions."
    assert first.get("aria-hidden") == "true"
    assert "display:none" in first.get("style")


@pytest.mark.parametrize(
    ("body", "preheader"),
    [
        ("Hi Ana, your hall grew. More follows.", "your hall grew."),
        ("Hi Ana,", None),
        ("Hi Ana,\r\n\r\nyour hall\r\ngrew. More follows.\r\n", "your hall grew."),
        ("Hi Ana,\n\n" + "word " * 60 + "end.", "word " * 27 + "word …"),
    ],
)
def test_a_preheader_is_short_and_stands_only_where_there_is_a_sentence(body: str, preheader: str | None) -> None:
    tree = html.document_fromstring(part(compose(message(body=body), settings(None)), "html"))
    assert [one.text_content() for one in tree.xpath("//*[@aria-hidden]")] == ([preheader] if preheader else [])


def test_a_link_that_nobody_sees_stands_only_where_clicks_are_tracked() -> None:
    unseen = "//a[@aria-hidden='true' and @tabindex='-1' and not(node())]"
    for sending, body, number in (
        (settings(), BODY, 1),
        (settings(), "Hello Aoife,\n\nno link here.", 0),
        (settings({"url": "https://t.tarnwick.example", "clicks": False}), BODY, 0),
        (settings(None), BODY, 0),
    ):
        tree = html.document_fromstring(part(compose(message(body=body), sending), "html"))
        assert len(tree.xpath(unseen)) == number


def test_whoever_is_not_tracked_gets_the_briefs_own_links_and_can_still_opt_out() -> None:
    sending = settings({"url": "https://t.tarnwick.example", "opens": True, "off_in": ("DE",)})
    composed = compose(message(country="DE"), sending)
    assert links(composed)[0] == LINK
    assert re.fullmatch(r"https://t\.tarnwick\.example/u/[\w.-]+", links(composed)[1])
    assert len(links(composed)) == 2
    assert "/o/" not in part(composed, "html")


def test_a_link_without_its_scheme_leads_to_the_briefs_link_and_is_shown_as_written() -> None:
    composed = compose(message(body="Hello Aoife,\n\nsee tarnwick.example/cold-stores."), settings(None))
    assert links(composed)[0] == LINK
    assert "see tarnwick.example/cold-stores." in part(composed, "plain")


def test_text_is_freed_of_what_no_mail_can_carry() -> None:
    assert printable("a\r\nb\rc\x00\x1b[31md\te\ud800\u2028f") == "a\nb\nc[31md\te\nf"


def test_the_language_and_both_colour_schemes_are_named() -> None:
    tree = html.document_fromstring(part(compose(brief=BRIEF.model_copy(update={"language": "de"})), "html"))
    assert tree.get("lang") == "de"
    assert tree.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert "Wenn Sie nichts mehr" in tree.text_content()
