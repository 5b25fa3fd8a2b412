"""The written rubric that reviewers read, and its hash: a review counts for what was asked when it was made."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.review import RejectReason

_SECTION = re.compile(r"^### (\w+)\n\n(.+?)(?=\n\n#|\Z)", re.MULTILINE | re.DOTALL)


@cache
def rubric_text() -> str:
    """The rubric, in Markdown."""
    return (resources.files("miniatures.review") / "rubric.md").read_text(encoding="utf-8")


@cache
def rubric_version() -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the rubric's text."""
    return text_hash(rubric_text())[:16]


@cache
def reason_texts() -> dict[RejectReason, str]:
    """What each reason to reject means, on one line, in the order in which the rubric ranks them."""
    sections = _SECTION.findall(rubric_text())
    return {RejectReason(name): " ".join(text.split()) for name, text in sections}
