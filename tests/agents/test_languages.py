"""A writer that was taught some languages is not asked for another, and says so before the run."""

from __future__ import annotations

import pytest

from miniatures.agents.context import CampaignContext
from miniatures.agents.seats import Seats
from miniatures.datamodel.capabilities import SMALL, Capabilities, CapabilitySettings, Trust
from miniatures.datamodel.errors import InputError
from tests.agents.scene import scripted
from tests.checks.cases import BRIEF

_GERMAN = BRIEF.model_copy(update={"language": "de"})


def test_a_writer_that_does_not_know_the_briefs_language_is_refused_before_the_run():
    for models in ({"writer": scripted(trust=SMALL)}, {"writer": Seats(scripted(), fallback=scripted(trust=SMALL))}):
        with pytest.raises(InputError, match="the brief is in German, and its writer knows only English"):
            CampaignContext(models=models, brief=_GERMAN)


def test_a_brief_written_in_another_language_than_it_says_is_refused():
    written = BRIEF.model_copy(
        update={"offer": "Drahtlose Temperaturfühler für Kühlhäuser", "claims": ("Die Fühler melden jede Minute.",)}
    )
    written = written.model_copy(update={"call_to_action": "Bitten Sie um ein kurzes Gespräch."})
    with pytest.raises(InputError, match="the brief is in German"):
        CampaignContext(models={"writer": scripted(trust=SMALL)}, brief=written)


def test_a_writer_that_names_the_language_or_none_is_asked():
    CampaignContext(models={"writer": scripted(trust=SMALL)}, brief=BRIEF)
    CampaignContext(models={"writer": scripted(trust=Trust())}, brief=_GERMAN)
    bilingual = SMALL.model_copy(update={"languages": ("de-DE", "en")})
    CampaignContext(models={"writer": scripted(trust=bilingual)}, brief=_GERMAN)


def test_a_campaign_file_may_say_which_languages_a_backend_knows():
    settings = CapabilitySettings.model_validate({"languages": ["de"]})
    assert settings.over(Capabilities().with_trust(SMALL)).languages == ("de",)
    assert "languages" not in Capabilities().model_dump()
