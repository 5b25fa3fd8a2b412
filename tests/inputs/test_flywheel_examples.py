"""The example campaigns of the flywheel load, and differ in their roles alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.backends.spec import parse_spec
from miniatures.datamodel.prospect import Prospect
from miniatures.inputs.campaign import load_campaign

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.parametrize(("name", "second"), [("swap", None), ("fallback", "fallback"), ("shadow", "shadow")])
def test_an_example_loads(name: str, second: str | None) -> None:
    loaded = load_campaign(EXAMPLES / "flywheel" / f"{name}.yaml", trusted=True)
    base = load_campaign(EXAMPLES / "cold_storage")
    assert loaded.name == f"flywheel-{name}"
    assert (loaded.brief, list(loaded.prospects())) == (base.brief, list(base.prospects()))
    assert sum(isinstance(row, Prospect) for row in loaded.prospects()) == 14
    assert loaded.resolve(loaded.campaign.search.use.removeprefix("local:")) == EXAMPLES / "cold_storage" / "sites.txt"
    played = {"writer": "student"} | ({f"writer ({second})": "teacher"} if second else {})
    assert loaded.campaign.roles.backend_names == played
    specs = [parse_spec(backend.use) for backend in loaded.campaign.backends.values()]
    assert ("miniature", "outreach@live") in specs
