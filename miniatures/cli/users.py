"""`miniatures users`: who may sign in to the app by name and password, and with which rights."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from miniatures.app.web.visitors import Rights
from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import console, plain, print_json, table
from miniatures.datamodel.foreign_text import visible

app = typer.Typer(no_args_is_help=True, help="Name the people who may sign in to the app, and give them passwords.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="As it is typed to sign in, and as decisions are signed.")]


@app.command("add")
def add_user(
    name: Name,
    rights: Annotated[
        Rights, typer.Option(help="A reviewer decides about drafts; an owner may promote and roll back models as well.")
    ] = Rights.REVIEWER,
) -> None:
    """Let somebody sign in. The password is asked for twice, or read from the first line of a piped input."""
    from miniatures.app.web.users import Users

    users = Users()
    users.check_new(name)
    users.add(name, rights, _password_for(name))
    typer.echo(visible(f"{name} may sign in as {rights.value}"))


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List who may sign in."""
    from miniatures.app.web.users import Users

    known = Users().all()
    if as_json:
        print_json([{"name": user.name, "rights": user.rights.value} for user in known])
        return
    if not known:
        console().print("Nobody may sign in yet: `miniatures users add NAME` lets somebody in.")
        return
    listing = table("Name", "Rights")
    for user in known:
        listing.add_row(plain(user.name), user.rights.value)
    console().print(listing)


@app.command("remove")
def remove_user(name: Name) -> None:
    """Let somebody in no more; whoever is signed in by that name is out at once. What they decided stays."""
    from miniatures.app.web.users import Users

    typer.echo(visible(f"{Users().remove(name).name} may not sign in any more"))


@app.command("password")
def change_password(name: Name) -> None:
    """Give a user another password, asked for as `add` does; whoever is signed in by that name signs in again."""
    from miniatures.app.web.users import Users

    users = Users()
    user = users.existing(name)
    users.set_password(user.name, _password_for(user.name))
    typer.echo(visible(f"{user.name} has another password"))


def _password_for(name: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    question = visible(f"Password of {name}")
    password: str = typer.prompt(question, hide_input=True, confirmation_prompt="The same again", err=True)
    return password
