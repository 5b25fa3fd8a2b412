"""API keys: which one a model needs, to whom one may be sent, and keeping all of them out of what people read."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr

from miniatures.backends.errors import UnknownModel, UnknownSpec
from miniatures.backends.teacher_prices import quiet_litellm

ENDPOINT_KEY = "OPENAI_COMPATIBLE_API_KEY"
"""The environment variable whose key an openai-compatible server gets."""

ENDPOINT_URL = "OPENAI_COMPATIBLE_BASE_URL"
"""The environment variable that says which server that is; without it, one on this machine."""

NO_KEY = "none"
"""What a server that wants no key is sent: the client library insists on one."""

_KEY_NAMES = ("_KEY", "_TOKEN")
_SECRET_NAMES = (*_KEY_NAMES, "_SECRET", "_PASSWORD")
_SECRET_SHAPES = re.compile(r"(?:sk|pk|key|gsk|xai)-[\w*.-]{6,}|AIza[\w-]{20,}|(?<=Bearer )\S+", re.IGNORECASE)
_SHORTEST_SECRET = 8


def endpoint_key(url: str) -> SecretStr | None:
    """The key for the openai-compatible server at this address, if the environment has one for it and no other.

    Raises:
        UnknownSpec: the environment names a server by what is no address.
    """
    value, bound = os.environ.get(ENDPOINT_KEY), os.environ.get(ENDPOINT_URL)
    is_meant = _origin(url) == _bound_origin(bound) if bound else _is_here(url)
    return SecretStr(value) if value and is_meant else None


def _bound_origin(bound: str) -> tuple[str, str | None, int | None]:
    try:
        return _origin(bound)
    except ValueError as error:
        raise UnknownSpec(f"{ENDPOINT_URL} holds no address", hint="Write it as http://127.0.0.1:8000/v1.") from error


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def missing_keys(model: str) -> list[str]:
    """Environment variables, any one of which would do, when the model's provider needs a key and none is set.

    Credentials that may come from elsewhere (cloud profiles) are not asked for.

    Raises:
        UnknownModel: litellm knows no such provider.
    """
    litellm = quiet_litellm()
    try:
        litellm.get_llm_provider(model)
    except litellm.BadRequestError as error:
        hint = "Write it as litellm:PROVIDER/MODEL, with a provider that litellm documents."
        raise UnknownModel(f"litellm knows no provider for the model {model!r}", hint=hint) from error
    missing = litellm.validate_environment(model)["missing_keys"]
    return [name for name in missing if name.endswith(_KEY_NAMES) and not name.startswith("AWS_")]


def redact(text: str, secret: str | None = None) -> str:
    """The text without the given secret, without any secret of the environment, and without what looks like a key."""
    secrets = {value for name, value in os.environ.items() if name.upper().endswith(_SECRET_NAMES)}
    if secret and secret != NO_KEY:
        text = text.replace(secret, "***")
    for value in secrets:
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    return _SECRET_SHAPES.sub("***", text)
