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

PUBLISHED = datetime(2026, 10, 29, tzinfo=UTC)


def quoted(text: str, **changes: object) -> Evidence:
    fields: dict[str, object] = {"url": "https://nordfrost.example/", "title": "Nordfrost", **changes}
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
        ("Recycling sacks were handed out.", 'Your website says: "Recycling sacks were handed out."'),
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
        ({"url": "https://nordfrost.example/press/1", "published": PUBLISHED}, "Your release of 29 October says"),
        ({"title": "Board minutes", "published": PUBLISHED}, "Your minutes of 29 October say that"),
        ({"title": "News", "published": None}, "Your news page says"),
        ({"published": PUBLISHED}, "Your website says"),
        ({"dateline": "3 November 2026"}, "Your page of 3 November says"),
        ({"title": "News", "published": PUBLISHED, "dateline": "3 November 2026"}, "Your news of 3 November says"),
    ],
)
def test_the_page_is_named_by_its_kind_and_day(changes: dict[str, object], source: str) -> None:
    assert opening("Nordfrost has bought two lorries.", **changes).startswith(source)


def test_town_and_day_before_a_release_are_left_out() -> None:
    assert opening("VEJLE, Denmark, 29 October 2026 \u2013 Nordfrost has bought two lorries.") == (
        "Your website says that Nordfrost has bought two lorries."
    )


def test_a_headline_about_the_sentence_is_the_subject_and_no_other() -> None:
    text = "Nordfrost has opened a cold store in Vejle."
    about = quoted(text, heading="Nordfrost opens cold store in Vejle.")
    assert placed_email(BRIEF, PROSPECT, [about]).subject == "Nordfrost opens cold store in Vejle"
    other = quoted(text, heading="How we make our ice cream")
    assert placed_email(BRIEF, PROSPECT, [other]).subject == 'Your page "How we make our ice cream"'
    assert placed_email(BRIEF, PROSPECT, [quoted(text)]).subject == "Your website"
    dated = quoted(text, url="https://nordfrost.example/press", heading="Media centre", published=PUBLISHED)
    assert placed_email(BRIEF, PROSPECT, [dated]).subject == "Your release of 29 October"


def test_a_subject_of_the_brief_comes_first() -> None:
    fact = quoted("We are recruiting 48 apprentices across all homes.")
    signals = tuple(
        one.model_copy(update={"subject": "new rooms at {company}"}) if one.name == fact.signal else one
        for one in BRIEF.signals
    )
    email = placed_email(BRIEF.model_copy(update={"signals": signals}), PROSPECT, [fact])
    assert email.subject == f"new rooms at {PROSPECT.company}"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("We are recruiting 48 apprentices across all homes.", "48 apprentices"),
        ("Ground works with 1,900 driven piles take place in March 2027.", "1,900 driven piles"),
        ("It will be staffed by 74 cleaners moved from Pier B.", "74 cleaners"),
        ("Prices rise by 12 percent, on 18 January, for 3 stores.", "Your website"),
        ("We are taking on 28 people and 30 assemblers and 12 testers, and 22 fitters, in May.", "Your website"),
        ("We bought 40 of those and spent \u00a3200 thousands in 2026 terms.", "Your website"),
    ],
)
def test_what_the_sentence_counts_is_the_subject(text: str, subject: str) -> None:
    assert placed_email(BRIEF, PROSPECT, [quoted(text)]).subject == subject


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
