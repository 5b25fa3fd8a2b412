"""The weights that a miniature was tuned on: an adapter means nothing on any others, so they are held to its card."""

from __future__ import annotations

from pathlib import Path

from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.catalog import CATALOG
from miniatures.weights.errors import WrongBase
from miniatures.weights.home import file_sha256
from miniatures.weights.pull import ensure_weights


def base_weights(card: MiniatureCard) -> Path | None:
    """The GGUF file, pulled when absent; None for a base that is no GGUF, which `transformers` serves.

    Raises:
        WrongBase: the file is not the one that the card names.
        UnknownWeights: there is no such file.
        PullFailed, WrongHash, NoSpace: it could not be pulled.
    """
    if card.base not in CATALOG and not card.base.endswith(".gguf"):
        return None
    path = ensure_weights(card.base)
    require_base(card, file_sha256(path))
    return path


def require_base(card: MiniatureCard, sha256: str | None) -> None:
    """The weights at hand are those on the card; an unknown hash is not.

    Raises:
        WrongBase: they are others, or nobody can tell.
    """
    if sha256 == card.base_sha256:
        return
    found = f"has {sha256[:12]}" if sha256 else "has no known hash"
    raise WrongBase(
        f"{card.name}@{card.version} was tuned on {card.base} of SHA-256 {card.base_sha256[:12]}; what is here {found}",
        hint="Get the exact weights that its card names, or train the miniature on these.",
    )
