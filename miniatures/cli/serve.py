"""`miniatures serve`: backends behind an OpenAI-compatible HTTP endpoint."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from miniatures.app.address import ANYWHERE, is_loopback, reached

_OPEN_TO_ALL = "Warning: no --api-key is set, and everyone who can reach this machine may ask."


def serve(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="BACKEND...", help="Spec strings such as local:smollm2-135m-instruct, or NAME=SPEC."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0: any free one.")] = 8000,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="MINIATURES_SERVE_API_KEY", help="Answer only requests that carry this key."),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="A name that clients reach the server by, besides localhost and addresses; repeatable."),
    ] = None,
) -> None:
    """Serve backends over HTTP, as OpenAI's API does.

    Chat, streaming and JSON schemas work; several backends are told apart by model name.
    """
    from miniatures.app.serve import serve as serve_specs
    from miniatures.app.serve import split_name

    names = [split_name(spec)[0] for spec in specs]
    typer.echo(f"Opening {', '.join(names)}", err=True)

    def tell(listening: int) -> None:
        typer.echo(_ready(host, listening, names, has_key=api_key is not None), err=True)
        if api_key is None and not is_loopback(host):
            typer.echo(_OPEN_TO_ALL, err=True)

    serve_specs(specs, host, port, api_key=api_key, allowed_hosts=allowed_host or (), on_ready=tell)


def _ready(host: str, port: int, names: list[str], *, has_key: bool) -> str:
    """What a person needs to know to ask the first question."""
    url = f"http://{reached(host)}:{port}/v1"
    body = json.dumps({"model": names[0], "messages": [{"role": "user", "content": "Hello"}]})
    at = f" (it listens at {host}, port {port})" if host in ANYWHERE else ""
    key = "-H 'Authorization: Bearer YOUR_KEY' " if has_key else ""
    return (
        f"Ready at {url}{at} until Ctrl-C. Models: {', '.join(names)}\n"
        f"Try: curl {url}/chat/completions {key}-H 'Content-Type: application/json' -d '{body}'"
    )
