"""The written rubrics, of reviewers and of readers, with their hashes: what was said counts for what was asked then."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.review import RejectReason

_SECTION = re.compile(r"^### (\w+)\n\n(.+?)(?=\n\n#|\Z)", re.MULTILINE | re.DOTALL)


@cache
def rubric_text() -> str:
    """The reviewers' rubric, in Markdown."""
    return _text("rubric.md")


@cache
def comparing_text() -> str:
    """What the reviewers' rubric says of comparing two emails, in Markdown."""
    return rubric_text().partition("## How to compare\n")[2].strip()


@cache
def reading_rubric_text() -> str:
    """The readers' rubric, in Markdown."""
    return _text("reading_rubric.md")


@cache
def rubric_version() -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the reviewers' rubric."""
    return text_hash(rubric_text())[:16]


@cache
def reading_rubric_version() -> str:
    """The same of the readers' rubric."""
    return text_hash(reading_rubric_text())[:16]


@cache
def reason_texts() -> dict[RejectReason, str]:
    """What each reason to reject means, on one line, in the order in which the rubric ranks them."""
    sections = _SECTION.findall(rubric_text())
    return {RejectReason(name): " ".join(text.split()) for name, text in sections}


def _text(name: str) -> str:
    return (resources.files("miniatures.review") / name).read_text(encoding="utf-8")
