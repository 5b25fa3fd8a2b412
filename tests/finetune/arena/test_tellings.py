"""Tellings and judgements of the arena as examples: what a prompt does not show is not learned."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from miniatures.agents.roles.researcher import RESEARCHER, Judgement, PassageVariables, Status
from miniatures.agents.roles.telling import Telling
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.datamodel.capabilities import TELLER, Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.example import Example, Source
from miniatures.finetune.arena.careless import careless_tellings
from miniatures.finetune.arena.folder import as_of, read_hand
from miniatures.finetune.arena.judgements import judgement_examples
from miniatures.finetune.arena.offers import read_offers
from miniatures.finetune.arena.tellings import AuthoredTelling, read_tellings, telling_examples, unshown
from tests.checks.cases import BRIEF, PROSPECT, evidence

ARENA = Path(__file__).parents[3] / "examples/arena"
HAND = read_hand(ARENA / "heron")
TODAY = as_of(ARENA / "heron")
OPENS = Capabilities().with_trust(TELLER)
AUTHORED = read_tellings(ARENA / "tellings")
OFFERS = read_offers(ARENA / "offers")
COMPANIES = {company.domain for company in HAND.companies.values()}
LEARNED = next(one for one in AUTHORED if list(telling_examples([one], [HAND], OFFERS, TODAY)))


def examples(*authored: AuthoredTelling) -> list[Example]:
    return list(telling_examples(authored or AUTHORED, [HAND], OFFERS, TODAY))


def test_what_is_learned_is_the_telling_as_its_author_wrote_it() -> None:
    own = [one for one in AUTHORED if one.company in COMPANIES and one.offer.startswith(("heron/", "offers/"))]
    made = [example for example in examples() if example.answer and example.answer["body"]]
    assert len(own) / 2 < len(made) < len(own)
    written = {(one.opening, one.subject): one for one in own}
    for example in made:
        assert example.answer is not None
        variables = WriterVariables.model_validate(example.variables)
        telling = WRITER.wanted(variables, example.answer, OPENS)
        author = written[telling["opening"], telling["subject"]]
        assert author.reason != "poor"
        assert telling == author.telling.model_dump()
        assert not re.search(r"\b(?:we|our|ours|us)\b", author.opening), "the page's own voice"


def test_news_that_is_no_reason_is_learned_as_such() -> None:
    graded = [one for one in AUTHORED if one.company in COMPANIES and one.reason == "poor"]
    careless = list(careless_tellings([HAND], OFFERS))
    assert len(careless) > len(HAND.companies), "one of nearly every company for each brief, and some of the offers"
    assert {one.reason for one in careless} == {"poor"}
    poor = examples(*graded, *careless)
    assert len(poor) > len(careless)
    assert {example.answer["body"] for example in poor if example.answer} == {""}


def test_a_telling_that_says_more_than_its_prompt_shows_is_left_out() -> None:
    assert len(examples(LEARNED)) == 1
    assert not examples(LEARNED.model_copy(update={"opening": LEARNED.opening.rstrip(".") + ", for 77,777 euros."}))


def test_a_telling_that_names_nobody_there_is_told_where() -> None:
    with pytest.raises(InputError, match="a reader, a sentence or a signal that is not there"):
        examples(LEARNED.model_copy(update={"reader": "Nobody Known"}))


def test_months_and_figures_count_as_shown_however_they_are_written() -> None:
    variables = WriterVariables.of(
        BRIEF, PROSPECT, [evidence().model_copy(update={"quote": "2. joulukuuta kauppa oli 1.250 euroa."})], today=TODAY
    )
    said = Telling(reason="good", opening="On 2 December it was 1,250 euros.", thought="", claim=0, subject="The sale")
    assert unshown(said, variables) == []
    wrong = said.model_copy(update={"opening": "On 2 August it was 1,205 euros."})
    assert unshown(wrong, variables) == ["1,205", "August"]


def test_every_sentence_is_judged_and_news_seen_later_is_old() -> None:
    examples = list(judgement_examples([HAND], TODAY, 7))
    assert {example.role for example in examples} == {RESEARCHER.name}
    judged = [
        (PassageVariables.model_validate(one.variables), Judgement.model_validate(one.answer), one.source)
        for one in examples
        if one.answer and "status" in one.answer
    ]
    assert {said.status for _, said, source in judged if source is Source.VARIANT} <= {Status.OLD, Status.UNDATED}
    for asked, said, source in judged:
        if source is Source.VARIANT and said.status is Status.OLD:
            assert asked.today > TODAY
    fits = [one.answer["fits"] for one in examples if one.answer and "fits" in one.answer]
    assert {"open", "support", "none"} == set(fits)
