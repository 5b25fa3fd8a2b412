"""Writes the documents of schema 0002 as schema 0003 has them, and finds once the links that they lacked.

Until then a draft, its quotes, a shadow and the call that each came from were told apart by equal words and by the
order in which they began; from 0003 on each names the other, and nobody has to guess again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from miniatures.datamodel.hashing import content_hash

Document = dict[str, Any]

_SECOND = ("shadow", "fallback")
_NO_NEWS = (
    *("boilerplate", "stale", "other_company", "sensitive", "opinion", "vague", "navigation", "instruction"),
    None,
)
_ASKED_AGAIN = "select_again"


class Calls:
    """The model calls of one prospect, rewritten and linked."""

    def __init__(self, traces: Iterable[Document], policies: Mapping[str, str]) -> None:
        self.traces = [_call(trace, policies.get(trace["run_id"], "")) for trace in traces]
        self._chosen: defaultdict[str, list[Document]] = defaultdict(list)
        self._written: defaultdict[str, list[Document]] = defaultdict(list)
        for trace in self.traces:
            for text in _choice(trace):
                self._chosen[text].append(trace)
            if trace["prompt_name"] == "writer" and trace["error"] is None and trace["structured"]:
                self._written[_email(trace["structured"])].append(trace)
        self._pair_shadows()
        for trace in self.traces:
            if trace["prompt_name"] == "writer":
                trace["sources"] = list(dict.fromkeys(self._sources(trace)))

    def result(self, document: Document) -> Document:
        """A result of the prospect, with the calls that chose its quotes and wrote its draft."""
        policy = document["policy"]
        for part in filter(None, (document, document["draft"], document["dossier"])):
            _bill(part)
        for quote in (document["dossier"] or {}).get("facts", ()):
            quote["trace"] = self._chooser(quote["quote"], policy)
        if draft := document["draft"]:
            draft["statements"] = draft.pop("claims", [])
            draft["opinion"] = draft.pop("reading", None)
            for quote in draft["evidence"]:
                quote["trace"] = self._chooser(quote["quote"], policy)
            draft["trace"] = self._writer(draft, policy)
            key = document["campaign"], policy, document["prospect"]["email"], _email(draft)
            draft["id"] = draft["trace"] or content_hash(key)[:32]
        return document

    def _pair_shadows(self) -> None:
        """The shadow that began first stood beside the answer to the same question that began first, and so on."""
        asked: defaultdict[tuple[Any, ...], tuple[list[Document], list[Document]]] = defaultdict(lambda: ([], []))
        for trace in sorted(self.traces, key=lambda trace: (trace["started_at"], trace["id"])):
            if trace["prompt_name"] is not None and trace["error"] is None:
                question = tuple(trace[name] for name in ("run_id", "parent_id", "node", "prompt_name", "attempt"))
                asked[question][trace["seat"] == "shadow"].append(trace)
        for used, shadows in asked.values():
            for one, other in zip(used, shadows, strict=False):
                other["shadow_of"] = one["id"]

    def _sources(self, trace: Document) -> Iterator[str]:
        """The calls that chose its quotes, and the one whose draft was refused."""
        for quote in trace["variables"].get("quotes", ()):
            if chooser := self._chooser(quote["text"], trace["policy"], before=trace["id"]):
                yield chooser
        if refused := trace["variables"].get("previous"):
            own = [one for one in self._used(refused) if one["id"] < trace["id"]]
            yield from (one["id"] for one in own[-1:])

    def _chooser(self, quote: str, policy: str, before: str = "g") -> str | None:
        calls = [one for one in self._chosen[_as_data(quote)] if one["id"] < before]
        return max(calls, key=lambda one: (one["policy"] == policy, one["id"]))["id"] if calls else None

    def _writer(self, draft: Document, policy: str) -> str | None:
        """The last call that answered with exactly this draft: of its own backend and policy, if any of them was."""
        calls = self._used(draft)
        rank = lambda one: (_name(one["backend"]) == draft["backend"], one["policy"] == policy, one["id"])  # noqa: E731
        return max(calls, key=rank)["id"] if calls else None

    def _used(self, email: Document) -> list[Document]:
        return [one for one in self._written[_email(email)] if one["seat"] != "shadow"]


def _call(trace: Document, policy: str) -> Document:
    _bill(trace)
    role = trace["role"]
    seat = role if role in _SECOND else "first"
    trace["prompt_variant"] = trace.pop("prompt_profile", None)
    return {
        **trace,
        "policy": policy,
        "role": (trace["prompt_name"] or "writer") if role in _SECOND else role,
        "seat": seat,
        "sources": [],
        "shadow_of": None,
    }


def _bill(document: Document) -> None:
    document["bill"] = {"usage": document.pop("usage", {}), "cost_usd": document.pop("cost_usd", None)}


def _choice(trace: Document) -> list[str]:
    """The sentences that a researcher's answer chose, or called news."""
    answer = trace["structured"]
    if trace["prompt_name"] != "researcher" or trace["error"] or not answer or trace["node"] == _ASKED_AGAIN:
        return []
    numbers = {choice.get("number") for choice in answer.get("choices", ()) if isinstance(choice, dict)}
    is_news = answer.get("kind") not in _NO_NEWS
    sentences = trace["variables"].get("sentences", ())
    return [_as_data(one["text"]) for one in sentences if is_news or one["number"] in numbers]


def _email(answer: Document) -> str:
    return content_hash([answer.get("subject"), answer.get("body")])


def _name(backend: Document) -> str:
    adapter = f"+{backend['adapter'][:8]}" if backend.get("adapter") else ""
    return f"{backend['provider']}:{backend['model']}{adapter}"


_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]+"
)
_ANGLES = str.maketrans({"<": "‹", ">": "\u203a", "`": "'"})  # noqa: RUF001


def _as_data(text: str) -> str:
    """A quote as prompts held it."""
    return " ".join(_UNPRINTABLE.sub(" ", unicodedata.normalize("NFC", text)).split()).translate(_ANGLES)
