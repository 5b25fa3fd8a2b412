"""Spec strings: what they name, what plugs in, and what is said when they are wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniatures.backends.errors import AdapterChangesNothing, BackendError, UnknownModel, UnknownSpec
from miniatures.backends.spec import kinds, open_backend, parse_spec
from miniatures.datamodel.campaign import BackendSettings
from miniatures.datamodel.errors import InputError, MiniaturesError


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real installed distribution: a module and the metadata that names its entry points."""
    (tmp_path / "my_plugin.py").write_text("def opener(rest, settings):\n    return ('plugged', rest, settings.use)\n")
    metadata = tmp_path / "my_plugin-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: my-plugin\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[miniatures.backends]\nmine = my_plugin:opener\nbroken = my_plugin:absent\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_package_adds_a_kind(plugin: Path) -> None:
    assert "mine" in kinds()
    assert open_backend("mine:a/b#c") == ("plugged", "a/b#c", "mine:a/b#c")
    assert open_backend("mine:x", BackendSettings(use="mine:x", max_tokens=5)) == ("plugged", "x", "mine:x")


def test_settings_of_another_spec_are_refused(plugin: Path) -> None:
    with pytest.raises(InputError, match="'mine:x' is opened with the settings of 'other'") as failure:
        open_backend("mine:x", BackendSettings(use="other"))
    assert failure.value.hint == "Write BackendSettings(use='mine:x', ...)."


def test_a_miniature_without_its_kind_is_suggested() -> None:
    with pytest.raises(UnknownSpec) as failure:
        open_backend("outreach@live")
    assert failure.value.hint == "Did you mean miniature:outreach@live?"


def test_a_broken_package_is_named(plugin: Path) -> None:
    with pytest.raises(BackendError, match=r"'broken' \(my_plugin:absent\) cannot be loaded"):
        open_backend("broken:x")


@given(st.text(max_size=40))
def test_nonsense_is_refused_with_the_list_of_kinds(spec: str) -> None:
    try:
        kind, rest = parse_spec(spec)
    except UnknownSpec as error:
        assert "local" in error.hint
    else:
        assert kind in kinds()
        assert rest


@pytest.mark.parametrize("spec", ["local", "local:", "  openvino:  "])
def test_a_kind_without_a_model(spec: str) -> None:
    with pytest.raises(UnknownSpec, match="names no model"):
        open_backend(spec)


@pytest.mark.parametrize("kind", ["local", "openvino"])
def test_unknown_weights(kind: str) -> None:
    with pytest.raises(UnknownModel) as failure:
        open_backend(f"{kind}:no-such-model")
    assert "smollm2-135m-instruct" in failure.value.hint


def test_opening_loads_no_heavy_library(embedded_weights: Path) -> None:
    code = (
        "import sys; from miniatures.backends.spec import kinds; kinds();"
        "print(sorted({'torch','transformers','litellm','openvino_genai','xllamacpp','langgraph'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_roles_share_one_engine(embedded_backend) -> None:
    again = open_backend(
        "local:smollm2-135m-instruct", BackendSettings(use="local:smollm2-135m-instruct", temperature=0.7)
    )
    assert again._engine is embedded_backend._engine
    assert again.identity == embedded_backend.identity
    assert again.temperature == 0.7


def test_an_untrained_adapter_is_refused(embedded_weights: Path, tmp_path: Path) -> None:
    from tests.weights.adapters import write_adapter

    folder = write_adapter(tmp_path / "identity", scale=0.0, layers=1)
    with pytest.raises(AdapterChangesNothing, match="changes no weight"):
        open_backend(f"openvino:smollm2-135m-instruct+{folder}")


@pytest.mark.parametrize("kind", ["local", "llamacpp", "transformers"])
def test_a_base_beside_oneself_is_kept_by_its_absolute_path_and_hash(
    kind: str, embedded_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / "own.gguf").symlink_to(embedded_weights)
    monkeypatch.chdir(tmp_path)
    beside = open_backend(f"{kind}:./bases/own.gguf").identity
    monkeypatch.chdir(tmp_path / "bases")
    within = open_backend(f"{kind}:own.gguf").identity
    monkeypatch.chdir("/")
    again = open_backend(f"{kind}:{beside.model}").identity
    assert beside == within == again
    assert beside.weights == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


@pytest.mark.parametrize("kind", ["local", "openvino", "llamacpp", "transformers", "miniature"])
@pytest.mark.parametrize("rest", ["a\0b", "a\nb", "\ud800", "\u202egnp", "smollm2-135m-instruct+\0"])
def test_a_name_with_characters_that_nobody_sees_is_refused(kind: str, rest: str) -> None:
    with pytest.raises(UnknownSpec, match="not to be seen"):
        open_backend(f"{kind}:{rest}")


@pytest.mark.parametrize("kind", ["local", "llamacpp", "miniature"])
@pytest.mark.parametrize("rest", ["a" * 300, "loop.gguf"])
def test_a_name_that_the_system_cannot_open_is_told_in_a_sentence(
    kind: str, rest: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.gguf").symlink_to("loop.gguf")
    with pytest.raises(MiniaturesError) as caught:
        open_backend(f"{kind}:{rest}")
    assert caught.value.message and len(caught.value.message) < 500
