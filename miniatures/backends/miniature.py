"""`miniature:NAME@REF`: a trained miniature from the registry, so that a role is handed over by a promotion alone.

It opens as its base weights plus its adapter, as `local:BASE+ADAPTER` would: roles that name the same version by any
name share one engine, and the identity is that of the weights, not of the name that led to them.
"""

from __future__ import annotations

from pathlib import Path

from miniatures.backends.base import Backend
from miniatures.backends.cards import KIND, find
from miniatures.backends.spec import open_backend
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.base_weights import base_weights, is_gguf
from miniatures.weights.classifier import is_classifier


def open_miniature(rest: str, settings: BackendSettings) -> Backend:
    """The backend of `miniature:NAME[@REF]`: REF is live (unless said otherwise), candidate or a hash's beginning.

    Raises:
        UnknownModel: the registry has no such miniature or version.
        RegistryError: its card or adapter is damaged.
        WrongBase: the base weights here are not those that it was tuned on.
        BackendError, WeightsError: the base or the adapter cannot be used.
    """
    card, adapter = find(rest)
    base = base_weights(card)
    if is_classifier(adapter):
        return _classifier(base, adapter, card)
    inner = f"local:{card.base}+{adapter}" if is_gguf(card.base) else f"transformers:{base}+{adapter}"
    backend = open_backend(inner, settings.model_copy(update={"use": inner}))
    if not is_gguf(card.base):
        backend.identity = backend.identity.model_copy(update={"model": card.base})
    backend.capabilities = backend.capabilities.with_trust(card.trust)
    return backend


def _classifier(base: Path, folder: Path, card: MiniatureCard) -> Backend:
    from miniatures.backends.classifier import open_classifier

    backend = open_classifier(base, folder, card.base)
    backend.capabilities = backend.capabilities.with_trust(card.trust)
    return backend


def pinned(spec: str) -> str:
    """The spec of a miniature with its version in place of a moving name; any other spec as it is.

    Raises:
        UnknownModel: the registry has no such miniature or version.
    """
    kind, _, rest = spec.partition(":")
    if kind != KIND:
        return spec
    return f"{KIND}:{rest.partition('@')[0]}@{find(rest)[0].version}"
