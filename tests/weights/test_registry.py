"""The registry: names that move and names that do not, damage told and survived, writers that wait for each other."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from miniatures.datamodel.miniature import Promotion
from miniatures.weights.errors import PromotionRefused, RegistryError, UnknownMiniature
from miniatures.weights.home import exclusive
from miniatures.weights.merge import adapter_hash
from miniatures.weights.registry import Assessment, Registry
from miniatures.weights.registry_state import STATE
from tests.weights.miniatures_made import SCORES, card_of, compared, tiny_adapter


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry", shipped=tmp_path / "shipped")


def add(registry: Registry, folder: Path, seed: int, **changes: object) -> str:
    adapter = tiny_adapter(folder / f"adapter-{seed}", seed)
    return registry.register(card_of(adapter, **changes), adapter)


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_registered_version_is_the_candidate_and_can_be_named(registry: Registry, tmp_path: Path) -> None:
    curve = tmp_path / "curve.png"
    curve.write_bytes(b"\x89PNG")
    adapter = tiny_adapter(tmp_path / "a", 1)
    version = registry.register(card_of(adapter), adapter, curve)
    assert registry.names() == ["outreach"]
    assert version == adapter_hash(adapter)[:12]
    refs = ("candidate", version, version[:6], adapter_hash(adapter), adapter_hash(adapter)[:20])
    assert {registry.resolve("outreach", ref) for ref in refs} == {version}
    assert adapter_hash(registry.adapter_folder("outreach", version)) == adapter_hash(adapter)
    assert registry.card("outreach", version) == card_of(adapter).model_copy(
        update={"created_at": registry.card("outreach", version).created_at}
    )
    found = registry.curve("outreach", version)
    assert found is not None and found.read_bytes() == curve.read_bytes()
    assert "(curve.png)" in (registry.root / "outreach" / version / "CARD.md").read_text()


@pytest.mark.parametrize("ref", ["live", "newest", "abcd", "ABCDEF", "000000", "../../x", ""])
def test_a_reference_that_means_nothing_is_told(registry: Registry, tmp_path: Path, ref: str) -> None:
    add(registry, tmp_path, 1)
    with pytest.raises(UnknownMiniature):
        registry.resolve("outreach", ref)


@pytest.mark.parametrize("name", ["", "..", "../outreach", "Outreach", "a/b", "other"])
def test_a_name_that_is_none_is_told(registry: Registry, tmp_path: Path, name: str) -> None:
    add(registry, tmp_path, 1)
    with pytest.raises(UnknownMiniature):
        registry.card(name, "candidate")


def test_promotions_and_rollbacks_are_a_history(registry: Registry, tmp_path: Path) -> None:
    first, second, third = (add(registry, tmp_path, seed) for seed in (1, 2, 3))
    registry.promote("outreach", first)
    registry.promote("outreach", second, forced="the live one is broken")
    registry.promote("outreach", third)
    assert registry.rollback("outreach").version == second
    assert registry.rollback("outreach", reason="it bounces").version == first
    assert registry.resolve("outreach", "live") == first
    with pytest.raises(RegistryError, match="nothing was live before"):
        registry.rollback("outreach")
    told = [(entry.version, entry.replaced, entry.rolled_back) for entry in registry.state("outreach").history]
    assert told == [
        (first, None, False),
        (second, first, False),
        (third, second, False),
        (second, third, True),
        (first, second, True),
    ]
    assert [entry.reason for entry in registry.state("outreach").history] == [None, None, None, None, "it bounces"]
    assert registry.state("outreach").history[1].forced == "the live one is broken"


def test_the_candidate_that_goes_live_is_no_candidate_any_more(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    registry.promote("outreach", "candidate")
    assert registry.state("outreach").live == version
    with pytest.raises(UnknownMiniature, match="has no candidate"):
        registry.resolve("outreach", "candidate")
    with pytest.raises(RegistryError, match="is live already"):
        registry.promote("outreach", version)


def test_objections_are_given_the_live_version_and_overruled_by_a_reason_only(
    registry: Registry, tmp_path: Path
) -> None:
    first, second = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    registry.promote("outreach", first)
    before = snapshot(registry.root)
    with pytest.raises(PromotionRefused, match=f"against {first}; and more"):
        registry.promote("outreach", second, assess=lambda live: Assessment(against=[f"against {live}", "and more"]))
    with pytest.raises(RegistryError, match="needs a reason"):
        registry.promote("outreach", second, forced="  ", assess=lambda live: Assessment(against=["no"]))
    assert snapshot(registry.root) == before
    assert (
        registry.promote("outreach", second, forced="known", assess=lambda live: Assessment(against=["no"])).forced
        == "known"
    )


def test_registering_again_keeps_card_and_scores(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    registry.update_card(registry.card("outreach", version).model_copy(update={"scores": SCORES}))
    add(registry, tmp_path, 2)
    assert add(registry, tmp_path, 1) == version
    assert registry.card("outreach", version).scores == SCORES
    assert registry.resolve("outreach", "candidate") == version


def test_one_adapter_has_one_lineage(registry: Registry, tmp_path: Path) -> None:
    add(registry, tmp_path, 1)
    before = snapshot(registry.root)
    with pytest.raises(RegistryError, match="another dataset"):
        add(registry, tmp_path, 1, dataset="0" * 64)
    assert snapshot(registry.root) == before


def test_a_card_that_names_another_adapter_is_refused(registry: Registry, tmp_path: Path) -> None:
    card = card_of(tiny_adapter(tmp_path / "a", 1))
    with pytest.raises(RegistryError, match="not the one that its card names"):
        registry.register(card, tiny_adapter(tmp_path / "b", 2))
    assert registry.names() == []
    assert snapshot(registry.root) == {}


def test_scores_of_two_evaluations_on_the_same_cases_are_both_kept(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    blank = registry.card("outreach", version).model_copy(update={"evaluated_on": "e" * 64})
    registry.update_card(blank.model_copy(update={"scores": SCORES, "comparisons": (compared("aaaaaaaaaaaa"),)}))
    greeting = {"greeting": SCORES["all_checks"]}
    newer = (compared("bbbbbbbbbbbb"), compared("aaaaaaaaaaaa", 0.3))
    registry.update_card(blank.model_copy(update={"scores": greeting, "comparisons": newer, "base": "changed"}))
    card = registry.card("outreach", version)
    assert card.scores == {**SCORES, **greeting}
    assert {each.against: each.difference for each in card.comparisons} == {"aaaaaaaaaaaa": 0.3, "bbbbbbbbbbbb": 0.01}
    assert card.base == "acme/base-model"
    registry.update_card(card.model_copy(update={"scores": greeting, "evaluated_on": "f" * 64}))
    assert registry.card("outreach", version).scores == greeting
    assert "| all_checks | 97.0 %" not in (registry.root / "outreach" / version / "CARD.md").read_text()


def shipped_registry(tmp_path: Path) -> tuple[str, Registry]:
    """A package that ships a live version, made as its maker would."""
    maker = Registry(tmp_path / "shipped", shipped=tmp_path / "none")
    version = add(maker, tmp_path, 1)
    maker.promote("outreach", version)
    return version, Registry(tmp_path / "own", shipped=tmp_path / "shipped")


def test_what_ships_serves_and_is_never_written_to(tmp_path: Path) -> None:
    shipped, registry = shipped_registry(tmp_path)
    before = snapshot(tmp_path / "shipped")
    assert registry.resolve("outreach", "live") == shipped
    registry.update_card(registry.card("outreach", shipped).model_copy(update={"scores": SCORES}))
    assert registry.card("outreach", "live").scores == SCORES
    mine = add(registry, tmp_path, 2)
    assert registry.versions("outreach") == [shipped, mine]
    assert registry.promote("outreach", mine).replaced == shipped
    assert registry.resolve("outreach", "live") == mine
    assert registry.rollback("outreach").version == shipped
    assert snapshot(tmp_path / "shipped") == before


def test_a_damaged_adapter_is_told_and_mended_by_registering_again(registry: Registry, tmp_path: Path) -> None:
    first, second = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    registry.promote("outreach", second)
    weights = registry.root / "outreach" / first / "adapter" / "adapter_model.safetensors"
    damaged = weights.read_bytes()[:-1] + b"\x7f"
    weights.write_bytes(damaged)
    for use in (registry.adapter_folder, registry.promote):
        with pytest.raises(RegistryError, match="SHA-256 differs") as caught:
            use("outreach", first)
        assert str(weights.parent) in caught.value.message and caught.value.hint
    assert registry.adapter_folder("outreach", "live").is_dir()
    assert add(registry, tmp_path, 1) == first
    assert registry.adapter_folder("outreach", first).is_dir()
    kept = list((registry.root / "outreach").glob(f"{first}.damaged-*/adapter/adapter_model.safetensors"))
    assert [path.read_bytes() for path in kept] == [damaged]
    assert set(registry.versions("outreach")) == {first, second}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"live": 3}', '{"live": "a", "extra": 1}'])
def test_a_damaged_state_is_told_and_never_written_over(registry: Registry, tmp_path: Path, text: str) -> None:
    version = add(registry, tmp_path, 1)
    registry.promote("outreach", version)
    state = registry.root / "outreach" / "state.json"
    state.write_text(text)
    before = snapshot(registry.root)
    for change in (
        lambda: registry.resolve("outreach", "live"),
        lambda: registry.promote("outreach", version),
        lambda: registry.rollback("outreach"),
        lambda: add(registry, tmp_path, 2),
    ):
        with pytest.raises(RegistryError, match="cannot be read") as caught:
            change()
        assert str(state) in caught.value.message and caught.value.hint
    assert snapshot(registry.root) == before
    assert registry.resolve("outreach", version) == version
    assert registry.adapter_folder("outreach", version).is_dir()


@pytest.mark.parametrize("damage", ["", "{}", "[" * 100_000, "another", "profile", "gone"], ids=lambda text: text[:9])
def test_a_damaged_card_is_told_and_never_written_over(registry: Registry, tmp_path: Path, damage: str) -> None:
    version, other = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    path = registry.root / "outreach" / version / "card.json"
    card = json.loads(path.read_text())
    match damage:
        case "another":
            path.write_text((registry.root / "outreach" / other / "card.json").read_text())
        case "profile":
            path.write_text(json.dumps({**card, "profile": "tiny"}))
        case "gone":
            path.unlink()
        case text:
            path.write_text(text)
    before = snapshot(registry.root)
    for change in (
        lambda: registry.card("outreach", version),
        lambda: registry.promote("outreach", version),
        lambda: add(registry, tmp_path, 1),
    ):
        with pytest.raises(RegistryError) as caught:
            change()
        assert str(path) in caught.value.message and caught.value.hint
    assert snapshot(registry.root) == before
    assert registry.card("outreach", other).version == other


def test_a_live_version_that_is_gone_is_told(registry: Registry, tmp_path: Path) -> None:
    first, second = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    registry.promote("outreach", first)
    (registry.root / "outreach" / first).rename(tmp_path / "elsewhere")
    with pytest.raises(RegistryError, match="is gone"):
        registry.resolve("outreach", "live")
    assert registry.promote("outreach", second).replaced == first


def test_a_history_edited_by_hand_that_cannot_be_is_gone_through_to_its_end(registry: Registry, tmp_path: Path) -> None:
    version = add(registry, tmp_path, 1)
    state = registry.root / "outreach" / STATE
    state.write_text(json.dumps({"live": version, "history": [{"version": version, "rolled_back": True}]}))
    with pytest.raises(RegistryError, match="nothing was live before"):
        registry.rollback("outreach")


def test_writers_wait_for_each_other(registry: Registry, tmp_path: Path) -> None:
    adapters = [tiny_adapter(tmp_path / f"a{seed}", seed) for seed in range(8)]
    with ThreadPoolExecutor(8) as threads:
        versions = list(threads.map(lambda adapter: registry.register(card_of(adapter), adapter), adapters))
        list(threads.map(lambda version: registry.promote("outreach", version), versions))
    history = registry.state("outreach").history
    assert {entry.version for entry in history} == set(versions)
    assert [entry.replaced for entry in history] == [None, *(entry.version for entry in history[:-1])]


def test_a_version_that_is_removed_while_its_promotion_waits_does_not_go_live(
    registry: Registry, tmp_path: Path
) -> None:
    version, other = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    with ThreadPoolExecutor(1) as threads:
        with exclusive(registry.root / "outreach" / STATE):
            waiting = threads.submit(registry.promote, "outreach", version)
            time.sleep(0.3)
            shutil.rmtree(registry.root / "outreach" / version)
        with pytest.raises(UnknownMiniature, match="is not in the registry"):
            waiting.result(timeout=10)
    assert registry.state("outreach").live is None and registry.versions("outreach") == [other]


@pytest.mark.slow
def test_a_kill_leaves_a_registry_that_reads(tmp_path: Path) -> None:
    """A process that registers and promotes without end is killed at many moments; what it finished is all there."""
    root = tmp_path / "registry"
    script = (
        "import sys; from pathlib import Path; from miniatures.weights.registry import Assessment, Registry\n"
        "from tests.weights.miniatures_made import card_of, tiny_adapter\n"
        "registry = Registry(Path(sys.argv[1]), shipped=Path(sys.argv[1] + '-none'))\n"
        "for seed in range(int(sys.argv[3]), 10**6):\n"
        "    adapter = tiny_adapter(Path(sys.argv[2]) / str(seed), seed)\n"
        "    version = registry.register(card_of(adapter), adapter); registry.promote('outreach', version)\n"
        "    print(version, flush=True)\n"
    )
    repository = Path(__file__).parent.parent.parent
    environment = {**os.environ, "PYTHONPATH": str(repository), "MINIATURES_HOME": str(tmp_path / "home")}
    promised: list[str] = []
    for turn in range(6):
        arguments = [sys.executable, "-c", script, str(root), str(tmp_path / "made"), str(1000 * turn)]
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment, cwd=repository)
        assert process.stdout is not None
        promised.append(process.stdout.readline().strip())
        time.sleep(0.013 * turn)
        process.send_signal(signal.SIGKILL)
        promised += process.stdout.read().split()
        process.wait()
        registry = Registry(root, shipped=tmp_path / "none")
        versions = registry.versions("outreach")
        assert set(promised) <= set(versions)
        assert all(registry.adapter_folder("outreach", version).is_dir() for version in versions)
        history = [entry.version for entry in registry.state("outreach").history]
        assert [version for version in promised if version not in history] == []
        assert registry.resolve("outreach", "live") == history[-1]


class LiveVersions(RuleBasedStateMachine):
    """Promotions and rollbacks in any order are a stack: the registry says what a list of versions says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        place = Path(self.folder.name)
        self.registry = Registry(place / "registry", shipped=place / "none")
        self.versions = [add(self.registry, place, seed) for seed in range(3)]
        self.stack: list[str] = []
        self.promotions: list[Promotion] = []

    @rule()
    def promote_the_next(self) -> None:
        version = self.versions[(self.versions.index(self.stack[-1]) + 1) % 3] if self.stack else self.versions[0]
        self.promotions.append(self.registry.promote("outreach", version))
        self.stack.append(version)

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def roll_back(self) -> None:
        self.promotions.append(self.registry.rollback("outreach"))
        self.stack.pop()

    @invariant()
    def the_top_is_live(self) -> None:
        assert self.registry.state("outreach").live == (self.stack[-1] if self.stack else None)
        assert self.registry.state("outreach").history == tuple(self.promotions)

    def teardown(self) -> None:
        self.folder.cleanup()


TestLiveVersions = LiveVersions.TestCase
TestLiveVersions.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)


def test_a_removal_that_was_cut_short_leaves_no_name_for_what_is_gone(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = add(registry, tmp_path, 1), add(registry, tmp_path, 2)
    registry.promote("outreach", first)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("miniatures.weights.version_folder.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            registry.remove("outreach", second)
    assert registry.versions("outreach") == [first]
    assert registry.state("outreach").candidate is None
    assert add(registry, tmp_path, 2) == second, "what was left over is in nobody's way"
    registry.promote("outreach", second)
    assert registry.remove("outreach", first) == first
    assert registry.resolve("outreach") == second


def test_of_a_shipped_version_only_the_copy_goes(tmp_path: Path) -> None:
    shipped = Registry(tmp_path / "shipped", shipped=tmp_path / "none")
    version = add(shipped, tmp_path, 1)
    shipped.promote("outreach", version)
    own = Registry(tmp_path / "own", shipped=tmp_path / "shipped")
    own.update_card(own.card("outreach").model_copy(update={"scores": SCORES}))
    assert own.remove("outreach", "live") == version
    assert own.resolve("outreach") == version and not own.card("outreach").scores
    with pytest.raises(RegistryError, match="ships with the package"):
        own.remove("outreach", version, force=True)
