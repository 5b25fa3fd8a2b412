"""One call on its way through the wrappers of a backend, however it was made.

An answer comes in parts: a plain call's is one whole result, a stream's are its chunks. The engine hands each part to
the reader past all wrappers; those that want to hear it listen. So a wrapper says once what it does around a call, and
works for both, waited for or not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult

from miniatures.backends.base import Backend
from miniatures.backends.wrappers.handing import hand
from miniatures.backends.wrappers.parts import Part, as_chunk
from miniatures.datamodel.json_types import Options


class Around(ABC):
    """What stands around a backend."""

    @abstractmethod
    async def around(self, call: Call) -> None:
        """Ask the inner backend by `await call.ask(inner)`, with whatever is to be done before and after.

        A reader that leaves a stream cancels it at once. Context variables that are set here the reader never sees.
        """


@dataclass(slots=True)
class Call:
    """What is asked, and how the answer is wanted. A wrapper that changes it passes a changed copy on."""

    messages: list[BaseMessage]
    stop: list[str] | None
    run_manager: Any
    options: Options
    streamed: bool = False
    blocking: bool = False
    waited_ms: float = 0.0
    """How long it waited for a slot."""
    listeners: tuple[Callable[[Part], None], ...] = ()

    def heard_by(self, listener: Callable[[Part], None]) -> Call:
        """The same call, with one more who hears each part before the reader gets it, and may write on it."""
        return replace(self, listeners=(listener, *self.listeners))

    async def ask(self, backend: Backend) -> None:
        """Have the backend answer; the parts of its answer go to the listeners and the reader."""
        if isinstance(backend, Around):
            await backend.around(self)
        elif not self.streamed:
            await self._give(await self._result(backend))
        elif not _streams(backend, self.blocking):
            await self._give(as_chunk(await self._result(backend)))
        elif self.blocking:
            for chunk in backend._stream(self.messages, self.stop, self.run_manager, **self.options):
                await self._give(chunk)
        else:
            await self._pass_on(backend._astream(self.messages, self.stop, self.run_manager, **self.options))

    async def _pass_on(self, chunks: Any) -> None:
        try:
            async for chunk in chunks:
                await self._give(chunk)
        finally:
            if hasattr(chunks, "aclose"):
                await chunks.aclose()

    async def _give(self, part: Part) -> None:
        for listener in self.listeners:
            listener(part)
        await hand(part)

    async def _result(self, backend: Backend) -> ChatResult:
        if self.blocking:
            return backend._generate(self.messages, self.stop, self.run_manager, **self.options)
        return await backend._agenerate(self.messages, self.stop, self.run_manager, **self.options)


def _streams(backend: Backend, blocking: bool) -> bool:
    kind = type(backend)
    has_stream = kind._stream is not BaseChatModel._stream
    return has_stream or (not blocking and kind._astream is not BaseChatModel._astream)
