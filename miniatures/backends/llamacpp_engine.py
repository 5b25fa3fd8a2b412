"""llama.cpp in this process: one server for one base model, its adapters exchanged from request to request.

Each adapter, and the bare base, has a lane: slots of its own. Three habits keep answers right (each has a test):
a request always names the scale of every adapter, or those it leaves out stay on; it is pinned to a slot of its lane,
so that a cached prefix is never one that another adapter computed; and the server's second prompt cache, which does
not tell adapters apart, is off. Requests of one lane share llama.cpp's running batch; lanes are never batched together.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from miniatures.backends.chat_template import ChatTemplate
from miniatures.backends.completion import Completion
from miniatures.backends.constraint import Constraint, constraint_of
from miniatures.backends.errors import BackendError, MissingExtra, OutOfMemory, UnknownModel
from miniatures.backends.grammar_compiler import GrammarCompiler
from miniatures.backends.llamacpp_protocol import Relay, completion_options, prompt_tokens
from miniatures.backends.machine import memory_bytes
from miniatures.backends.request import Request
from miniatures.weights.gguf_header import GGUFHeader

INSTALL = "pip install 'miniatures[llamacpp]'"
_CONTEXT_TOKENS = 4096
_SLOTS = 8
_WAIT_POLICY = "OMP_WAIT_POLICY"
_BYTES_PER_CACHED_NUMBER = 2  # keys and values are kept in f16


@dataclass(frozen=True)
class Shape:
    """How large a server is: tokens of each slot, and slots of each lane."""

    context_tokens: int
    slots: int

    @classmethod
    def fitting(cls, header: GGUFHeader) -> Shape:
        """Eight slots, or as many as keep the keys and values within an eighth of the machine's memory."""
        context = min(header.context_tokens or _CONTEXT_TOKENS, _CONTEXT_TOKENS)
        slot_bytes = header.cache_bytes_per_token() * _BYTES_PER_CACHED_NUMBER * context
        return cls(context, max(1, min(_SLOTS, memory_bytes() // 8 // slot_bytes)))


class LlamaCppEngine:
    """Starts its server at the first request, and anew when an adapter has been added since."""

    def __init__(self, weights: Path, header: GGUFHeader, shape: Shape) -> None:
        self.template = ChatTemplate(header)
        self.shape = shape
        self.compiler = GrammarCompiler("miniatures.backends.llamacpp_compile")
        self._weights = weights
        self._header = header
        self._lanes: list[Lane] = []
        self._server: Any = None
        self._served_lanes = 0
        self._in_flight = 0
        self._changed = threading.Condition()

    def lane(self, adapter: Path | None) -> Lane:
        """The lane of an adapter in GGUF form, or of the bare base; made at first asking."""
        with self._changed:
            for lane in self._lanes:
                if lane.adapter == adapter:
                    return lane
            lane = Lane(self, adapter, first_slot=len(self._lanes) * self.shape.slots, slots=self.shape.slots)
            self._lanes.append(lane)
            return lane

    @contextmanager
    def serving(self) -> Iterator[Any]:
        """The completion function of a server that knows every lane; a new one waits until the old one is idle."""
        with self._changed:
            while self._is_stale() and self._in_flight:
                self._changed.wait()
            if self._is_stale():
                self._restart()
            self._in_flight += 1
        try:
            yield self._server.handle_completions
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def scales(self, chosen: Lane) -> list[dict[str, float]]:
        """The whole list of adapters, all but the chosen lane's switched off."""
        return [{"id": number, "scale": float(lane is chosen)} for number, lane in enumerate(self._adapted_lanes())]

    def start_marks(self, prompt: str) -> str | list[int | str]:
        """The prompt with its leading control token, if any, as a number: the server then adds none of its own."""
        for text, number in self._control_tokens:
            if prompt.startswith(text):
                return [number, prompt[len(text) :]]
        return prompt

    @cached_property
    def _control_tokens(self) -> list[tuple[str, int]]:
        tokens = self._header.metadata["tokenizer.ggml.tokens"]
        longest_first = sorted(self._header.control_tokens, key=len, reverse=True)
        return [(text, tokens.index(text)) for text in longest_first]

    def _adapted_lanes(self) -> list[Lane]:
        return [lane for lane in self._lanes[: self._served_lanes] if lane.adapter is not None]

    def _is_stale(self) -> bool:
        return self._server is None or self._served_lanes != len(self._lanes)

    def _restart(self) -> None:
        self._server = None  # frees the old one's memory first
        self._served_lanes = len(self._lanes)
        for lane in self._lanes:
            lane.forget()
        try:
            self._server = self._start_server()
        except RuntimeError as error:
            raise UnknownModel(
                f"llama.cpp cannot load {self._weights.name}: {error}",
                hint="The GGUF may be damaged or of an architecture that this version of llama.cpp does not know.",
            ) from error

    def _start_server(self) -> Any:
        xllamacpp = import_xllamacpp()
        self._require_memory()
        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_parallel = self.shape.slots * self._served_lanes
        params.n_ctx = self.shape.context_tokens * params.n_parallel
        params.lora_adapters = [
            xllamacpp.CommonAdapterLoraInfo(str(lane.adapter), 1.0) for lane in self._adapted_lanes()
        ]
        params.cache_ram_mib = 0
        params.api_keys = [secrets.token_hex()]  # it also listens on a loopback port, which nobody is to use
        params.ui = False
        params.verbosity = 0
        return xllamacpp.Server(params)

    def _require_memory(self) -> None:
        tokens = self.shape.context_tokens * self.shape.slots * self._served_lanes
        cache = self._header.cache_bytes_per_token() * _BYTES_PER_CACHED_NUMBER * tokens
        needed = self._weights.stat().st_size + cache
        present = memory_bytes()
        if needed > present:
            raise OutOfMemory(
                f"{self._weights.name} needs {needed / 1e9:.1f} GB with {self._served_lanes} lanes, "
                f"and the machine has {present / 1e9:.1f} GB",
                hint="Use fewer concurrent requests, a shorter context, or a smaller model.",
            )


class Lane:
    """The slots of one adapter, and a thread for each of them."""

    def __init__(self, engine: LlamaCppEngine, adapter: Path | None, *, first_slot: int, slots: int) -> None:
        self.adapter = adapter
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="llamacpp")
        self._free: dict[int, str] = dict.fromkeys(range(first_slot, first_slot + slots), "")
        self._slots_changed = threading.Lock()

    def submit(self, request: Request) -> Future[Completion]:
        """Queue a request; never blocks."""
        self._threads.submit(self._answer, request)
        return request.future

    @property
    def template(self) -> ChatTemplate:
        return self._engine.template

    def count(self, text: str) -> int:
        """Tokens of the text, by an answer of no tokens."""
        if not text:
            return 0
        replies: list[Any] = []
        options = {"prompt": self._engine.start_marks(text), "n_predict": 0, "cache_prompt": False}
        with self._engine.serving() as complete:
            complete(options | {"lora": self._engine.scales(self)}, replies.append)
        return prompt_tokens(replies[-1])

    def forget(self) -> None:
        """A new server has empty caches."""
        with self._slots_changed:
            self._free = dict.fromkeys(self._free, "")

    def _answer(self, request: Request) -> None:
        if request.settled:
            return
        try:
            if (schema := self._untried(request)) is not None:
                self._engine.compiler.try_out(schema, partial(self._resubmit, request))
                return
            prompt = self._engine.template.render(request.messages)
            with self._engine.serving() as complete, self._slot(prompt) as slot:
                request.take()
                options = completion_options(request.sampling, self._engine.shape.context_tokens)
                options |= {"prompt": self._engine.start_marks(prompt), "id_slot": slot, "cache_prompt": True}
                options |= {"lora": self._engine.scales(self)}
                Relay(request, options, self._engine.shape.context_tokens).run(complete)
        except BaseException as error:  # The reader raises it.
            request.fail(error)

    def _untried(self, request: Request) -> Constraint | None:
        """The schema that the server would read as it is, unless it is known to be read: one that it cannot read, it
        ignores. Raises BadSchema for one that is known not to be."""
        schema = request.sampling.schema
        constraint = None if schema is None else constraint_of(schema)
        if constraint is None or constraint.is_grammar or self._engine.compiler.knows(constraint):
            return None
        return constraint

    def _resubmit(self, request: Request, refusal: BackendError | None) -> None:
        """Its schema has been tried."""
        if refusal is None:
            self.submit(request)
        else:
            request.fail(refusal)

    @contextmanager
    def _slot(self, prompt: str) -> Iterator[int]:
        """The free slot whose last prompt shares most with this one; there is one for each thread."""
        with self._slots_changed:
            slot = max(self._free, key=lambda number: _shared_length(self._free[number], prompt))
            del self._free[slot]
        try:
            yield slot
        finally:
            with self._slots_changed:
                self._free[slot] = prompt


def _shared_length(first: str, second: str) -> int:
    return next(
        (place for place, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), len(first)
    )


def import_xllamacpp() -> Any:
    """The library.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        with _yielding_threads():
            import xllamacpp
    except ImportError as error:
        raise MissingExtra("llamacpp: needs xllamacpp, which is not installed", hint=INSTALL) from error
    return xllamacpp


@contextmanager
def _yielding_threads() -> Iterator[None]:
    """OpenMP, while it is loaded, reads how its threads are to wait; unless the user has said so: without spinning.

    Threads that spin for each other starve whatever else runs, themselves included: beside a busy process on two cores,
    eight requests at once went five times slower.
    """
    if _WAIT_POLICY in os.environ:
        yield
        return
    os.environ[_WAIT_POLICY] = "passive"
    try:
        yield
    finally:
        del os.environ[_WAIT_POLICY]
