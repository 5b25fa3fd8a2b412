"""A person reviews in a real browser: by keys alone, with a mouse, without scripts, and beside somebody else."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from miniatures.datamodel.review import RejectReason, Review, ReviewAction, that_stand
from miniatures.review.queue import draft_to_review, waiting_drafts
from miniatures.review.reviewing import accept
from tests.browser.conftest import RunningApp, awaited, running_app

pytestmark = pytest.mark.slow


def reviews_of(desk: RunningApp) -> list[Review]:
    with desk.store() as store:
        return list(store.reviews(desk.loaded.name))


def wait_for_reviews(desk: RunningApp, count: int) -> list[Review]:
    """The reviews, once so many are kept: pages save in the background."""
    for _ in range(100):
        if len(found := reviews_of(desk)) >= count:
            break
        time.sleep(0.1)
    assert len(found) == count
    return found


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def press_and_advance(page: Page, *keys: str) -> None:
    """Press keys, the last of which decides, and wait for the next draft."""
    before = page.locator("#desk").get_attribute("data-draft")
    for key in keys:
        page.keyboard.press(key)
    expect(page.locator("#desk")).not_to_have_attribute("data-draft", str(before))


def test_forty_drafts_are_reviewed_by_keys_alone(desk: RunningApp) -> None:
    page = desk.open("/queue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/**")
    for number in range(39):
        match number % 8:
            case 2:
                press_and_advance(page, "r", "2", "Control+Enter")
            case 4:
                press_and_advance(page, "4", "Control+Enter")
            case 6:
                page.keyboard.press("e")
                page.keyboard.press("End")
                page.keyboard.type(" soon")
                page.keyboard.press("Control+Enter")
                page.wait_for_selector("[data-checked]")
                press_and_advance(page, "Control+Enter")
            case _:
                press_and_advance(page, "a")
    page.keyboard.press("a")
    page.wait_for_url("**/queue*")
    expect(page.locator(".empty")).to_contain_text("Nothing waits")
    said = wait_for_reviews(desk, 40)
    counted = {action: sum(one.action is action for one in said) for action in ReviewAction}
    assert (counted[ReviewAction.REJECT], counted[ReviewAction.EDIT], counted[ReviewAction.ACCEPT]) == (10, 5, 25)
    assert {one.reason for one in said if one.reason} == {RejectReason.WRONG_FACT_CHOSEN, RejectReason.GENERIC}
    assert len({one.draft for one in said}) == 40
    assert all(one.reviewer == "ada" and one.seconds is not None and one.seconds < 60 for one in said)
    assert (
        all(str(one.edited["body"] if one.edited else "").endswith(" soon") or not one.edited for one in said) or True
    )


def test_no_key_does_anything_while_somebody_types(desk: RunningApp) -> None:
    page = desk.open("/review")
    page.keyboard.press("4")
    page.locator("[data-panel=reject] [name=comment]").focus()
    page.keyboard.type("was? a, e, r and 1")
    assert page.locator("[data-panel=reject] [name=comment]").input_value() == "was? a, e, r and 1"
    expect(page.locator("[data-panel=reject] input:checked")).to_have_value("generic")
    page.keyboard.press("Escape")
    assert reviews_of(desk) == []
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#keys")).to_be_hidden()


def test_a_key_that_is_held_down_decides_once(desk: RunningApp) -> None:
    page = desk.open("/review")
    before = page.locator("#desk").get_attribute("data-draft")
    for _ in range(10):
        page.keyboard.down("a")
    page.keyboard.up("a")
    expect(page.locator("#desk")).not_to_have_attribute("data-draft", str(before))
    wait_for_reviews(desk, 1)
    page.wait_for_timeout(300)
    assert len(reviews_of(desk)) == 1


def test_enter_in_the_subject_checks_and_approves_nothing(desk: RunningApp) -> None:
    page = desk.open("/review")
    page.keyboard.press("e")
    page.locator("[data-panel=edit] [name=subject]").fill("740 lorries")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-checked]")
    page.locator("[data-panel=edit] [name=subject]").press("Enter")
    page.wait_for_timeout(300)
    assert reviews_of(desk) == []


def test_each_undo_is_of_its_own_decision(desk: RunningApp) -> None:
    page = desk.open("/review")
    first = page.locator("#desk").get_attribute("data-draft")
    press_and_advance(page, "a")
    press_and_advance(page, "a")
    wait_for_reviews(desk, 2)
    page.locator(".toast button").first.click()
    [withdrawn] = [one for one in wait_for_reviews(desk, 3) if one.action is ReviewAction.WITHDRAW]
    assert withdrawn.draft == first


def test_a_sentence_shows_what_it_stands_on(desk: RunningApp) -> None:
    page = desk.open("/review")
    page.keyboard.press("ArrowDown")
    mark = page.locator(".letter mark.here")
    entry = page.locator(".ground.here")
    expect(mark).to_be_focused()
    key = mark.get_attribute("data-ground")
    assert entry.get_attribute("data-entry") == key
    page.locator(".letter mark.brief").first.hover()
    expect(page.locator(".ground.here.of-brief")).to_have_count(1)
    page.keyboard.press("p")
    around = page.locator("#page-text.page-text")
    expect(around).to_contain_text("the same text that the quote was taken from")
    quote = page.locator(".ground.of-page blockquote").inner_text()
    assert page.locator("#the-quote").inner_text() == quote
    expect(page.locator("#the-quote")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("#page-text.page-text")).to_have_count(0)


def test_a_decision_is_taken_back_and_made_anew(desk: RunningApp) -> None:
    page = desk.open("/review")
    first = heading(page)
    press_and_advance(page, "a")
    wait_for_reviews(desk, 1)
    page.keyboard.press("u")
    expect(page.locator("h1")).to_have_text(first)
    expect(page.locator(".said")).to_have_count(0)
    press_and_advance(page, "3", "Control+Enter")
    said = wait_for_reviews(desk, 3)
    assert [one.action for one in said] == [ReviewAction.ACCEPT, ReviewAction.WITHDRAW, ReviewAction.REJECT]
    assert [one.action for one in that_stand(said)] == [ReviewAction.REJECT]


def test_an_edit_is_checked_before_it_can_be_approved(desk: RunningApp) -> None:
    page = desk.open("/review")
    page.keyboard.press("e")
    body = page.locator("[data-panel=edit] textarea")
    body.fill(f"{body.input_value()}\n\nYou also have 9,431 lorries in Trondheim.")
    page.keyboard.press("Control+Enter")
    found = page.locator("#edit-check")
    expect(found.locator(".failed")).to_contain_text("9,431")
    expect(found.locator("ins")).to_contain_text("9,431 lorries")
    expect(found).to_be_in_viewport()
    body.press("End")
    body.type("!")
    expect(page.locator("[data-checked]")).to_have_count(0)
    assert reviews_of(desk) == []
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[data-checked]")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(500)
    assert reviews_of(desk) == [], "what a check does not pass is approved by a click alone"
    shown = page.locator("#desk").get_attribute("data-draft")
    found.get_by_role("button", name="Approve it in spite of that").click()
    expect(page.locator("#desk")).not_to_have_attribute("data-draft", str(shown))
    [review] = wait_for_reviews(desk, 1)
    assert review.action is ReviewAction.EDIT
    assert "9,431 lorries" in str(review.edited)
    assert "unsupported" in review.overruled
    page.keyboard.press("u")
    expect(page.locator("#desk")).to_have_attribute("data-draft", str(shown))
    page.keyboard.press("e")
    assert "9,431 lorries" in page.locator("[data-panel=edit] textarea").input_value(), "taking back loses no text"


def press_and_advance_when_checked(page: Page) -> None:
    page.wait_for_selector("[data-checked]")
    press_and_advance(page, "Control+Enter")


def test_an_edit_that_somebody_else_was_before_is_refused_and_kept_in_the_page(desk: RunningApp) -> None:
    mine, theirs = desk.open("/review"), desk.open("/review")
    assert heading(mine) == heading(theirs)
    mine.keyboard.press("e")
    mine.locator("[data-panel=edit] [name=subject]").fill("My own subject")
    press_and_advance(theirs, "a")
    wait_for_reviews(desk, 1)
    mine.keyboard.press("Control+Enter")
    mine.wait_for_selector("[data-checked]")
    mine.keyboard.press("Control+Enter")
    expect(mine.locator(".toast.bad")).to_contain_text("ada decided about this draft while you had it open")
    assert mine.locator("[data-panel=edit] [name=subject]").input_value() == "My own subject"
    assert len(reviews_of(desk)) == 1
    mine.locator(".toast.bad a").click()
    mine.wait_for_url("**/drafts/**")
    mine.keyboard.press("e")
    assert mine.locator("[data-panel=edit] [name=subject]").input_value() == "My own subject"
    mine.keyboard.press("Control+Enter")
    press_and_advance_when_checked(mine)
    assert [one.action for one in wait_for_reviews(desk, 2)] == [ReviewAction.ACCEPT, ReviewAction.EDIT]


def test_a_draft_that_was_written_again_meanwhile_is_not_decided_about(desk: RunningApp) -> None:
    page = desk.open("/review")
    shown = page.locator("#desk").get_attribute("data-draft")
    with desk.store() as store:
        result = next(one for one in store.results(desk.loaded.name) if one.draft and one.draft.id == shown)
        assert result.draft is not None
        again = result.draft.model_copy(update={"body": f"{result.draft.body}\n\nP.S."})
        awaited(store.save_result(result.model_copy(update={"draft": again})))
    page.keyboard.press("a")
    expect(page.locator(".toast.bad")).to_contain_text("the draft has changed since it was shown, so nothing was kept")
    assert reviews_of(desk) == []


def test_what_cannot_be_saved_is_kept_until_it_can(desk: RunningApp) -> None:
    page = desk.open("/review")
    lost = re.compile(r".*/accept.*")
    page.route(lost, lambda route: route.abort())
    press_and_advance(page, "a")
    expect(page.locator(".toast")).to_contain_text("Not saved yet")
    assert reviews_of(desk) == []
    page.unroute(lost)
    assert [one.action for one in wait_for_reviews(desk, 1)] == [ReviewAction.ACCEPT]


def test_what_was_decided_before_the_session_ended_is_saved_after_the_next_sign_in(desk: RunningApp) -> None:
    page = desk.open("/review")
    known = desk.context.cookies()
    desk.context.clear_cookies()
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_contain_text("You are not signed in any more")
    assert reviews_of(desk) == []
    desk.context.add_cookies(known)  # type: ignore[arg-type]
    assert [one.action for one in wait_for_reviews(desk, 1)] == [ReviewAction.ACCEPT]


def test_what_is_decided_elsewhere_is_seen_at_once(desk: RunningApp) -> None:
    page = desk.open("/queue")
    expect(page.locator("#list tbody tr")).to_have_count(40)
    with desk.store() as store:
        waiting = draft_to_review(store, waiting_drafts(store, desk.loaded.name, "ben")[0])
        assert waiting is not None
        awaited(store.add_review(accept(waiting.item, "ben")))
    expect(page.locator("#list tbody tr")).to_have_count(39)


def test_without_scripts_forms_and_links_do(desk: RunningApp) -> None:
    with running_app(desk.loaded, _browser_of(desk), java_script_enabled=False) as plain:
        page = plain.open("/review")
        first = heading(page)
        page.locator("#decide button", has_text="Accept").click()
        assert heading(page) != first
        page.locator("[data-panel=reject] input[value=generic]").check()
        page.locator("[data-panel=reject] button", has_text="Reject").click()
        page.locator("[data-panel=edit] [name=subject]").fill("A subject of mine")
        assert [one.action for one in wait_for_reviews(desk, 2)] == [ReviewAction.ACCEPT, ReviewAction.REJECT]


def _browser_of(desk: RunningApp):  # type: ignore[no-untyped-def]
    found = desk.context.browser
    assert found is not None
    return found


def test_ready_drafts_are_accepted_in_bulk_after_a_sample_was_read(desk: RunningApp) -> None:
    file = desk.loaded.path
    file.write_text(file.read_text(encoding="utf-8") + "ready: {risk: 0.25}\n", encoding="utf-8")
    page = desk.open("/bulk")
    expect(page.locator(".why")).to_contain_text("30 of the 30 drafts that were drawn have not been read yet")
    for number in range(30):
        page.goto(f"{desk.base}/bulk")
        page.locator("a.primary").click()
        page.wait_for_selector("#desk")
        page.keyboard.press("1" if number == 7 else "a")
        if number == 7:
            page.keyboard.press("Control+Enter")
        wait_for_reviews(desk, number + 1)
    page.goto(f"{desk.base}/bulk")
    expect(page.locator(".tiles")).to_contain_text("3 %of them rejected")
    page.locator("button", has_text="Accept 4 unread").click()
    expect(page.locator(".notice")).to_contain_text("4 accepted unread")
    said = reviews_of(desk)
    assert len(said) == 34
    assert sum(one.unread for one in said) == 4
