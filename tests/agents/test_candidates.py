"""Sentences are verbatim and well cut; ranking equals a full BM25 index; limits hold."""

from __future__ import annotations

from typing import Any

import bm25s
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miniatures.agents.candidates import (
    Candidate,
    _scores,
    estimated_tokens,
    rank_sentences,
    split_sentences,
    within_limits,
)
from miniatures.datamodel.brief import Signal
from miniatures.datamodel.campaign import ResearchSettings
from miniatures.datamodel.evidence import Page
from tests.agents.scene import page
from tests.checks.cases import BRIEF, PROSPECT, QUOTE


def select_candidates(pages: list[Page], *about: Any) -> list[Candidate]:
    *known, limits = about
    return within_limits(rank_sentences(pages, *known), limits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Dr. A. Meier of Polar Inc. opened the store on Monday. It holds 7,200.5 tonnes of frozen fish today.",
            ["Dr. A. Meier of Polar Inc. opened the store on Monday.", "It holds 7,200.5 tonnes of frozen fish today."],
        ),
        (
            "Am 3. März hat die Polar GmbH ihr Lager eröffnet. Es fasst z. B. 300 Paletten mit Tiefkühlware.",
            ["Am 3. März hat die Polar GmbH ihr Lager eröffnet.", "Es fasst z. B. 300 Paletten mit Tiefkühlware."],
        ),
        (
            "L’entrepôt a ouvert à Lyon en mars ! Il emploie plus de trois cents personnes.",  # noqa: RUF001
            ["L’entrepôt a ouvert à Lyon en mars !", "Il emploie plus de trois cents personnes."],  # noqa: RUF001
        ),
        (
            "“Our store in Leeds is now open.” She added that growth in the U.K. was strong this year.",
            ["“Our store in Leeds is now open.”", "She added that growth in the U.K. was strong this year."],
        ),
        (
            "当社は三月に新しい冷凍倉庫を開設しました。従業員は三百人を超えています。",
            ["当社は三月に新しい冷凍倉庫を開設しました。", "従業員は三百人を超えています。"],
        ),
        ("Home | News | About | Contact | Imprint | Privacy\nContact us\nNews", []),
        ("WE OPENED A NEW STORE IN LEEDS THIS YEAR", []),
        ("x" * 500, []),
    ],
)  # fmt: skip
def test_sentences(text, expected):
    assert split_sentences(text) == expected


@given(st.text(max_size=600))
def test_every_sentence_is_a_slice_of_sane_size(text):
    for sentence in split_sentences(text):
        assert sentence in text
        assert 15 <= len(sentence) <= 400


words = st.sampled_from([f"w{number}" for number in range(12)])


@settings(max_examples=60)
@given(
    st.lists(st.lists(words, min_size=1, max_size=8), min_size=1, max_size=10),
    st.lists(st.lists(words, min_size=1, max_size=3, unique=True), min_size=1, max_size=3),
)
def test_scores_equal_those_of_a_full_index(corpus, queries):
    full = bm25s.BM25()
    full.index(corpus, show_progress=False)
    columns = [
        full.get_scores([word for word in query if word in full.vocab_dict])
        if any(word in full.vocab_dict for word in query)
        else [0.0] * len(corpus)
        for query in queries
    ]
    for place, row in enumerate(_scores(corpus, queries, frozenset())):
        assert row == pytest.approx([float(column[place]) for column in columns], abs=1e-5)


def test_the_news_comes_first_with_its_signal_and_page():
    brief = BRIEF.model_copy(
        update={"signals": (*BRIEF.signals, Signal(name="hiring", describes="hires staff, vacancies, recruiting"))}
    )
    jobs = page("We are recruiting staff for forty vacancies in Leeds.", url="https://nordfrost.example/jobs")
    candidates = select_candidates([page(), jobs], brief, PROSPECT, ResearchSettings())
    assert {(one.sentence, one.signal, one.page.url) for one in candidates} >= {
        (QUOTE, "expansion", "https://nordfrost.example/news"),
        ("We are recruiting staff for forty vacancies in Leeds.", "hiring", jobs.url),
    }
    assert all(one.sentence in one.page.text for one in candidates)
    assert "friendly team" in candidates[-1].sentence
    assert candidates[-1].signal == "", "it shares no word with a signal, and is shown last"


def test_limits_and_duplicates():
    lines = [
        f"In {year} we opened warehouse number {year - 1900} with {year} docks in town {year}."
        for year in range(1950, 2020)
    ]
    twins = [f"We opened a new cold store in Rotterdam last spring{mark}" for mark in (".", " !", "!!")]
    many = page("\n".join([*lines, *twins]))
    candidates = select_candidates([many], BRIEF, PROSPECT, ResearchSettings(candidates=10))
    assert len(candidates) == 10
    few = select_candidates([many], BRIEF, PROSPECT, ResearchSettings(candidate_tokens=100))
    assert 0 < sum(estimated_tokens(one.sentence) for one in few) <= 100
    assert (
        sum("Rotterdam" in one.sentence for one in select_candidates([many], BRIEF, PROSPECT, ResearchSettings())) == 1
    )


def test_deterministic_and_empty():
    pages = [page()]
    assert select_candidates(pages, BRIEF, PROSPECT, ResearchSettings()) == select_candidates(
        pages, BRIEF, PROSPECT, ResearchSettings()
    )
    assert select_candidates([], BRIEF, PROSPECT, ResearchSettings()) == []
    assert select_candidates([page("")], BRIEF, PROSPECT, ResearchSettings()) == []


def test_a_page_of_very_many_sentences_hides_no_other():
    clauses = "\n".join(f"Clause {n} of the terms says that every buyer pays within thirty days." for n in range(5_000))
    for pages in ([page(clauses, url="https://terms.example/"), page()], [page(), page(clauses)]):
        ranked = rank_sentences(pages, BRIEF, PROSPECT)
        assert QUOTE in {candidate.sentence for candidate in ranked}
        assert len(ranked) == 2_000
