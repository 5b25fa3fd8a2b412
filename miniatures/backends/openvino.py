"""The default engine: OpenVINO GenAI in this process, on a GGUF file, all requests in one continuous batch."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from miniatures.backends.completion import Completion, Sampling
from miniatures.backends.errors import BadRequest, UnknownModel
from miniatures.backends.local import NO_API_COST, LocalBackend
from miniatures.backends.local_weights import LocalWeights
from miniatures.backends.openvino_engine import OpenVINOEngine
from miniatures.backends.openvino_model import ARCHITECTURES
from miniatures.backends.request import Request
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import BackendSettings
from miniatures.weights.gguf_header import read_header
from miniatures.weights.home import file_sha256


class OpenVINOBackend(LocalBackend):
    """A GGUF model behind OpenVINO. `weights` is the name of the file that the engine loads, adapter merged in."""

    gguf: str
    _engine: OpenVINOEngine = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        super().model_post_init(context)
        self._engine = _shared_engine(Path(self.gguf))

    @property
    def repeats_in_company(self) -> bool:
        """False: all answers of a batch are drawn from one stream of random numbers, so a seed for one is refused."""
        return False

    def get_token_ids(self, text: str) -> list[int]:
        return self._engine.token_ids(text)

    def _prompt(self, messages: list[BaseMessage]) -> str:
        return self._engine.template.render(messages)

    def _submit(
        self, messages: list[BaseMessage], sampling: Sampling, on_text: Callable[[str], None] | None = None
    ) -> Future[Completion]:
        if sampling.repeats:
            raise BadRequest(
                f"seed: {self.identity} cannot repeat a sampled answer: its batch shares one stream of random numbers",
                hint="Leave seed out, set temperature to 0, or name the model with llamacpp: or transformers:.",
                param="seed",
            )
        return self._engine.submit(Request(messages, sampling, on_text=on_text))


def open_openvino(rest: str, settings: BackendSettings) -> OpenVINOBackend:
    """The backend of `openvino:NAME[+ADAPTER]`. The model is loaded by the first request.

    Raises:
        UnknownModel: no such weights, or an architecture that OpenVINO's GGUF reader does not know.
        AdapterChangesNothing, WeightsError: the adapter or the weights cannot be used.
    """
    weights = LocalWeights(rest)
    header = read_header(weights.base)
    if header.architecture not in ARCHITECTURES:
        raise UnknownModel(
            f"OpenVINO reads no GGUF of the architecture {header.architecture!r} ({weights.name})",
            hint=f"Use llamacpp:{rest}; OpenVINO knows {', '.join(sorted(ARCHITECTURES))}.",
        )
    return OpenVINOBackend(
        identity=BackendIdentity(
            provider="local",
            model=weights.name,
            adapter=weights.adapter_sha256,
            quantization="Q8_0" if weights.adapter else header.quantization,
            weights=weights.base_sha256,
        ),
        gguf=str(weights.merged()),
        context_tokens=header.context_tokens,
        price=settings.price or NO_API_COST,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


_lock = threading.Lock()
_engines: dict[str, OpenVINOEngine] = {}


def _shared_engine(gguf: Path) -> OpenVINOEngine:
    """The one engine of a weights file in this process."""
    sha256 = file_sha256(gguf)
    with _lock:
        if sha256 not in _engines:
            _engines[sha256] = OpenVINOEngine(gguf, sha256, read_header(gguf))
        return _engines[sha256]


def close_engines() -> None:
    """Stop every OpenVINO engine of this process and free its memory; backends opened before are dead afterwards."""
    with _lock:
        engines = list(_engines.values())
        _engines.clear()
    for engine in engines:
        engine.close()


# A decoding thread that outlives the interpreter crashes it.
atexit.register(close_engines)
