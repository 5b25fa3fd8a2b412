"""Answers that name somebody else to write to, with an address."""

from __future__ import annotations

import re
from collections.abc import Collection

from miniatures.datamodel.prospect import normalize_email
from miniatures.delivery.inbound.phrases import Said, flat, pattern

_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[\w-]{2,24}(?![\w@-])")
_LOOKED_AT = 4_000
_NEAR = 200


def named_instead(text: str, own: Collection[str]) -> str:
    """The address that the text names to be written to instead; empty if it names none, or only `own` ones."""
    told = flat(text, _LOOKED_AT)
    for match in _ADDRESS.finditer(told):
        address = normalize_email(match[0])
        near = told[max(0, match.start() - _NEAR) : match.start()] + told[match.end() : match.end() + _NEAR]
        if address not in own and pattern(Said.INSTEAD).search(near):
            return address
    return ""
