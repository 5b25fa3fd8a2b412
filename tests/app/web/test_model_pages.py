"""Miniatures are read by everybody, and promoted and rolled back by an owner, as the command line does it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from miniatures.app.web.visitors import Rights
from miniatures.datamodel.capabilities import Variant
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.prompts.library import PromptLibrary
from miniatures.weights.errors import RegistryError
from miniatures.weights.registry import SHIPPED, Registry
from tests.app.web.client import Browser, OpenedApp
from tests.chaos.small_campaign import NAME
from tests.finetune.small_examples import example
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter

HOSTILE = "<script>alert(1)</script>\u202e'\""


@pytest.fixture(autouse=True)
def registry_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def add(folder: Path, seed: int, name: str = "mine", **changes: object) -> str:
    served = {name: PromptLibrary().version(name, Variant.COMPACT) for name in ("writer", "researcher")}
    adapter = tiny_adapter(folder / f"{name}{seed}", seed)
    card = card_of(adapter, **{"name": name, "prompt_versions": served, "dataset": None, **changes})
    curve = SHIPPED / "outreach" / Registry(folder / "none").card("outreach").version / "curve.png"
    return Registry().register(card, adapter, curve)


def live(name: str = "mine") -> str | None:
    return Registry().state(name).live


def test_every_miniature_is_listed_with_what_it_is_for(ada: Browser, tmp_path: Path) -> None:
    version = add(tmp_path, 1, scores=SCORES)
    html = ada.get("/models").text
    for told in (f"/models/mine/{version}", "candidate", "97.0 %", "No reader has read", "outreach", "smollm2-135m"):
        assert told in html, told
    assert "60 held a false statement" in html, "what readers found of the one that ships"


def test_a_version_is_shown_with_its_card(ada: Browser, tmp_path: Path) -> None:
    version = add(tmp_path, 1, scores=SCORES, comparisons=(compared("0123456789ab", -0.05),))
    html = ada.get(f"/models/mine/{version}").text
    for told in (
        "acme/base-model",
        "94.8 to 98.3 %",
        "-5.0 points",
        "-7.0 to -3.0",
        f"miniature:mine@{version}",
        "each alone",
        "lora.rank",
        "0.5123",
        "the same</span>",
        "It knows the prompts named above",
        "Nothing on its card speaks against it",
        "curve.png",
    ):
        assert told in html, told
    picture = ada.get(f"/models/mine/{version}/curve.png")
    assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    assert ada.get("/models/mine/candidate").headers["location"] == f"/models/mine/{version}"
    assert ada.get(f"/models/mine/{version[:6]}").headers["location"] == f"/models/mine/{version}"


def test_an_owner_promotes_and_goes_back(ada: Browser, tmp_path: Path) -> None:
    first = add(tmp_path, 1, scores=SCORES)
    done = ada.post(f"/models/mine/{first}/promote")
    assert (done.status_code, done.headers["location"], live()) == (303, f"/models/mine/{first}?done=true", first)
    second = add(tmp_path, 2, comparisons=(compared(first), compared(first, measure="researcher_right")))
    before = ada.get(f"/models/mine/{second}").text
    assert "It is shown not worse than the live version" in before and "researcher right" in before
    after = ada.get(ada.post(f"/models/mine/{second}/promote").headers["location"]).text
    assert (
        f"mine@{second} is live, in place of {first}." in after
        and "What the gate found: beside the one before not worse" in after
    )
    assert f"Roll back to {first}" in after and live() == second
    back = ada.get(ada.post("/models/mine/rollback").headers["location"]).text
    assert f"mine@{first} is live, in place of {second}." in back and "rolled back to" in back and live() == first
    refused = ada.post("/models/mine/rollback")
    assert refused.status_code == 409 and "Nothing was live before" in refused.text
    assert ada.post(f"/models/mine/{first}/promote").status_code == 409, "it is live already"


@pytest.mark.parametrize(
    ("said", "kept"), [("  It bounced <b>twice</b>. ", "It bounced <b>twice</b>."), ("  ", None), (None, None)]
)
def test_why_somebody_goes_back_is_kept_if_they_say_it(
    ada: Browser, tmp_path: Path, said: str | None, kept: str | None
) -> None:
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    for version in (first, second):
        Registry().promote("mine", version)
    assert '<textarea name="reason"' in ada.get(f"/models/mine/{second}").text
    page = ada.post("/models/mine/rollback", **({} if said is None else {"reason": said})).headers["location"]
    assert (live(), Registry().state("mine").history[-1].reason) == (first, kept)
    assert ("“It bounced &lt;b&gt;twice&lt;/b&gt;.”" in ada.get(page).text) is (kept is not None)


def test_a_reason_without_end_is_refused(ada: Browser, tmp_path: Path) -> None:
    first, second = add(tmp_path, 1), add(tmp_path, 2)
    for version in (first, second):
        Registry().promote("mine", version)
    assert ada.post("/models/mine/rollback", reason="x" * 2_001).status_code == 422
    assert live() == second


def test_a_refusal_says_why_and_a_second_step_overrules_it(ada: Browser, tmp_path: Path) -> None:
    first = add(tmp_path, 1, scores=SCORES)
    Registry().promote("mine", first)
    second = add(tmp_path, 2, comparisons=(compared(first, -0.1),))
    url = f"/models/mine/{second}"
    before = ada.get(url).text
    assert "it is worse than the live version" in before and 'name="forced"' not in before
    refused = ada.post(f"{url}/promote")
    assert refused.status_code == 409 and live() == first
    assert f"mine@{second} is not promoted: it was never compared" in refused.text
    assert "it is worse than the live version" in refused.text and 'name="forced"' in refused.text
    silent = ada.post(f"{url}/promote", forced="true", reason="  ")
    assert silent.status_code == 422 and live() == first
    done = ada.post(f"{url}/promote", forced="true", reason=HOSTILE)
    assert done.status_code == 303 and live() == second
    html = ada.get(done.headers["location"]).text
    assert "promoted in spite of what spoke against it" in html
    assert "<script>alert" not in html and "&lt;script&gt;" in html and "\u202e" not in html


def test_what_is_asked_for_can_be_stated(ada: Browser, tmp_path: Path) -> None:
    first = add(tmp_path, 1, scores=SCORES)
    Registry().promote("mine", first)
    few = {"cases": 60, "gained": 1, "lost": 1, "p_value": 1.0}
    both = compared(first, 0.0, **few), compared(first, 0.0, measure="researcher_right", **few)
    url = f"/models/mine/{add(tmp_path, 2, comparisons=both)}"
    assert "is not shown" in ada.get(url).text
    asked = {"margin": "0.15", "least_cases": "50"}
    assert "Nothing on its card speaks against it" in ada.get(f"{url}?margin=0.15&least_cases=50").text
    assert ada.get(f"{url}?margin=0.9").status_code == 422
    assert ada.post(f"{url}/promote", margin="0.9").status_code == 422
    assert ada.post(f"{url}/promote", **asked).status_code == 303
    [kept] = [one.gate for one in Registry().state("mine").history if one.gate]
    assert (kept.settings.margin, kept.settings.least_cases) == (0.15, 50)


def test_reviewers_look_and_change_nothing(app: OpenedApp, ada: Browser, tmp_path: Path) -> None:
    version = add(tmp_path, 1, scores=SCORES)
    bo = app.browser("bo", Rights.REVIEWER)
    html = bo.get(f"/models/mine/{version}").text
    assert "An owner may promote it" in html and "/promote" not in html
    assert bo.post(f"/models/mine/{version}/promote").status_code == 403
    assert bo.post("/models/mine/rollback").status_code == 403
    assert ada.client.post(f"/models/mine/{version}/promote", data={"csrf": "x"}).status_code == 403
    assert app.client().get("/models").headers["location"] == "/login"
    assert live() is None


def test_what_is_damaged_or_gone_is_told_with_its_cure(ada: Browser, tmp_path: Path) -> None:
    card, adapter = add(tmp_path, 1), add(tmp_path, 2, scores=SCORES)
    gone = add(tmp_path, 1, "gone")
    home = Registry().root
    (home / "mine" / card / "card.json").write_text('{"a":' * 100_000)
    (home / "mine" / adapter / "adapter" / "adapter_model.safetensors").write_bytes(b"x")
    shutil.rmtree(home / "gone" / gone)
    html = ada.get("/models").text
    for told in ("card.json cannot be read", "the candidate version gone@", "Restore its folder", "cannot be read:"):
        assert told in html, told
    assert html.count("How to mend it") == 3
    for name, version in (("mine", card), ("mine", adapter), ("gone", gone)):
        reply = ada.get(f"/models/{name}/{version}")
        assert reply.status_code == 200 and "How to mend it" in reply.text, name
        refused = ada.post(f"/models/{name}/{version}/promote", forced="true", reason="all the same")
        assert refused.status_code in (404, 409) and live(name) is None, refused.status_code
    (home / "mine" / "state.json").write_text("[")
    assert "state.json cannot be read" in ada.get("/models").text
    assert "state.json cannot be read" in ada.get(f"/models/mine/{adapter}").text
    assert ada.post("/models/mine/rollback").status_code == 409
    with pytest.raises(RegistryError):
        Registry().state("mine")


def test_what_is_not_there_is_refused(ada: Browser, tmp_path: Path) -> None:
    add(tmp_path, 1)
    for path in ("/models/nobody/live", "/models/mine/live", "/models/mine/zzz", "/models/..%2f..%2fx/live"):
        assert ada.get(path).status_code == 404, path
    assert ada.post("/models/nobody/rollback").status_code == 404
    assert ada.get(f"/models/mine/{'0' * 12}/curve.png").status_code == 404
    version = Registry().resolve("mine", "candidate")
    (Registry().root / "mine" / version / "curve.png").unlink()
    assert "curve.png" not in ada.get(f"/models/mine/{version}").text
    assert ada.get(f"/models/mine/{version}/curve.png").status_code == 404


def test_a_card_of_foreign_text_does_nothing(ada: Browser, tmp_path: Path) -> None:
    odd = {"base": HOSTILE, "base_licence": HOSTILE, "recipe": {"roles": ["writer"], HOSTILE: HOSTILE}}
    told = compared(HOSTILE, measure=HOSTILE)
    version = add(tmp_path, 1, **odd, training={HOSTILE: HOSTILE}, comparisons=(told,), evaluated_on=HOSTILE)
    for path in ("/models", f"/models/mine/{version}", "/datasets"):
        html = ada.get(path).text
        assert "<script>alert" not in html and "&lt;script&gt;" in html and "\u202e" not in html, path


def test_lineage_leads_to_the_calls_of_an_open_campaign(app: OpenedApp, ada: Browser, tmp_path: Path) -> None:
    call = next(app.desk.store.traces(NAME))
    made = example("Nordfrost", "An email.").model_copy(update={"lineage": (f"trace:{call.id}",)})
    dataset = build_dataset([made], app.folder / "data", BuildSettings(validation=0.0, test=0.0))
    version = add(tmp_path, 1, dataset=dataset.manifest.hash)
    html = ada.get(f"/models/mine/{version}").text
    assert f"/datasets/{dataset.manifest.hash[:12]}?origin={NAME}" in html
    assert f'href="/c/{NAME}/trace/{call.id}"' in html
    assert "1 example of its roles" in html and "1 model call and 0 reviews" in html
    other = add(tmp_path, 2, dataset="c" * 64)
    assert "Start the app with" in ada.get(f"/models/mine/{other}").text


def test_campaigns_that_ask_a_version_are_named(app: OpenedApp, ada: Browser, tmp_path: Path) -> None:
    version = add(tmp_path, 1, scores=SCORES)
    Registry().promote("mine", version)
    file = app.folder / "campaign.yaml"
    file.write_text(file.read_text().replace("miniature:reader@live", "miniature:mine@live"))
    app.desk.look_again()
    assert f'<a href="/c/{NAME}">{NAME}</a> asks it as researcher' in ada.get(f"/models/mine/{version}").text
    assert "No campaign that is open here" in ada.get(f"/models/mine/{add(tmp_path, 2)}").text
