"""What is shipped: the wheel's contents, the links at the top of the repository, the exported graph."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_wheel_holds_one_top_level_name(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name.split("/")[0]}
    assert top == {"miniatures"}
    for needed in (
        "miniatures/checks/lists/stop_words.txt",
        "miniatures/inputs/synonyms.yaml",
        "miniatures/prompts/templates/writer.compact.jinja",
        "miniatures/measure/templates/report.html.jinja",
        "miniatures/inputs/templates/campaign/campaign.yaml",
        "miniatures/py.typed",
    ):
        assert needed in names


@pytest.mark.parametrize("name", ["agents", "backends", "finetune", "prompts"])
def test_the_folders_the_project_is_known_by_are_links(name: str) -> None:
    link = ROOT / name
    assert link.is_symlink()
    assert link.resolve() == ROOT / "miniatures" / name


def test_langgraph_json_names_a_graph_that_builds() -> None:
    exported = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
    for target in exported.values():
        module, _, name = target.partition(":")
        assert getattr(import_module(module), name).compile().nodes


def test_every_public_name_loads() -> None:
    import miniatures

    for name in miniatures.__all__:
        assert getattr(miniatures, name) is not None


def test_a_shell_completes_every_public_name() -> None:
    import miniatures

    assert {*miniatures.__all__, "__version__"} <= {*dir(miniatures)}


def test_the_oldest_version_that_may_be_installed_is_the_one_that_was_tested() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tested = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").split() if "==" in line
    )
    tested = {canonicalize_name(name): Version(version) for name, version in tested.items()}
    named = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    for requirement in map(Requirement, named):
        if requirement.name != "miniatures":
            (bound,) = requirement.specifier
            assert bound.operator in {">=", "=="}, requirement
            assert Version(bound.version) == tested[canonicalize_name(requirement.name)], requirement
