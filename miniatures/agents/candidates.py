"""Finds the sentences of fetched pages that may be news, so that a small model selects and never recalls.

BM25 ranks every sentence against each of the brief's signals. Only the signals' words matter to the scores, so the
index holds those alone and all other words count as one: the scores equal those of a full index, at less than half the
cost. Sentences that share no word with any signal come last, those with numbers first: half of the news that people
marked in the gold data is told in words that no brief foresaw, and a researcher finds it there.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from miniatures.checks.sentences import sentences
from miniatures.checks.words import content_stem
from miniatures.datamodel.brief import Brief, Signal
from miniatures.datamodel.campaign import ResearchSettings
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.prospect import Prospect

SHORTEST, LONGEST = 30, 400
"""Characters of a candidate sentence."""
_FEWEST_WORDS = 5
_NEAR_DUPLICATE = 0.8
_MOST_SENTENCES = 2_000
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_CRUMBS = re.compile(r"\s[|\u203a»>•·/]\s|\|")
_NUMBER = re.compile(r"\d")
_LOWER_LETTER = re.compile(r"[^\W\d_A-Z]")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence, verbatim, its page, and the signal it matches best; empty if it shares no word with any."""

    sentence: str
    page: Page
    signal: str
    score: float


def split_sentences(text: str) -> list[str]:
    """The sentences of a page, verbatim, without menu crumbs and headings: 30 to 400 characters each."""
    return [sentence for sentence in sentences(text) if reads_as_sentence(sentence)]


def reads_as_sentence(sentence: str) -> bool:
    """Whether it is long enough, in small letters and no menu."""
    unspaced = _UNSPACED.search(sentence) is not None
    if not (SHORTEST if not unspaced else SHORTEST // 2) <= len(sentence) <= LONGEST:
        return False
    if unspaced:
        return True
    if len(sentence.split(None, _FEWEST_WORDS)) < _FEWEST_WORDS or len(_CRUMBS.findall(sentence)) > 1:
        return False
    return _LOWER_LETTER.search(sentence) is not None


def rank_sentences(pages: Sequence[Page], brief: Brief, prospect: Prospect) -> list[Candidate]:
    """Every sentence, best first; equal scores in the order of the pages, unmatched sentences with a number first."""
    placed = _placed(pages)
    matches = match_signals([sentence for sentence, _ in placed], brief.signals, prospect.company)
    candidates = [Candidate(*place, *match) for place, match in zip(placed, matches, strict=True)]
    candidates.sort(key=lambda candidate: (-candidate.score, not _NUMBER.search(candidate.sentence)))
    return candidates


def _placed(pages: Sequence[Page]) -> list[tuple[str, Page]]:
    """The sentences with their pages; where there are too many, a page of very many leaves room for all others."""
    split = [split_sentences(page.text) for page in pages]
    most = _fair_share([len(found) for found in split])
    return [(sentence, page) for found, page in zip(split, pages, strict=True) for sentence in found[:most]]


def _fair_share(counts: Sequence[int]) -> int:
    """How many sentences each page may give at most, so that all of them together are not too many."""
    left = _MOST_SENTENCES
    for place, count in enumerate(sorted(counts)):
        share = left // (len(counts) - place)
        if count > share:
            return share
        left -= count
    return _MOST_SENTENCES


def match_signals(sentences: Sequence[str], signals: tuple[Signal, ...], company: str) -> list[tuple[str, float]]:
    """For each sentence the signal that it matches best, empty if it shares no word with any, and the score."""
    corpus = [_terms(sentence) for sentence in sentences]
    matches = []
    for scores in _scores(corpus, signal_terms(signals), frozenset(_terms(company))):
        best = max(range(len(scores)), key=scores.__getitem__)
        matches.append((signals[best].name if scores[best] > 0 else "", round(scores[best], 6)))
    return matches


def within_limits(ranked: Sequence[Candidate], settings: ResearchSettings) -> list[Candidate]:
    """The first of the ranked sentences that fit, near-duplicates dropped."""
    kept: list[Candidate] = []
    seen: list[frozenset[str]] = []
    tokens = 0
    for candidate in ranked:
        terms = frozenset(_terms(candidate.sentence))
        cost = estimated_tokens(candidate.sentence)
        if tokens + cost > settings.candidate_tokens or any(_alike(terms, other) for other in seen):
            continue
        kept.append(candidate)
        seen.append(terms)
        tokens += cost
        if len(kept) == settings.candidates:
            break
    return kept


def estimated_tokens(text: str) -> int:
    """Tokens of a numbered line, roughly: a quarter of its characters, but all of those of a script without spaces."""
    unspaced = 0 if text.isascii() else len(_UNSPACED.findall(text))
    return (len(text) - unspaced) // 4 + unspaced + 4


@lru_cache(maxsize=1)
def _bm25s() -> Any:
    """The library, without the debug line that it writes for each index."""
    import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)
    return bm25s


@lru_cache(maxsize=64)
def signal_terms(signals: tuple[Signal, ...]) -> tuple[tuple[str, ...], ...]:
    """The stems that each signal is recognized by."""
    texts = (f"{signal.name} {signal.describes} {signal.query}".replace("{company}", "") for signal in signals)
    return tuple(tuple(dict.fromkeys(_terms(text.replace("_", " ")))) for text in texts)


def _terms(text: str) -> list[str]:
    if text.isascii() or not _UNSPACED.search(text):
        return [term for word in _WORD.findall(text) if (term := content_stem(word))]
    return [word[at : at + 2] for word in _WORD.findall(text) for at in range(max(1, len(word) - 1))]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= _NEAR_DUPLICATE * (len(one) + len(other) - shared)


def _scores(corpus: list[list[str]], queries: Sequence[Sequence[str]], own: frozenset[str]) -> list[list[float]]:
    """Each sentence's BM25 score against each query. Words of the company's own name match nothing."""
    vocabulary = {"": 0}
    for query in queries:
        for term in query:
            if term not in own:
                vocabulary.setdefault(term, len(vocabulary))
    ids = [[vocabulary.get(term, 0) for term in terms] for terms in corpus]
    if not any(map(any, ids)):
        return [[0.0] * len(queries) for _ in corpus]
    index = _bm25s().BM25()
    index.index((ids, vocabulary), show_progress=False)
    wanted = [[vocabulary[term] for term in query if term in vocabulary] for query in queries]
    columns = [index.get_scores_from_ids(query).tolist() if query else [0.0] * len(corpus) for query in wanted]
    return [list(row) for row in zip(*columns, strict=True)]
