"""A miniature behind `miniatures serve` is asked like one in process, and gives the same answers as probably."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from miniatures.backends.base import Backend
from miniatures.backends.grounded_text import KEYWORD
from miniatures.backends.spec import open_backend
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import CapabilitySettings
from tests.conformance.served import MODEL, served_url

pytestmark = pytest.mark.slow

SETTINGS = CapabilitySettings(
    variant="compact", questions="each", held=True, languages=("en",), grammar="grounded", probability=True
)
WORDS = {"names": ["Acme", "Zoë", "Rotterdam"], "numbers": ["41", "40,000"], "openings": ["We", "Your", "Hello"]}
LETTER = WORDS | {"signatures": ["Mara Lindqvist"], "sentences": 3, "last": ["Would a call next week be worth it?"]}
EMAIL = {
    "title": "EmailText",
    "type": "object",
    "properties": {"subject": {"type": "string", KEYWORD: WORDS}, "body": {"type": "string", KEYWORD: LETTER}},
    "required": ["subject", "body"],
}
KIND = {
    "type": "object",
    "properties": {"kind": {"enum": ["opening", "funding", "none"]}},
    "required": ["kind"],
}
ASKED = "Write a short email to Zoë at Acme, who opened a cold store of 40,000 pallet places in Rotterdam."


@pytest.fixture(scope="module")
def served() -> Backend:
    spec = f"openai-compatible:{served_url()}#{MODEL}"
    return open_backend(spec, BackendSettings(use=spec, capabilities=SETTINGS))


@pytest.mark.parametrize("schema", [EMAIL, KIND], ids=["a grounded email", "one of a list"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_it_answers_the_same_as_probably(
    served: Backend, embedded_backend: Backend, schema: dict[str, Any], streamed: bool
) -> None:
    assert served.capabilities == embedded_backend.capabilities.model_copy(update={"own_kinds": True})
    options = {"response_schema": schema, "max_tokens": 120, "frequency_penalty": 0.2, "probability": True}
    here = await embedded_backend.ainvoke(ASKED, **options)
    there = None
    if streamed:
        async for chunk in served.astream(ASKED, **options):
            there = chunk if there is None else there + chunk
    else:
        there = await served.ainvoke(ASKED, **options)
    assert there is not None
    assert there.text == here.text != ""
    assert there.response_metadata["probability"] == pytest.approx(here.response_metadata["probability"], rel=1e-3)
    assert there.response_metadata["finish_reason"] == here.response_metadata["finish_reason"]


def test_a_grounding_with_a_slip_is_refused_in_a_sentence() -> None:
    slip = {"type": "object", "properties": {"subject": {"type": "string", KEYWORD: {"names": "Acme"}}}}
    form = {"type": "json_schema", "json_schema": {"name": "a", "schema": slip}}
    body = {"model": MODEL, "messages": [{"role": "user", "content": "hi"}], "response_format": form}
    reply = httpx.post(f"{served_url()}/chat/completions", json=body, timeout=60)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_request")
    assert "x-grounded.names: Input should be a valid tuple" in reply.json()["error"]["message"]
