"""llama.cpp as a backend: hot-swapped adapters on one base, and architectures that OpenVINO's reader does not know."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from miniatures.backends.completion import Completion, Sampling
from miniatures.backends.errors import AdapterChangesNothing
from miniatures.backends.llamacpp_engine import Lane, LlamaCppEngine, Shape, import_xllamacpp
from miniatures.backends.local import IN_PROCESS, NO_API_COST, LocalBackend
from miniatures.backends.local_weights import LocalWeights
from miniatures.backends.request import Request
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import Capabilities
from miniatures.weights.adapter_gguf import adapter_gguf
from miniatures.weights.errors import AdapterIsNoop
from miniatures.weights.gguf_header import read_header
from miniatures.weights.home import file_sha256


class LlamaCppBackend(LocalBackend):
    """A GGUF model behind llama.cpp, its adapter, if any, switched on for this backend's requests alone."""

    capabilities: Capabilities = IN_PROCESS.model_copy(update={"penalties": False})
    gguf: str
    adapter_gguf: str | None = None
    _lane: Lane = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        super().model_post_init(context)
        adapter = None if self.adapter_gguf is None else Path(self.adapter_gguf)
        self._lane = _shared_engine(Path(self.gguf)).lane(adapter)

    def get_token_ids(self, text: str) -> list[int]:
        """Raises NotImplementedError: llama.cpp says how many tokens there are, not which."""
        raise NotImplementedError(f"{self.identity} tells no token ids: use get_num_tokens, or name it with openvino:")

    def get_num_tokens(self, text: str) -> int:
        """Tokens in the model's own tokenizer. The model is loaded for it."""
        return self._lane.count(text)

    def _prompt(self, messages: list[BaseMessage]) -> str:
        return self._lane.template.render(messages)

    def _submit(
        self, messages: list[BaseMessage], sampling: Sampling, on_text: Callable[[str], None] | None = None
    ) -> Future[Completion]:
        return self._lane.submit(Request(messages, sampling, on_text=on_text))


def open_llamacpp(rest: str, settings: BackendSettings) -> LlamaCppBackend:
    """The backend of `llamacpp:NAME[+ADAPTER]`. The model is loaded by the first request.

    Raises:
        MissingExtra: xllamacpp is not installed.
        UnknownModel: no such weights.
        AdapterChangesNothing, WeightsError: the adapter or the weights cannot be used.
    """
    import_xllamacpp()
    weights = LocalWeights(rest)
    header = read_header(weights.base)
    adapter = _converted(weights)
    return LlamaCppBackend(
        identity=BackendIdentity(
            provider="llamacpp",
            model=weights.name,
            adapter=weights.adapter_sha256,
            quantization=header.quantization,
            weights=weights.base_sha256,
        ),
        gguf=str(weights.base),
        adapter_gguf=None if adapter is None else str(adapter),
        context_tokens=Shape.fitting(header).context_tokens,
        price=settings.price or NO_API_COST,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


def _converted(weights: LocalWeights) -> Path | None:
    if weights.adapter is None:
        return None
    try:
        return adapter_gguf(weights.base, weights.adapter)
    except AdapterIsNoop as error:
        raise AdapterChangesNothing(error.message, hint=error.hint) from error


_lock = threading.Lock()
_engines: dict[str, LlamaCppEngine] = {}


def _shared_engine(gguf: Path) -> LlamaCppEngine:
    """The one engine of a weights file in this process: its adapters share its memory."""
    sha256 = file_sha256(gguf)
    with _lock:
        if sha256 not in _engines:
            header = read_header(gguf)
            _engines[sha256] = LlamaCppEngine(gguf, header, Shape.fitting(header))
        return _engines[sha256]
