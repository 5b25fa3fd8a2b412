"""Goes on from a registered miniature's adapter: a turn of the flywheel adds to what the one before has learned."""

from __future__ import annotations

from typing import Any

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.miniature import MiniatureCard
from miniatures.weights.adapter import TENSORS
from miniatures.weights.registry import Registry


def pinned(miniature: str, registry: Registry) -> str:
    """`NAME@REF` with the version that the reference means today.

    Raises:
        UnknownMiniature: there is none.
    """
    name, _, ref = miniature.partition("@")
    return f"{name}@{registry.resolve(name, ref)}"


def card_of(miniature: str, registry: Registry) -> MiniatureCard:
    """The card of `NAME@REF`.

    Raises:
        UnknownMiniature: there is none.
    """
    name, _, ref = miniature.partition("@")
    return registry.card(name, ref)


def go_on_from(miniature: str, base_sha256: str, model: Any, registry: Registry) -> None:
    """Give the model, whose factors are fresh, those of the miniature `NAME@REF`.

    Raises:
        InputError: it is of another base, or its factors are of another shape or of other layers.
        UnknownMiniature: there is none of that name.
    """
    import peft
    from safetensors.torch import load_file

    name, _, ref = miniature.partition("@")
    if card_of(miniature, registry).base_sha256 != base_sha256:
        raise InputError(f"{miniature} is of another base than the recipe's", hint="Name its base, or drop start.")
    factors = load_file(registry.adapter_folder(name, ref) / TENSORS)
    try:
        loaded = peft.set_peft_model_state_dict(model, factors)
    except RuntimeError as error:
        raise _other_shape(miniature) from error
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    if loaded.unexpected_keys or trained & set(loaded.missing_keys):
        raise _other_shape(miniature)


def _other_shape(miniature: str) -> InputError:
    return InputError(
        f"the adapter of {miniature} has another rank or other layers than the recipe's lora",
        hint="Write its rank and targets under lora, or drop start.",
    )
