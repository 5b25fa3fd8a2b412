"""Draws are even, seeded, different from each other, and go on where a smaller order ended."""

from __future__ import annotations

from collections import Counter

import pytest

from miniatures.agents.roles.role import role_named
from miniatures.datamodel.capabilities import Capabilities
from miniatures.datamodel.errors import InputError
from miniatures.finetune.gold.folder import Trap
from miniatures.finetune.situations import draw_situations, read_space
from miniatures.prompts.library import PromptLibrary
from tests.finetune.small_space import write_space


@pytest.fixture
def space(tmp_path):
    return read_space(write_space(tmp_path / "gold"))


def test_the_first_draws_of_a_seed_are_the_same_whatever_is_ordered(space):
    ten = [one.id for one in draw_situations(space, "writer", 10, 7)]
    assert ten == [one.id for one in draw_situations(space, "writer", 16, 7)][:10]
    assert len(set(ten)) == 10
    assert ten != [one.id for one in draw_situations(space, "writer", 10, 8)]


def test_industries_lengths_and_traps_come_equally_often(space):
    drawn = draw_situations(space, "writer", 16, 7)
    for axis in (lambda one: one.company.industry, lambda one: one.brief.length):
        counts = Counter(map(axis, drawn))
        assert len(counts) == 2
        assert max(counts.values()) - min(counts.values()) <= 2
    traps = Counter(one.trap for one in drawn)
    assert set(traps) == {Trap.NONE, Trap.THIN, Trap.IRRELEVANT, Trap.STALE}


def test_a_trap_is_in_the_quotes(space):
    for one in draw_situations(space, "writer", 40, 7):
        quotes = [item.quote for item in one.evidence]
        idle, stale = (any(text.startswith(start) for text in quotes) for start in ("Quality", "In 2011"))
        assert (idle, stale) == (one.trap is Trap.IRRELEVANT, one.trap is Trap.STALE)
        assert one.trap is not Trap.THIN or len(quotes) == 1
        assert [item.quote for item in one.variables.case.evidence] == quotes
        role_named("writer").prompt(one.variables, PromptLibrary(), Capabilities())


def test_each_question_has_a_name_of_its_own_and_nobody_real_is_written_to(space):
    drawn = draw_situations(space, "writer", 40, 7)
    assert len({one.id for one in drawn}) == len(drawn)
    assert all(one.case.prospect.email.endswith(".example") for one in drawn)


def test_a_space_that_is_used_up_gives_what_it_holds(space):
    everything = draw_situations(space, "writer", 10_000, 7)
    assert 20 < len(everything) < 100


def test_the_researcher_is_asked_about_pages_with_and_without_news(tmp_path, space):
    drawn = draw_situations(space, "researcher", 20, 7)
    assert {one.trap for one in drawn} == {Trap.NONE}  # every company here has news for either brief
    for one in drawn:
        role_named("researcher").prompt(one.variables, PromptLibrary(), Capabilities())


def test_a_yaml_file_narrows_the_space(tmp_path):
    write_space(tmp_path / "gold")
    file = tmp_path / "space.yaml"
    file.write_text("gold: [gold]\nindustries: [flowers]\ntraps: [thin]\nlengths: [{min_words: 20, max_words: 50}]\n")
    drawn = draw_situations(read_space(file), "writer", 50, 7)
    assert {(one.company.slug, one.trap, one.brief.length.max_words) for one in drawn} == {("harbourly", Trap.THIN, 50)}
    assert {one.brief_slug for one in drawn} == {"frost-50", "rota-50"}


def test_mistakes_in_a_space_are_named(tmp_path):
    write_space(tmp_path / "gold")
    file = tmp_path / "space.yaml"
    file.write_text("gold: [gold]\ntrap: [thin]\n")
    with pytest.raises(InputError, match=r"space\.yaml, line 2"):
        read_space(file)
    file.write_text("gold: [gold]\nindustries: [mining]\n")
    with pytest.raises(InputError, match="nothing in the space fits"):
        draw_situations(read_space(file), "writer", 5, 7)
