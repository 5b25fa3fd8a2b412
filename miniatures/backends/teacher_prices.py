"""What litellm is asked for besides answers: itself, silenced, and its bundled list of prices and context sizes."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache
from typing import Any

from miniatures.datamodel.backend import Price


def is_loaded() -> bool:
    """Whether litellm has been imported, which takes seconds."""
    return "litellm" in sys.modules


@cache
def quiet_litellm() -> Any:
    """litellm with its bundled price list, and with its telemetry, retries and chatter off."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm

    logging.getLogger("LiteLLM").setLevel(logging.ERROR)
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.disable_streaming_logging = True
    litellm.num_retries = 0
    litellm.drop_params = False
    return litellm


def known_facts(model: str) -> dict[str, Any]:
    """`price` and `context_tokens` as far as the list has them; a model that is not listed has neither."""
    litellm = quiet_litellm()
    try:
        listed = litellm.get_model_info(model)
    except Exception:  # litellm says "not listed" with a bare Exception
        return {}
    return {"price": _price(listed), "context_tokens": listed.get("max_input_tokens")}


def listed_cost(model: str, usage: Any) -> float | None:
    """USD for a response's usage, tiers and cache prices included; None if the list cannot tell."""
    litellm = quiet_litellm()
    try:
        prompt_usd, answer_usd = litellm.cost_per_token(model=model, usage_object=usage)
    except Exception:  # the same bare Exception
        return None
    return float(prompt_usd) + float(answer_usd)


def _price(listed: Any) -> Price | None:
    paid_in, paid_out = listed.get("input_cost_per_token"), listed.get("output_cost_per_token")
    if paid_in is None or paid_out is None:
        return None
    cached = listed.get("cache_read_input_token_cost")
    return Price(
        input_per_million=paid_in * 1e6,
        output_per_million=paid_out * 1e6,
        cached_per_million=None if cached is None else cached * 1e6,
    )
