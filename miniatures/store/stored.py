"""Reads what a row is about. One damaged row is told and left out: it never stops a command that reads the others."""

from __future__ import annotations

import logging
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from miniatures.datamodel.foreign_text import visible
from miniatures.datamodel.mistakes import mistakes

_log = logging.getLogger(__name__)
_ERASE = "restore the store from a backup, or erase that row"
Stored = TypeVar("Stored", bound=BaseModel)


def stored(kind: type[Stored], document: str, row: str, *, mend: str = _ERASE) -> Stored | None:
    """The document of a row, such as `reviews 0d3f`; None if it is damaged, which is logged with how to mend it."""
    try:
        return kind.model_validate_json(document)
    except ValidationError as error:
        _log.warning(
            "%s", visible(f"The store's row {row} is left out: {mistakes(error, most=1)}. To mend it, {mend}.")
        )
        return None
