"""The cards of trained miniatures, by the name that a spec gives one."""

from __future__ import annotations

from pathlib import Path

from miniatures.backends.errors import UnknownModel
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.capabilities import Trust
from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.miniature import MiniatureCard, Stage
from miniatures.weights.errors import UnknownMiniature
from miniatures.weights.registry import Registry

KIND = "miniature"


def trust_of(spec: str) -> Trust:
    """What the card of `miniature:NAME@REF` says that it may be trusted with.

    Raises:
        UnknownModel: the spec names no miniature, or the registry has none of that name.
    """
    kind, _, rest = spec.partition(":")
    if kind != KIND:
        raise UnknownModel(f"{spec!r} names no miniature", hint="Write it as miniature:NAME@live.")
    return find(rest)[0].trust


def is_known(name: str) -> bool:
    """Whether the registry has a miniature of the name `NAME[@REF]`."""
    try:
        find(name)
    except MiniaturesError:
        return False
    return True


def miniatures_in(campaign: Campaign) -> dict[str, tuple[str, str]]:
    """The miniatures that a campaign asks, each as name and reference, by the role and seat that it asks them in."""
    used = {label: campaign.backends[name].use for label, name in campaign.roles.backend_names.items()}
    named = {label: use.strip().partition(":") for label, use in used.items()}
    parts = {label: rest.partition("@") for label, (kind, _, rest) in named.items() if kind == KIND}
    return {label: (name, ref or Stage.LIVE.value) for label, (name, _, ref) in parts.items()}


def find(rest: str) -> tuple[MiniatureCard, Path]:
    """Card and adapter folder of `NAME[@REF]`.

    Raises:
        UnknownModel: the registry has no such miniature or version.
    """
    name, _, ref = rest.partition("@")
    registry = Registry()
    try:
        card = registry.card(name, ref or Stage.LIVE)
    except UnknownMiniature as error:
        raise UnknownModel(error.message, hint=error.hint) from error
    return card, registry.adapter_folder(name, card.version)
