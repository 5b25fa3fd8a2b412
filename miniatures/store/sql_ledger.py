"""The ledger on SQL: what a prospect has finished is read once, when it is first asked for, and then kept at hand."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from pydantic_core import from_json

from miniatures.store.documents import plain_json
from miniatures.store.ledger import StageKey
from miniatures.store.reader import Finished, StageReader
from miniatures.store.writer import STAGES, Row, Writer

_PROSPECTS_AT_HAND = 512


class SqlLedger:
    """The finished stages of one campaign. Used by one event loop at a time."""

    def __init__(self, campaign: str, writer: Writer, reader: StageReader) -> None:
        self._campaign = campaign
        self._writer = writer
        self._reader = reader
        self._at_hand: OrderedDict[str, Finished] = OrderedDict()
        self._loads: dict[str, object] = {}

    async def recall(self, key: StageKey) -> Any | None:
        """The JSON result of a finished stage, or None.

        Raises:
            StoreError: the database could not be read.
        """
        finished = self._at_hand.get(key.prospect)
        if finished is None:
            finished = await self._load(key.prospect)
        document = finished.get((key.stage, key.inputs))
        return None if document is None else from_json(document)

    async def finish(self, key: StageKey, result: Any) -> None:
        """Remember the stage's JSON result; returns when it, and all that was recorded before it, is durable.

        Raises:
            StoreError: it could not be saved; nor will anything after it be.
            TypeError: the result is not JSON.
        """
        document = plain_json(result)
        name = (self._campaign, key.prospect, key.stage, key.inputs)
        await self._writer.ask(Row(STAGES, _stage_json(name, document), name))
        self._loads.pop(key.prospect, None)
        if key.prospect in self._at_hand:
            self._at_hand[key.prospect][key.stage, key.inputs] = document

    def forget(self, prospect: str) -> None:
        """Drop what is at hand of a prospect, because the database has changed."""
        self._loads.pop(prospect, None)
        self._at_hand.pop(prospect, None)

    async def _load(self, prospect: str) -> Finished:
        load = self._loads[prospect] = object()
        try:
            finished: Finished = await self._reader.ask((self._campaign, prospect))
        finally:
            # A stage that was finished or forgotten meanwhile took the load away: it may be out of date.
            current = self._loads.get(prospect) is load
            if current:
                del self._loads[prospect]
        if current:
            self._at_hand[prospect] = finished
            if len(self._at_hand) > _PROSPECTS_AT_HAND:
                self._at_hand.popitem(last=False)
        return finished


def _stage_json(name: tuple[str, str, str, str], document: str) -> str:
    campaign, prospect, stage, inputs = (plain_json(part) for part in name)
    return f'{{"campaign":{campaign},"prospect":{prospect},"stage":{stage},"inputs":{inputs},"document":{document}}}'
