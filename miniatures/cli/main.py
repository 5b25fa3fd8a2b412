"""The `miniatures` command: puts the command groups together and turns errors into a sentence, a hint and an exit code.

Nothing heavy is imported before a command runs: `miniatures --help` has to be there at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from miniatures import __version__
from miniatures.cli.ab import app as ab
from miniatures.cli.accept import accept
from miniatures.cli.app_command import app as web_app
from miniatures.cli.backends import backends
from miniatures.cli.compare import compare
from miniatures.cli.dataset import app as dataset
from miniatures.cli.demo import demo
from miniatures.cli.doctor import doctor
from miniatures.cli.drafts import drafts
from miniatures.cli.evaluate import evaluate
from miniatures.cli.export import export
from miniatures.cli.finetune import finetune
from miniatures.cli.follow_up import follow_up
from miniatures.cli.forget import forget
from miniatures.cli.inbox import inbox
from miniatures.cli.init import init
from miniatures.cli.models import app as models
from miniatures.cli.outbox import outbox
from miniatures.cli.plan_test import plan_test
from miniatures.cli.preview import preview
from miniatures.cli.readings import app as readings
from miniatures.cli.report import report
from miniatures.cli.review import review
from miniatures.cli.rewrite import rewrite
from miniatures.cli.run_command import run as run_campaign
from miniatures.cli.send import send
from miniatures.cli.serve import serve
from miniatures.cli.status import status
from miniatures.cli.suppress import app as suppress
from miniatures.cli.synthesize import synthesize
from miniatures.cli.traces import traces
from miniatures.cli.track import track
from miniatures.cli.trust import asked_for_trust, trust
from miniatures.cli.users import app as users
from miniatures.datamodel.errors import ExitCode, MiniaturesError, NotTrusted
from miniatures.datamodel.foreign_text import visible

_EPILOG = """\
Exit codes: 0 done · 1 unexpected · 2 wrong input · 3 some prospects failed · 4 budget reached · 5 campaign busy · \
6 backend unavailable · 7 store unavailable · 8 requirement not kept · 130 interrupted
"""

app = typer.Typer(
    name="miniatures",
    help="Researches prospects and writes outreach emails, on a large model or on a small one trained to replace it.",
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

_MODELS = "Models"
_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "Start here": (demo, init),
    "Run a campaign": (run_campaign, backends, trust, plan_test),
    "Look at what was written": (status, drafts, traces, report, review, compare, web_app, rewrite, accept, export),
    "Send, and hear back": (preview, doctor, send, outbox, track, inbox, follow_up, forget),
    _MODELS: (synthesize, finetune, evaluate, serve),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(readings, name="readings", rich_help_panel="Look at what was written")
app.add_typer(users, name="users", rich_help_panel="Look at what was written")
app.add_typer(ab, name="ab", rich_help_panel="Send, and hear back")
app.add_typer(suppress, name="suppress", rich_help_panel="Send, and hear back")
app.add_typer(dataset, name="dataset", rich_help_panel=_MODELS)
app.add_typer(models, name="models", rich_help_panel=_MODELS)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"miniatures {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Takes the options that stand before any command; `--debug` is read by `main`, wherever it stands."""


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code; with `--debug`, errors are raised instead."""
    debug = "--debug" in arguments
    try:
        app([argument for argument in arguments if argument != "--debug"])
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except MiniaturesError as error:
        if isinstance(error, NotTrusted) and asked_for_trust(error):
            return main(arguments)
        if debug:
            raise
        _tell(error.message, error.hint)
        return error.exit_code
    except Exception as error:
        if debug:
            raise
        _tell(f"{type(error).__name__}: {error}", "This should not happen. Run it again with --debug and report it.")
        return ExitCode.UNEXPECTED
    return ExitCode.OK


def _tell(message: str, hint: str) -> None:
    message, hint = visible(message), visible(hint)
    colour = sys.stderr.isatty()
    label = "\033[1;31mError:\033[0m" if colour else "Error:"
    print(f"{label} {message}", file=sys.stderr)
    if hint:
        print(f"\033[2mHint:\033[0m  {hint}" if colour else f"Hint:  {hint}", file=sys.stderr)


def run() -> None:
    """Entry point of the `miniatures` script."""
    sys.exit(main(sys.argv[1:]))
