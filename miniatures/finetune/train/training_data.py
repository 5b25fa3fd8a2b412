"""A dataset's rows as tokens: what was too long is counted and left out, never cut silently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from miniatures.datamodel.dataset import DatasetRow
from miniatures.datamodel.errors import InputError
from miniatures.finetune.dataset.rendering import Tokenized, tokenize
from miniatures.finetune.train.base_model import BaseModel


@dataclass(frozen=True)
class TokenizedSplit:
    """The examples of one side, and how many were left out because they are too long."""

    examples: list[Tokenized]
    too_long: int
    longest: int


def tokenize_rows(
    rows: Iterable[DatasetRow], base: BaseModel, limit: int, emphasis: Mapping[str, int]
) -> TokenizedSplit:
    """The rows that have an answer.

    Raises:
        InputError: a row's messages do not fit the base's chat template, or no row fits into the limit.
    """
    end = base.turn_end
    examples: list[Tokenized] = []
    too_long = longest = 0
    for row in rows:
        if row.example.answer is None:
            continue
        one = tokenize(row.prompt, row.messages[-1].content, base.template, base.tokenizer, end, emphasis)
        longest = max(longest, len(one.tokens))
        if len(one.tokens) > limit:
            too_long += 1
        else:
            examples.append(one)
    if too_long and not examples:
        raise InputError(
            f"every one of {too_long} examples is longer than {limit} tokens; the longest has {longest}",
            hint="Raise max_tokens in the recipe, as far as the base's context and the memory allow.",
        )
    return TokenizedSplit(examples, too_long, longest)
