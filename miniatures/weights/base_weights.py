"""The weights that a miniature was tuned on: an adapter means nothing on any others, so they are held to its card."""

from __future__ import annotations

from pathlib import Path

import httpx

from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.catalog import CATALOG
from miniatures.weights.encoders import ENCODERS, ensure_encoder
from miniatures.weights.errors import PullFailed, UnknownWeights, WrongBase
from miniatures.weights.home import file_sha256
from miniatures.weights.pull import ensure_weights

_CHECKPOINT_FILES = ["*.safetensors", "*.json", "*.model", "*.txt", "*.jinja"]


def base_weights(card: MiniatureCard) -> Path:
    """The GGUF file or the checkpoint folder, pulled when absent and held to the card.

    Raises:
        WrongBase: the weights are not those that the card names.
        UnknownWeights: there are no such weights.
        PullFailed, WrongHash, NoSpace: they could not be pulled.
    """
    path = _base_path(card.base)
    found = weights_sha256(path)
    if found != card.base_sha256:
        raise WrongBase(
            f"{card.name}@{card.version} was tuned on {card.base} of SHA-256 {card.base_sha256[:12]}; "
            f"what is here has {found[:12]}",
            hint="Get the exact weights that its card names, or train the miniature on these.",
        )
    return path


def _base_path(base: str) -> Path:
    if base in ENCODERS:
        return ensure_encoder(base)
    return ensure_weights(base) if is_gguf(base) else checkpoint_folder(base)


def is_gguf(base: str) -> bool:
    """Whether a recipe's base is one GGUF file, by catalog name or path; else it is a folder or a hub name."""
    return base in CATALOG or base.endswith(".gguf")


def weights_sha256(path: Path) -> str:
    """Hash of the exact weights, as cards give it: of a GGUF file, or of all safetensors files of a folder.

    Raises:
        UnknownWeights: the folder holds none.
    """
    if path.is_file():
        return file_sha256(path)
    files = sorted(path.glob("*.safetensors"))
    if not files:
        raise UnknownWeights(f"the folder {path} holds no safetensors files", hint="Save the model again.")
    return content_hash([file_sha256(file) for file in files])


def checkpoint_folder(base: str) -> Path:
    """The folder itself, or a repository of the hub, downloaded once.

    Raises:
        PullFailed: there is neither.
    """
    folder = Path(base).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(base, allow_patterns=_CHECKPOINT_FILES))
    except (OSError, ValueError, httpx.HTTPError) as error:
        reason = str(error).partition("\n")[0]
        raise PullFailed(
            f"the base {base} is no folder here and could not be had from the hub: {reason}",
            hint="Give the folder or the repository's name as the recipe did; HF_ENDPOINT names a mirror.",
        ) from error
