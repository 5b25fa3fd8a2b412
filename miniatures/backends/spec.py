"""Spec strings: `kind:rest` names any backend there is, so that swapping one is a one-line change.

| kind | rest | answers |
|---|---|---|
| miniature | NAME[@live, @candidate or @HASH] | a trained miniature of the registry, in this process |
| local | NAME[+ADAPTER_DIR] | the best engine at hand in this process |
| openvino, llamacpp | NAME[+ADAPTER_DIR] | that engine in this process |
| transformers | NAME_OR_PATH[+ADAPTER_DIR] | torch in this process |
| litellm | provider/model | any provider that litellm knows |
| openai-compatible | URL#model | a server that speaks OpenAI's protocol |

NAME is a catalog name or the path of a .gguf file. A package adds a kind with an entry point in the group
`miniatures.backends`: its name is the kind, its object a callable `(rest, settings) -> Backend`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from miniatures.backends.base import Backend
from miniatures.backends.errors import BackendError, MissingExtra, UnknownModel, UnknownSpec
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import Capabilities, CapabilitySettings
from miniatures.datamodel.errors import InputError

GROUP = "miniatures.backends"

Opener = Callable[[str, BackendSettings], Backend]

_BUILT_IN = {
    "miniature": "miniatures.backends.miniature:open_miniature",
    "local": "miniatures.backends.spec:open_local",
    "openvino": "miniatures.backends.openvino:open_openvino",
    "llamacpp": "miniatures.backends.llamacpp:open_llamacpp",
    "transformers": "miniatures.backends.hugging_face:open_transformers",
    "litellm": "miniatures.backends.teacher:open_litellm",
    "openai-compatible": "miniatures.backends.teacher:open_openai_compatible",
}
_NEEDS_EXTRA = {"xllamacpp": "llamacpp", "torch": "finetune", "transformers": "finetune", "peft": "finetune"}


def open_backend(spec: str, settings: BackendSettings | None = None) -> Backend:
    """The backend that the spec names. Backends of one process that name the same weights share one engine.

    It is bare: it asks once and keeps no budget; `dress` puts retries, budgets and traces around it.

    Raises:
        UnknownSpec: no such kind, or what follows the colon is no name.
        InputError: the settings are those of another spec.
        MissingExtra: the kind needs a library that is not installed.
        BackendError, WeightsError: the model itself cannot be opened.
    """
    kind, rest = parse_spec(spec)
    opener = _opener(kind)
    settings = settings or BackendSettings(use=spec)
    if settings.use != spec:
        raise InputError(
            f"{spec[:100]!r} is opened with the settings of {settings.use[:100]!r}",
            hint=f"Write BackendSettings(use={spec!r}, ...).",
        )
    try:
        backend = opener(rest, settings)
    except ModuleNotFoundError as error:
        raise _missing(kind, error) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnknownModel(f"{spec[:100]!r} cannot be opened: {reason}", hint="Check its name or path.") from error
    if settings.capabilities != CapabilitySettings():
        backend.capabilities = _overruled(backend.capabilities, settings.capabilities)
    return backend


def _overruled(own: Capabilities, stated: CapabilitySettings) -> Capabilities:
    if stated.like is not None:
        from miniatures.backends.cards import trust_of

        own = own.with_trust(trust_of(stated.like))
    return stated.over(own)


def parse_spec(spec: str) -> tuple[str, str]:
    """Kind and rest.

    Raises:
        UnknownSpec: the spec is no `kind:rest` of a known kind.
    """
    kind, colon, rest = spec.strip().partition(":")
    if kind not in kinds():
        known = f"Write kind:model; kinds are {', '.join(kinds())}."
        hint = f"Did you mean miniature:{spec.strip()}?" if _is_miniature(spec.strip()) else known
        raise UnknownSpec(f"{spec[:100]!r} names no kind of backend", hint=hint)
    if not colon or not rest:
        raise UnknownSpec(f"{spec!r} names no model", hint=f"Write {kind}:MODEL, such as local:smollm2-135m-instruct.")
    if not rest.isprintable():
        raise UnknownSpec(
            f"{spec[:100]!r} holds characters that are not to be seen", hint="Write the name or path without them."
        )
    return kind, rest


def _is_miniature(name: str) -> bool:
    from miniatures.backends.cards import is_known

    return is_known(name)


def kinds() -> list[str]:
    """Every kind that can be named, plugged-in ones last."""
    return [*_BUILT_IN, *(name for name in _plugged_in() if name not in _BUILT_IN)]


def open_local(rest: str, settings: BackendSettings) -> Backend:
    """OpenVINO where its reader knows the architecture, else llama.cpp."""
    from miniatures.backends.local_weights import LocalWeights
    from miniatures.backends.openvino_model import ARCHITECTURES
    from miniatures.weights.gguf_header import read_header

    known = read_header(LocalWeights(rest).base).architecture in ARCHITECTURES
    return _opener("openvino" if known else "llamacpp")(rest, settings)


def _opener(kind: str) -> Opener:
    if kind not in _BUILT_IN:
        return _load_plugin(_plugged_in()[kind])
    module, _, function = _BUILT_IN[kind].partition(":")
    try:
        opener: Opener = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        raise _missing(kind, error) from error
    return opener


def _load_plugin(entry: EntryPoint) -> Opener:
    try:
        opener: Opener = entry.load()
    except Exception as error:
        raise BackendError(
            f"the backend kind {entry.name!r} ({entry.value}) cannot be loaded: {error}",
            hint="Mend or uninstall the package that brings it.",
        ) from error
    return opener


def _plugged_in() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _missing(kind: str, error: ModuleNotFoundError) -> BackendError:
    extra = _NEEDS_EXTRA.get((error.name or "").partition(".")[0])
    hint = f"Install it: pip install 'miniatures[{extra}]'." if extra else f"Install {error.name}."
    return MissingExtra(f"the backend kind {kind!r} needs {error.name}, which is not installed", hint=hint)
