"""What was done for whom can be read down to the prompt of one call; all of it is shown as text."""

from __future__ import annotations

import re

from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import Review
from miniatures.datamodel.trace import Trace
from miniatures.review.approvals import Decisions
from miniatures.review.queue import draft_to_review
from miniatures.review.reviewing import accept
from miniatures.store.store import Store
from tests.app.web.client import COUNT, Browser, OpenedApp
from tests.chaos.small_campaign import NAME, prospects
from tests.store.databases import span_of, trace_of

TRACES = f"/c/{NAME}/traces"
HOSTILE = "<script>alert(1)</script>\u202e'\"&"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;\ufffd&#39;&#34;&amp;"


def first_written(app: OpenedApp) -> tuple[ProspectResult, Trace]:
    """A result whose draft a call wrote, and that call."""
    store = app.desk.store
    found = next(result for result in store.results(NAME) if result.draft and result.draft.trace)
    assert found.draft is not None and found.draft.trace is not None
    call = store.trace(found.draft.trace)
    assert call is not None
    return found, call


def people(html: str) -> list[str]:
    return re.findall(rf'<a href="{TRACES}/\w+">([^<]+)</a>', html)


def test_prospects_are_listed_searched_and_ordered(ada: Browser) -> None:
    reply = ada.get(TRACES)
    assert reply.status_code == 200
    everybody = people(reply.text)
    assert len(everybody) == COUNT and f"1 to {COUNT} of {COUNT}" in reply.text
    assert people(ada.get(f"{TRACES}?order=list").text) == sorted(everybody)
    assert people(ada.get(f"{TRACES}?order=costliest").text) != []
    assert people(ada.get(f"{TRACES}?search=number1002").text) == ["Kim Number1002"]
    assert "No prospect has that" in ada.get(f"{TRACES}?search=nobody").text
    assert "There is no such page" in ada.get(f"{TRACES}?page=9").text
    assert ada.get(f"{TRACES}?page=0").status_code == 422
    assert ada.get(f"{TRACES}?order=sideways").status_code == 422


def test_pages_keep_what_was_asked_for(app: OpenedApp, ada: Browser) -> None:
    many = list(prospects(COUNT + 60))
    app.change(lambda store: store.enrol(NAME, many))
    html = ada.get(f"{TRACES}?search=kim&order=list").text
    assert len(people(html)) == 50 and f"1 to 50 of {len(many)}" in html
    [following] = re.findall(r'<a href="([^"]+)" rel="next">', html)
    rest = ada.get(following.replace("&amp;", "&"))
    assert len(people(rest.text)) == len(many) - 50 and 'rel="prev"' in rest.text


def test_a_prospect_is_a_tree_of_all_steps(app: OpenedApp, ada: Browser) -> None:
    result, call = first_written(app)
    html = ada.get(f"{TRACES}/{result.prospect.key}").text
    assert result.prospect.full_name in html and result.prospect.email in html
    assert html.count("<details") > 3 and html.count("<details") == html.count("</details>")
    calls = list(app.desk.store.traces(NAME, result.prospect.key))
    assert f"<b>{len(calls)}</b>" in html
    for one in calls:
        assert f"/c/{NAME}/trace/{one.id}" in html
    assert call.id in html


def test_one_call_is_shown_with_all_that_is_known_of_it(app: OpenedApp, ada: Browser) -> None:
    result, call = first_written(app)
    assert result.draft is not None

    def review(store: Store) -> object:
        waiting = next(one for one in store.waiting(NAME, "kim") if one.trace == call.id)
        draft = draft_to_review(store, waiting, Decisions([]))
        assert draft is not None
        return store.add_review(accept(draft.item, "kim", "well said"))

    app.change(review)
    html = ada.get(f"/c/{NAME}/trace/{call.id}").text
    for told in (
        call.messages[0].content.splitlines()[0][:20],
        "Template variables",
        call.prompt_version,
        call.backend.model,
        f"/c/{NAME}/drafts/{result.draft.id}?show=all",
        f"/c/{NAME}/trace/{call.sources[0]}",
        f"{TRACES}/{result.prospect.key}",
        "Accepted by kim",
        "well said",
    ):
        assert told and told in html, told
    chosen = ada.get(f"/c/{NAME}/trace/{call.sources[0]}").text
    assert f"/c/{NAME}/trace/{call.id}" in chosen, "the call that chose leads to the one that wrote"


def test_shadows_and_the_calls_beside_them_lead_to_each_other(app: OpenedApp, ada: Browser) -> None:
    shadow = next(one for one in app.desk.store.traces(NAME) if one.shadow_of)
    assert f"/c/{NAME}/trace/{shadow.shadow_of}" in ada.get(f"/c/{NAME}/trace/{shadow.id}").text
    assert f"/c/{NAME}/trace/{shadow.id}" in ada.get(f"/c/{NAME}/trace/{shadow.shadow_of}").text


def test_foreign_text_is_shown_and_does_nothing(app: OpenedApp, ada: Browser) -> None:
    who = Prospect(email="odd@odd.example", first_name=HOSTILE, company=HOSTILE)
    call = trace_of(
        who,
        campaign=NAME,
        error=HOSTILE,
        output=HOSTILE,
        structured={HOSTILE: HOSTILE},
        variables={HOSTILE: [HOSTILE]},
        options={HOSTILE: HOSTILE},
        messages=({"role": "user", "content": HOSTILE},),
        backend={"provider": HOSTILE, "model": HOSTILE, "adapter": HOSTILE},
        sources=("../../x",),
        shadow_of="../x?<b>",
    )
    step = span_of(who, campaign=NAME, kind=HOSTILE, name=HOSTILE, error=HOSTILE, attributes={HOSTILE: HOSTILE})
    said = Review(
        reviewer=HOSTILE,
        campaign=NAME,
        prospect=who.key,
        trace=call.id,
        action="reject",
        reason="other",
        answer={},
        comment=HOSTILE,
        draft="../../<b>",
    )

    async def fill(store: Store) -> None:
        store.recorder.record(call)
        store.recorder.record(step)
        await store.add_review(said)
        failed = ProspectResult(campaign=NAME, prospect=who, status=DraftStatus.FAILED, error=HOSTILE)
        await store.save_result(failed)

    app.change(fill)
    for path in (TRACES, f"{TRACES}/{who.key}", f"/c/{NAME}/trace/{call.id}"):
        reply = ada.get(path)
        assert reply.status_code == 200 and "&lt;script&gt;alert(1)&lt;/script&gt;" in reply.text, path
        assert "<script>alert" not in reply.text and "\u202e" not in reply.text
        assert 'href="../' not in reply.text and "/../" not in reply.text
    assert SHOWN in reply.text


def test_what_is_not_there_is_refused(app: OpenedApp, ada: Browser) -> None:
    foreign = trace_of(next(prospects(1)), campaign="another")
    app.change(lambda store: store.recorder.record(foreign))
    for path in (
        f"{TRACES}/{'0' * 16}",
        f"/c/{NAME}/trace/{'0' * 32}",
        f"/c/{NAME}/trace/{foreign.id}",
        "/c/no/traces",
    ):
        assert ada.get(path).status_code == 404, path
    assert app.client().get(TRACES).headers["location"] == "/login"


def test_a_damaged_row_hides_no_other(app: OpenedApp, ada: Browser) -> None:
    _, call = first_written(app)
    with app.desk.store._database.change() as connection:
        connection.exec_driver_sql("UPDATE traces SET document = '{' WHERE id = ?", (call.id,))
        connection.exec_driver_sql("UPDATE prospects SET document = '[' WHERE position = 1")
    assert len(people(ada.get(TRACES).text)) == COUNT
    assert ada.get(f"{TRACES}/{call.prospect}").status_code == 200
    reply = ada.get(f"/c/{NAME}/trace/{call.id}")
    assert reply.status_code == 404 and "its row in the store is damaged" in reply.text
