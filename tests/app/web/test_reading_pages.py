"""An email is read blindly beside all pages of its company, once by each reader, and the readings are added up."""

from __future__ import annotations

import re
import shutil
from functools import partial

import pytest

from miniatures.app.web import reading_pages
from miniatures.datamodel.review import Falsehood, FalseStatement, Reading, ReadingVerdict, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.store.store import Store
from tests.app.web.client import COUNT, UNREAD, Browser, OpenedApp
from tests.chaos.small_campaign import NAME

READ = f"/c/{NAME}/read"
PAGE = f"{READ}?status=all"
RESULTS = f"{READ}/results"
FILLED = {"verdict": "edit", "sense": "ok", "subject": "odd", "choice": "good"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_pages, "_PAGES_SECONDS", 60.0)


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


def filled(html: str, *false: tuple[str, str], **answers: str) -> list[tuple[str, str]]:
    """The form of this page as a reader sends it."""
    rows = [pair for kind, what in false for pair in (("kind", kind), ("what", what))]
    hidden = {name: field(html, name) for name in ("id", "sheet")}
    return [*(hidden | FILLED | {"step": "keep", "seconds": "61.5"} | answers).items(), *rows]


def test_a_reader_is_given_offer_and_pages_and_nothing_of_how_it_was_made(app: OpenedApp, ada: Browser) -> None:
    reply = ada.get(PAGE)
    html, brief = reply.text, app.desk.loaded.brief
    assert reply.status_code == 200
    assert UNREAD in html and "Home of Company" in html
    assert all(told in html for told in (*brief.claims, *brief.links))
    plain = html.lower()
    telling = ("steady", "other:", "backend", "policy", "needs_review", "needs review", "citation", "attempts", "<mark")
    assert not [word for word in telling if word in plain]
    drafts = [result.draft for result in app.desk.store.results(NAME)]
    assert not [draft.id for draft in drafts if draft.id in html]
    assert [draft.body for draft in drafts if draft.body in html]


def test_a_reading_is_kept_with_its_falsehoods_and_its_time(app: OpenedApp, ada: Browser) -> None:
    html = ada.get(PAGE).text
    false = ("stale", "“again”: it was once"), ("", ""), ("about_offer", "two days: it is one")
    reply = ada.send(PAGE, [*filled(html, *false, verdict="reject", tactless="true", comment=" no "), ("kind", "")])
    assert reply.status_code == 303 and reply.headers["location"].startswith(f"{PAGE}&after=")
    [review] = app.reviews()
    assert review.reading == Reading(
        verdict=ReadingVerdict.REJECT,
        false=(
            FalseStatement(kind=Falsehood.STALE, what="“again”: it was once"),
            FalseStatement(kind=Falsehood.ABOUT_OFFER, what="two days: it is one"),
        ),
        tactless=True,
        sense="ok",
        subject="odd",
        choice="good",
    )
    assert (review.action, review.reviewer, review.seconds) == (ReviewAction.READ, "ada", 61.5)
    assert (review.id, review.comment) == (field(html, "id"), "no")
    draft = app.desk.store.result(NAME, review.prospect).draft
    assert (review.draft, review.answer["body"]) == (draft.id, draft.body)


def test_each_reader_reads_each_draft_once(app: OpenedApp, ada: Browser) -> None:
    page = PAGE
    for left in range(COUNT, 0, -1):
        html = ada.get(page).text
        assert f"{left} to read" in html
        page = ada.send(PAGE, filled(html)).headers["location"]
    assert "No draft is left for you to read" in ada.get(page).text
    assert len({review.draft for review in app.reviews()}) == COUNT
    assert f"{COUNT} to read" in app.browser("ben").get(PAGE).text


def test_the_same_reading_sent_twice_is_kept_once_and_another_one_is_refused(app: OpenedApp, ada: Browser) -> None:
    html = ada.get(PAGE).text
    for _ in range(2):
        assert ada.send(PAGE, filled(html)).status_code == 303
    for changes in ({"id": new_id()}, {"verdict": "send"}):
        again = ada.send(PAGE, filled(html, **changes))
        assert again.status_code == 409 and "have read this email already" in again.text
    assert len(app.reviews()) == 1
    assert app.browser("ben").get(PAGE).status_code == 200


def test_the_same_text_written_again_is_not_read_again(app: OpenedApp, ada: Browser) -> None:
    ada.send(PAGE, filled(ada.get(PAGE).text))
    result = app.desk.store.result(NAME, app.reviews()[0].prospect)
    same = result.draft.model_copy(update={"id": "again", "trace": None})
    app.change(lambda store: store.save_result(result.model_copy(update={"draft": same})))
    assert f"{COUNT - 1} to read" in ada.get(PAGE).text


def test_an_email_that_was_written_again_meanwhile_is_refused(app: OpenedApp, ada: Browser) -> None:
    html = ada.get(PAGE).text
    for result in list(app.desk.store.results(NAME)):
        draft = result.draft.model_copy(update={"body": "Anew."})
        app.change(partial(Store.save_result, result=result.model_copy(update={"draft": draft})))
    reply = ada.send(PAGE, filled(html))
    assert (reply.status_code, app.reviews()) == (409, [])
    assert "not there any more as you saw it" in reply.text
    assert "Anew." in ada.get(PAGE).text


@pytest.mark.parametrize(
    ("false", "answers", "words"),
    [
        ([], {"verdict": ""}, "what you would do with it"),
        ([], {"choice": ""}, "how good the reason to write is"),
        ([("", "“again”")], {}, "of what kind false statement 1 is"),
        ([("stale", "x"), ("stale", " ")], {}, "which words false statement 2 is about"),
        ([("odd", "x")], {}, "of what kind false statement 1 is"),
    ],
)
def test_what_is_missing_is_said_and_what_was_filled_in_stays(
    app: OpenedApp, ada: Browser, false: list[tuple[str, str]], answers: dict[str, str], words: str
) -> None:
    html = ada.get(PAGE).text
    reply = ada.send(PAGE, filled(html, *false, **answers, comment="my comment"))
    assert (reply.status_code, app.reviews()) == (422, [])
    assert words in reply.text and words in reply.headers["x-error"]
    assert "my comment" in reply.text and 'value="odd" required checked' in reply.text
    assert field(reply.text, "sheet") == field(html, "sheet")
    assert all(f'value="{what}"' in reply.text for _, what in false if what.strip())


def test_a_skipped_email_comes_again_at_the_end(ada: Browser) -> None:
    html = ada.get(PAGE).text
    page = ada.post(PAGE, sheet=field(html, "sheet"), step="skip").headers["location"]
    for _ in range(COUNT - 1):
        other = ada.get(page).text
        assert field(other, "sheet") != field(html, "sheet")
        page = ada.send(PAGE, filled(other)).headers["location"]
    assert field(ada.get(page).text, "sheet") == field(html, "sheet")


def test_a_company_without_pages_says_so(app: OpenedApp, ada: Browser) -> None:
    shutil.rmtree(app.folder / "sites")
    (app.folder / "sites").mkdir()
    html = ada.get(PAGE).text
    assert "No page of this company can be read" in html
    assert 'value="skip"' in html


def test_pages_that_cannot_be_looked_for_say_why(app: OpenedApp, ada: Browser) -> None:
    shutil.rmtree(app.folder / "sites")
    html = ada.get(PAGE).text
    assert "No page of this company can be read" in html and "does not exist" in html


def test_pages_that_take_longer_follow_the_email(ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_pages, "_PAGES_SECONDS", 0.0)
    html = ada.get(PAGE).text
    assert "They are being read" in html and UNREAD not in html
    monkeypatch.setattr(reading_pages, "_PAGES_SECONDS", 60.0)
    address = re.search(r'hx-get="([^"]+/pages)"', html)
    assert address and UNREAD in ada.get(address[1]).text
    assert ada.get(f"{READ}/{'0' * 32}/pages").status_code == 409


def test_only_drafts_that_are_ready_are_read_unless_others_are_asked_for(ada: Browser) -> None:
    html = ada.get(READ).text
    assert "No draft is left for you to read among those that are ready" in html
    assert f"Read those that need review ({COUNT})" in html
    assert 'name="sheet"' in ada.get(f"{READ}?status=needs_review").text
    assert ada.get(f"{READ}?status=blocked").status_code == 422


def test_results_are_those_of_the_command(app: OpenedApp) -> None:
    assert "Nobody has read a draft yet" in app.browser("ada").get(RESULTS).text
    for name, verdict in (("ada", "send"), ("ben", "reject")):
        browser = app.browser(name)
        browser.send(PAGE, filled(browser.get(PAGE).text, verdict=verdict))
    text = app.browser("ada").get(RESULTS).text
    assert re.findall(r'<th class="figure">([\w ]+)</th>', text)[:3] == ["ada", "ben", "the strictest of them"]
    assert "100 %" in text and "(1 of 1; 21 % to 100 %)" in text
    assert "ada and ben" in text and 'hx-trigger="live from:body"' in text


def test_nothing_is_read_without_the_visitors_own_form(app: OpenedApp, ada: Browser) -> None:
    sent = dict(filled(ada.get(PAGE).text))
    assert ada.client.post(PAGE, data=sent).status_code == 403
    assert app.reviews() == []
