"""A campaign from somebody else keeps to its folder, or says by name what it wants beyond it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from miniatures.datamodel.campaign import BackendSettings, SearchSettings
from miniatures.datamodel.errors import InputError, NotTrusted
from miniatures.inputs.campaign import campaign_places, load_campaign
from miniatures.inputs.places import CampaignPlaces
from miniatures.inputs.reach import reach_of
from miniatures.inputs.scaffold import create_campaign
from miniatures.inputs.trust import trust


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path / "home"))
    create_campaign(tmp_path / "autumn")
    (tmp_path / "secret.csv").write_text("email,company\nsecret@example.com,Secret\n")
    return tmp_path / "autumn"


def say(folder: Path, *changes: tuple[str, str]) -> None:
    file = folder / "campaign.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, encoding="utf-8")


def reach(folder: Path) -> tuple[str, ...]:
    return reach_of(campaign_places(folder))


def test_the_scaffold_and_the_example_keep_to_their_folders(folder: Path) -> None:
    example = Path(__file__).resolve().parents[2] / "examples" / "cold_storage"
    assert (reach(folder), reach(example)) == ((), ())


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("brief: brief.md", "brief: ../secret.csv", "reads {parent}/secret.csv"),
        ("prospects: prospects.csv", "prospects: /etc/passwd", "reads /etc/passwd"),
        ("prospects: prospects.csv", "prospects: prompts/../../secret.csv", "reads {parent}/secret.csv"),
        ("search: ddgs", "search: local:..", "reads {parent}"),
        ("search: ddgs", "search: local:/", "reads /"),
        ("search: ddgs", "search: ddgs\nprompts: /etc", "reads /etc"),
        ("search: ddgs", "search: ddgs\nstore: sqlite:////var/x.db", "writes /var/x.db"),
        ("search: ddgs", "search: ddgs\nstore: ../x.db", "writes {parent}/x.db"),
        (
            "search: ddgs",
            "search: ddgs\nstore: postgresql://me:pw@db.example/x?host=/tmp",
            "keeps its results in the database postgresql://db.example/x?host=/tmp",
        ),
        (
            "search: ddgs",
            "search: ddgs\nstore: sqlite+pysqlite:////etc/x",
            "keeps its results in the database sqlite+pysqlite:////etc/x",
        ),
        ("search: ddgs", "search: searxng:https://evil.example/s", "connects to https://evil.example/s"),
        (
            "search: ddgs",
            "search: ddgs\nfetch: {allow: [10.0.0.0/8]}",
            "fetches from the private network 10.0.0.0/8",
        ),
        ("search: ddgs", "search: ddgs\nfetch: {allow: [127.0.0.0/7]}", "fetches from the private network 127.0.0.0/7"),
        (
            "use: miniature:reader@live",
            "use: openai-compatible:https://evil.example/v1#m",
            "connects to https://evil.example/v1",
        ),
        (
            "use: miniature:reader@live",
            "use: openai-compatible:http://127.0.0.1.evil.example/v1#m",
            "connects to http://127.0.0.1.evil.example/v1",
        ),
        (
            "use: miniature:reader@live",
            "use: openai-compatible:http://127.0.0.1@evil.example/v1#m",
            "connects to http://evil.example/v1",
        ),
        ("use: miniature:reader@live", "use: plugged:wss://evil.example/", "connects to wss://evil.example/"),
        (
            "search: ddgs",
            "search: searxng:https://a:b@evil.example/?key=c",
            "connects to https://evil.example/?key=***",
        ),
        (
            "search: ddgs",
            "search: searxng:https://evil.example:/x@good.example",
            "connects to https://evil.example:/x%40good.example",
        ),
        (
            "use: miniature:reader@live",
            "use: litellm:anthropic/claude-sonnet-4-5",
            "asks anthropic with your API key and at your cost",
        ),
        ("use: miniature:reader@live", "use: local:/srv/base.gguf", "reads /srv/base.gguf"),
        ("use: miniature:reader@live", "use: llamacpp:smollm2-135m-instruct+/srv/adapter", "reads /srv/adapter"),
        (
            "use: miniature:reader@live",
            "use: transformers:google/gemma-3-4b-it",
            "loads the model google/gemma-3-4b-it from Hugging Face",
        ),
    ],
)
def test_what_lies_beyond_is_named_and_refused(folder: Path, old: str, new: str, wanted: str) -> None:
    say(folder, (old, new))
    wanted = wanted.format(parent=folder.parent)
    assert reach(folder) == (wanted,)
    with pytest.raises(NotTrusted) as caught:
        load_campaign(folder)
    assert caught.value.message == (
        f"{folder}/campaign.yaml is not trusted with what lies beyond its folder: it {wanted}"
    )
    assert f"miniatures trust {folder}/campaign.yaml" in caught.value.hint


_ALONE = "send: {{mailboxes: {{first: {{address: me@example.com, smtp: {{host: {host}, tls: {tls}{more}}}}}}}}}"
_WITH = "send: {{mailboxes: {{first: {{address: me@example.com, smtp: {{host: localhost}}, {more}}}}}}}"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            _ALONE.format(host="smtp.evil.example", tls="starttls", more=", login: {user: me, password: AWS_SECRET}"),
            "sends mail through smtp.evil.example:587 as me@example.com, with the password in the environment variable "
            "AWS_SECRET",
        ),
        (
            _ALONE.format(host="smtp.evil.example", tls="none", more=", port: 25"),
            "sends mail unencrypted through smtp.evil.example:25 as me@example.com",
        ),
        (
            _ALONE.format(host="localhost.evil.example", tls="starttls", more=""),
            "sends mail through localhost.evil.example:587 as me@example.com",
        ),
        (
            _ALONE.format(host="127.0.0.1", tls="implicit", more=", port: 465, login: {user: me, password: HOME}"),
            "sends mail through 127.0.0.1:465 as me@example.com, with the password in the environment variable HOME",
        ),
        (
            _ALONE.format(host="127.0.0.1", tls="starttls", more=", ca_file: ../ca.pem"),
            "reads {parent}/ca.pem",
        ),
        (
            _WITH.format(more="inbox: {host: imap.evil.example, login: {user: me, password: AWS_SECRET}}"),
            "reads the mailbox me at imap.evil.example:993, with the password in the environment variable AWS_SECRET",
        ),
        (
            _WITH.format(more="inbox: {host: localhost, tls: none, login: {user: me, password: AWS_SECRET}}"),
            "reads the mailbox me unencrypted at localhost:993, with the password in the environment variable "
            "AWS_SECRET",
        ),
        (_WITH.format(more="inbox: {maildir: /var/mail/me}"), "reads /var/mail/me"),
        (_WITH.format(more="dkim: {domain: example.com, selector: one, key: ../dkim.pem}"), "reads {parent}/dkim.pem"),
        (
            "send: {mailboxes: {first: {address: me@example.com, smtp: {host: localhost}}}, "
            "tracking: {url: https://track.evil.example}}",
            "sends readers who click or opt out to https://track.evil.example",
        ),
        ("arms: {one: {}, two: {prompts: ../elsewhere}}", "reads {parent}/elsewhere"),
    ],
)
def test_mail_servers_passwords_and_files_are_named_and_refused(folder: Path, line: str, wanted: str) -> None:
    say(folder, ("search: ddgs", f"search: ddgs\n{line}"))
    wanted = wanted.format(parent=folder.parent)
    assert reach(folder) == (wanted,)
    with pytest.raises(NotTrusted, match=r"is not trusted"):
        load_campaign(folder)


def test_another_password_is_asked_about_anew(folder: Path) -> None:
    login = ", login: {user: me, password: SMTP_PASSWORD}"
    line = _ALONE.format(host="smtp.example.com", tls="starttls", more=login)
    say(folder, ("search: ddgs", f"search: ddgs\n{line}"))
    trust(folder / "campaign.yaml", reach(folder))
    assert load_campaign(folder).name == "autumn"
    say(folder, ("SMTP_PASSWORD", "AWS_SECRET"))
    with pytest.raises(NotTrusted, match=r"folder: it sends mail through .* variable AWS_SECRET$"):
        load_campaign(folder)


@pytest.mark.parametrize(
    "address",
    [
        r"http://127.0.0.1\@evil.example/",
        r"http://evil.example\@127.0.0.1/",
        "http://127.0.0.1:80@evil.example/",
        "http://127.0.0.1\t.evil.example/",
        " http://evil.example/",
        "http://localhost.evil.example/",
        "http://[::1].evil.example/",
        "http://[x/",
        "//evil.example/",
        "http:///evil.example/",
        "http://2130706433.evil.example",
    ],
)
def test_no_spelling_passes_for_loopback(folder: Path, address: str) -> None:
    places = campaign_places(folder)
    search = SearchSettings(use=f"searxng:{address}")
    backends = {"student": BackendSettings(use=f"openai-compatible:{address}#m")}
    for change in ({"search": search}, {"backends": backends}):
        changed = CampaignPlaces(places.campaign.model_copy(update=change), places.path)
        (wanted,) = reach_of(changed)
        assert wanted.startswith("connects to ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("search: ddgs", "search: local:prompts"),
        ("search: ddgs", "search: searxng:http://127.0.0.1:8888"),
        ("search: ddgs", "search: searxng:http://[::1]:8888"),
        ("search: ddgs", "search: ddgs\nstore: sqlite:///data/own.sqlite"),
        ("search: ddgs", "search: ddgs\nstore: own.sqlite"),
        ("search: ddgs", 'search: ddgs\nfetch: {allow: [127.0.0.1, "127.0.0.1:80", "::1", "[::1]:80", 127.0.0.0/8]}'),
        ("use: miniature:reader@live", "use: openai-compatible:http://localhost:8000/v1#m"),
        ("use: miniature:reader@live", "use: local:smollm2-135m-instruct"),
        ("search: ddgs", "search: ddgs\n" + _ALONE.format(host="127.0.0.1", tls="none", more=", port: 2525")),
        ("search: ddgs", "search: ddgs\n" + _ALONE.format(host='"::1"', tls="starttls", more=", ca_file: ca.pem")),
        ("search: ddgs", "search: ddgs\n" + _WITH.format(more="inbox: {maildir: mail/me}")),
        ("search: ddgs", "search: ddgs\narms: {one: {}, two: {prompts: prompts}}"),
    ],
)
def test_what_lies_within_needs_no_trust(folder: Path, old: str, new: str) -> None:
    say(folder, (old, new))
    assert load_campaign(folder).name == "autumn"


@pytest.mark.parametrize(
    "place",
    [
        "brief.md",
        "prospects.csv",
        "prompts/writer.full.jinja",
        "runs/autumn/campaign.sqlite",
        "runs/autumn/report.html",
        "runs/autumn/cache/http.sqlite",
        "runs/autumn/campaign.sqlite.autumn.lock",
    ],
)
def test_a_link_is_followed_before_it_is_judged(folder: Path, place: str) -> None:
    link = folder / place
    link.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder.parent / "secret.csv")
    with pytest.raises(NotTrusted, match=r"it (reads|writes) .*/secret\.csv$"):
        load_campaign(folder)


def test_a_linked_work_folder_is_named(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / "runs").symlink_to(folder.parent / "elsewhere")
    assert reach(folder) == (
        f"writes {folder.parent}/elsewhere/autumn",
        f"writes {folder.parent}/elsewhere/autumn/campaign.sqlite",
    )


def test_nothing_beyond_is_read_before_it_is_allowed(folder: Path) -> None:
    say(folder, ("brief: brief.md", "brief: ../secret.csv"))
    with pytest.raises(InputError) as caught:
        load_campaign(folder)
    assert "Secret" not in caught.value.message


def test_what_was_allowed_is_exactly_that(folder: Path) -> None:
    say(folder, ("prospects: prospects.csv", "prospects: ../secret.csv"))
    trust(folder / "campaign.yaml", reach(folder))
    assert load_campaign(folder).prospects_path == folder.parent / "secret.csv"
    say(folder, ("search: ddgs", "search: searxng:https://search.example"))
    with pytest.raises(NotTrusted, match=r"folder: it connects to https://search\.example$"):
        load_campaign(folder)
    say(folder, ("searxng:https://search.example", "ddgs"))
    folder.rename(folder.parent / "moved")
    with pytest.raises(NotTrusted):
        load_campaign(folder.parent / "moved")


def test_a_developer_may_trust_in_code(folder: Path) -> None:
    say(folder, ("prospects: prospects.csv", "prospects: ../secret.csv"))
    assert load_campaign(folder, trusted=True).prospects_path == folder.parent / "secret.csv"


@pytest.mark.parametrize("record", ["", "[]", "{", '{"allowed": 3}', "[" * 100_000])
def test_a_damaged_record_allows_nothing(folder: Path, record: str) -> None:
    say(folder, ("prospects: prospects.csv", "prospects: ../secret.csv"))
    trust(folder / "campaign.yaml", reach(folder))
    (kept,) = (folder.parent / "home" / "trusted").iterdir()
    assert json.loads(kept.read_text())["campaign"] == str(folder / "campaign.yaml")
    kept.write_text(record)
    with pytest.raises(NotTrusted):
        load_campaign(folder)


def test_words_of_the_file_do_not_steer_the_terminal(folder: Path) -> None:
    say(folder, ("search: ddgs", r'search: "searxng:https://evil.example/\e[2J\u202egnp"'))
    (wanted,) = reach(folder)
    assert wanted == r"connects to https://evil.example/\x1b[2J\u202egnp"


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    for name in ("brief.md", "prospects.csv", "campaign.yaml"):
        (folder / name).rename(folder / "kept")
        os.mkfifo(folder / name)
        with pytest.raises(InputError, match=f"{name} cannot be read: it is a pipe, not a file"):
            list(load_campaign(folder / "campaign.yaml").prospects())
        (folder / "kept").replace(folder / name)


def test_a_work_folder_elsewhere_is_named_and_not_looked_through(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    (elsewhere / "autumn").mkdir(parents=True)
    for number in range(50):
        (elsewhere / "autumn" / f"link{number}").symlink_to(f"/srv/{number}")
    (folder / "runs").symlink_to(elsewhere)
    written = [f"writes {elsewhere / 'autumn'}", f"writes {elsewhere / 'autumn' / 'campaign.sqlite'}"]
    assert [one for one in reach(folder) if one.startswith("writes")] == written
