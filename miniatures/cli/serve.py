"""`miniatures serve`: backends behind an OpenAI-compatible HTTP endpoint."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="BACKEND...", help="Spec strings such as local:smollm2-135m-instruct, or NAME=SPEC."),
    ],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    api_key: Annotated[str | None, typer.Option(help="Answer only requests that carry this key.")] = None,
) -> None:
    """Serve backends over HTTP, as OpenAI's API does.

    Chat, streaming and JSON schemas work; several backends are told apart by model name.
    """
    from miniatures.app.serve import serve as serve_specs
    from miniatures.app.serve import split_name

    names = ", ".join(split_name(spec)[0] for spec in specs)
    typer.echo(f"Opening {names}, to be served at http://{host}:{port}/v1 until Ctrl-C", err=True)
    serve_specs(specs, host, port, api_key=api_key)
