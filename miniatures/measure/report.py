"""The campaign report: one self-contained HTML page with every email, its evidence and what was said of it.

Whoever wrote the pages, the models' answers or the store itself is not trusted: foreign text is escaped, what would
turn or hide text is made visible, and only addresses of the web become links.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.campaign import backends_by_seat
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import writing
from miniatures.datamodel.files import written_whole
from miniatures.datamodel.foreign_text import is_web_address, visible
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.money import cost_words, dollars
from miniatures.datamodel.redaction import without_secrets
from miniatures.datamodel.standing import MEANINGS, Standing, State
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.check_words import COMPARES
from miniatures.measure.field_readings import READY_MEANS, readings_of
from miniatures.measure.passages import passages

SHOWN = 500
"""Emails that the page shows in full; the figures count all of them."""

TEMPLATES = Path(__file__).parent / "templates"


class ReportFigures:
    """The totals of a report, added up one result at a time."""

    def __init__(self) -> None:
        self.prospects = self.unlisted = 0
        self.follow_ups: Counter[State] = Counter()
        self.by_state: Counter[State] = Counter()
        self.checks: defaultdict[CheckName, Counter[Outcome]] = defaultdict(Counter)
        self.bill = Bill()
        self.backends: Counter[str] = Counter()

    def add(self, standing: Standing) -> None:
        """Count a prospect's first email, or a follow-up, which is counted apart."""
        result = standing.result
        self.unlisted += not standing.is_listed
        if result.step:
            self.follow_ups[standing.state] += 1
            return
        self.prospects += 1
        self.by_state[standing.state] += 1
        if result.status is not DraftStatus.PENDING:
            self.bill += result.bill
        if result.draft is not None:
            self.backends[result.draft.backend] += 1
            for check in result.draft.checks:
                self.checks[check.name][check.outcome] += 1


class ReportHeading(Frozen):
    """What the report is about: the words above the figures."""

    campaign: str
    offer: str
    roles: dict[str, str]
    search: str


def write_report(loaded: LoadedCampaign, standings: Iterable[Standing], out: Path | None = None) -> Path:
    """Write the report of where a campaign's prospects stand, by default into its work folder; returns the path."""
    return write_html_report(heading_of(loaded), standings, out or loaded.work_folder / "report.html")


def write_html_report(heading: ReportHeading, standings: Iterable[Standing], path: Path) -> Path:
    """Write the page and return its path, as `report_page` makes it."""
    return write_page(report_page(heading, standings), path)


def heading_of(loaded: LoadedCampaign) -> ReportHeading:
    """What stands above the figures of a campaign's report."""
    settings = loaded.campaign
    return ReportHeading(
        campaign=loaded.name,
        offer=loaded.brief.offer,
        roles={seat: without_secrets(settings.backends[name].use) for seat, name in backends_by_seat(settings).items()},
        search=without_secrets(settings.search.use),
    )


def report_page(heading: ReportHeading, standings: Iterable[Standing]) -> str:
    """The whole report as one page that needs no other file."""
    return html_environment().get_template("report.html.jinja").render(report_values(heading, standings))


def report_values(heading: ReportHeading, standings: Iterable[Standing]) -> dict[str, Any]:
    """What the report's template shows. Standings, of follow-ups too, are read once; only the first `SHOWN` are held.

    Whoever is off the list, or opted out since, is counted and not shown.
    """
    figures = ReportFigures()
    shown: list[Standing] = []
    for standing in standings:
        figures.add(standing)
        if len(shown) < SHOWN and standing.is_listed:
            shown.append(standing)
    return {
        "heading": heading,
        "figures": figures,
        "standings": sorted(shown, key=_reading_order),
        "hidden": figures.prospects + figures.follow_ups.total() - len(shown) - figures.unlisted,
        "made_at": datetime.now(UTC),
        "State": State,
        "compares": COMPARES,
        "meanings": MEANINGS,
        "ready_means": READY_MEANS,
        "readings": readings_of([one.draft.backend for one in shown if one.draft]),
    }


_ORDER = tuple(State)


def _reading_order(standing: Standing) -> tuple[int, int]:
    """On the way to the outbox first; among the others, those with the fewest failed checks."""
    return _ORDER.index(standing.state), len(standing.draft.failed_checks) if standing.draft else 0


def write_page(page: str, path: Path) -> Path:
    """Write an HTML page in one step and return its path; a link that lies there is replaced, never followed.

    Raises:
        InputError: it cannot be written there.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(page)
    return path


def html_environment() -> Environment:
    """What every page is made with: foreign text is escaped and visible, and a name that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["passages"] = passages
    environment.filters["words"] = lambda status: str(status).replace("_", " ")
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["usd"] = dollars
    environment.filters["cost"] = cost_words
    environment.tests["web_address"] = is_web_address
    return environment
