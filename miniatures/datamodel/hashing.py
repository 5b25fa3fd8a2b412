"""Content hashes: the same content gives the same short name on every machine and in every year."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def text_hash(text: str) -> str:
    """SHA-256 of the UTF-8 text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def content_hash(content: Any) -> str:
    """SHA-256 of the content's canonical JSON (sorted keys, no spaces); Pydantic models are dumped first."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return text_hash(canonical)


def _plain(content: Any) -> Any:
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    raise TypeError(f"{type(content).__name__} has no canonical JSON")
