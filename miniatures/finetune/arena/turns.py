"""What a writer's own tellings were worth to a reader: the best teach the writer that follows, all of them a verifier.

A folder holds one file of readings a turn: a miniature told news of the training side several times, somebody who knew
nothing of it read every telling, and those that could be sent are learned from (rejection sampling, arXiv:2304.06767).
Beside it stand, as tellings, the others as a careful hand mended them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from miniatures.agents.roles.verifier import Form, Truth
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.review import ReadingVerdict
from miniatures.finetune.arena.folder import holds
from miniatures.finetune.arena.tellings import AuthoredTelling

FOLDER = "turns"
_SUFFIX = ".jsonl"


class ReadTelling(AuthoredTelling):
    """A telling that `writer` wrote and `read_by` read; an empty thought has no truth."""

    writer: str
    read_by: str
    truth: Truth
    form: Form
    thought_truth: Truth | None
    subject_truth: Truth
    subject_form: Form
    verdict: ReadingVerdict

    @property
    def authored(self) -> AuthoredTelling:
        """The telling alone."""
        return AuthoredTelling.model_validate(self.model_dump(include=set(AuthoredTelling.model_fields)))


def is_turns(folder: Path) -> bool:
    """Whether the folder is one of turns."""
    return holds(folder, FOLDER, _SUFFIX)


def read_turns(folder: Path) -> tuple[ReadTelling, ...]:
    """Every reading, turn by turn.

    Raises:
        InputError: a line is none.
    """
    return tuple(one for path in sorted(folder.glob(f"*{_SUFFIX}")) for one in _lines(path))


def kept(read: Iterable[ReadTelling]) -> list[AuthoredTelling]:
    """The tellings that could be sent as they stand, each text once."""
    sent = {(one.offer, one.quote, one.opening): one.authored for one in read if one.verdict is ReadingVerdict.SEND}
    return list(sent.values())


def _lines(path: Path) -> list[ReadTelling]:
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [TypeAdapter(ReadTelling).validate_json(line) for line in lines if line.strip()]
    except ValueError as error:
        raise InputError(f"{path}: {str(error).splitlines()[0]}", hint="Write one reading a line.") from error
