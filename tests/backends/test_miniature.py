"""A miniature behind its spec: any name of one version is one engine and one identity, and a wrong base is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from miniatures.backends.errors import UnknownModel, UnknownSpec
from miniatures.backends.openvino import OpenVINOBackend
from miniatures.backends.spec import open_backend
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.capabilities import Trust, Variant
from miniatures.weights.base_weights import weights_sha256
from miniatures.weights.errors import RegistryError, UnknownWeights, WrongBase
from miniatures.weights.home import file_sha256
from miniatures.weights.registry import Registry
from tests.weights.adapters import write_adapter
from tests.weights.miniatures_made import card_of, tiny_adapter


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))


def test_an_unknown_miniature_is_an_unknown_model(tmp_path: Path) -> None:
    for spec in ("miniature:nobody", "miniature:nobody@live", "miniature:No Body@live", "miniature:@live"):
        with pytest.raises(UnknownModel):
            open_backend(spec)
    adapter = tiny_adapter(tmp_path / "a", 1)
    Registry().register(card_of(adapter, name="prospecting"), adapter)
    with pytest.raises(UnknownModel, match="has no live version"):
        open_backend("miniature:prospecting")
    with pytest.raises(UnknownSpec):
        open_backend("miniature:")


def test_damage_and_a_missing_base_are_told(tmp_path: Path) -> None:
    adapter = tiny_adapter(tmp_path / "a", 1)
    version = Registry().register(card_of(adapter, base=str(tmp_path / "none.gguf")), adapter)
    with pytest.raises(UnknownWeights, match=r"none\.gguf"):
        open_backend(f"miniature:outreach@{version}")
    (Registry().root / "outreach" / version / "adapter" / "adapter_config.json").write_text("{}")
    with pytest.raises(RegistryError, match="cannot be read"):
        open_backend(f"miniature:outreach@{version}")


def test_another_base_than_the_one_tuned_on_is_refused(embedded_weights: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "a")
    version = Registry().register(card_of(adapter, base=str(embedded_weights), base_sha256="0" * 64), adapter)
    with pytest.raises(
        WrongBase, match=f"outreach@{version} was tuned on .* of SHA-256 000000000000; what is here has"
    ):
        open_backend("miniature:outreach@candidate")


@pytest.mark.slow
async def test_every_name_of_a_version_opens_the_same_engine(embedded_weights: Path, tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "a", scale=0.005, layers=1)
    base = {"base": str(embedded_weights), "base_sha256": file_sha256(embedded_weights)}
    registry = Registry()
    version = registry.register(card_of(adapter, **base), adapter)
    registry.promote("outreach", version)
    specs = ("miniature:outreach", "miniature:outreach@live", f"miniature:outreach@{version[:7]}")
    opened = [open_backend(spec, BackendSettings(use=spec, max_tokens=6, temperature=0.5)) for spec in specs]
    by_hand = open_backend(f"local:{embedded_weights}+{adapter}")
    assert {backend.identity for backend in opened} == {by_hand.identity}
    assert by_hand.identity.adapter == registry.card("outreach").adapter_sha256
    assert all(backend.capabilities.variant is Variant.COMPACT for backend in opened)
    assert all(isinstance(backend, OpenVINOBackend) and backend.max_tokens == 6 for backend in opened)
    assert len({backend.gguf for backend in [*opened, by_hand] if isinstance(backend, OpenVINOBackend)}) == 1
    assert len(list((tmp_path / "home" / "weights" / "merged").glob("*.gguf"))) == 1
    answer = await opened[0].ainvoke("Hello", temperature=0)
    assert answer.text == (await by_hand.ainvoke("Hello", max_tokens=6)).text


def test_a_base_that_is_a_folder_is_served_by_transformers_and_held_to_its_hash(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    adapter = write_adapter(tmp_path / "a", layers=1)
    card = card_of(adapter, base=str(folder), base_sha256=weights_sha256(folder), trust=Trust())
    Registry().register(card, adapter)
    backend = open_backend("miniature:outreach@candidate")
    assert (backend.identity.provider, backend.identity.model) == ("transformers", str(folder))
    assert (backend.identity.weights, backend.identity.adapter) == (card.base_sha256, card.adapter_sha256)
    assert backend.capabilities.variant is Variant.FULL
    (folder / "model.safetensors").write_bytes(b"others!")
    with pytest.raises(WrongBase):
        open_backend("miniature:outreach@candidate")
    (folder / "model.safetensors").unlink()
    with pytest.raises(UnknownWeights, match="holds no safetensors"):
        open_backend("miniature:outreach@candidate")


def test_a_hub_that_cannot_be_reached_is_told(tmp_path: Path) -> None:
    adapter = tiny_adapter(tmp_path / "a", 1)
    Registry().register(card_of(adapter, base="acme/none"), adapter)
    script = "from miniatures.backends.spec import open_backend; open_backend('miniature:outreach@candidate')"
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path / "hub")}
    ran = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert "PullFailed: the base acme/none is no folder here and could not be had from the hub" in ran.stderr
