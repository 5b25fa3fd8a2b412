"""transformers in this process: one base model, its LoRA adapters beside it, and requests gathered into batches.

A batch runs to its end before the next one starts, and its requests share one adapter: what arrives meanwhile gathers
for the next batch. A batch that does not fit into memory is halved and tried again.
"""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from miniatures.backends.chat_template import ChatTemplate
from miniatures.backends.completion import Completion
from miniatures.backends.constrained import SchemaCompiler
from miniatures.backends.errors import OutOfMemory
from miniatures.backends.hugging_face_load import (
    Checkpoint,
    Loaded,
    attach_adapter,
    is_out_of_memory,
    load_checkpoint,
    load_tokenizer,
)
from miniatures.backends.micro_batch import MicroBatcher
from miniatures.backends.request import Request, answer_room
from miniatures.weights.gguf_header import GGUFHeader

if TYPE_CHECKING:
    from miniatures.backends.hugging_face_batch import Row

MAX_BATCH = 32
_WINDOW_S = 0.005  # far below the time of one token, far above that between the calls of one gather


class HuggingFaceEngine:
    """Loads its model at the first request, in its worker thread, where everything but `submit` runs."""

    def __init__(self, checkpoint: Checkpoint, *, max_batch: int = MAX_BATCH) -> None:
        self._checkpoint = checkpoint
        self._loaded: Loaded | None = None
        self._adapters: dict[Path, str] = {}
        self._adapter: Path | None = None
        self._batcher = MicroBatcher(self._run, key=_company, max_batch=max_batch, window_s=_WINDOW_S)

    def submit(self, request: Request) -> Future[Completion]:
        """Queue a request; never blocks."""
        self._batcher.submit(request)
        return request.future

    @property
    def loaded(self) -> Loaded:
        """The model and its tokenizer."""
        if self._loaded is None:
            self._loaded = load_checkpoint(self._checkpoint)
        return self._loaded

    @cached_property
    def template(self) -> ChatTemplate:
        """The model's own chat template, rendered as every other engine renders it."""
        return ChatTemplate(tokenizer_header(self._tokenizer))

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._checkpoint)

    def token_ids(self, text: str) -> list[int]:
        """The text's tokens. The model need not be loaded for it."""
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    @cached_property
    def _schemas(self) -> SchemaCompiler:
        loaded = self.loaded
        return SchemaCompiler(loaded.tokenizer, vocabulary=loaded.vocabulary, end_tokens=sorted(loaded.end_tokens))

    def _run(self, requests: list[Request]) -> None:
        present = [request for request in requests if not request.settled]
        if not present:
            return
        try:
            self._switch(present[0].adapter)
            for request in present:
                request.take()
            self._answer(present)
        except BaseException as error:  # The readers raise it.
            for request in present:
                request.fail(error)

    def _answer(self, requests: list[Request]) -> None:
        rows = [row for request in requests if (row := self._row(request)) is not None]
        if rows and not self._generate(rows):
            del rows  # and with them what they hold on the device
            self.loaded.free_memory()
            self._answer_in_halves([request for request in requests if not request.settled])

    def _generate(self, rows: list[Row]) -> bool:
        """Whether the memory sufficed."""
        from miniatures.backends.hugging_face_batch import generate_rows

        loaded = self.loaded
        try:
            generate_rows(loaded.model, rows, pad_token=loaded.pad_token, end_tokens=loaded.end_tokens)
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                return False
            raise
        return True

    def _answer_in_halves(self, requests: list[Request]) -> None:
        """A request alone, or one whose reader has seen the beginning of an answer, cannot be tried again."""
        again = [request for request in requests if not request.has_begun] if len(requests) > 1 else []
        for request in requests:
            if request not in again:
                request.fail(
                    OutOfMemory(
                        f"{self._checkpoint.name} ran out of memory while it answered",
                        hint="Lower the concurrency, max_tokens or the length of the prompt.",
                    )
                )
        for request in again:
            request.restart()
        middle = (len(again) + 1) // 2
        for half in (again[:middle], again[middle:]):
            self._answer(half)

    def _row(self, request: Request) -> Row | None:
        """The request's row; a request that cannot have one fails alone."""
        try:
            return self._prepared(request)
        except Exception as error:  # The reader raises it.
            request.fail(error)
            return None

    def _prepared(self, request: Request) -> Row:
        from miniatures.backends.hugging_face_batch import Row

        loaded, sampling = self.loaded, request.sampling
        prompt = loaded.encode(self.template.render(request.messages))
        return Row(
            request,
            prompt,
            decode=loaded.decode,
            max_tokens=answer_room(sampling, len(prompt), loaded.context_tokens),
            device=loaded.model.device,
            matcher=None if sampling.schema is None else self._schemas.matcher(sampling.schema),
        )

    def _switch(self, adapter: Path | None) -> None:
        """Make the model answer with this adapter, or with none. Touches every layer, so only if there is a change."""
        if adapter == self._adapter:
            return
        if adapter is None:
            self.loaded.model.base_model.disable_adapter_layers()
        else:
            if adapter not in self._adapters:
                name = f"adapter{len(self._adapters)}"
                self._loaded = attach_adapter(self.loaded, adapter, name)
                self._adapters[adapter] = name
            self.loaded.model.base_model.enable_adapter_layers()
            self.loaded.model.set_adapter(self._adapters[adapter])
        self._adapter = adapter


def _company(request: Request) -> Hashable:
    """What requests of one batch have in common; what has to come out the same again is answered alone."""
    return (request.adapter, id(request) if request.sampling.repeats else None)


def tokenizer_header(tokenizer: Any) -> GGUFHeader:
    """What the chat template needs to know, read from a tokenizer of transformers instead of a GGUF file."""
    controls = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    numbers = tokenizer.convert_tokens_to_ids
    tokens = dict.fromkeys(controls | {tokenizer.bos_token, tokenizer.eos_token} - {None})
    texts = sorted(tokens, key=numbers)
    metadata = {
        "general.architecture": "transformers",
        "tokenizer.chat_template": tokenizer.chat_template and tokenizer.get_chat_template(),
        "tokenizer.ggml.tokens": texts,
        "tokenizer.ggml.token_type": [3] * len(texts),
    }
    for role in ("bos", "eos"):
        text = getattr(tokenizer, f"{role}_token")
        if text is not None:
            metadata[f"tokenizer.ggml.{role}_token_id"] = texts.index(text)
    return GGUFHeader(metadata)
