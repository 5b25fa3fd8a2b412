"""What people write back: the written replies of `examples/replies/train.jsonl`, in English, each with its meaning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.inbound import ReplyClass

_FILE = Path(__file__).parents[1] / "replies" / "train.jsonl"


@dataclass(frozen=True)
class ReplyText:
    """One reply as somebody wrote it."""

    text: str
    meaning: ReplyClass


def load_replies() -> list[ReplyText]:
    """All of them."""
    rows = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return [ReplyText(row["text"], ReplyClass(row["class"])) for row in rows if row["language"] == "en"]
