"""What reading a document gives: its text, or the closed word for why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from miniatures.agents.tools.fetching import FetchStatus


@dataclass(frozen=True)
class Extraction:
    """What a document says; `status` is `fetched` exactly when there is text."""

    status: FetchStatus
    title: str = ""
    text: str = ""
    published: datetime | None = None
    links: tuple[str, ...] = ()
    detail: str = ""
