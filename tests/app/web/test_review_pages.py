"""The queue and the page of a draft over HTTP: what is shown, what is kept, and what each refusal says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from miniatures.app.web import desks
from miniatures.app.web.desks import Desks
from miniatures.app.web.routes import web_app
from miniatures.app.web.site import Site
from miniatures.app.web.visitors import COOKIE, Rights, Sessions, Visitor
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.errors import StoreError
from miniatures.datamodel.review import RejectReason, Review, ReviewAction
from miniatures.datamodel.trace import new_id
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.open import open_store
from tests.app.web.client import Browser
from tests.app.web.desk_campaign import write_campaign

DRAFT = re.compile(r"/c/desk/drafts/([0-9a-f]{32})")


@dataclass
class Desk:
    """A campaign of eight drafts, the app over it, and its visitors."""

    loaded: LoadedCampaign
    site: Site
    app: TestClient

    def browser(self, name: str = "ada", rights: Rights = Rights.OWNER) -> Browser:
        visitor = Visitor(name, rights)
        client = TestClient(self.app.app, base_url="http://localhost", follow_redirects=False)
        client.portal = self.app.portal
        self.site.sessions.open(visitor)
        client.cookies.set(COOKIE, visitor.session)
        return Browser(client, visitor)

    def reviews(self) -> list[Review]:
        with open_store(self.loaded.store_url) as store:
            return list(store.reviews("desk"))

    def drafts(self) -> dict[str, Draft]:
        with open_store(self.loaded.store_url) as store:
            return {one.draft.id: one.draft for one in store.results("desk") if one.draft}

    def write_again(self, draft: str, **changes: object) -> None:
        """As a run would that goes on beside the app."""

        async def save() -> None:
            with open_store(self.loaded.store_url) as store:
                result = next(one for one in store.results("desk") if one.draft and one.draft.id == draft)
                assert result.draft is not None
                await store.save_result(result.model_copy(update={"draft": result.draft.model_copy(update=changes)}))

        asyncio.run(save())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    loaded = write_campaign(tmp_path / "desk", drafts=8)
    site = Site(Desks([tmp_path / "desk"]), Sessions())
    with TestClient(web_app(site), base_url="http://localhost", follow_redirects=False) as app:
        yield Desk(loaded, site, app)
        assert app.portal is not None
        app.portal.call(site.desks.close)


@pytest.fixture
def ada(desk: Desk) -> Browser:
    return desk.browser()


def listed(html: str) -> list[str]:
    return list(dict.fromkeys(DRAFT.findall(html)))


def fields(html: str) -> dict[str, str]:
    names = ("id", "text_hash", "seen")
    return {name: re.search(rf'name="{name}" value="([^"]*)"', html)[1] for name in names}  # type: ignore[index]


def open_next(browser: Browser) -> tuple[str, dict[str, str]]:
    """The address of the next draft that waits, and what its form carries."""
    url = browser.get("/c/desk/review").headers["location"]
    return url.partition("?")[0], fields(browser.get(url).text)


def said(html: str) -> str:
    found = re.search(r'<p id="error">(.*?)</p>', html, re.DOTALL)
    return unescape(found[1]) if found else ""


def test_the_queue_lists_filters_and_counts(desk: Desk, ada: Browser) -> None:
    html = ada.get("/c/desk/queue").text
    assert len(listed(html)) == 8
    assert "1 to 8 of 8" in html
    held_back = ada.get("/c/desk/queue?state=needs_review").text
    assert len(listed(held_back)) == 6
    assert len(listed(ada.get("/c/desk/queue?search=lindgren").text)) == 1
    assert "No draft passes this filter." in ada.get("/c/desk/queue?search=nobody").text
    assert ada.get("/c/desk/queue?order=sideways").status_code == 422
    sure = listed(ada.get("/c/desk/queue?order=sure").text)
    assert sure == listed(ada.get("/c/desk/queue?order=doubt").text)[::-1] or set(sure) == set(listed(html))


def test_a_draft_is_shown_beside_its_ground(desk: Desk, ada: Browser) -> None:
    doubted = next(draft for draft in desk.drafts().values() if draft.vetted)
    html = ada.get(f"/c/desk/drafts/{doubted.id}").text
    assert doubted.evidence[0].quote in unescape(html)
    assert "a line of the brief" in html
    assert "What the verifier doubts" in html and "The verifier doubts this" in html
    around = ada.get(f"/c/desk/drafts/{doubted.id}/page/0").text
    assert "the same text that the quote was taken from" in around
    assert f'id="the-quote">{doubted.evidence[0].quote}' in unescape(around)
    assert ada.get(f"/c/desk/drafts/{doubted.id}/page/7").status_code == 404


def test_a_page_that_has_changed_since_is_said_to_have(desk: Desk, ada: Browser) -> None:
    draft = next(iter(desk.drafts().values()))
    host = draft.evidence[0].where.split("/")[2]
    file = desk.loaded.folder / "sites" / host / "news" / "latest.html"
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole.replace("two schools", "three schools"), encoding="utf-8")
    assert "a later copy" in ada.get(f"/c/desk/drafts/{draft.id}/page/0").text
    file.write_text(whole.replace(draft.evidence[0].quote, "Nothing of the kind."), encoding="utf-8")
    assert "does not hold the quote" in ada.get(f"/c/desk/drafts/{draft.id}/page/0").text
    file.unlink()
    assert "No copy of this page is kept here" in ada.get(f"/c/desk/drafts/{draft.id}/page/0").text


@pytest.mark.parametrize(
    ("action", "sent", "kept"),
    [
        ("accept", {}, ReviewAction.ACCEPT),
        ("reject", {"reason": "tactless", "comment": "Not now."}, ReviewAction.REJECT),
        ("set_aside", {}, ReviewAction.SET_ASIDE),
    ],
)
def test_a_decision_is_kept_and_leads_to_the_next(
    desk: Desk, ada: Browser, action: str, sent: dict[str, str], kept: ReviewAction
) -> None:
    url, form = open_next(ada)
    reply = ada.post(f"{url}/{action}", **form, seconds="7.5", **sent)
    assert reply.status_code == 303
    assert reply.headers["location"] != url
    [review] = desk.reviews()
    assert (review.action, review.reviewer, review.seconds, review.id) == (kept, "ada", 7.5, form["id"])
    assert review.comment == sent.get("comment", "")
    assert ada.get("/c/desk/queue").text.count("1 to 7 of 7") == 1


def test_a_decision_that_is_sent_twice_is_kept_once(desk: Desk, ada: Browser) -> None:
    url, form = open_next(ada)
    for _ in range(3):
        assert ada.client.post(
            f"{url}/accept", data={"csrf": ada.visitor.csrf, **form}, headers={"X-Background": "1"}
        ).json() == {"kept": "accept"}
    assert len(desk.reviews()) == 1


def test_who_comes_second_is_told_who_was_first(desk: Desk, ada: Browser) -> None:
    bo = desk.browser("bo", Rights.REVIEWER)
    url, form = open_next(ada)
    late = fields(bo.get(url).text)
    ada.post(f"{url}/reject", **form, reason="generic")
    refused = bo.post(f"{url}/accept", **late)
    assert refused.status_code == 409
    assert said(refused.text) == "Ada decided about this draft while you had it open; yours was not kept."
    assert len(desk.reviews()) == 1
    html = bo.get(url).text
    assert "by ada" in html and "generic" in html
    assert bo.post(f"{url}/accept", **fields(html)).status_code == 303, "who has seen it may differ"
    assert [review.reviewer for review in desk.reviews()] == ["ada", "bo"]


def test_a_draft_that_somebody_has_open_is_not_given_to_another(desk: Desk, ada: Browser) -> None:
    bo = desk.browser("bo", Rights.REVIEWER)
    mine, _ = open_next(ada)
    theirs, _ = open_next(bo)
    assert mine != theirs
    assert "ada has this draft open just now" in bo.get(mine).text
    assert "bo has it open" in ada.get("/c/desk/queue").text


def test_a_claim_runs_out(desk: Desk, ada: Browser) -> None:
    mine, form = open_next(ada)
    store = desk.site.desks["desk"].store
    store._now = lambda: datetime.now(UTC) + timedelta(minutes=6)
    bo = desk.browser("bo", Rights.REVIEWER)
    assert "has this draft open" not in bo.get(mine).text
    assert ada.post(f"{mine}/accept", **form).status_code == 303, "it decides nothing about who may decide"


def test_what_was_taken_back_waits_again(desk: Desk, ada: Browser) -> None:
    url, form = open_next(ada)
    ada.post(f"{url}/accept", **form)
    html = ada.get(url).text
    assert "Undo" in html
    assert ada.post(f"{url}/withdraw", **fields(html)).headers["location"] == url
    assert "Undo" not in ada.get(url).text
    assert "1 to 8 of 8" in ada.get("/c/desk/queue").text


def test_an_edit_is_kept_only_if_the_checks_pass_it_or_the_reviewer_insists(desk: Desk, ada: Browser) -> None:
    url, form = open_next(ada)
    draft = desk.drafts()[url.rpartition("/")[2]]
    bad = {"subject": draft.subject, "body": f"{draft.body}\n\nYou have 9,431 lorries in Trondheim."}
    checked = ada.post(f"{url}/check", **form, **bad).text
    assert "9,431" in checked and "Approve it in spite of that" in checked
    assert "<ins>" in checked and "<del>" not in checked
    refused = ada.post(f"{url}/edit", **form, **bad)
    assert refused.status_code == 422 and "9,431" in said(refused.text)
    assert ada.post(f"{url}/edit", **form, subject="", body="x").status_code == 422
    assert desk.reviews() == []
    found = re.search(r'name="checked" value="([^"]*)"', checked)[1]  # type: ignore[index]
    other = {"subject": "Another", "body": bad["body"]}
    assert ada.post(f"{url}/edit", **form, **other, anyway="true", checked=found).status_code == 422, "not that text"
    assert ada.post(f"{url}/edit", **form, **bad, anyway="true").status_code == 422, "what was found was not seen"
    assert desk.reviews() == []
    assert ada.post(f"{url}/edit", **form, **bad, anyway="true", checked=found).status_code == 303
    [review] = desk.reviews()
    assert review.action is ReviewAction.EDIT and "Trondheim" in str(review.edited)
    assert review.overruled == ("unsupported", "signature")
    html = ada.get(url).text
    assert html.index("Trondheim") < html.index("The draft, which does not go out"), "what goes out comes first"
    assert "in spite of unsupported, signature" in html
    bo = desk.browser("bo", Rights.REVIEWER)
    assert bo.post(f"{url}/accept", **fields(bo.get(url).text)).status_code == 303
    assert [str(one.edited) for one in desk.reviews()] == [str(review.edited)] * 2, "what goes out is what is accepted"


def test_an_edit_that_changes_nothing_is_an_acceptance(desk: Desk, ada: Browser) -> None:
    ready = next(draft for draft in desk.drafts().values() if not draft.failed_checks)
    url = f"/c/desk/drafts/{ready.id}"
    ada.post(f"{url}/edit", **fields(ada.get(url).text), subject=ready.subject, body=f"{ready.body}\n")
    assert [review.action for review in desk.reviews()] == [ReviewAction.ACCEPT]


def test_a_draft_that_was_written_again_is_not_decided_about(desk: Desk, ada: Browser) -> None:
    url, form = open_next(ada)
    desk.write_again(url.rpartition("/")[2], body="Another text.")
    refused = ada.post(f"{url}/accept", **form)
    assert refused.status_code == 409
    assert said(refused.text) == "The draft has changed since it was shown, so nothing was kept."
    desk.write_again(url.rpartition("/")[2], id="f" * 32)
    gone = ada.get(url)
    assert gone.status_code == 404
    assert said(gone.text).startswith("This draft is not there any more: it was written again, or forgotten")
    assert desk.reviews() == []


@pytest.mark.parametrize(
    ("action", "sent", "why"),
    [
        ("reject", {}, "A rejection needs a reason."),
        ("rewrite", {"comment": "Shorter."}, "No model writes this campaign's emails, so none can be written again."),
        ("reject", {"reason": "ugly"}, "Reason: Input should be"),
        ("dance", {}, "Nothing is called 'dance' here."),
    ],
)
def test_what_is_missing_is_named(desk: Desk, ada: Browser, action: str, sent: dict[str, str], why: str) -> None:
    url, form = open_next(ada)
    refused = ada.post(f"{url}/{action}", **form, **sent)
    assert refused.status_code in (404, 422)
    assert why in said(refused.text)
    assert desk.reviews() == []


def test_every_reason_can_be_chosen(desk: Desk, ada: Browser) -> None:
    html = ada.get(open_next(ada)[0]).text
    assert [reason for reason in RejectReason if f'value="{reason}"' in html] == list(RejectReason)


def test_a_campaign_that_was_never_run_says_how_to_run_it(tmp_path: Path, desk: Desk) -> None:
    for file in (desk.loaded.work_folder).glob("campaign.sqlite*"):
        file.unlink()
    site = Site(Desks([desk.loaded.path]), Sessions())
    visitor = Visitor("ada", Rights.OWNER)
    site.sessions.open(visitor)
    client = TestClient(web_app(site), base_url="http://localhost", follow_redirects=False)
    client.cookies.set(COOKIE, visitor.session)
    reply = client.get("/c/desk/queue")
    assert reply.status_code == 404
    assert said(reply.text) == "The campaign desk was not run yet."
    assert "miniatures run" in reply.text
    assert not list(desk.loaded.work_folder.glob("campaign.sqlite*")), "looking makes no store"


def test_a_campaign_file_that_changed_is_read_again_or_said_to_be_wrong(desk: Desk, ada: Browser) -> None:
    file = desk.loaded.path
    whole = file.read_text(encoding="utf-8")
    file.write_text(f"{whole}\nready: {{risk: 0.25}}\n", encoding="utf-8")
    assert "at most 25 % of such drafts" in unescape(ada.get("/c/desk/bulk").text)
    file.write_text(f"{whole}\nreadyy: 1\n", encoding="utf-8")
    html = unescape(ada.get("/c/desk/queue").text)
    assert "The campaign's file has changed and cannot be read" in html and "readyy" in html
    assert len(listed(html)) == 8, "what was there is still shown"
    file.write_text(whole.replace("name: desk", "name: other"), encoding="utf-8")
    assert "another name or store by now" in ada.get("/c/desk/queue").text
    file.write_text(whole, encoding="utf-8")


def test_a_store_of_a_newer_version_is_told_in_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    with sqlite3.connect(desk.loaded.store_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE miniatures_schema SET version_num = '9999'")
    ada = desk.browser()
    reply = ada.get("/c/desk/queue")
    assert reply.status_code == 500
    assert said(reply.text).startswith("The store has schema 9999, and this version of miniatures knows up to")
    assert "pip install --upgrade miniatures" in reply.text


def test_two_campaigns_of_one_name_are_refused(desk: Desk) -> None:
    from miniatures.datamodel.errors import InputError

    with pytest.raises(InputError, match="two campaigns are named desk"):
        desks.Desks([desk.loaded.path, desk.loaded.folder])


def test_ready_drafts_are_accepted_in_bulk_only_after_the_sample_was_read(
    desk: Desk, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from miniatures.app.web import bulk_pages
    from miniatures.review.bulk import bulk_of

    monkeypatch.setattr(bulk_pages, "bulk_of", lambda found, risk: bulk_of(found, risk, sample=1))
    assert "The campaign states no risk" in unescape(ada.get("/c/desk/bulk").text)
    file = desk.loaded.path
    file.write_text(f"{file.read_text(encoding='utf-8')}\nready: {{risk: 0.25}}\n", encoding="utf-8")
    html = ada.get("/c/desk/bulk").text
    assert "1 of the 1 drafts that were drawn have not been read yet." in html
    url = re.search(r'class="button primary" href="([^"?]*)', html)[1]  # type: ignore[index]
    ada.post(f"{url}/accept", **fields(ada.get(url).text))
    html = ada.get("/c/desk/bulk").text
    digest = re.search(r'name="digest" value="([^"]*)"', html)[1]  # type: ignore[index]
    bo = desk.browser("bo", Rights.REVIEWER)
    assert "Only an owner may accept the rest." in bo.get("/c/desk/bulk").text
    assert bo.post("/c/desk/bulk", digest=digest).status_code == 403
    assert ada.post("/c/desk/bulk", digest="another").status_code == 409
    done = ada.post("/c/desk/bulk", digest=digest).text
    assert "1 accepted unread." in done
    assert [review.unread for review in desk.reviews()] == [False, True]
    assert ada.post("/c/desk/bulk", digest=digest).status_code == 409


def test_a_forgotten_draft_is_left_out_and_stops_nobody(desk: Desk, ada: Browser) -> None:
    import sqlite3

    url = ada.get("/c/desk/review").headers["location"].partition("?")[0]
    with sqlite3.connect(desk.loaded.store_url.removeprefix("sqlite:///")) as connection:
        connection.execute("DELETE FROM results WHERE draft = ?", (url.rpartition("/")[2],))
    following = ada.get("/c/desk/review").headers["location"].partition("?")[0]
    assert following != url
    assert ada.get(following).status_code == 200
    assert ada.get(url).status_code == 404
    assert "1 to 7 of 7" in ada.get("/c/desk/queue").text


def test_who_is_off_the_list_is_offered_to_nobody(desk: Desk, ada: Browser) -> None:
    ada.get("/c/desk/queue")
    lines = desk.loaded.prospects_path.read_text(encoding="utf-8").splitlines()
    desk.loaded.prospects_path.write_text("\n".join([*lines[:-1], ""]), encoding="utf-8")
    html = ada.get("/c/desk/queue").text
    assert "1 to 7 of 7" in html and len(listed(html)) == 7
    desk.loaded.prospects_path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert "1 to 8 of 8" in ada.get("/c/desk/queue").text


def test_a_decision_is_kept_under_nobody_else_s_name(desk: Desk, ada: Browser) -> None:
    url, form = open_next(ada)
    bo = desk.browser("bo", Rights.REVIEWER)
    refused = bo.post(f"{url}/accept", **form, reviewer="ada")
    assert said(refused.text) == "This was decided as ada, and you are signed in as bo."
    assert desk.reviews() == []


def test_a_store_that_could_not_be_written_for_a_while_is_used_again(
    desk: Desk, ada: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, form = open_next(ada)
    store = desk.site.desks["desk"].store
    monkeypatch.setattr(store._writer, "_failure", StoreError("the database is locked"))
    assert ada.get(url).status_code == 200, "a draft is shown all the same"
    assert ada.post(f"{url}/accept", **form).status_code == 303
    assert desk.site.desks["desk"].store is not store


def test_what_no_text_has_is_refused(desk: Desk, ada: Browser) -> None:
    assert ada.get("/c/desk/queue?search=a%00b").status_code == 422
    assert ada.get("/c/desk/drafts/a%00b").status_code == 404


def test_who_is_not_let_in_is_led_to_the_entrance(desk: Desk) -> None:
    stranger = TestClient(desk.app.app, base_url="http://localhost", follow_redirects=False)
    assert stranger.get("/c/desk/queue").headers["location"] == "/login"
    refused = stranger.post(f"/c/desk/drafts/{new_id()}/accept", data={"id": new_id()})
    assert refused.status_code == 401
