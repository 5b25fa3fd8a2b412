"""The command line as a newcomer meets it: quick to start, clear when wrong, stable exit codes."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from miniatures.cli.main import app, main
from miniatures.datamodel.errors import ExitCode

HEAVY = {
    "alembic",
    "asyncio",
    "ddgs",
    "httpx",
    "jinja2",
    "langchain_core",
    "langgraph",
    "litellm",
    "numpy",
    "openvino",
    "openvino_genai",
    "pydantic",
    "sqlalchemy",
    "starlette",
    "torch",
    "trafilatura",
    "transformers",
    "uvicorn",
    "xllamacpp",
    "yaml",
}
COMMANDS = [
    "demo",
    "init",
    "run",
    "backends",
    "trust",
    "status",
    "drafts",
    "traces",
    "report",
    "export",
    "evaluate",
    "models",
    "serve",
]
HELP = "import sys; from miniatures.cli.main import main; code = main(['--help']); print(*sys.modules, file=sys.stderr)"


def in_process_of_its_own(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from miniatures.cli.main import run; run()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def test_help_imports_nothing_heavy():
    result = subprocess.run([sys.executable, "-c", HELP], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in result.stderr.split()}
    assert loaded & HEAVY == set()
    assert "typer" in loaded


@pytest.mark.slow
def test_help_takes_little_processor_time():
    """Processor time, because a wall clock would measure what else the machine does."""
    seconds = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        in_process_of_its_own("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 0.5


def test_help_names_every_command_and_exit_code():
    shown = CliRunner().invoke(app, ["--help"]).output
    for command in COMMANDS:
        assert re.search(rf"│ {command} ", shown), command
    for code in ExitCode:
        assert re.search(rf"\b{int(code)}\b", shown), code


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command):
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert len(result.output) > 200


def test_exit_codes_are_documented():
    text = (Path(__file__).parents[2] / "docs" / "exit-codes.md").read_text()
    documented = {int(number) for number in re.findall(r"^\| (\d+) \|", text, flags=re.MULTILINE)}
    assert documented == set(map(int, ExitCode))


def test_version():
    assert in_process_of_its_own("--version").stdout.startswith("miniatures ")


def test_init_writes_a_campaign_that_loads(tmp_path):
    result = in_process_of_its_own("init", "spring", cwd=tmp_path)
    assert result.returncode == ExitCode.OK
    assert "miniatures run spring --limit 3" in result.stdout
    listed = re.findall(r"^  (spring/\S+)", result.stdout, flags=re.MULTILINE)
    written = [path for path in (tmp_path / "spring").rglob("*") if path.is_file()]
    assert sorted(listed) == sorted(str(path.relative_to(tmp_path)) for path in written)
    assert in_process_of_its_own("status", "spring", cwd=tmp_path).returncode == ExitCode.OK
    again = in_process_of_its_own("init", "spring", cwd=tmp_path)
    assert again.returncode == ExitCode.BAD_INPUT
    assert again.stderr == "Error: spring exists already and is left as it is\nHint:  Choose another name.\n"


def test_a_mistake_is_a_sentence_and_a_hint_without_traceback(tmp_path):
    (tmp_path / "spring").mkdir()
    result = in_process_of_its_own("run", "sprng", cwd=tmp_path)
    assert result.returncode == ExitCode.BAD_INPUT
    assert result.stderr == "Error: there is no file sprng\nHint:  Did you mean spring?\n"
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("--debug", "run", "nowhere"), ("run", "nowhere", "--debug")])
def test_debug_shows_the_traceback_wherever_it_stands(tmp_path, arguments):
    result = in_process_of_its_own(*arguments, cwd=tmp_path)
    assert "Traceback" in result.stderr
    assert "InputError" in result.stderr
    assert result.returncode != 0


@pytest.mark.parametrize("arguments", [["runn"], ["run"], ["run", "x", "--limit", "0"], ["drafts", "x", "--nope"]])
def test_wrong_usage_has_the_code_of_wrong_input(arguments, capsys):
    assert main(arguments) == ExitCode.BAD_INPUT
    assert "Error" in capsys.readouterr().err


def test_an_unexpected_error_is_said_to_be_one(monkeypatch, capsys, tmp_path):
    def explode(path: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("miniatures.inputs.scaffold.create_campaign", explode)
    assert main(["init", str(tmp_path / "x")]) == ExitCode.UNEXPECTED
    error = capsys.readouterr().err
    assert "RuntimeError: boom" in error
    assert "--debug" in error


def test_a_closed_pipe_is_no_traceback(tmp_path):
    in_process_of_its_own("init", "spring", cwd=tmp_path)
    with (tmp_path / "spring" / "prospects.csv").open("a") as file:
        file.writelines(f"p{number}@b.example,,,,Company,\n" for number in range(20_000))
    script = f"{sys.executable} -c 'from miniatures.cli.main import run; run()' drafts spring --jsonl | head -1"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    result = subprocess.run(
        script, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    assert result.stdout.count("\n") == 1
    assert "Traceback" not in result.stderr
    assert "Error" not in result.stderr


def test_models_are_listed(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    assert main(["models", "list", "--json"]) == ExitCode.OK
    assert '"smollm2-135m-instruct"' in capsys.readouterr().out
    assert main(["models", "list"]) == ExitCode.OK
    assert "Apache-2.0" in capsys.readouterr().out


def test_pulling_an_unknown_model_names_the_known(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MINIATURES_HOME", str(tmp_path))
    assert main(["models", "pull", "smolm"]) != ExitCode.OK
    assert "smollm2-135m-instruct" in capsys.readouterr().err
