"""What the HTTP providers have in common: one guarded way to ask, and one reading of the status codes."""

from __future__ import annotations

import json
from collections.abc import Iterable

import httpx

from miniatures.agents.tools.extract.clean import clean_line
from miniatures.agents.tools.network_word import network_word
from miniatures.agents.tools.search.base import SearchHit, SearchOutcome, SearchStatus
from miniatures.datamodel.json_types import WireObject

TIMEOUT_S = 20.0
_LARGEST_ANSWER = 4_000_000
_LONGEST_SNIPPET = 500


class NoAnswer(Exception):
    """A provider gave no usable answer; carries the outcome that says so."""

    def __init__(self, status: SearchStatus, detail: str) -> None:
        super().__init__(detail)
        self.outcome = SearchOutcome(status=status, detail=detail)


async def ask_json(provider: str, request: httpx.Request) -> WireObject:
    """The JSON object that a provider answers. Proxies named by environment variables are not used.

    Raises:
        NoAnswer: it refused (blocked), or failed, or answered something else than a JSON object.
    """
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            response = await client.send(request, stream=True)
            try:
                body = await _body(provider, response)
            finally:
                await response.aclose()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(SearchStatus.FAILED, f"{provider} could not be reached: {network_word(error)}") from error
    _check_status(provider, response, body)
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoAnswer(SearchStatus.FAILED, f"{provider} answered something that is not JSON") from error
    if not isinstance(answer, dict):
        raise NoAnswer(SearchStatus.FAILED, f"{provider} answered JSON of an unknown shape")
    return answer


async def _body(provider: str, response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes(65_536):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise NoAnswer(SearchStatus.FAILED, f"{provider} answered more than {_LARGEST_ANSWER} bytes")
    return bytes(body)


def _check_status(provider: str, response: httpx.Response, body: bytes) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    detail = f"{provider} answered HTTP {status}: {clean_line(body[:300].decode('utf-8', 'replace'))}"
    match status:
        case 402 | 429 | 432 | 433:  # 432 and 433 are Tavily's words for a used-up plan
            after = response.headers.get("retry-after", "")
            raise NoAnswer(SearchStatus.BLOCKED, detail + (f" (retry after {after} s)" if after else ""))
        case 401 | 403 | 422:
            raise NoAnswer(SearchStatus.BLOCKED, f"{detail}; check the key or the server's settings")
    raise NoAnswer(SearchStatus.FAILED, detail)


def outcome_of(results: object, url: str, title: str, snippet: str, limit: int) -> SearchOutcome:
    """The outcome of a list of results, each a JSON object with these keys. Only web addresses are kept.

    Raises:
        NoAnswer: it is no such list.
    """
    if not isinstance(results, list):
        raise NoAnswer(SearchStatus.FAILED, "the answer holds no list of results")
    hits = tuple(_hits((item for item in results if isinstance(item, dict)), url, title, snippet))[:limit]
    return SearchOutcome.of(*hits)


def _hits(items: Iterable[WireObject], url: str, title: str, snippet: str) -> Iterable[SearchHit]:
    seen = set()
    for item in items:
        address = str(item.get(url) or "").strip()
        if address.startswith(("http://", "https://")) and address not in seen:
            seen.add(address)
            text = without_tags(str(item.get(snippet) or ""))
            yield SearchHit(
                url=address, title=without_tags(str(item.get(title) or "")), snippet=text[:_LONGEST_SNIPPET]
            )


def without_tags(text: str) -> str:
    """Text of a result whose markup (`<strong>`, `&amp;`) is taken out."""
    from html import unescape
    from re import sub

    return clean_line(unescape(sub(r"</?[a-zA-Z][^<>]{0,100}>", "", text)))
