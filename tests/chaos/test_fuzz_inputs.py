"""Whatever bytes stand in a campaign file, a brief or a list of prospects: rows, or one clear `InputError`."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.inputs.brief import load_brief
from miniatures.inputs.campaign import load_campaign
from miniatures.inputs.prospects import read_prospects
from miniatures.inputs.scaffold import create_campaign
from miniatures.inputs.yaml_file import parse_yaml

pytestmark = pytest.mark.slow
FUZZ = settings(
    max_examples=3 * settings.default.max_examples,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TABLE = b'email;company;first_name\nana@acme.example;"Acme; Ltd";Ana\nbo@beta.example;Beta "B";Bo\n'
FRAGMENTS = st.sampled_from(
    [
        b'"',
        b"\n",
        b"\r",
        b";",
        b",",
        b"\t",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xe9",
        b"{",
        b"[",
        b"- ",
        b": ",
        b"&a ",
        b"*a",
        b"!!int ",
        b"---\n",
        b"<<",
        b"|",
        b"1e999",
        b"\xc3\xbc",
        b"'",
        b"#",
        b"%YAML 9\n",
        b"? ",
    ]
)


@st.composite
def mutations(draw: st.DrawFn, valid: bytes) -> bytes:
    """The valid file with pieces cut out, doubled, exchanged or thrown in."""
    content = valid
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 20)))
        piece = draw(st.one_of(FRAGMENTS, st.binary(max_size=8), st.just(content[start:end] * 2)))
        content = content[:start] + piece + content[end:]
    return content


def assert_clear(error: InputError) -> None:
    assert error.message.strip()
    assert "Traceback" not in error.message
    assert "pydantic" not in error.message


def read(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        rows = list(read_prospects(path))
    except InputError as error:
        assert_clear(error)
        return
    for row in rows:
        assert isinstance(row, (Prospect, BadRow))
        text = row.model_dump_json()
        assert not any(ord(sign) < 32 for sign in text)
        if isinstance(row, BadRow):
            assert row.reason
            assert 1 <= row.line <= content.count(b"\n") + content.count(b"\r") + content.count(b"\x85") + 2


@FUZZ
@given(content=st.binary(max_size=400))
@example(b"email,company\n" + b'"' * 999)
@example(b"\xff\xfe\x00")
@example(b"email,company\n\xed\xa0\x80@b.example,x\n")
def test_random_bytes_as_a_table(tmp_path, content):
    read(tmp_path / "list.csv", content)
    read(tmp_path / "list.jsonl", content)


@FUZZ
@given(content=mutations(TABLE))
def test_a_damaged_table(tmp_path, content):
    read(tmp_path / "list.csv", content)


@FUZZ
@given(
    content=mutations(b'{"email": "a@b.example", "company": "Acme", "n": 1}\n{"mail": "b@b.example", "firma": "B"}\n')
)
@example(b"[" * 100_000)
@example(b'{"email": ' + b"9" * 5000 + b"}")
def test_a_damaged_jsonl(tmp_path, content):
    read(tmp_path / "list.jsonl", content)


@FUZZ
@given(data=st.data())
def test_a_damaged_campaign_file(tmp_path, data):
    folder = tmp_path / "autumn"
    if not folder.exists():
        create_campaign(folder)
        (tmp_path / "valid.yaml").write_bytes((folder / "campaign.yaml").read_bytes())
    file = folder / "campaign.yaml"
    file.write_bytes(data.draw(mutations((tmp_path / "valid.yaml").read_bytes())))
    try:
        load_campaign(folder)
    except InputError as error:
        assert_clear(error)
        assert "campaign.yaml" in error.message


@FUZZ
@given(data=st.data())
def test_a_damaged_brief(tmp_path, data):
    folder = tmp_path / "autumn"
    if not folder.exists():
        create_campaign(folder)
        (tmp_path / "valid.md").write_bytes((folder / "brief.md").read_bytes())
    path = tmp_path / "brief.md"
    path.write_bytes(data.draw(mutations((tmp_path / "valid.md").read_bytes())))
    try:
        load_brief(path)
    except InputError as error:
        assert_clear(error)
        assert "brief.md" in error.message


@FUZZ
@given(text=st.text(max_size=200))
@example("[" * 20_000)
@example("a: " * 5000)
@example("1: 0x_\n2: 2026-99-99\n3: 1:99999999\n4: =\n5: .inf")
@example("a: " + "9" * 5000)
@example("%TAG ! x\n---\n!a b")
def test_random_text_as_yaml(text):
    try:
        parse_yaml(text, Path("x.yaml"))
    except InputError as error:
        assert_clear(error)
