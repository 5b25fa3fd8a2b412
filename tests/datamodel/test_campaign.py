"""The campaign file's schema says which name is wrong."""

import pytest
from pydantic import ValidationError

from miniatures.datamodel.campaign import Campaign

_CAMPAIGN = {
    "name": "cold",
    "brief": "brief.md",
    "prospects": "prospects.csv",
    "search": "ddgs",
    "backends": {"student": "local:smollm2-135m-instruct"},
    "roles": {"researcher": "student", "writer": "student"},
}


def test_bare_strings_stand_for_use() -> None:
    campaign = Campaign.model_validate(_CAMPAIGN)
    assert campaign.backends["student"].use == "local:smollm2-135m-instruct"
    assert campaign.search.use == "ddgs"
    assert campaign.roles.verifier is None, "the checks are no model"


@pytest.mark.parametrize("role", ["researcher", "assessor", "verifier", "planner"])
def test_a_fallback_that_nobody_would_ask_is_refused(role: str) -> None:
    seats = {"first": _CAMPAIGN["roles"]["writer"], "fallback": _CAMPAIGN["roles"]["writer"]}
    with pytest.raises(ValidationError, match="only the writer has a fallback") as refused:
        Campaign.model_validate({**_CAMPAIGN, "roles": {**_CAMPAIGN["roles"], role: seats}})
    assert refused.value.errors()[0]["loc"] == ("roles", role)


def test_the_word_none_is_no_fallback() -> None:
    roles = {**_CAMPAIGN["roles"], "fallback": "none"}
    assert Campaign.model_validate({**_CAMPAIGN, "roles": roles}).roles.writer.fallback is None


def test_a_role_must_name_a_backend_that_exists() -> None:
    with pytest.raises(ValidationError, match="no backend is named 'teacher'; this file has student"):
        Campaign.model_validate({**_CAMPAIGN, "roles": {"researcher": "student", "writer": "teacher"}})


def test_a_shadow_is_another_backend_than_the_writer() -> None:
    backends = {**_CAMPAIGN["backends"], "teacher": "litellm:x"}
    roles = {**_CAMPAIGN["roles"], "shadow": "teacher"}
    campaign = Campaign.model_validate({**_CAMPAIGN, "backends": backends, "roles": roles})
    assert campaign.roles.backend_names["writer (shadow)"] == "teacher"
    with pytest.raises(ValidationError, match="nothing can be learnt from comparing it with itself"):
        Campaign.model_validate({**_CAMPAIGN, "roles": {**_CAMPAIGN["roles"], "shadow": "student"}})
    with pytest.raises(ValidationError, match="no backend is named 'other'"):
        Campaign.model_validate({**_CAMPAIGN, "roles": {**_CAMPAIGN["roles"], "shadow": "other"}})
