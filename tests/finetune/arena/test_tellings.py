"""Tellings and judgements of the arena as examples: what a prompt does not show is not learned."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from miniatures.agents.roles.researcher import RESEARCHER, Judgement, PassageVariables, Status
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.datamodel.capabilities import TELLER, Capabilities
from miniatures.datamodel.example import Source
from miniatures.finetune.arena.folder import as_of, read_hand
from miniatures.finetune.arena.judgements import judgement_examples
from miniatures.finetune.arena.tellings import telling_examples, tellings, unshown

ARENA = Path(__file__).parents[3] / "examples/arena"
HAND = read_hand(ARENA / "heron")
TODAY = as_of(ARENA / "heron")
OPENS = Capabilities().with_trust(TELLER)


def eight_words_shared(one: str, other: str) -> bool:
    words, text = one.lower().split(), " ".join(other.lower().split())
    return any(" ".join(words[at : at + 8]) in text for at in range(len(words) - 7))


def test_a_telling_that_says_more_than_its_prompt_shows_is_left_out() -> None:
    every = list(tellings(HAND, TODAY))
    kept = [one for one in every if not unshown(one[2], one[1])]
    assert 0 < len(kept) < len(every)
    examples = list(telling_examples([HAND], TODAY, 0, 7))
    assert len(examples) == len(kept)
    for example, (_, variables, telling) in zip(examples, kept, strict=True):
        assert example.answer is not None
        assert WRITER.wanted(variables, example.answer, OPENS) == telling.model_dump()
        assert not eight_words_shared(telling.opening, variables.quotes[0].text)


def test_variants_exchange_company_and_figures_in_question_and_answer_alike() -> None:
    examples = list(telling_examples([HAND], TODAY, 2, 7))
    assert Counter(example.source for example in examples)[Source.VARIANT] == 2 * len(examples) // 3
    changed = 0
    for original, *variants in (examples[at : at + 3] for at in range(0, len(examples), 3)):
        for variant in variants:
            assert variant.company == original.company
            question = WriterVariables.model_validate(variant.variables)
            telling = WRITER.wanted(question, variant.answer or {}, OPENS)
            assert "opening" in telling
            changed += telling != WRITER.wanted(
                WriterVariables.model_validate(original.variables), original.answer or {}, OPENS
            )
    assert changed > len(examples) // 4


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
