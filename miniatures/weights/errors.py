"""What can go wrong with weights, each with its own type; the backends translate where theirs has a word for it."""

from __future__ import annotations

from miniatures.datamodel.errors import ExitCode, MiniaturesError


class WeightsError(MiniaturesError):
    """Weights could not be had, verified or merged."""

    exit_code = ExitCode.BACKEND_UNAVAILABLE


class UnknownWeights(WeightsError):
    """No weights of that name are in the catalog, and no file is at that path."""

    exit_code = ExitCode.BAD_INPUT


class PullFailed(WeightsError):
    """The source could not be reached or did not have the file; nothing was left behind."""


class WrongHash(WeightsError):
    """The file is not the one that the catalog names; it has been removed."""


class NoSpace(WeightsError):
    """The disk is full."""


class BadWeights(WeightsError):
    """The file is no GGUF, or one that cannot be read."""


class BadAdapter(WeightsError):
    """The adapter directory is incomplete, or holds something that cannot be merged."""


class AdapterIsNoop(WeightsError):
    """Merging the adapter would leave the base as it was."""


class RegistryError(WeightsError):
    """A file of the registry of miniatures is damaged, missing or in the way; nothing was changed."""


class UnknownMiniature(RegistryError):
    """The registry has no miniature, or no version of it, of that name."""

    exit_code = ExitCode.BAD_INPUT


class NoSuchChange(RegistryError):
    """What was asked for cannot be done to what stands there; nothing was changed."""

    exit_code = ExitCode.BAD_INPUT


class PromotionRefused(RegistryError):
    """The version may not become the live one; the message gives every reason."""

    exit_code = ExitCode.GATE_FAILED


class WrongBase(WeightsError):
    """The base weights here are not those that the adapter was trained on."""
