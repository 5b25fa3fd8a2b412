"""What is asked of an in-process engine and what comes back, in words that no engine owns; and text as it grows."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from miniatures.datamodel.json_types import JsonSchema


class FinishReason(StrEnum):
    """Why the answer ended."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True)
class Sampling:
    """How to decode. `max_tokens` null leaves the engine its default; temperature 0 is greedy.

    `frequency_penalty`: what each use of a token takes from its logit, the prompt not counted (OpenAI's definition).
    `probability`: whether to tell how probable the answer was. `repeats`: the answer is drawn, and has to come out the
    same with the same seed whatever else is asked.
    """

    max_tokens: int | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    stop: tuple[str, ...] = ()
    schema: JsonSchema | None = None
    probability: bool = False
    repeats: bool = False

    def truncate(self, text: str) -> tuple[str, bool]:
        """The text before the first stop string, and whether there was one."""
        places = [place for place in (text.find(stop) for stop in self.stop) if place >= 0]
        return (text[: min(places)], True) if places else (text, False)


@dataclass(frozen=True)
class Completion:
    """One answer. Times are milliseconds since the request was handed over; null if not known.

    `probability`: what the model itself gave to this text, whatever a schema held it to.
    """

    text: str
    input_tokens: int
    output_tokens: int
    finish_reason: FinishReason
    queue_ms: float | None = None
    first_token_ms: float | None = None
    cached_tokens: int | None = None
    probability: float | None = None


class TextStream:
    """Turns pieces of bytes into text as they come: never half a character, never the beginning of a stop string."""

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._stop = tuple(stop)
        self._known = ""
        self._sent = 0

    def push(self, piece: bytes) -> str:
        """The text that has become certain."""
        self._known += self._decoder.decode(piece)
        return self._release(len(self._known) - self._withheld(self._known), self._known)

    def finish(self, text: str) -> str:
        """What of the whole text has not been sent yet."""
        return self._release(len(text), text)

    def _release(self, end: int, text: str) -> str:
        start = self._sent
        self._sent = max(start, end)
        return text[start : self._sent]

    def _withheld(self, text: str) -> int:
        """Length of the end of `text` that is, or may become, a stop string."""
        found = [len(text) - place for place in (text.find(stop) for stop in self._stop) if place >= 0]
        begun = [
            size
            for stop in self._stop
            for size in range(1, min(len(stop), len(text)) + 1)
            if text.endswith(stop[:size])
        ]
        return max([*found, *begun], default=0)
