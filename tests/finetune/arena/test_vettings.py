"""A verifier's examples: true tellings, the same with one thing changed, and what a reader said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from miniatures.agents.roles.verifier import Form, Part, StatementVariables, Truth, Vetting
from miniatures.datamodel.example import Example
from miniatures.datamodel.review import ReadingVerdict
from miniatures.finetune.arena.folder import as_of, read_hand
from miniatures.finetune.arena.offers import read_offers
from miniatures.finetune.arena.openings import openings
from miniatures.finetune.arena.tellings import read_tellings, unshown
from miniatures.finetune.arena.turns import ReadTelling
from miniatures.finetune.arena.vettings import vetting_examples

ARENA = Path(__file__).parents[3] / "examples/arena"
HAND = read_hand(ARENA / "heron")
OFFERS = read_offers(ARENA / "offers")
TELLINGS = read_tellings(ARENA / "tellings")
TODAY = as_of(ARENA / "heron")


def made(read: tuple[ReadTelling, ...] = ()) -> list[Example]:
    return list(vetting_examples(TELLINGS, read, [HAND], OFFERS, TODAY, 7))


def test_each_true_telling_has_changed_ones_beside_it() -> None:
    examples = made()
    answers = [Vetting.model_validate(example.answer) for example in examples]
    asked = [StatementVariables.model_validate(example.variables) for example in examples]
    told = [telling for variables, telling in openings(HAND, TODAY) if not unshown(telling, variables)]
    true = {one.statement for one, said in zip(asked, answers, strict=True) if said.truth is Truth.SUPPORTED}
    assert {telling.subject for telling in told} <= true
    assert any(one.opening in true for one in TELLINGS if one.opening)
    counts = Counter(said.truth for said in answers)
    assert counts[Truth.SUPPORTED] > 50
    assert counts[Truth.DISTORTED] + counts[Truth.WRONG_JOIN] + counts[Truth.INVENTED] > counts[Truth.SUPPORTED] / 2
    assert {one.part for one in asked} == set(Part)
    assert examples == made()


def test_no_changed_statement_is_a_true_one_of_the_same_sentence() -> None:
    said: dict[tuple[str, str, str], set[str]] = {}
    for example in made():
        assert example.answer is not None
        asked = example.variables
        said.setdefault((asked["statement"], asked["text"], asked["part"]), set()).add(example.answer["truth"])
    assert not [one for one, truths in said.items() if Truth.SUPPORTED in truths and len(truths) > 1]


def test_a_reading_gives_an_example_for_each_statement() -> None:
    told = next(one for one in TELLINGS if one.offer.startswith("heron/") and one.reason != "poor")
    read = ReadTelling(
        **told.model_dump(exclude={"opening", "thought", "subject"}),
        opening="You closed the yard.",
        thought="",
        subject="The yard",
        writer="miniature:writer@0",
        read_by="somebody",
        truth=Truth.INVENTED,
        form=Form.GOOD,
        thought_truth=None,
        subject_truth=Truth.SUPPORTED,
        subject_form=Form.ODD,
        verdict=ReadingVerdict.REJECT,
    )
    before = made()
    *rest, opening, subject = made((read,))
    assert rest == before
    assert (opening.variables["part"], opening.answer) == (Part.OPENING, {"truth": "invented", "form": "good"})
    assert (subject.variables["part"], subject.answer) == (Part.SUBJECT, {"truth": "supported", "form": "odd"})
    *_, thought, _ = made((read.model_copy(update={"thought": "A yard is dear.", "thought_truth": Truth.DISTORTED}),))
    assert (thought.variables["part"], thought.answer) == (Part.THOUGHT, {"truth": "distorted", "form": "odd"})
    assert made((read.model_copy(update={"company": "nobody.example"}),)) == before
