"""Takes traces and spans off the hot path: they are turned into JSON where they are left, and saved in groups later."""

from __future__ import annotations

from miniatures.datamodel.trace import Span, Trace
from miniatures.store.documents import model_json, plain_json
from miniatures.store.writer import SPANS, TRACES, Row, Writer


class Recorder:
    """A `TraceSink`. An entry is durable once any `Ledger.finish` that was called after it has returned.

    Otherwise it is saved within a fifth of a second, and when the store is closed.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def record(self, entry: Trace | Span) -> None:
        """Queue the entry; never blocks.

        Raises:
            StoreError: the store failed before or is closed: what happens from here on would leave no trace.
        """
        match entry:
            case Trace():
                backend = plain_json(str(entry.backend))
                self._writer.put(Row(TRACES, f'{{"backend":{backend},"document":{model_json(entry)}}}'))
            case Span():
                self._writer.put(Row(SPANS, f'{{"document":{model_json(entry)}}}'))
