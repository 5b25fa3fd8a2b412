"""The manifest of a dataset: what is in it by content hash, where it came from, and what was left out and why."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.capabilities import Trust
from miniatures.datamodel.example import Example
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prompt import ChatMessage


class Split(StrEnum):
    """The sides of a split; a company stands on one only."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class DropReason(StrEnum):
    """Why a candidate did not become an example."""

    FAILED_CHECKS = "failed_checks"
    REJECTED = "rejected"
    NOT_REVIEWED = "not_reviewed"
    NO_ANSWER = "no_answer"
    SUPERSEDED = "superseded"
    NEAR_DUPLICATE = "near_duplicate"
    UNRENDERABLE = "unrenderable"
    TESTED = "tested"

    @property
    def why(self) -> str:
        """The reason as people say it."""
        return _WHY[self]


_WHY = {
    DropReason.FAILED_CHECKS: "a check refused the answer",
    DropReason.REJECTED: "a reviewer rejected it",
    DropReason.NOT_REVIEWED: "nobody stands behind it",
    DropReason.NO_ANSWER: "the call failed, or its answer was not the JSON asked for",
    DropReason.SUPERSEDED: "another answer to the same question is better",
    DropReason.NEAR_DUPLICATE: "nearly the same as another example",
    DropReason.UNRENDERABLE: "the prompt asks for a variable that it lacks",
    DropReason.TESTED: "a list of the test split has its sentence too",
}


class DatasetRow(Frozen):
    """One line of a split: the chat that is trained on, and the example it was rendered from."""

    id: str
    messages: tuple[ChatMessage, ...] = Field(
        min_length=1, description="Without the answer's turn where there is no answer."
    )
    example: Example

    @property
    def prompt(self) -> tuple[ChatMessage, ...]:
        """The turns that are read: all but the answer's."""
        return self.messages if self.example.answer is None else self.messages[:-1]


class SplitFile(Frozen):
    """One JSONL file of the dataset."""

    name: str
    sha256: str
    examples: int
    companies: int


class DatasetManifest(Frozen):
    """Everything that names a dataset; without clock or path, so that equal inputs give equal manifests."""

    format: int = 2
    sources: tuple[str, ...] = Field(description="Campaigns and gold folders, as they were named.")
    seed: int
    trust: Trust = Field(description="How a model that learns from it is to be asked: its rows are asked so.")
    taxonomy: str = Field(description="Hash of the kinds of news that its questions name.")
    prompt_versions: dict[str, str] = Field(description="Template version by prompt name.")
    splits: dict[Split, SplitFile]
    extra_files: dict[str, str] = Field(default_factory=dict, description="SHA-256 of every other file by name.")
    roles: dict[str, int] = Field(default_factory=dict, description="Examples by role.")
    example_sources: dict[str, int] = Field(default_factory=dict, description="Examples by who wrote the answer.")
    dropped: dict[DropReason, int] = Field(default_factory=dict)
    flagged_near_duplicates: int = 0
    lineage: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Example id -> trace ids, review ids and actions, or the gold example's name."
    )

    @property
    def hash(self) -> str:
        """The dataset's name wherever it is referred to."""
        return content_hash(self)
