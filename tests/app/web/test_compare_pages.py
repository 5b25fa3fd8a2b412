"""Two answers are compared without a word on who gave them, and are added up by name after a stop."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import unquote

import pytest

from miniatures.datamodel.review import Preference, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.review.arms import policies_of
from miniatures.review.reviewing import is_swapped
from miniatures.store.store import Store
from tests.app.web.client import COUNT, Browser, OpenedApp
from tests.chaos.small_campaign import NAME
from tests.cli.test_review_command import write_list

PAGE = f"/c/{NAME}/compare"
RESULTS = f"{PAGE}/results"
TELLING = ("steady", "other:", "shadow", "policy", "backend", "first=", "second=")


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


def emails(html: str) -> list[str]:
    return re.findall(r'<div class="body">(.*?)</div>', html, re.DOTALL)


def choose(browser: Browser, choice: str, page: str = PAGE, **changes: str) -> tuple[str, str]:
    """Choose on the page that is next; its HTML and where the app sends on to."""
    html = browser.get(page).text
    sent = {name: field(html, name) for name in ("id", "pair")} | {"choice": choice, "seconds": "3.5"} | changes
    reply = browser.post(page, **sent)
    assert reply.status_code == 303, reply.text
    return html, reply.headers["location"]


def arms(app: OpenedApp) -> str:
    first, second = policies_of(app.desk.store, NAME)
    return f"first={first}&second={second}"


def test_nothing_on_the_page_tells_who_wrote_what(app: OpenedApp, ada: Browser) -> None:
    for page in (PAGE, f"{PAGE}?{arms(app)}", f"{PAGE}?first=steady:steady&second=other:other"):
        reply = ada.get(page)
        html = reply.text.replace(NAME, "")
        assert reply.status_code == 200
        assert len(emails(html)) == 2 and emails(html)[0] != emails(html)[1]
        assert not [word for word in TELLING if word in html.lower()]
        traces = [*app.desk.store.traces(NAME)]
        drafts = [app.desk.store.result(NAME, trace.prospect).draft for trace in traces]
        policies = policies_of(app.desk.store, NAME)
        assert not [name for name in (*(t.id for t in traces), *(d.id for d in drafts), *policies) if name in html]


@pytest.mark.parametrize("query", ["", "arms", "first=steady:steady&second=other:other"])
def test_a_choice_is_mapped_from_its_side_to_its_answer(app: OpenedApp, ada: Browser, query: str) -> None:
    page = f"{PAGE}?{arms(app) if query == 'arms' else query}".rstrip("?")
    for choice in ("left", "right", "tie"):
        html, onward = choose(ada, choice, page)
        review = app.reviews()[-1]
        assert unquote(onward).startswith(page) and "after=" in onward
        assert (review.action, review.reviewer, review.seconds) == (ReviewAction.COMPARE, "ada", 3.5)
        assert (review.id, review.campaign) == (field(html, "id"), NAME)
        shown = emails(html)
        if choice == "tie":
            assert review.preference is Preference.TIE
        else:
            assert review.target["body"] == shown[choice == "right"]
            assert review.preferred_over["body"] == shown[choice == "left"]
    assert len({(one.trace, one.other_trace) for one in app.reviews()}) == 3


def test_the_sides_are_drawn_for_each_reviewer(app: OpenedApp) -> None:
    falls = set()
    for name in ("ada", "ben", "cleo", "dan", "eva", "finn"):
        choose(app.browser(name), "left")
        review = app.reviews()[-1]
        assert review.reviewer == name
        falls.add(review.swapped)
        first, second = (type("Answer", (), {"trace": one}) for one in (review.trace, review.other_trace))
        assert review.swapped == is_swapped(first, second, name)
    assert falls == {True, False}


def test_all_pairs_come_once_and_then_the_results(app: OpenedApp, ada: Browser) -> None:
    page, seen = PAGE, []
    while 'name="pair"' in ada.get(page).text:
        html, page = choose(ada, "left", page)
        seen.append(field(html, "pair"))
    assert len(seen) == len(set(seen)) >= COUNT
    assert "You have compared every pair" in ada.get(page).text
    text = ada.get(RESULTS).text
    assert "steady:steady" in text and "other:other" in text
    assert 'name="pair"' in app.browser("ben").get(PAGE).text


def test_a_skipped_pair_comes_again_at_the_end(ada: Browser) -> None:
    skipped, page = choose(ada, "skip")
    while True:
        html = ada.get(page).text
        if field(html, "pair") == field(skipped, "pair"):
            break
        _, page = choose(ada, "tie", page)
    assert "1 to compare" in html


def test_undo_shows_the_last_pair_and_the_last_word_counts(app: OpenedApp, ada: Browser) -> None:
    nothing = ada.post(PAGE, id=new_id(), pair="x", choice="back")
    assert nothing.status_code == 404 and "not compared a pair" in nothing.text
    choose(ada, "left")
    first, page = choose(ada, "left")
    _, back = choose(ada, "back", page)
    again = ada.get(back).text
    assert field(again, "pair") == field(first, "pair") and "choose again" in again
    assert field(again, "id") != field(first, "id")
    choose(ada, "right", back)
    text = ada.get(f"{RESULTS}?stopped=true").text
    assert re.search(r'<td>ada</td><td class="figure">2</td>', text)
    assert len(app.reviews()) == 3


def test_the_same_choice_sent_twice_is_kept_once_and_another_one_is_refused(app: OpenedApp, ada: Browser) -> None:
    html, _ = choose(ada, "left")
    sent = {name: field(html, name) for name in ("id", "pair")}
    assert ada.post(PAGE, **sent, choice="left").status_code == 303
    other = ada.post(PAGE, **sent, choice="right")
    assert (other.status_code, len(app.reviews())) == (409, 1)
    assert "kept already" in other.text


def test_a_pair_whose_answers_changed_is_refused(app: OpenedApp, ada: Browser) -> None:
    page = f"{PAGE}?{arms(app)}"
    html = ada.get(page).text
    pair = field(html, "pair")
    for result in list(app.desk.store.results(NAME)):
        draft = result.draft.model_copy(update={"id": f"anew {result.prospect.key}", "trace": None, "body": "Anew."})
        app.change(partial(Store.save_result, result=result.model_copy(update={"draft": draft})))
    refused = ada.post(page, id=field(html, "id"), pair=pair, choice="left")
    assert (refused.status_code, app.reviews()) == (409, [])
    assert "not there any more as you saw them" in refused.text
    assert ada.get(f"{page}&pair={pair}").status_code == 409
    anew = ada.get(page).text
    assert field(anew, "pair") != pair and "Anew." in anew


@pytest.mark.parametrize("pair", ["0" * 32, "x"])
def test_a_pair_that_never_was_is_refused(app: OpenedApp, ada: Browser, pair: str) -> None:
    assert ada.post(PAGE, id=new_id(), pair=pair, choice="left").status_code == 409
    assert app.reviews() == []


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("first=steady:steady", 422, "needs two arms"),
        ("first=steady:steady&second=steady:steady", 422, "not compared with itself"),
        ("first=steady:steady&second=nobody", 404, "is called nobody"),
    ],
)
def test_arms_that_are_none_are_refused(ada: Browser, query: str, status: int, words: str) -> None:
    reply = ada.get(f"{PAGE}?{query}")
    assert reply.status_code == status
    assert words in reply.text


def test_names_are_shown_only_after_a_stop(app: OpenedApp, ada: Browser) -> None:
    choose(ada, "left")
    before = ada.get(RESULTS).text
    assert "Stop and show the names" in before
    assert not [name for name in ("steady:steady", "other:other") if name in before]
    _, onward = choose(ada, "stop")
    assert onward == f"{RESULTS}?stopped=true"
    after = ada.get(onward).text
    assert "steady:steady" in after and "What you choose now, you do not choose blindly" in after


def test_results_tell_wins_and_agreement(app: OpenedApp) -> None:
    ada, ben = app.browser("ada"), app.browser("ben")
    for browser in (ada, ben):
        html = browser.get(PAGE).text
        longer = "left" if "once more" in emails(html)[0] else "right"
        browser.post(PAGE, id=field(html, "id"), pair=field(html, "pair"), choice=longer)
    text = ada.get(f"{RESULTS}?stopped=true").text
    assert re.findall(r"<td>([\w ]+)</td>", text)[:3] == ["ada", "ben", "all of them"]
    assert "100 %" in text and "(1 of 1; 21 % to 100 %)" in text
    assert "ada and ben" in text


def test_policies_are_named_by_who_sits_in_them(app: OpenedApp, ada: Browser) -> None:
    choose(ada, "left", f"{PAGE}?{arms(app)}")
    text = ada.get(f"{RESULTS}?stopped=true").text
    for policy in policies_of(app.desk.store, NAME):
        assert f"{policy[:8]}: researcher" in text


def test_who_is_off_the_list_is_not_compared(app: OpenedApp, ada: Browser) -> None:
    write_list(app.folder, [])
    reply = ada.get(PAGE)
    assert "There is nothing to compare" in reply.text


def test_nothing_is_chosen_without_the_visitors_own_form(app: OpenedApp, ada: Browser) -> None:
    html = ada.get(PAGE).text
    sent = {"id": field(html, "id"), "pair": field(html, "pair"), "choice": "left"}
    assert ada.client.post(PAGE, data=sent).status_code == 403
    assert app.reviews() == []
