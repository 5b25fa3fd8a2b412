"""The registry of miniatures: which versions there are, which one is live, and how that came about.

A version is named by its adapter's hash, so a pinned name means the same weights for ever; `live` and `candidate` are
names that move. Two places are read: the user's own, which comes first, and the one that ships in the package, which is
never written to. Layout: NAME/state.json and NAME/VERSION/{card.json, CARD.md, curve.png, adapter/}.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.gate import GateDecision
from miniatures.datamodel.miniature import MINIATURE_NAME, MiniatureCard, Promotion, Stage
from miniatures.weights.errors import NoSuchChange, PromotionRefused, RegistryError, UnknownMiniature
from miniatures.weights.home import exclusive, registry_home
from miniatures.weights.lineage import require_same_lineage, with_scores
from miniatures.weights.registry_state import STATE, RegistryState, read_state, write_state
from miniatures.weights.version_folder import (
    CURVE,
    intact_card,
    read_adapter,
    read_card,
    remove_version,
    versions_in,
    write_card,
    write_version,
)

SHIPPED = Path(__file__).parent / "shipped"
_FOREMOST = (Stage.LIVE, Stage.CANDIDATE)
_PINNED = re.compile(r"[0-9a-f]{6,64}")
_OVERRULE = 'Mend that, or overrule it with a reason that is kept: --force "REASON".'


@dataclass(frozen=True)
class Assessment:
    """How a version stood beside the live one, what speaks against replacing that clause by clause, and what to do."""

    gate: GateDecision | None = None
    against: Sequence[str] = ()
    hint: str = _OVERRULE


Assess = Callable[[str | None], Assessment]
"""Given the live version, if there is one."""


class Registry:
    """All miniatures that this machine knows. Every change is atomic, and writers wait for each other.

    Raises (from each method that takes a name):
        UnknownMiniature: no miniature or no version of that name.
        RegistryError: a file is damaged; says which and how to mend it. Nothing is overwritten.
    """

    def __init__(self, root: Path | None = None, *, shipped: Path = SHIPPED) -> None:
        """`root` is the user's own registry, `registry_home()` unless it is given."""
        self.root = registry_home() if root is None else root
        self._roots = (self.root, shipped)

    def names(self) -> list[str]:
        """Every miniature, in alphabetical order."""
        folders = (folder for root in self._roots if root.is_dir() for folder in root.iterdir())
        return sorted({folder.name for folder in folders if _is_name(folder.name) and versions_in(folder)})

    def emptied(self) -> list[str]:
        """The names of which a state is here and no version, as a folder that was taken away leaves them."""
        folders = (folder for root in self._roots if root.is_dir() for folder in root.iterdir())
        return sorted(
            {folder.name for folder in folders if _is_name(folder.name) and (folder / STATE).exists()}
            - set(self.names())
        )

    def versions(self, name: str) -> list[str]:
        """The versions of a miniature, the oldest first; shipped ones before the user's own."""
        found = dict.fromkeys(version for folder in reversed(self._folders(name)) for version in versions_in(folder))
        if not found:
            known = ", ".join(self.names()) or "none yet"
            raise UnknownMiniature(f"no miniature is named {name!r}", hint=f"`miniatures models list`; known: {known}.")
        return list(found)

    def state(self, name: str) -> RegistryState:
        """What is live and candidate: the user's own choice, else what the package ships."""
        own, shipped = (read_state(folder) for folder in self._folders(name))
        return RegistryState(
            live=own.live or shipped.live, candidate=own.candidate or shipped.candidate, history=own.history
        )

    def resolve(self, name: str, ref: str = Stage.LIVE) -> str:
        """The version that `ref` means: `live`, `candidate`, or at least six digits of the adapter's hash."""
        versions = self.versions(name)
        if ref in tuple(Stage):
            return self._moving(name, Stage(ref), versions)
        if not _PINNED.fullmatch(ref):
            raise UnknownMiniature(
                f"{name}@{ref} names no version", hint="Write @live, @candidate or six or more digits of the hash."
            )
        matching = [version for version in versions if self._matches(name, version, ref)]
        if len(matching) != 1:
            found = f"means {' and '.join(matching)}" if matching else "is not in the registry"
            raise UnknownMiniature(f"{name}@{ref} {found}", hint=f"Versions of {name}: {', '.join(versions)}.")
        return matching[0]

    def foremost(self, name: str) -> str:
        """The version to show where none is named: the live one, else the candidate, else the newest."""
        versions, state = self.versions(name), self.state(name)
        return self.resolve(name, next((stage for stage in _FOREMOST if getattr(state, stage)), versions[-1]))

    def card(self, name: str, ref: str = Stage.LIVE) -> MiniatureCard:
        """The card of a version."""
        return read_card(self._version_folder(name, self.resolve(name, ref)))

    def adapter_folder(self, name: str, ref: str = Stage.LIVE) -> Path:
        """The folder of a version's adapter, its hash verified."""
        folder = self._version_folder(name, self.resolve(name, ref))
        return read_adapter(folder, read_card(folder))

    def curve(self, name: str, ref: str = Stage.LIVE) -> Path | None:
        """The picture of a version's training; None without one."""
        path = self._version_folder(name, self.resolve(name, ref)) / CURVE
        return path if path.is_file() else None

    def register(self, card: MiniatureCard, adapter_dir: Path, curve: Path | None = None) -> str:
        """Copy an adapter and its card in; it becomes the candidate. Returns the version.

        The same adapter registered again keeps its card and scores; a damaged copy of it is moved aside and replaced.

        Raises:
            RegistryError: the adapter is not the card's, or is registered already with another lineage.
        """
        folder = self._own(card.name) / card.version
        with exclusive(self._own(card.name) / STATE):
            state = read_state(folder.parent)
            known = intact_card(folder)
            if known is None:
                write_version(folder, card, adapter_dir, curve)
            else:
                require_same_lineage(known, card)
            write_state(folder.parent, state.model_copy(update={"candidate": card.version}))
        return card.version

    def update_card(self, card: MiniatureCard) -> None:
        """Keep the scores and comparisons of an evaluation; everything else on a card is fixed when it is registered.

        What another evaluation on the same dataset found meanwhile is kept beside it. A shipped version is copied to
        the user's own registry first.
        """
        name, version = card.name, self.resolve(card.name, card.adapter_sha256)
        with exclusive(self._own(name) / STATE):
            folder = self._own(name) / version
            if not folder.is_dir():
                source = self._version_folder(name, version)
                registered = read_card(source)
                write_version(folder, registered, read_adapter(source, registered), self.curve(name, version))
            known = read_card(folder)
            require_same_lineage(known, card)
            write_card(folder, with_scores(known, card))

    def promote(
        self, name: str, version: str, *, forced: str | None = None, assess: Assess = lambda live: Assessment()
    ) -> Promotion:
        """Make a version live. `assess` says what speaks against it (see miniatures.weights.promotion).

        `forced` is the reason to overrule that, kept in the history.

        Raises:
            PromotionRefused: gives every objection; none was overruled.
            RegistryError: it is live already, or it is forced without a reason.
        """
        if forced is not None and not forced.strip():
            raise NoSuchChange("a forced promotion needs a reason", hint="Say why; it is kept in the history.")
        target = self.resolve(name, version)
        with exclusive(self._own(name) / STATE):
            self.adapter_folder(name, target)  # It may have been removed while we waited.
            state = self.state(name)
            if state.live == target:
                raise NoSuchChange(f"{name}@{target} is live already", hint="There is nothing to promote.")
            found = assess(state.live)
            if forced is None and found.against:
                raise PromotionRefused(f"{name}@{target} is not promoted: {'; '.join(found.against)}", hint=found.hint)
            promotion = Promotion(version=target, replaced=state.live, forced=forced, gate=found.gate)
            return self._go_live(name, state, promotion)

    def rollback(self, name: str, *, reason: str | None = None) -> Promotion:
        """Make live again what was live before the last promotion; once more goes back further.

        `reason` is kept in the history.

        Raises:
            RegistryError: nothing was live before, or it is gone.
        """
        self.versions(name)
        with exclusive(self._own(name) / STATE):
            state = self.state(name)
            if state.live is None and state.earlier is None:
                raise NoSuchChange(f"no version of {name} is live, and none was before", hint="Promote one.")
            if state.earlier is None:
                raise NoSuchChange(f"nothing was live before {name}@{state.live}", hint="Promote another version.")
            self.adapter_folder(name, state.earlier)
            back = Promotion(version=state.earlier, replaced=state.live, rolled_back=True, reason=reason)
            return self._go_live(name, state, back)

    def remove(self, name: str, ref: str, *, force: bool = False) -> str:
        """Take a version of the user's own away, whole; its promotions stay in the history. Returns the version.

        Of a shipped version that was copied and measured here, the copy goes and the shipped one is read again.

        Raises:
            RegistryError: it ships with the package, or it is live and `force` was not given.
        """
        version = self.resolve(name, ref)
        own, shipped = (folder / version for folder in self._folders(name))
        with exclusive(own.parent / STATE):
            if not own.is_dir():
                raise NoSuchChange(f"{name}@{version} ships with the package", hint="It goes with the package only.")
            state = read_state(own.parent)
            if self.state(name).live == version and not (force or shipped.is_dir()):
                raise NoSuchChange(f"{name}@{version} is live", hint="Promote another first, or give --force.")
            if not shipped.is_dir():  # The names go first: none ever means a version that is gone.
                write_state(own.parent, state.without(version))
            remove_version(own)
        return version

    def _go_live(self, name: str, state: RegistryState, promotion: Promotion) -> Promotion:
        write_state(self._own(name), state.promoted(promotion))
        return promotion

    def _moving(self, name: str, stage: Stage, versions: list[str]) -> str:
        state = self.state(name)
        version: str | None = getattr(state, stage.value)
        if version is None:
            hint = f"Name a version: miniature:{name}@HASH, of {', '.join(versions)}; or train one."
            live = f": {state.live} is live already" if state.live else ""
            raise UnknownMiniature(f"{name} has no {stage.value} version{live}", hint=hint)
        if version not in versions:
            raise RegistryError(
                f"the {stage.value} version {name}@{version} is gone",
                hint=f"Restore its folder, or promote one of {', '.join(versions)}.",
            )
        return version

    def _matches(self, name: str, version: str, ref: str) -> bool:
        if len(ref) <= len(version):
            return version.startswith(ref)
        return ref.startswith(version) and read_card(self._version_folder(name, version)).adapter_sha256.startswith(ref)

    def _version_folder(self, name: str, version: str) -> Path:
        return next(path for folder in self._folders(name) if (path := folder / version).is_dir())

    def _own(self, name: str) -> Path:
        return self._folders(name)[0]

    def _folders(self, name: str) -> tuple[Path, ...]:
        if not _is_name(name):
            raise UnknownMiniature(
                f"{name!r} is no name of a miniature", hint="Small letters, digits, dots, dashes and underscores."
            )
        return tuple(root / name for root in self._roots)


def _is_name(text: str) -> bool:
    return MINIATURE_NAME.fullmatch(text) is not None
