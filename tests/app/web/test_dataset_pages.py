"""What is in a dataset, what was left out of it, and what each example was made from."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from miniatures.datamodel.dataset import DropReason
from miniatures.datamodel.example import Source
from miniatures.finetune.dataset.build import BuildSettings, build_dataset
from miniatures.finetune.dataset.folder import Dataset, open_dataset
from miniatures.weights.registry import Registry
from tests.app.web.client import Browser, OpenedApp
from tests.chaos.small_campaign import NAME
from tests.finetune.small_examples import body, example, firm
from tests.weights.miniatures_made import card_of, tiny_adapter

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def registry_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def built(app: OpenedApp, name: str = "data", count: int = 45) -> Dataset:
    """A dataset in the campaign's folder; one example was made from a call and a review that its store holds."""
    call = next(app.desk.store.traces(NAME))
    examples = [
        example(firm(number), body(number), Source.EDITED if number % 2 else Source.GOLD) for number in range(count)
    ]
    lineage = (f"trace:{call.id}", "review:0123:accept")
    examples[0] = examples[0].model_copy(
        update={"lineage": lineage, "company": HOSTILE, "rejected": {HOSTILE: HOSTILE}}
    )
    settings = BuildSettings(test=0.2, sources=(HOSTILE,), dropped={DropReason.REJECTED: 3})
    return build_dataset(examples, app.folder / name, settings)


def ids(html: str) -> list[str]:
    return re.findall(r'aria-label="Example (\w+)"', html)


def test_datasets_of_campaigns_and_of_the_command_line(app: OpenedApp, ada: Browser, tmp_path: Path) -> None:
    dataset = built(app)
    elsewhere = build_dataset([example("A", body(1))], tmp_path / "elsewhere" / "one", BuildSettings())
    adapter = tiny_adapter(tmp_path / "adapter", 1)
    card = card_of(adapter, name="mine", dataset=dataset.manifest.hash)
    Registry().register(card, adapter)
    html = ada.get("/datasets").text
    assert f"/datasets/{dataset.manifest.hash[:12]}" in html and f"mine@{card.version}" in html
    assert "eeeeeeeeeeee" in html, "what a card names and nobody has is listed"
    assert elsewhere.manifest.hash[:12] not in html
    object.__setattr__(app.site, "datasets", (tmp_path / "elsewhere", tmp_path / "nowhere"))
    html = ada.get("/datasets").text
    assert elsewhere.manifest.hash[:12] in html and "nowhere is no dataset" in html


def test_a_dataset_says_what_was_kept_and_left_out(app: OpenedApp, ada: Browser) -> None:
    dataset = built(app)
    html = ada.get(f"/datasets/{dataset.manifest.hash[:12]}").text
    assert dataset.manifest.hash in html
    assert "a reviewer edited it" in html and "a reviewer rejected it" in html
    for file in dataset.manifest.splits.values():
        assert f"<b>{file.examples}</b>" in html
    assert "<script>alert" not in html and "&lt;script&gt;" in html
    whole = ada.get(f"/datasets/{dataset.manifest.hash}")
    assert (whole.status_code, whole.headers["location"]) == (303, f"/datasets/{dataset.manifest.hash[:12]}")


def test_examples_are_shown_twenty_a_page_and_filtered(app: OpenedApp, ada: Browser) -> None:
    dataset = built(app)
    url = f"/datasets/{dataset.manifest.hash[:12]}"
    pages = [ids(ada.get(f"{url}?page={number}").text) for number in (1, 2, 3)]
    kept = sum(file.examples for file in dataset.manifest.splits.values())
    assert [len(page) for page in pages] == [20, 20, kept - 40]
    assert len({*pages[0], *pages[1], *pages[2]}) == kept
    tested = ada.get(f"{url}?split=test").text
    assert f"of {dataset.manifest.splits['test'].examples}<" in tested  # type: ignore[index]
    assert "of 22<" in ada.get(f"{url}?source=edited").text
    assert "No example passes this filter" in ada.get(f"{url}?role=researcher").text
    assert ada.get(f"{url}?split=sideways").status_code == 422


def test_an_example_leads_to_the_call_that_it_was_made_from(app: OpenedApp, ada: Browser) -> None:
    dataset = built(app)
    html = ada.get(f"/datasets/{dataset.manifest.hash[:12]}?origin={NAME}").text
    assert len(ids(html)) == 1
    [call] = re.findall(rf'href="(/c/{NAME}/trace/\w+)"', html)
    assert ada.get(call).status_code == 200
    assert "review:0123:accept" in html, "a review that is not here is named"


def test_lengths(app: OpenedApp, ada: Browser) -> None:
    html = ada.get(f"/datasets/{built(app).manifest.hash[:12]}/lengths").text
    assert "words of the answer" in html and "45 examples" in html and "1 preference pair;" in html


def test_a_changed_file_is_told_and_hides_nothing_else(app: OpenedApp, ada: Browser) -> None:
    dataset, other = built(app), build_dataset([example("A", body(1))], app.folder / "other", BuildSettings())
    assert dataset.manifest.hash[:12] in ada.get("/datasets").text
    path = dataset.folder / "train.jsonl"
    path.write_text(path.read_text() + "\n")
    html = ada.get("/datasets").text
    assert "was changed after the dataset was built" in html and other.manifest.hash[:12] in html
    assert ada.get(f"/datasets/{dataset.manifest.hash[:12]}").status_code == 404
    (app.folder / "odd").mkdir()
    (app.folder / "odd" / "manifest.json").write_text(json.dumps({"splits": 3}))
    assert "cannot be read as a manifest" in ada.get("/datasets").text


def test_rows_that_are_none_are_told_on_the_page(app: OpenedApp, ada: Browser) -> None:
    """Whoever writes the manifest anew can put anything into the files."""
    dataset = built(app)
    path = dataset.folder / "train.jsonl"
    path.write_text("{}\n")
    manifest = json.loads((dataset.folder / "manifest.json").read_text())
    from miniatures.weights.home import content_sha256

    manifest["splits"]["train"]["sha256"] = content_sha256(path)
    (dataset.folder / "manifest.json").write_text(json.dumps(manifest))
    forged = open_dataset(dataset.folder).manifest.hash[:12]
    reply = ada.get(f"/datasets/{forged}")
    assert reply.status_code == 200 and "train.jsonl, line 1: not a row of a dataset" in reply.text
    assert ada.get(f"/datasets/{forged}/lengths").status_code == 409


def test_what_is_not_there_is_refused(app: OpenedApp, ada: Browser) -> None:
    built(app)
    for name in ("0" * 12, "0", "lengths", "..%2f..%2fetc"):
        assert ada.get(f"/datasets/{name}").status_code == 404, name
    assert replace(app.site).datasets == ()
