"""Without a writer the news stands in the page's own words, and nothing is said that the page does not say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from miniatures.agents.placed import placed_email
from miniatures.agents.write import build_write_graph
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Evidence
from tests.agents.scene import context, scripted
from tests.checks.cases import BODY, BRIEF, NOW, PROSPECT, SUBJECT, evidence

PUBLISHED, FETCHED = datetime(2026, 10, 29, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def quoted(text: str, **changes: object) -> Evidence:
    fields: dict[str, object] = {
        "url": "https://nordfrost.example/",
        "title": "Nordfrost",
        "fetched_at": FETCHED,
        **changes,
    }
    return evidence(text).model_copy(update=fields)


def opening(text: str, **changes: object) -> str:
    return placed_email(BRIEF, PROSPECT, [quoted(text, angle="", **changes)]).body.split("\n\n")[1]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "We opened our second store in Vejle in June.",
            "Your website says that you opened your second store in Vejle in June.",
        ),
        ("Nordfrost has bought two lorries", "Your website says that Nordfrost has bought two lorries."),
        ("And so the dock doors were replaced.", "Your website says that so the dock doors were replaced."),
        ("Open until filled; review begins in May.", 'Your website says: "Open until filled; review begins in May."'),
        ("The plant will therefore load at night.", "Your website says that the plant will load at night."),
        ("So there, the sacks were handed out!", 'Your website says: "There, the sacks were handed out!"'),
        ("Recycling sacks were handed out.", 'Your website says: "Recycling sacks were handed out."'),
        (
            "Losses in the cold store: 4.2 per cent (in 2025: 3.1 per cent).",
            'Your website says: "Losses in the cold store: 4.2 per cent (in 2025: 3.1 per cent)."',
        ),
        ("We've built it ourselves.", "Your website says that you've built it yourselves."),
        ("Today we opened a store.", 'Your website says: "Today we opened a store."'),
        ("I have bought a lorry.", 'Your website says: "I have bought a lorry."'),
        ("Electrician, night shift, from March.", 'Your website says: "Electrician, night shift, from March."'),
        ('"It was cold," said Ms Holm.', "Your website says: \"'It was cold,' said Ms Holm.\""),
    ],
)
def test_what_can_be_told_is_told_and_the_rest_is_quoted(text: str, told: str) -> None:
    assert opening(text) == told


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it() -> None:
    said = opening("It holds 7,200 pallets.", before="A new store was opened in Vejle.")
    assert said == 'Your website says: "A new store was opened in Vejle. It holds 7,200 pallets."'
    assert opening("It holds 7,200 pallets.", before="word " * 100) == 'Your website says: "It holds 7,200 pallets."'


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"url": "https://nordfrost.example/careers"}, "Your careers page says"),
        ({"url": "https://nordfrost.example/press/1", "published": PUBLISHED}, "Your release says"),
        ({"title": "Board minutes"}, "Your minutes say that"),
        ({"title": "News"}, "Your news page says"),
        ({"dateline": "3 November 2026"}, "Your page of 3 November says"),
        ({"dateline": "Closing date 3 November 2031"}, "Your website says"),
        ({"title": "News", "dateline": "3 November 2026"}, "Your news of 3 November says"),
    ],
)
def test_the_page_is_named_by_its_kind_and_the_day_that_a_visitor_sees(changes: dict[str, object], source: str) -> None:
    assert opening("Nordfrost has bought two lorries.", **changes).startswith(source)


def test_town_and_day_before_a_release_are_left_out() -> None:
    assert opening("VEJLE, Denmark, 29 October 2026 \u2013 Nordfrost has bought two lorries.") == (
        "Your website says that Nordfrost has bought two lorries."
    )


def test_it_passes_the_checks() -> None:
    facts = (evidence(),)
    report = run_checks(placed_email(BRIEF, PROSPECT, facts), CheckCase(PROSPECT, BRIEF, facts))
    assert not report.failed


async def test_a_campaign_without_a_writer_is_written_by_code_and_may_fall_back_to_nobody() -> None:
    dossier = Dossier(status=DossierStatus.FOUND, facts=(evidence(),))
    given = context(models={"researcher": scripted("{}")}, now=lambda: NOW)
    state = await build_write_graph().compile().ainvoke({"prospect": PROSPECT, "dossier": dossier}, context=given)
    draft = state["draft"]
    assert (draft.status, draft.backend, draft.trace) == (DraftStatus.READY, "placed", None)
    assert draft.bill.cost_usd == 0
    german = context(models={}, brief=BRIEF.model_copy(update={"language": "de"}))
    with pytest.raises(InputError, match="without a writer emails are in English"):
        await build_write_graph().compile().ainvoke({"prospect": PROSPECT, "dossier": dossier}, context=german)
    assert (draft.subject, draft.body) != (SUBJECT, BODY)
