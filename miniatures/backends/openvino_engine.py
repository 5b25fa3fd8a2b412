"""One thread that owns one OpenVINO pipeline: whatever is asked while it decodes joins the batch that is running.

Nothing is held back to fill a batch. A request is a future: cancelling it takes it out of the batch at the next step.
A long prompt is made tokens of in another thread, and a grammar of unknown cost is tried in another process, so that
neither stops the batch; both join it one at a time.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from miniatures.backends.chat_template import ChatTemplate
from miniatures.backends.completion import Completion, FinishReason, Sampling, TextStream
from miniatures.backends.constraint import Constraint, constraint_of
from miniatures.backends.errors import BackendError, OutOfMemory, ServerFailed
from miniatures.backends.grammar_compiler import GrammarCompiler
from miniatures.backends.openvino_model import (
    MAX_IN_FLIGHT,
    LoadedModel,
    load_model,
)
from miniatures.backends.openvino_tokenizer import encode, load_tokenizer, token_ids, tokenizer_source
from miniatures.backends.request import Request, answer_room
from miniatures.backends.waiting_line import WaitingLine
from miniatures.weights.gguf_header import GGUFHeader


class OpenVINOEngine:
    """The pipeline of one weights file. It is loaded by the first request, and again after a failure."""

    def __init__(self, gguf: Path, sha256: str, header: GGUFHeader) -> None:
        self.template = ChatTemplate(header)
        self._gguf, self._sha256, self._header = gguf, sha256, header
        self._compiler = GrammarCompiler(
            "miniatures.backends.openvino_compile", lambda: [str(tokenizer_source(gguf, sha256))]
        )
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="prompt-reader")
        self._line: WaitingLine[_Waiting] = WaitingLine()
        self._active: list[_Running] = []
        self._model: LoadedModel | None = None
        self._next_id = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, request: Request) -> Future[Completion]:
        """Hand the request to the engine's thread.

        Raises (in the future):
            BadSchema, ContextOverflow, OutOfMemory, RateLimited, ServerFailed.
        """
        with self._lock:
            if self._closed:
                raise _closed("Open the backend again.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="openvino-engine", daemon=True)
                self._thread.start()
            if sum(len(message.text) for message in request.messages) > _LONG_CHARACTERS:
                self._reader.submit(self._read, request)
            else:
                self._let_wait(_Waiting(request))
        return request.future

    def _read(self, request: Request) -> None:
        """Make tokens of a long prompt."""
        if request.settled:
            return
        try:
            self._let_wait(_Waiting(request, heavy=True, input_ids=self._encoded(self._tokenizer, request)))
        except Exception as error:
            request.fail(_typed(error))

    def _let_wait(self, waiting: _Waiting) -> None:
        if not self._line.put(waiting, heavy=waiting.heavy):
            waiting.request.fail(_closed("Ask again."))

    def _tried(self, waiting: _Waiting, refusal: BackendError | None) -> None:
        """Its grammar has been tried."""
        if refusal is not None:
            waiting.request.fail(refusal)
        else:
            self._let_wait(_Waiting(waiting.request, heavy=True, input_ids=waiting.input_ids))

    def _encoded(self, tokenizer: Any, request: Request) -> Any:
        return encode(tokenizer, self.template.render(request.messages))

    def token_ids(self, text: str) -> list[int]:
        """The text's tokens. The model need not be loaded for it."""
        return token_ids(self._tokenizer, text, self._header.context_tokens)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._gguf, self._sha256)

    def close(self) -> None:
        """Stop after the current step and free the memory; what is still waiting fails."""
        with self._lock:
            self._closed = True
            thread = self._thread
        left = self._line.close()
        if thread is not None:
            thread.join()
        for waiting in left:
            waiting.request.fail(_closed("Ask again."))
        self._reader.shutdown(wait=False, cancel_futures=False)
        self._compiler.close()

    def _run(self) -> None:
        while self._admit():
            try:
                self._step()
            except Exception as error:  # The engine's own exceptions are bare RuntimeErrors.
                self._fail(_typed(error))
        self._empty()

    def _empty(self) -> None:
        """Take out of the batch what is still in it: a pipeline dropped with sequences in it complains of a leak."""
        for running in self._active:
            running.request.fail(_closed("Ask again."))
        with suppress(Exception):  # It is being dropped, and everyone has been told.
            self._step()
        self._fail(_closed("Ask again."))

    def _admit(self) -> bool:
        """Take in what has arrived, waiting only when there is nothing to decode. False: time to stop."""
        while self._has_room():
            waiting = self._line.take(heavy=not self._reads_heavy(), wait=not self._active)
            if waiting is None:
                break
            self._start(waiting)
        return not self._closed

    def _has_room(self) -> bool:
        """Prompts are let in a few at a time: those that come after find the part they share in the prefix cache."""
        unread = sum(running.unread_tokens for running in self._active if not running.heavy)
        return len(self._active) < MAX_IN_FLIGHT and unread < _UNREAD_TOKENS

    def _reads_heavy(self) -> bool:
        return any(running.heavy and running.unread_tokens for running in self._active)

    def _start(self, waiting: _Waiting) -> None:
        request = waiting.request
        if request.settled:
            return
        try:
            if self._model is None:
                self._model = load_model(self._gguf, self._sha256, self._header)
            schema = request.sampling.schema
            constraint = None if schema is None else constraint_of(schema)
            if constraint is None or self._compiler.knows(constraint):
                self._active.append(self._enqueue(self._model, waiting, constraint))
            else:
                self._compiler.try_out(constraint, partial(self._tried, waiting))
        except Exception as error:
            request.fail(_typed(error))

    def _enqueue(self, model: LoadedModel, waiting: _Waiting, constraint: Constraint | None) -> _Running:
        request, input_ids = waiting.request, waiting.input_ids
        if input_ids is None:
            input_ids = self._encoded(model.tokenizer, request)
        room = answer_room(request.sampling, input_ids.shape[1], self._header.context_tokens)
        config = generation_config(request.sampling, room, model.tokenizer.get_eos_token_id())
        if constraint is not None:
            config.structured_output_config = _structured(constraint)
        self._next_id += 1
        handle = model.pipeline.add_request(self._next_id, input_ids, config)
        return _Running(request, handle, model, input_ids.shape[1], heavy=waiting.heavy)

    def _step(self) -> None:
        if self._model is None or not self._active:
            return
        for running in self._active:
            running.withdraw_if_settled()
        self._model.pipeline.step()
        self._active = [running for running in self._active if not running.advance()]

    def _fail(self, error: BackendError) -> None:
        """Tell everyone who waits, and drop the pipeline: the next request loads a fresh one."""
        for running in self._active:
            running.request.fail(error)
        self._active, self._model = [], None


@dataclass(frozen=True)
class _Waiting:
    """A request on its way into the batch. `heavy`: it takes the engine long to begin; `input_ids`: the prompt's
    tokens, of shape (1, tokens), if they have been made already."""

    request: Request
    heavy: bool = False
    input_ids: Any = None


class _Running:
    """One request in the batch."""

    def __init__(self, request: Request, handle: Any, model: LoadedModel, prompt_tokens: int, *, heavy: bool) -> None:
        self.request, self.handle, self._model = request, handle, model
        self._prompt_tokens, self.heavy = prompt_tokens, heavy
        request.take()
        self._withdrawn = False
        self._tokens: list[int] = []
        self._finish: Any = None
        self._log_probability = 0.0
        streams = request.on_text is not None
        self._stream = TextStream(request.sampling.stop) if streams else None

    @property
    def unread_tokens(self) -> int:
        """Prompt tokens that the engine has not answered yet."""
        return 0 if self._tokens else self._prompt_tokens

    def withdraw_if_settled(self) -> None:
        """Before a step: have the step free what the engine keeps of an answer that nobody waits for."""
        if self.request.settled and not self._withdrawn:
            self.handle.cancel()
            self._withdrawn = True

    def advance(self) -> bool:
        """Read what the last step made; true when there is no more to come and the engine keeps nothing of it."""
        from openvino_genai import GenerationStatus

        if self.request.settled:
            return self._withdrawn
        while self.handle.can_read():
            for output in self.handle.read().values():
                self._take(output)
        match self.handle.get_status():
            case GenerationStatus.RUNNING:
                return False
            case GenerationStatus.IGNORED:
                self.request.fail(OutOfMemory(_CACHE_FULL, hint="Ask for fewer tokens at once."))
            case _:
                self._complete()
        return True

    def _take(self, output: Any) -> None:
        if output.generated_ids:
            self.request.begin()
        self._tokens += output.generated_ids
        self._finish = output.finish_reason
        self._log_probability += sum(output.generated_log_probs)
        if self._stream is not None:
            self.request.write(self._stream.push(b"".join(map(self._model.bytes_of, output.generated_ids))))

    def _complete(self) -> None:
        from openvino_genai import GenerationFinishReason

        cut = self._finish == GenerationFinishReason.LENGTH
        text, stopped = self.request.sampling.truncate(self._model.text_of(self._tokens))
        if self._stream is not None:
            self.request.write(self._stream.finish(text))
        self.request.complete(
            FinishReason.LENGTH if cut and not stopped else FinishReason.STOP,
            input_tokens=self._prompt_tokens,
            output_tokens=len(self._tokens),
            probability=math.exp(self._log_probability) if self.request.sampling.probability else None,
            text=text,
        )


def generation_config(sampling: Sampling, max_tokens: int, end_of_turn: int) -> Any:
    """The engine's own form of the sampling options."""
    from openvino_genai import GenerationConfig

    config = GenerationConfig()
    config.apply_chat_template = False
    config.eos_token_id = end_of_turn
    config.max_new_tokens = max_tokens
    config.repetition_penalty = sampling.repetition_penalty
    config.frequency_penalty = sampling.frequency_penalty
    config.do_sample = sampling.temperature > 0
    if config.do_sample:
        config.temperature, config.top_p, config.rng_seed = sampling.temperature, sampling.top_p, sampling.seed
    config.logprobs = int(sampling.probability)
    if sampling.stop:
        config.stop_strings, config.include_stop_str_in_output = set(sampling.stop), True
    return config


def _structured(constraint: Constraint) -> Any:
    from openvino_genai import StructuredOutputConfig

    if constraint.is_grammar:
        return StructuredOutputConfig(grammar=constraint.text)
    return StructuredOutputConfig(json_schema=constraint.text)


def _closed(hint: str) -> ServerFailed:
    return ServerFailed("the engine has been closed", hint=hint)


def _typed(error: Exception) -> BackendError:
    if isinstance(error, BackendError):
        return error
    reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
    if isinstance(error, MemoryError) or any(word in str(error).lower() for word in _MEMORY_WORDS):
        return OutOfMemory(
            f"OpenVINO ran out of memory: {reason}", hint="Close other programs, or use a smaller model."
        )
    return ServerFailed(f"OpenVINO failed: {reason}", hint="The engine starts afresh with the next request.")


_UNREAD_TOKENS = 1024
_LONG_CHARACTERS = 16 * 1024
_MEMORY_WORDS = ("bad_alloc", "out of memory", "cannot allocate", "not enough memory", "failed to allocate")
_CACHE_FULL = "the prompt and its answer do not fit the engine's cache"
