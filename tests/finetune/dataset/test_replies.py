"""Replies with their class become examples, and corrections become replies of strangers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miniatures.agents.roles.reply_reader import REPLY_READER
from miniatures.datamodel.capabilities import READER
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.replies import (
    ReplyRecord,
    corrected_records,
    is_replies,
    read_replies,
    reply_examples,
    write_replies,
)
from miniatures.finetune.dataset.sources import find_sources

LINE = '{"id": "t1", "offer": "Cold stores.", "text": "Yes,\\nTuesday.", "class": "positive", "language": "en"}'
REPLIES = Path(__file__).parents[3] / "examples" / "replies"


def test_a_file_of_replies_is_read_and_written_alike(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(LINE + "\n", encoding="utf-8")
    [record] = read_replies(file)
    assert (record.reply_class, record.text) == (ReplyClass.POSITIVE, "Yes,\nTuesday.")
    write_replies([record], file)
    assert read_replies(file) == [record]


@given(st.lists(st.text(min_size=1), max_size=3))
@example(["Yes.\u2028Tuesday.\x85\x0b", "No."])
def test_whatever_people_write_is_one_line(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    file = tmp_path_factory.mktemp("replies") / "replies.jsonl"
    records = [ReplyRecord(id="a", offer="Cold stores.", text=text, reply_class=ReplyClass.NEUTRAL) for text in texts]
    write_replies(records, file)
    assert read_replies(file) == records


def test_a_line_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(f"{LINE}\n{LINE.replace('positive', 'maybe')}\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        read_replies(file)


def test_such_files_are_told_from_chats(tmp_path: Path) -> None:
    replies, chats = tmp_path / "replies.jsonl", tmp_path / "chats.jsonl"
    replies.write_text(LINE, encoding="utf-8")
    chats.write_text('{"messages": []}', encoding="utf-8")
    assert (is_replies(replies), is_replies(chats), is_replies(tmp_path / "none")) == (True, False, False)
    found = find_sources([str(replies), str(chats)], None)
    assert (found.replies, found.chats) == ((replies,), (chats,))
    assert found.names == ("chats:chats.jsonl", "replies:replies.jsonl")


def test_replies_become_a_dataset_split_by_offer(tmp_path: Path) -> None:
    records = read_replies(REPLIES / "train.jsonl")[:120]
    settings = BuildSettings(trust=READER, validation=0.2)
    dataset = build_dataset(reply_examples(records), tmp_path / "set", settings)
    sides = {split: list(dataset.rows(split, [REPLY_READER.name])) for split in Split}
    assert sum(map(len, sides.values())) == len(records)
    offers = [{row.example.company for row in sides[split]} for split in (Split.TRAIN, Split.VALIDATION)]
    assert all(offers)
    assert offers[0].isdisjoint(offers[1])


def test_what_people_corrected_becomes_records_about_strangers() -> None:
    maya = Prospect(email="maya@north.example", first_name="Maya", last_name="Okoro", company="Northmill")
    text = "Call me at +44 20 7946 0958 or maya.okoro@north.example.\n\nMaya Okoro"

    def reply(id: str, by: str) -> Inbound:
        return Inbound(
            id=id,
            prospect=maya.key,
            mailbox="sales",
            kind=InboundKind.REPLY,
            received_at=datetime(2026, 11, 30, tzinfo=UTC),
            text=text,
            reply_class=ReplyClass.POSITIVE,
            classified_by=by,
        )

    mails = [reply("a", "ada"), reply("b", "encoder:minilm+1234"), reply("c", "words")]
    [record] = corrected_records(mails, "Cold stores.", {maya.key: maya}, b"secret")
    assert (record.id, record.offer, record.reply_class) == ("a", "Cold stores.", ReplyClass.POSITIVE)
    assert record.text.startswith("Call me at +44 20 ")
    for word in ("Maya", "Okoro", "7946 0958", "north.example"):
        assert word not in record.text
