"""Mistakes in a campaign file or brief are all named at once, each with its line, its key and how to mend it."""

from pathlib import Path

import pytest

from miniatures.datamodel.errors import InputError
from miniatures.inputs.brief import load_brief
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.scaffold import create_campaign


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_campaign(tmp_path / "autumn")
    return tmp_path / "autumn"


def change(path: Path, old: str, new: str) -> str:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path.read_text(encoding="utf-8")


def line_of(text: str, start: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


def refusal(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        load_campaign(folder)
    return caught.value


def test_folder_and_file_load_the_same(folder):
    loaded = load_campaign(folder)
    assert loaded == load_campaign(folder / "campaign.yaml")
    assert loaded.name == "autumn"
    assert loaded.folder == folder
    assert loaded.prospects_path == folder / "prospects.csv"
    assert loaded.prompts_folder == folder / "prompts"
    assert loaded.store_url.startswith(f"sqlite:///{folder}")
    assert [type(row).__name__ for row in loaded.prospects()] == ["Prospect"] * 3


def test_relative_paths_are_meant_from_the_campaigns_folder(folder, monkeypatch):
    change(folder / "campaign.yaml", "search: ddgs", "search: ddgs\nstore: sqlite:///data/own.sqlite")
    monkeypatch.chdir(folder.parent)
    assert load_campaign("autumn").store_url == f"sqlite:///{folder / 'data/own.sqlite'}"


@pytest.mark.parametrize(
    ("old", "new", "line_start", "expected"),
    [
        ("  writer: none", "  writter: none", "writter", "did you mean 'writer'?"),
        ("  writer: none", "  writer: studnt", "writer", "no backend is named 'studnt'; this file has reader"),
        (
            "search: ddgs",
            "search: ddgs\nresearch: {rounds: nine}",
            "research",
            "expected a valid integer, found 'nine'",
        ),
        ("search: ddgs", "search: ddgs\nresearch: {facts: 99}", "research", "less than or equal to 12, found 99"),
        (
            "search: ddgs",
            "search: ddgs\nwrite: 3",
            "write",
            "keys and values (samples, retry_samples, rewrites), found 3",
        ),
        ("search: ddgs", "search: ddgs\nbudget: {usd: -1}", "budget", "greater than 0, found -1"),
        ("name: autumn", "name: my autumn", "name", "letters, digits, dots, dashes and underscores, found 'my autumn'"),
        ("search: ddgs", "", "name", "search: this key is missing"),
        ("brief: brief.md", "brief: brif.md", "brief", "there is no file"),
    ],
)
def test_each_mistake_is_named_with_its_line(folder, old, new, line_start, expected):
    text = change(folder / "campaign.yaml", old, new)
    message = refusal(folder).message
    assert expected in message
    if line_start != "name" or "autumn" in new:
        assert f"campaign.yaml, line {line_of(text, line_start)}" in message


def test_all_mistakes_of_a_file_at_once_in_the_order_of_its_lines(folder):
    file = folder / "campaign.yaml"
    change(file, "    use: miniature:", "    usee: miniature:")
    change(file, "search: ddgs", "search: ddgs\nresearch: {rounds: nine, facts: 99}\nserch: x")
    sentences = refusal(folder).message.splitlines()
    assert [sentence.split(", ")[2].split(":")[0] for sentence in sentences] == [
        "research.rounds",
        "research.facts",
        "serch",
        "backends.reader.usee",
    ]
    lines = [int(sentence.split("line ")[1].split(",")[0]) for sentence in sentences]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("search: ddgs", "search: ddgs\nname: again", "the key 'name' stands here again; first in line 5"),
        ("search: ddgs", "search: *ddgs", "the alias *ddgs is not supported"),
        ("search: ddgs", "search: !!python/object:os.system ls", "is not supported"),
        ("search: ddgs", "\tsearch: ddgs", "cannot start any token"),
        ("search: ddgs", "search: [ddgs", "line"),
        ("search: ddgs", "search: ddgs\n---\nmore: x", "single document"),
    ],
)
def test_yaml_that_is_refused(folder, old, new, expected):
    change(folder / "campaign.yaml", old, new)
    error = refusal(folder)
    assert expected in error.message
    assert "line" in error.message
    assert error.hint


def test_words_that_yaml_1_1_would_turn_into_something_else_stay_text(folder):
    change(folder / "brief.md", "language: en", "language: no")
    change(folder / "campaign.yaml", "  writer: none", "  writer: reader")
    change(folder / "brief.md", "tone: plain, friendly, brief", "tone: 2026-01-31")
    brief = load_campaign(folder).brief
    assert (brief.language, brief.tone) == ("no", "2026-01-31")


def test_lines_of_a_brief_are_those_of_the_markdown_file(folder):
    text = change(folder / "brief.md", "email: robin@waymark.example", "email: robin")
    message = refusal(folder).message
    assert f"brief.md, line {line_of(text, 'email: robin')}, sender.email: not an e-mail address" in message


def test_a_windows_brief_with_a_mark_reads_the_same(folder):
    path = folder / "brief.md"
    before = load_brief(path)
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_brief(path) == before
    path.write_bytes(text.encode("utf-16"))
    assert load_brief(path) == before


def test_prose_is_the_background(folder):
    assert load_brief(folder / "brief.md").background.startswith("Waymark plans")


@pytest.mark.parametrize("text", ["", "Just prose.", "---\noffer: x\n", "---\n- a\n---\n", "---\n---\n"])
def test_a_brief_without_fields_says_what_a_brief_is(tmp_path, text):
    path = tmp_path / "brief.md"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_brief(path)
    assert "offer" in caught.value.hint


def test_a_folder_without_a_campaign(tmp_path):
    with pytest.raises(InputError, match=r"holds no campaign.yaml") as caught:
        load_campaign(tmp_path)
    assert "miniatures init" in caught.value.hint


def test_init_refuses_to_overwrite(folder):
    (folder / "brief.md").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        create_campaign(folder)
    assert (folder / "brief.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["-x", "a b", "ä" * 3, "x" * 81])
def test_init_refuses_names_that_a_campaign_cannot_have(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a campaign"):
        create_campaign(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "line 2: the alias *a is not supported"),
        ("[" * 100_000, "nested too deeply"),
        ("{a: " * 100_000, "nested too deeply"),
        ("- x\n" * 100_000, "line 50000: a document of more than 50,000 keys and values is not supported"),
        ("? [a]\n: b", "line 1: a key must be one word or text"),
        ("<<: {name: x}", "<<: there is no such key"),
        ("a: 1\na: 2", "line 2: the key 'a' stands here again; first in line 1"),
        ("name: !!python/object/apply:os.system [id]", "is not supported"),
        ("%TAG ! tag:x,2000:\n--- !t\na: 1", "is not supported"),
        ("a: " + "9" * 5000, "a number of 5000 digits"),
        (r'name: "a\ud800"', "line 1: half a character"),
        (r'"a\0": x', "line 1: half a character or a null character"),
        ("? " + "k" * 100_000 + "\n: 1", "k" * 60 + ": there is no such key"),
    ],
)
def test_a_hostile_file_is_refused_at_once(tmp_path, text, said):
    (tmp_path / "campaign.yaml").write_text(text)
    error = refusal(tmp_path)
    assert said in error.message
    assert len(error.message) < 5000


def test_many_mistakes_are_counted_and_some_of_them_shown(folder):
    change(folder / "campaign.yaml", "search: ddgs", "search: ddgs\n" + "\n".join(f"k{n}: 1" for n in range(2000)))
    error = refusal(folder)
    assert (len(error.message.splitlines()), error.hint) == (
        50,
        "Mend these places and run it again: there are 1,950 more.",
    )


@pytest.mark.parametrize(
    "line", ["fetch: {max_bytes: 100000000000}", "fetch: {per_host_interval_s: inf}", "budget: {usd: nan}"]
)
def test_a_bound_without_measure_is_refused(folder, line):
    change(folder / "campaign.yaml", "search: ddgs", f"search: ddgs\n{line}")
    assert "expected" in refusal(folder).message


def test_what_the_template_has_in_comments_is_right_as_it_stands(folder):
    file = folder / "campaign.yaml"
    for block in ("arms", "send"):
        text = file.read_text(encoding="utf-8")
        start = text.index(f"# {block}:\n")
        end = text.index("\n\n", start)
        shown = text[start:end].replace("\n# ", "\n").removeprefix("# ")
        file.write_text(text[:start] + shown + text[end:], encoding="utf-8")
    loaded = load_campaign(folder, trusted=True)
    assert loaded.campaign.shares == {"reader": 0.5, "by_rank": 0.5}
    assert loaded.campaign.test is not None and loaded.campaign.test.reference == "by_rank"
    sending = loaded.campaign.send
    assert sending is not None and sending.mailboxes["first"].address == loaded.brief.sender.email
    assert [step.after_days for step in sending.follow_ups] == [5]


@pytest.mark.parametrize(
    ("roles", "arms", "told"),
    [
        ("writer: none", "a: {writer: reader}, b: {writer: reader}", ""),
        ("writer: none", "a: {writer: reader}, b: {}", "arm b: without a writer emails are in English, and brief.md"),
        ("writer: reader", "a: {writer: none}, b: {}", "arm a: without a writer emails are in English, and brief.md"),
    ],
)
def test_a_brief_in_another_language_needs_a_writer_in_every_arm(folder, roles, arms, told):
    change(folder / "brief.md", "language: en", "language: de")
    change(folder / "campaign.yaml", "  writer: none", f"  {roles}")
    file = folder / "campaign.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\narms: {{{arms}}}\n", encoding="utf-8")
    if told:
        assert refusal(folder).message.startswith(told)
    else:
        assert load_campaign(folder).brief.language == "de"
