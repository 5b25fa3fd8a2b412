"""transformers as a backend: the model as it was trained, on the processor or a GPU, its adapter beside it.

Other engines serve faster; this one is the reference that they are compared with, and the one for a GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from langchain_core.messages import BaseMessage
from pydantic import PrivateAttr

from miniatures.backends.completion import Completion, Sampling
from miniatures.backends.errors import AdapterChangesNothing, MissingExtra
from miniatures.backends.hugging_face_engine import HuggingFaceEngine
from miniatures.backends.hugging_face_load import INSTALL, Checkpoint
from miniatures.backends.local import NO_API_COST, LocalBackend
from miniatures.backends.local_weights import LocalWeights, absolute_name
from miniatures.backends.request import Request
from miniatures.datamodel.backend import BackendIdentity
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.hashing import content_hash
from miniatures.weights.adapter import TENSORS, read_config
from miniatures.weights.adapter_rank import require_stated_rank
from miniatures.weights.catalog import CATALOG
from miniatures.weights.errors import BadAdapter
from miniatures.weights.gguf_header import read_header
from miniatures.weights.home import file_sha256
from miniatures.weights.merge import adapter_hash
from miniatures.weights.safetensors_file import read_safetensors

_PRECISION = "bf16"
_CHANGES_NOTHING_ALONE = (".lora_A.weight", ".lora_magnitude_vector")


class HuggingFaceBackend(LocalBackend):
    """A model behind transformers. `gguf` is the weights file, if they come from one."""

    checkpoint: str
    gguf: str | None = None
    adapter: str | None = None
    _engine: HuggingFaceEngine = PrivateAttr()

    def model_post_init(self, context: object, /) -> None:
        super().model_post_init(context)
        self._engine = _shared_engine(Checkpoint(self.checkpoint, None if self.gguf is None else Path(self.gguf)))

    @property
    def repeats_in_company(self) -> bool:
        """False: the rounding of a batch changes what is drawn, so an answer with a seed is made alone."""
        return False

    def get_token_ids(self, text: str) -> list[int]:
        return self._engine.token_ids(text)

    def _prompt(self, messages: list[BaseMessage]) -> str:
        return self._engine.template.render(messages)

    def _submit(
        self, messages: list[BaseMessage], sampling: Sampling, on_text: Callable[[str], None] | None = None
    ) -> Future[Completion]:
        adapter = None if self.adapter is None else Path(self.adapter)
        return self._engine.submit(Request(messages, sampling, adapter=adapter, on_text=on_text))


def open_transformers(rest: str, settings: BackendSettings) -> HuggingFaceBackend:
    """The backend of `transformers:NAME_OR_PATH[+ADAPTER]`. The model is loaded by the first request.

    Raises:
        MissingExtra: torch or transformers is not installed.
        UnknownModel: there are no such weights here (a hub's model is looked for by the first request).
        AdapterChangesNothing, BadAdapter: the adapter cannot be used.
    """
    _require_libraries()
    stated, _, folder = rest.partition("+")
    name = absolute_name(stated)
    adapter = Path(folder).expanduser().resolve() if folder else None
    from_gguf = name in CATALOG or name.endswith(".gguf")
    gguf = LocalWeights(name).base if from_gguf else None
    if adapter is not None:
        require_stated_rank(adapter)
        _require_change(adapter)
    return HuggingFaceBackend(
        identity=BackendIdentity(
            provider="transformers",
            model=name,
            adapter=None if adapter is None else _adapter_sha256(adapter),
            quantization=_PRECISION,
            weights=file_sha256(gguf) if gguf else folder_hash(Path(name)),
        ),
        checkpoint=name,
        gguf=None if gguf is None else str(gguf),
        adapter=None if adapter is None else str(adapter),
        context_tokens=None if gguf is None else read_header(gguf).context_tokens,
        price=settings.price or NO_API_COST,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


def _require_libraries() -> None:
    from importlib.util import find_spec

    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            raise MissingExtra(f"transformers: needs {library}, which is not installed", hint=INSTALL)


def _adapter_sha256(folder: Path) -> str:
    """As `adapter_hash`, and the same for kinds of LoRA that only transformers can serve."""
    try:
        return adapter_hash(folder)
    except BadAdapter:
        return content_hash([read_config(folder), file_sha256(folder / TENSORS)])


def _require_change(adapter: Path) -> None:
    names_and_tensors = read_safetensors(adapter / TENSORS).items()
    if not any(tensor.any() for name, tensor in names_and_tensors if not name.endswith(_CHANGES_NOTHING_ALONE)):
        raise AdapterChangesNothing(
            f"{adapter} changes nothing: the second factor of every layer is zero",
            hint="Train it (an untrained LoRA adapter is the identity), or leave it out of the spec.",
        )


def folder_hash(folder: Path) -> str | None:
    """One hash for the weights of a model directory; None for a repository of the hub."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else []
    return content_hash([file_sha256(file) for file in files]) if files else None


_lock = threading.Lock()
_engines: dict[Checkpoint, HuggingFaceEngine] = {}


def _shared_engine(checkpoint: Checkpoint) -> HuggingFaceEngine:
    """The one engine of a model in this process: its adapters share its memory."""
    with _lock:
        if checkpoint not in _engines:
            _engines[checkpoint] = HuggingFaceEngine(checkpoint)
        return _engines[checkpoint]
