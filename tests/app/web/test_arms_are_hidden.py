"""Who reviews a draft of an A/B test is not told whose arm it is."""

from __future__ import annotations

from miniatures.datamodel.arms import AbTest, Enrolment
from miniatures.store.store import Store
from tests.app.web.client import Browser, OpenedApp
from tests.chaos.small_campaign import NAME, NOW

ARM = "zebra-arm"


async def _as_a_test(store: Store) -> None:
    shares = {ARM: 0.5, "other": 0.5}
    await store.mail.enrolments.settle(AbTest(campaign=NAME, salt="s", shares=shares, started_at=NOW))
    for result in list(store.results(NAME)):
        key, company = result.prospect.key, result.prospect.company
        place = Enrolment(prospect=key, company=company, arm=ARM, enrolled_at=NOW)
        await store.mail.enrolments.add(NAME, [place])
        await store.save_result(result.model_copy(update={"arm": ARM}))


def test_no_page_of_a_reviewer_names_the_arm(app: OpenedApp, ada: Browser) -> None:
    app.change(_as_a_test)
    drafts = [result.draft.id for result in app.desk.store.results(NAME) if result.draft]
    plain = (f"/c/{NAME}{page}" for page in ("", "/queue", "/read", "/compare", "/report"))
    pages = [*plain, *(f"/c/{NAME}/drafts/{draft}" for draft in drafts)]
    for page in pages:
        answer = ada.get(page)
        assert answer.status_code == 200, page
        assert ARM not in answer.text, page
