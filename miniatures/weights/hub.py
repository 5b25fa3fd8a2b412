"""Gets one file from the Hugging Face hub or its mirror, and says in the words of weights what went wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Protocol

import httpx

from miniatures.weights.catalog import HubSource
from miniatures.weights.errors import PullFailed


class Progress(Protocol):
    """Told how far a download is; `total` is null when the server does not say."""

    def __call__(self, done: int, total: int | None) -> None: ...


def silent(done: int, total: int | None) -> None:
    """Shows nothing."""


def hub_download(source: HubSource, filename: str, folder: Path, progress: Progress = silent) -> None:
    """Put the file into the folder; HF_ENDPOINT, HF_TOKEN, a login and HF_HUB_OFFLINE mean what they always mean.

    Raises:
        PullFailed: the hub cannot be reached, may not be asked, or refuses.
    """
    from huggingface_hub import hf_hub_download

    endpoint = os.environ.get("HF_ENDPOINT")
    where = {"revision": source.revision, "local_dir": folder, "endpoint": endpoint and endpoint.rstrip("/")}
    try:
        hf_hub_download(source.repository, filename, **where, tqdm_class=_bar(progress))  # type: ignore[call-overload]
    except (httpx.HTTPError, OSError, ValueError) as error:
        if getattr(error, "errno", None) is not None:
            raise  # The disk's, not the hub's.
        raise _failure(source, error) from error


def _failure(source: HubSource, error: Exception) -> PullFailed:
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    reason = (error.__cause__ if isinstance(error, LocalEntryNotFoundError) else None) or error
    if isinstance(reason, HfHubHTTPError):
        status = reason.response.status_code
        return PullFailed(f"{source} answered {status}", hint=_STATUS_HINT.get(status, ""))
    if isinstance(reason, OfflineModeIsEnabled):
        return PullFailed(f"{source} could not be read: HF_HUB_OFFLINE is set", hint="Unset it for this pull.")
    if "Consistency check failed" in str(reason):
        hint = "A proxy on the way compresses or changes it: reach the hub without it, or name a mirror by HF_ENDPOINT."
        return PullFailed(f"{source} came in another size than was announced", hint=hint)
    said = re.sub(r"//[^/@\s]+@", "//", str(reason).partition("\n")[0])
    return PullFailed(
        f"{source} could not be read: {said or type(reason).__name__}",
        hint="Check the network and HF_ENDPOINT, then pull again.",
    )


def _bar(progress: Progress) -> type[Any]:
    """A bar as the hub's library wants one, which draws nothing and tells `progress`."""
    from tqdm import tqdm

    class Told(tqdm):  # type: ignore[misc]
        def __init__(self, **settings: Any) -> None:
            super().__init__(**{**settings, "disable": True})

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            progress(int(self.n), self.total)

    return Told


_STATUS_HINT = {
    401: "The file needs a token: set HF_TOKEN. Or there is no such repository.",
    403: "Access is refused: accept the licence on the model's page, or set HF_TOKEN.",
    404: "Check the repository, the revision and the file name.",
    429: "Too many requests: wait a while.",
}
