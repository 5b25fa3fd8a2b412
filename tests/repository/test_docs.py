"""The documentation holds: every link leads somewhere, and the site builds without a warning or the network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import miniatures
from miniatures.cli.export import COLUMNS
from miniatures.inputs.headers import OWN_PREFIX

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "examples/**/README.md")
    for page in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The names that headings can be linked by, as a code host makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in LINK.findall(text):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), f"{target} leads to no file"
        assert not anchor or anchor in anchors(file), f"{target} leads to no heading"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going", "-c", "docs", ".", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert built.returncode == 0, built.stderr
    return folder


@pytest.mark.slow
def test_the_site_describes_every_public_name(site: Path) -> None:
    from sphinx.util.inventory import InventoryFile

    with (site / "objects.inv").open("rb") as file:
        known = InventoryFile.load(file, "", lambda _, location: location)
    described = {name for kind, names in known.items() if kind.startswith("py:") for name in names}
    public = {name: f"{getattr(miniatures, name).__module__}.{name}" for name in miniatures.__all__}
    assert not {name for name, home in public.items() if home not in described}


@pytest.mark.slow
def test_signatures_read_as_python_does(site: Path) -> None:
    page = (site / "docs" / "reference.html").read_text(encoding="utf-8")
    signatures = [re.sub(r"<[^>]+>", "", one) for one in re.findall(r'<dt class="sig.*?</dt>', page, re.DOTALL)]
    assert len(signatures) > 100
    assert not [one for one in signatures if "~" in one or re.search("&lt;(function|factory|lambda|locals)", one)]


@pytest.mark.slow
def test_long_code_is_wrapped(site: Path) -> None:
    assert "pre-wrap" in (site / "_static" / "wrap.css").read_text(encoding="utf-8")
    assert "wrap.css" in (site / "docs" / "developers.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_site_can_be_searched_and_needs_no_network(site: Path) -> None:
    assert "human_review" in (site / "searchindex.js").read_text(encoding="utf-8")
    assert (site / "search.html").is_file()
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text(encoding="utf-8"))
        assert not loaded, page


@pytest.mark.parametrize("page", ["README.md", "benchmarks/RESULTS.md"])
def test_what_realistic_sites_gave_stands_before_any_check_rate(page: str) -> None:
    words = " ".join((ROOT / page).read_text(encoding="utf-8").replace("*", "").split())
    sent = r"(3 and 4 as they|1 could be sent as it) stood, .{0,9} ?after a small edit"
    told = re.search(rf"{sent}, .{{0,30}}false statement", words)
    assert told is not None
    assert told.start() < min(words.find(mark) for mark in ("97.6", "0.85 |", "13 ") if mark in words)


def test_the_readme_says_how_to_reach_the_command_before_it_uses_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "source .venv/bin/activate" in text[: text.index("`miniatures status")]


def test_the_guide_and_the_template_name_what_an_export_adds_and_which_lists_are_read() -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    assert not [column for column in COLUMNS if f"`{OWN_PREFIX}{column}`" not in guide]
    assert "apostrophe" in guide and "knows English only" in guide
    template = (ROOT / "miniatures/inputs/templates/campaign/campaign.yaml").read_text(encoding="utf-8")
    [listed] = [line for line in template.splitlines() if line.startswith("prospects:")]
    assert ".xlsx" in listed and ".xlsx" in guide
