"""Lets a listing go on where its last page ended, and end where a damaged key would have it read one page for ever."""

from __future__ import annotations

from typing import Any


def beyond(last: Any, end: Any) -> Any:
    """The key `end` of a page's last row, if it stands beyond that of the page before.

    Raises:
        ValueError: it does not. A damaged text is read as another than the database orders by.
        TypeError: the two are of kinds that have no order.
    """
    if not end > last:
        raise ValueError("a row's key is damaged")
    return end
