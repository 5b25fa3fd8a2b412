"""The campaign report: one self-contained HTML page that shows every email, its evidence and what the checks said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from miniatures.datamodel.backend import Bill
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.draft import DraftStatus
from miniatures.datamodel.errors import writing
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.redaction import without_secrets
from miniatures.datamodel.result import ProspectResult
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.measure.passages import passages
from miniatures.store.store import Store

SHOWN = 500
"""Emails that the page shows in full; the figures count all of them."""

_TEMPLATES = Path(__file__).parent / "templates"


class ReportFigures:
    """The totals of a report, added up one result at a time."""

    def __init__(self) -> None:
        self.prospects = 0
        self.by_status: Counter[DraftStatus] = Counter()
        self.checks: defaultdict[CheckName, Counter[Outcome]] = defaultdict(Counter)
        self.bill = Bill()
        self.backends: Counter[str] = Counter()

    def add(self, result: ProspectResult) -> None:
        self.prospects += 1
        self.by_status[result.status] += 1
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


def write_report(loaded: LoadedCampaign, store: Store, out: Path | None = None) -> Path:
    """Write a campaign's report, by default into its work folder, and return the path."""
    settings = loaded.campaign
    heading = ReportHeading(
        campaign=loaded.name,
        offer=loaded.brief.offer,
        roles={
            role: without_secrets(settings.backends[name].use) for role, name in settings.roles.backend_names.items()
        },
        search=without_secrets(settings.search.use),
    )
    return write_html_report(heading, store.results(loaded.name), out or loaded.work_folder / "report.html")


def write_html_report(heading: ReportHeading, results: Iterable[ProspectResult], path: Path) -> Path:
    """Write the page and return its path. Results are read once; only the first `SHOWN` are held."""
    figures = ReportFigures()
    shown: list[ProspectResult] = []
    for result in results:
        figures.add(result)
        if len(shown) < SHOWN:
            shown.append(result)
    template = html_environment().get_template("report.html.jinja")
    page = template.render(
        heading=heading,
        figures=figures,
        results=sorted(shown, key=_reading_order),
        hidden=figures.prospects - len(shown),
        made_at=datetime.now(UTC),
        Status=DraftStatus,
        CheckName=CheckName,
    )
    return write_page(page, path)


_ORDER = (DraftStatus.READY, DraftStatus.NEEDS_REVIEW, *DraftStatus)


def _reading_order(result: ProspectResult) -> tuple[int, int]:
    """Ready ones first; among the others, those with the fewest failed checks."""
    return _ORDER.index(result.status), len(result.draft.failed_checks) if result.draft else 0


def _usd(cost: float | None) -> str:
    """A cost with as many digits as it takes to be seen."""
    if cost is None:
        return "not known"
    return f"${cost:,.4f}" if cost >= 0.001 or cost == 0 else f"${cost:.7f}"


def write_page(page: str, path: Path) -> Path:
    """Write an HTML page and return its path.

    Raises:
        InputError: it cannot be written there.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    return path


def html_environment() -> Environment:
    """What every page is made with: foreign text is escaped, and a name that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["passages"] = passages
    environment.filters["words"] = lambda status: str(status).replace("_", " ")
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["usd"] = _usd
    return environment
