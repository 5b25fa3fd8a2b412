"""Counts what a dataset holds and what was left out of it, with the lengths of its prompts and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path

from pydantic import Field

from miniatures.backends.chat_template import ChatTemplate
from miniatures.backends.hugging_face_engine import tokenizer_header
from miniatures.backends.hugging_face_load import import_libraries, named_failures
from miniatures.datamodel.capabilities import Trust
from miniatures.datamodel.dataset import DatasetRow, DropReason, Split
from miniatures.datamodel.frozen import Frozen
from miniatures.finetune.base_checkpoint import checkpoint_of
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.dataset.rendering import served_prompt

_BINS = 10
_ROUND = (1, 2, 5)

CountTokens = Callable[[DatasetRow], int]
"""Tokens of a whole row, as the model reads it."""


class Bin(Frozen):
    """How many lengths are from `low` up to but not `high`."""

    low: int
    high: int
    count: int


class Lengths(Frozen):
    """The distribution of one length over a role's examples."""

    role: str
    what: str = Field(description="Such as `words of the answer`.")
    median: int
    most: int
    bins: tuple[Bin, ...]


class SplitCount(Frozen):
    """One side of the split."""

    examples: int
    companies: int


class DatasetStats(Frozen):
    """What is to be said of a dataset."""

    hash: str
    sources: tuple[str, ...]
    seed: int
    trust: Trust
    examples: int
    companies: int
    splits: dict[Split, SplitCount]
    roles: dict[str, int]
    answers: dict[str, int] = Field(description="Examples by who wrote the answer.")
    preference_pairs: int
    unanswered: int = Field(description="Cases that are only asked.")
    dropped: dict[DropReason, int]
    flagged_near_duplicates: int
    lengths: tuple[Lengths, ...]


def dataset_stats(dataset: Dataset, count_tokens: CountTokens | None = None) -> DatasetStats:
    """Read the whole dataset once and count.

    Raises:
        InputError: a line is damaged.
    """
    manifest = dataset.manifest
    rows = [row for split in Split for row in dataset.rows(split)]
    return DatasetStats(
        hash=manifest.hash,
        sources=manifest.sources,
        seed=manifest.seed,
        trust=manifest.trust,
        examples=len(rows),
        companies=len({row.example.company for row in rows}),
        splits={
            split: SplitCount(examples=manifest.splits[split].examples, companies=manifest.splits[split].companies)
            for split in Split
        },
        roles=manifest.roles,
        answers=manifest.example_sources,
        preference_pairs=sum(row.example.rejected is not None for row in rows),
        unanswered=sum(row.example.answer is None for row in rows),
        dropped=manifest.dropped,
        flagged_near_duplicates=manifest.flagged_near_duplicates,
        lengths=tuple(_lengths(rows, count_tokens)),
    )


def _lengths(rows: Sequence[DatasetRow], count_tokens: CountTokens | None) -> Iterable[Lengths]:
    measures: dict[str, CountTokens] = {"words of the prompt": _prompt_words, "words of the answer": _answer_words}
    if count_tokens is not None:
        measures["tokens in all"] = count_tokens
    for role in sorted({row.example.role for row in rows}):
        own = [row for row in rows if row.example.role == role]
        for what, measure in measures.items():
            known = own if measure is not _answer_words else [row for row in own if row.example.answer is not None]
            if known:
                yield distribution(role, what, [measure(row) for row in known])


def distribution(role: str, what: str, lengths: Sequence[int]) -> Lengths:
    """The lengths in about ten bins of one round width."""
    ordered = sorted(lengths)
    width = _width(ordered[-1] - ordered[0])
    counts = Counter(length // width for length in ordered)
    bins = tuple(
        Bin(low=place * width, high=(place + 1) * width, count=counts[place])
        for place in range(min(counts), max(counts) + 1)
    )
    return Lengths(role=role, what=what, median=ordered[len(ordered) // 2], most=ordered[-1], bins=bins)


def _width(extent: int) -> int:
    """The least of 1, 2, 5, 10, 20, 50, ... with which ten bins are enough."""
    widths: Iterable[int] = (step * 10**power for power in count() for step in _ROUND)
    return next(width for width in widths if width * _BINS >= extent)


def _prompt_words(row: DatasetRow) -> int:
    return sum(len(message.content.split()) for message in row.prompt)


def _answer_words(row: DatasetRow) -> int:
    answer = row.example.answer or {}
    return len(str(answer.get("body", row.messages[-1].content)).split())


def token_counter(base: str) -> CountTokens:
    """Counts tokens as the base that is to be tuned does, its chat template included.

    Raises:
        MissingExtra: transformers is not installed.
        UnknownModel: there is no such base, or its tokenizer cannot be read.
    """
    transformers, _ = import_libraries()
    checkpoint = checkpoint_of(base, Path())
    with named_failures(checkpoint.name):
        tokenizer = transformers.AutoTokenizer.from_pretrained(**checkpoint.arguments)
    template = ChatTemplate(tokenizer_header(tokenizer))

    def count_tokens(row: DatasetRow) -> int:
        answer = "" if row.example.answer is None else row.messages[-1].content
        return len(tokenizer.encode(served_prompt(row.prompt, template) + answer, add_special_tokens=False))

    return count_tokens
