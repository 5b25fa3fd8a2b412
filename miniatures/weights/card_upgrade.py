"""Reads cards and manifests that earlier versions wrote.

What they said of profiles is said of trust now; and what was held to its prompt by a grammar that knows English
spelling was taught English, before trust named languages.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from miniatures.datamodel.capabilities import SMALL, Trust

_TRUST = {"compact": SMALL, "full": Trust()}
_SAME_TEXT = {"deb51fbc010df6f0": "baa060a5f9440605"}
"""Templates that were written anew and render the same text, by version: the old one and the present one."""
_TAXONOMY = "0895cfa577a6b2e3"
"""The kinds of news that stood in the code then."""


class _Old(BaseModel):
    """What is rewritten."""

    profile: str
    prompt_versions: dict[str, str]


def upgraded(record: Any) -> Any:
    """The JSON of a card or manifest in today's form; what is of today's form, or is neither, as it is.

    Raises:
        ValueError: it names a profile that there never was, or says no versions of its prompts.
    """
    if not isinstance(record, dict) or "profile" not in record:
        return _with_languages(record)
    old = _Old.model_validate(record)
    if old.profile not in _TRUST:
        raise ValueError(f"it names the prompt profile {old.profile!r}, which there is not")
    kept = {name: value for name, value in record.items() if name != "profile"}
    versions = {role: _SAME_TEXT.get(version, version) for role, version in old.prompt_versions.items()}
    told = {"prompt_versions": versions, "trust": _TRUST[old.profile].model_dump(mode="json"), "taxonomy": _TAXONOMY}
    return {**kept, **told, **({"format": 2} if "format" in record else {})}


def _with_languages(record: Any) -> Any:
    trust = record.get("trust") if isinstance(record, dict) else None
    if not isinstance(trust, dict) or "languages" in trust or not trust.get("held"):
        return record
    return {**record, "trust": {**trust, "languages": list(SMALL.languages)}}
