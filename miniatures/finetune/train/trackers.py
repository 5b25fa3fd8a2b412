"""Makes sure before training that what a recipe reports to is installed; transformers does the rest."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.recipe import Tracker

_PACKAGES = {
    Tracker.TENSORBOARD: ("tensorboard", "tensorboardX"),
    Tracker.WANDB: ("wandb",),
    Tracker.MLFLOW: ("mlflow",),
}


def require_trackers(trackers: Iterable[Tracker]) -> None:
    """Look for the package of each.

    Raises:
        InputError: one is not installed; says which.
    """
    for tracker in trackers:
        packages = _PACKAGES[tracker]
        if not any(find_spec(package) for package in packages):
            raise InputError(
                f"the recipe reports to {tracker}, and the package {packages[0]} is not installed",
                hint=f"pip install {packages[0]}, or take {tracker} out of report_to.",
            )
