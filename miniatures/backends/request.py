"""One prompt on its way through an engine that answers from threads of its own; cancelling its future takes it out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from langchain_core.messages import BaseMessage

from miniatures.backends.completion import Completion, FinishReason, Sampling
from miniatures.backends.errors import ContextOverflow

DEFAULT_MAX_TOKENS = 1024


@dataclass(eq=False)
class Request:
    """What the engine is asked. `on_text` is called from the engine's thread with each piece of the answer."""

    messages: list[BaseMessage]
    sampling: Sampling
    adapter: Path | None = None
    on_text: Callable[[str], None] | None = None
    future: Future[Completion] = field(default_factory=Future)
    _pieces: list[str] = field(default_factory=list)
    _submitted: float = field(default_factory=perf_counter)
    _taken: float | None = None
    _begun: float | None = None

    @property
    def settled(self) -> bool:
        """Answered, failed or cancelled: nothing more is to be done."""
        return self.future.done()

    @property
    def has_begun(self) -> bool:
        """Whether somebody has been given a piece of the answer."""
        return self.on_text is not None and bool(self._pieces)

    def restart(self) -> None:
        """Forget the beginning of an answer that nobody has seen."""
        self._pieces.clear()

    def take(self) -> None:
        """The time in the queue is over."""
        self._taken = self._taken or perf_counter()

    def begin(self) -> None:
        """The answer's first token is there."""
        self._begun = self._begun or perf_counter()

    def write(self, text: str) -> None:
        """Pass a piece of the answer on."""
        if not text:
            return
        self.begin()
        self._pieces.append(text)
        if self.on_text is not None:
            self.on_text(text)

    def complete(
        self,
        reason: FinishReason,
        *,
        input_tokens: int,
        output_tokens: int,
        cached_tokens: int | None = None,
        probability: float | None = None,
        text: str | None = None,
    ) -> None:
        """The answer is whole: what was written, unless the text says otherwise."""
        completion = Completion(
            text="".join(self._pieces) if text is None else text,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            finish_reason=reason,
            queue_ms=self._since_submitted(self._taken),
            first_token_ms=self._since_submitted(self._begun),
            cached_tokens=cached_tokens,
            probability=probability,
        )
        if not self.settled and self.future.set_running_or_notify_cancel():
            self.future.set_result(completion)

    def fail(self, error: BaseException) -> None:
        """There will be no answer."""
        if not self.settled and self.future.set_running_or_notify_cancel():
            self.future.set_exception(error)

    def _since_submitted(self, moment: float | None) -> float | None:
        return None if moment is None else (moment - self._submitted) * 1000


def answer_room(sampling: Sampling, prompt_tokens: int, context_tokens: int | None) -> int:
    """Tokens that the answer may have: as many as were asked for, or what is left up to the default.

    Raises:
        ContextOverflow: prompt and answer do not fit.
    """
    left = DEFAULT_MAX_TOKENS if context_tokens is None else context_tokens - prompt_tokens
    wanted = sampling.max_tokens or max(1, min(DEFAULT_MAX_TOKENS, left))
    if context_tokens is not None and wanted > left:
        raise context_overflow(prompt_tokens, wanted, context_tokens)
    return wanted


def context_overflow(prompt_tokens: int, answer_tokens: int, context_tokens: int) -> ContextOverflow:
    """The error for a prompt and an answer that are too long together."""
    return ContextOverflow(
        f"{prompt_tokens} prompt tokens and {answer_tokens} for the answer "
        f"exceed the model's context of {context_tokens}",
        hint="Shorten the prompt, or lower max_tokens.",
    )
