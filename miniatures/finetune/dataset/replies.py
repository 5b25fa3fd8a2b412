"""Replies with their class: what a reader of replies learns from, and what a person's corrections become.

A file has one reply a line: `{"id", "offer", "text", "class", "language"}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from miniatures.agents.roles.reply_reader import REPLY_READER, ReplyMeaning, ReplyVariables
from miniatures.datamodel.errors import InputError, writing
from miniatures.datamodel.example import Example, Source
from miniatures.datamodel.files import read_regular
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.inbound import Inbound, ReplyClass
from miniatures.datamodel.mistakes import mistakes
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.dataset.surrogates import Contact, Surrogates

_MOST_BYTES = 50_000_000
_BODY = "body"


class ReplyRecord(Strict):
    """One reply and what it means."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    offer: str = Field(description="What the email offered.")
    text: str = Field(description="What the person wrote, without quote and signature.")
    reply_class: ReplyClass = Field(alias="class")
    language: str = Field(default="", description="BCP 47; empty if nobody said.")


def is_replies(path: Path) -> bool:
    """Whether a file holds such records, by its first line."""
    try:
        with path.open(encoding="utf-8") as lines:
            first = json.loads(lines.readline())
    except (OSError, ValueError):
        return False
    return isinstance(first, dict) and {"offer", "text", "class"} <= first.keys()


def read_replies(path: Path) -> list[ReplyRecord]:
    """The records of a file.

    Raises:
        InputError: a line is none; names the file and the line.
    """
    records = []
    for number, line in enumerate(StringIO(read_regular(path, _MOST_BYTES).decode("utf-8")), start=1):
        try:
            records.append(ReplyRecord.model_validate_json(line))
        except ValidationError as error:
            raise InputError(f"{path}, line {number}: {mistakes(error)}", hint="Correct the line.") from error
    return records


def reply_examples(records: Iterable[ReplyRecord], source: Source = Source.GOLD) -> Iterator[Example]:
    """The same as training examples; replies to one offer stay on one side of a split."""
    for one in records:
        yield Example(
            role=REPLY_READER.name,
            variables=ReplyVariables.of(one.offer, one.text).model_dump(mode="json"),
            answer=ReplyMeaning(reply_class=one.reply_class).model_dump(mode="json"),
            company=one.offer,
            source=source,
            lineage=(one.id,),
        )


def corrected_records(
    mails: Iterable[Inbound], offer: str, prospects: Mapping[str, Prospect], secret: bytes
) -> Iterator[ReplyRecord]:
    """What people said of replies to this offer, as records about strangers.

    The names of the prospects (by key) and all addresses and telephone numbers are replaced as in datasets; `secret`
    draws the surrogates.
    """
    contacts = {key: Contact(one.first_name, one.last_name, one.company) for key, one in prospects.items()}
    surrogates = Surrogates(contacts.values(), secret)
    for one in mails:
        if one.is_corrected and one.reply_class is not None and one.text.strip():
            text = _about_a_stranger(one, prospects.get(one.prospect or ""), surrogates)
            yield ReplyRecord(id=one.id, offer=offer, text=text, reply_class=one.reply_class)


def write_replies(records: Iterable[ReplyRecord], path: Path) -> None:
    """The records as a file that `read_replies` reads.

    Raises:
        InputError: it cannot be written.
    """
    lines = [json.dumps(one.model_dump(mode="json", by_alias=True), ensure_ascii=False) for one in records]
    with writing(path):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _about_a_stranger(mail: Inbound, prospect: Prospect | None, surrogates: Surrogates) -> str:
    """The text with surrogates, which are given to texts of examples."""
    who = {} if prospect is None else {"first_name": prospect.first_name, "last_name": prospect.last_name}
    example = Example(
        role=REPLY_READER.name,
        variables={"prospect": who},
        answer={_BODY: mail.text},
        company="" if prospect is None else prospect.company,
        source=Source.EDITED,
    )
    return str((surrogates.replace(example).answer or {})[_BODY])
