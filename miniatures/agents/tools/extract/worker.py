"""The process that reads documents: it may be killed at any moment, so whatever a page does to it ends with it.

`python -m miniatures.agents.tools.extract.worker` answers documents from standard input on standard output until its
input ends, as it does when whoever started it is gone. Should it then hang in a document, the system's own alarm ends
it, for which no Python code needs to run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path

from miniatures.agents.tools.extract.document import extract
from miniatures.agents.tools.extract.extraction import Extraction
from miniatures.agents.tools.extract.protocol import (
    MEMORY_BYTES,
    OUT_OF_MEMORY,
    Document,
    PipeBroken,
    read_document,
    to_json,
    write_frame,
)
from miniatures.agents.tools.fetching import FetchStatus
from miniatures.datamodel.child_process import become_child, limit_memory

_WORN_BYTES = MEMORY_BYTES // 2
_GRACE_S = 1.0
_FIRST = b"<p>A page with words enough that everything is asked which is asked for a page.</p>"


def main() -> None:
    """Read documents until there are no more, or until memory that libraries never give back has piled up."""
    documents, answers = become_child()
    limit_memory(MEMORY_BYTES)
    extract(_FIRST, "text/html", "")  # libraries load what they need; no document is to pay for that

    with contextlib.suppress(PipeBroken):
        write_frame(answers, b"ready")
        while not _is_worn():
            document = read_document(documents)
            write_frame(answers, b"reading")
            write_frame(answers, _answer(document))


def _answer(document: Document) -> bytes:
    _set_alarm(document.deadline_s + _GRACE_S)
    try:
        return to_json(extract(document.body, document.content_type, document.url))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception as error:  # parsers fail in any way on markup that was made to break them
        return to_json(Extraction(FetchStatus.UNREADABLE, detail=f"the extraction failed: {type(error).__name__}"))
    finally:
        _set_alarm(0)


def _set_alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _is_worn() -> bool:
    """Whether so much memory is held that an innocent document could run out of it."""
    return _resident_bytes() > _WORN_BYTES


def _resident_bytes() -> int:
    """What this process holds; 0 where nothing tells.

    Linux is asked in its own way: the peak that `getrusage` tells there begins with that of the process that started
    this one, which may hold a model.
    """
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
    os._exit(0)
