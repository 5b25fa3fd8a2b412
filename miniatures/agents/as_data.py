"""Makes foreign text harmless before it stands in a prompt: it can be read, and can forge nothing."""

from __future__ import annotations

from miniatures.datamodel.prospect import one_line

_ANGLES = str.maketrans({"<": "‹", ">": "\u203a", "`": "'"})  # noqa: RUF001


def as_data(text: str) -> str:
    """Foreign text for a prompt: on one line, so that it cannot begin a line of its own, and without angle brackets.

    Every line of our templates that holds foreign text begins with our own number or word; chat templates mark their
    turns with angle brackets. So the text can end neither the list it stands in nor the turn.
    """
    return one_line(text).translate(_ANGLES)
