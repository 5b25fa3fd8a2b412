"""`miniatures serve` says where it listens, and who may ask."""

import pytest

from miniatures.app import serve as server
from miniatures.cli.main import main


@pytest.fixture
def told(monkeypatch, capsys):
    """What is told on a socket that is ready at once; nothing is opened or served."""

    def ready(specs, host, port, *, on_ready, **options):
        on_ready(8000)

    monkeypatch.setattr(server, "serve", ready)
    monkeypatch.delenv("MINIATURES_SERVE_API_KEY", raising=False)

    def run(*options):
        assert main(["serve", "m=local:x", *options]) == 0
        return capsys.readouterr().err

    return run


WARNING = "Warning: no --api-key is set, and everyone who can reach this machine may ask."


def test_listening_everywhere_without_a_key_is_warned_of(told):
    said = told("--host", "0.0.0.0")
    assert "Ready at http://127.0.0.1:8000/v1 (it listens at 0.0.0.0, port 8000) until" in said
    assert WARNING in said


@pytest.mark.parametrize(
    "options",
    [(), ("--host", "localhost"), ("--host", "::1"), ("--host", "0.0.0.0", "--api-key", "key")],
)
def test_on_loopback_or_with_a_key_nobody_is_warned(told, options):
    assert "Warning" not in told(*options)


def test_another_address_of_this_machine_is_warned_of_and_named(told):
    said = told("--host", "192.0.2.7")
    assert "Ready at http://192.0.2.7:8000/v1 until" in said
    assert WARNING in said
