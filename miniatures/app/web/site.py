"""What all pages of the app share."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from miniatures.app.web.desks import Desks
from miniatures.app.web.visitors import Sessions


@dataclass(frozen=True)
class Site:
    """The open campaigns and the visitors."""

    desks: Desks
    sessions: Sessions


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    site: Site = request.app.state.site
    return site
