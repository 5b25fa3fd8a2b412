"""How a run and its extraction workers speak: documents and extractions on pipes, each behind its length.

Everything is JSON or the document's own bytes, never a pickle: a worker has read hostile markup and is not trusted.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import IO

from pydantic import TypeAdapter, ValidationError

from miniatures.agents.tools.extract.extraction import Extraction

LARGEST_FRAME = 64 * 2**20
"""Bytes. A larger document is not read, a larger answer not believed."""
MEMORY_BYTES = 2**30
"""Address space of a worker, where the platform can limit it."""
OUT_OF_MEMORY = 70
"""Exit status of a worker whose document takes more than that."""

_LENGTH = struct.Struct(">Q")
_EXTRACTION = TypeAdapter(Extraction)


class PipeBroken(Exception):
    """The other side is gone, or what it sent is no message."""


@dataclass(frozen=True)
class Document:
    """A document as it came, and for how many seconds a worker may read it."""

    body: bytes
    content_type: str
    url: str
    deadline_s: float


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """Send one message.

    Raises:
        PipeBroken: nobody reads any more.
    """
    try:
        pipe.write(_LENGTH.pack(len(content)) + content)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise PipeBroken from error


def read_frame(pipe: IO[bytes]) -> bytes:
    """Wait for one message.

    Raises:
        PipeBroken: the other side ended before it was whole.
    """
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if length > LARGEST_FRAME:
        raise PipeBroken
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    try:
        content = pipe.read(count)
    except (OSError, ValueError) as error:
        raise PipeBroken from error
    if len(content) < count:
        raise PipeBroken
    return content


def write_document(pipe: IO[bytes], document: Document) -> None:
    """Send a document. Raises: as `write_frame`."""
    about = [document.content_type, document.url, document.deadline_s]
    write_frame(pipe, json.dumps(about).encode())
    write_frame(pipe, document.body)


def read_document(pipe: IO[bytes]) -> Document:
    """Wait for a document. Raises: as `read_frame`."""
    content_type, url, deadline_s = json.loads(read_frame(pipe))
    return Document(read_frame(pipe), content_type, url, deadline_s)


def to_json(extraction: Extraction) -> bytes:
    """The extraction as it is sent and kept."""
    return _EXTRACTION.dump_json(extraction)


def from_json(content: bytes) -> Extraction:
    """The extraction that was sent or kept.

    Raises:
        PipeBroken: it is none.
    """
    try:
        return _EXTRACTION.validate_json(content)
    except ValidationError as error:
        raise PipeBroken from error
