"""What all pages of the app share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request

from miniatures.app.web.desks import Desks
from miniatures.app.web.sign_in import SignIn
from miniatures.app.web.visitors import Sessions


@dataclass(frozen=True)
class Site:
    """The open campaigns and the visitors. Without `sign_in` nobody has a name and a password here."""

    desks: Desks
    sessions: Sessions
    sign_in: SignIn | None = None
    behind_tls: bool = False
    """Whether browsers reach the app over https alone, whatever the request itself says."""
    datasets: tuple[Path, ...] = ()
    """Folders of datasets, or folders that hold some, besides those of the campaigns."""


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    site: Site = request.app.state.site
    return site
