"""A campaign whose drafts wait to be reviewed, made in about a second: all as a run leaves it, with no model asked.

Each company has a site in `sites/`. Its page is read by the real extractor, the draft's quote is a slice of it, the
email is placed by the code that stands in for a writer, and checks and statements are those of the pipeline.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path

from miniatures.agents.placed import placed_email
from miniatures.agents.tools.extract.document import extract
from miniatures.agents.verify import outcome_of
from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import PLACED, Draft, EmailText
from miniatures.datamodel.evidence import Evidence, Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.trace import new_id
from miniatures.datamodel.vetted import VettedStatement
from miniatures.inputs.campaign import LoadedCampaign, load_campaign
from miniatures.store.open import open_store
from miniatures.store.store import Store

POLICY = "policy"
DOUBTED_BACKEND = "local:teller"
"""Who wrote the drafts that a verifier doubts: code that places a page's own words is not asked about them."""
_BRIEF = Path(__file__).parents[3] / "examples/cold_storage/brief.md"
_CAMPAIGN = """\
name: {name}
brief: brief.md
prospects: prospects.csv
search: local:sites
backends: {{reader: "miniature:reader@live"}}
roles: {{researcher: reader, writer: none, verifier: checks}}
"""
_NEWS = (
    ("expansion", "We have opened a new cold store with {count:,} pallet places in {town}."),
    ("expansion", "Our new freezing line in {town} takes {count:,} crates a day."),
    ("energy", "Our refrigeration in {town} used {count:,} MWh of electricity over the summer."),
    ("hiring", "We are looking for {few} refrigeration engineers for our cold store in {town}."),
    ("certification", "Our cold store in {town} passed its hygiene audit with {few} remarks."),
)
_TOWNS = ("Aldermoor", "Brackwater", "Castlemere", "Dunholm", "Eastferry", "Fernhaven", "Gullane Bay", "Hollowell")
_PEOPLE = ("Ada Okafor", "Bo Lindgren", "Chidi Mensah", "Dora Kovács", "Edyta Wójcik", "Fen Zhang", "Gwen O'Neill")
_TITLES = ("Cold Store Manager", "Head of Quality", "Operations Director", "Maintenance Lead")


@dataclass(frozen=True)
class Lead:
    """Somebody to write to, the page of their company (as HTML) and the sentence of it that is the reason to write."""

    prospect: Prospect
    page: str
    quote: str
    signal: str
    path: str = "news/latest.html"

    @property
    def host(self) -> str:
        return self.prospect.email.partition("@")[2]

    @property
    def url(self) -> str:
        return f"http://{self.host}/{self.path}"


def write_campaign(
    folder: Path, drafts: int = 40, *, name: str = "desk", held_back: int = 4, doubted: int = 2
) -> LoadedCampaign:
    """The campaign in a folder of its own, which is made. Of its drafts so many do not pass the checks, and so many
    others a verifier doubts (they wait as held back, too)."""
    leads = [lead(number) for number in range(drafts)]
    loaded = write_folder(folder, leads, name=name)
    results = []
    for number, one in enumerate(leads):
        if number < held_back:
            results.append(result_of(loaded, one, spoilt(placed(loaded.brief, one), number)))
        elif number < held_back + doubted:
            results.append(result_of(loaded, one, doubts=_doubts(placed(loaded.brief, one)), backend=DOUBTED_BACKEND))
        else:
            results.append(result_of(loaded, one))
    asyncio.run(save(loaded, results))
    return loaded


def lead(number: int) -> Lead:
    """One of any number of people, each at a company of their own with news of its own."""
    first, last = _PEOPLE[number % len(_PEOPLE)].split()
    town, host = _TOWNS[number % len(_TOWNS)], f"company-{number}.example"
    signal, news = _NEWS[number % len(_NEWS)]
    quote = news.format(count=2_400 + 130 * number, town=town, few=2 + number % 5)
    prospect = Prospect(
        email=f"{first.lower()}.{number}@{host}",
        first_name=first,
        last_name=last,
        title=_TITLES[number % len(_TITLES)],
        company=f"{town} Cold Storage {number}",
        website=f"http://{host}/",
    )
    around = (
        f"News from {prospect.company}, which has kept food cold in {town} since 1987.",
        "The people of the harbour, the growers of the valley and two schools were there to see it.",
        "The works took eleven months, and the stores beside it stayed open all the while.",
    )
    return Lead(prospect, page_of(f"News of {prospect.company}", around[0], quote, *around[1:]), quote, signal)


def page_of(title: str, *paragraphs: str) -> str:
    """A page of a company that was published three weeks ago."""
    day = (datetime.now(UTC) - timedelta(days=21)).date().isoformat()
    text = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta property="article:published_time" content="{day}T08:00:00+00:00"></head>'
        f"<body><main><h1>{escape(title)}</h1>{text}</main></body></html>"
    )


def write_folder(folder: Path, leads: Sequence[Lead], *, name: str = "desk") -> LoadedCampaign:
    """The campaign's files: its list is of these people, and their companies' pages lie in `sites/`."""
    folder.mkdir(parents=True)
    (folder / "campaign.yaml").write_text(_CAMPAIGN.format(name=name), encoding="utf-8")
    (folder / "brief.md").write_text(_BRIEF.read_text(encoding="utf-8"), encoding="utf-8")
    columns = ("email", "first_name", "last_name", "title", "company", "website")
    with (folder / "prospects.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows([getattr(one.prospect, column) for column in columns] for one in leads)
    for one in leads:
        for path, text in ((one.path, one.page), ("index.html", _home(one))):
            file = folder / "sites" / one.host / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return load_campaign(folder)


def placed(brief: Brief, one: Lead) -> EmailText:
    """The email that code makes of the lead's news."""
    return placed_email(brief, one.prospect, [evidence_of(one)])


def evidence_of(one: Lead, sure: float | None = None) -> Evidence:
    """The quote, with the hash of the page as it is extracted, and what stands beside it there."""
    found = extract(one.page.encode(), "text/html", one.url)
    page = Page.of(one.url, found.text, title=found.title, published=found.published)
    before, quote, after = page.text.partition(one.quote)
    assert quote, f"the page of {one.url} does not say: {one.quote!r}, but: {page.text!r}"
    return Evidence(
        **page.model_dump(exclude={"text"}),
        quote=quote,
        signal=one.signal,
        before=before.strip().rpartition("\n")[2],
        after=after.strip().partition("\n")[0],
        sure=sure,
    )


def result_of(
    loaded: LoadedCampaign,
    one: Lead,
    email: EmailText | None = None,
    *,
    doubts: tuple[VettedStatement, ...] = (),
    backend: str = PLACED,
) -> ProspectResult:
    """What a run leaves for the lead: the email (placed, if none is given) with the pipeline's own word on it."""
    digits = int(text_hash(one.prospect.email)[:6], 16)
    evidence = (evidence_of(one, sure=round(0.6 + 0.39 * (digits % 1000) / 1000, 3)),)
    text = email or placed_email(loaded.brief, one.prospect, evidence)
    case = CheckCase(
        prospect=one.prospect,
        brief=loaded.brief,
        evidence=evidence,
        max_age_days=loaded.campaign.research.max_age_days,
        vetted=doubts,
    )
    checked = outcome_of(run_checks(text, case))
    draft = Draft(
        id=text_hash(f"{loaded.name} {one.prospect.email}")[:32],
        subject=text.subject,
        body=text.body,
        evidence=evidence,
        backend=backend,
        vetted=doubts,
        bill=Bill(),
        **checked,
    )
    return ProspectResult(
        campaign=loaded.name,
        policy=POLICY,
        prospect=one.prospect,
        status=draft.status,
        draft=draft,
        dossier=Dossier(status=DossierStatus.FOUND, facts=evidence, candidates=4),
        bill=Bill(),
        seconds=1.5,
    )


def spoilt(email: EmailText, number: int) -> EmailText:
    """The email with something in it that a check finds: each number another thing."""
    greeting, _, rest = email.body.partition("\n\n")
    bodies = (
        f"{greeting}\n\nYou have 740 lorries in Rotterdam. {rest}",
        f"Dear Madam,\n\n{rest}",
        f"{greeting}\n\nAct now, this is a 100% free guarantee! {rest}",
        f"{email.body}\n\n{' '.join(['We would like to tell you more about all of this.'] * 12)}",
    )
    return email.model_copy(update={"body": bodies[number % len(bodies)]})


async def save(loaded: LoadedCampaign, results: Sequence[ProspectResult]) -> None:
    """Keep the results as those of a run that ended."""
    with open_store(loaded.store_url) as store:
        run_id = new_id()
        await store.start_run(run_id, loaded.name, POLICY)
        await store.enrol(loaded.name, [result.prospect for result in results])
        await asyncio.gather(*(store.save_result(result) for result in results))
        await store.finish_run(run_id, "completed")


def drafts_of(store: Store, loaded: LoadedCampaign) -> list[Draft]:
    """The campaign's drafts, in the order of its list."""
    return [result.draft for result in store.results(loaded.name) if result.draft is not None]


def _doubts(email: EmailText) -> tuple[VettedStatement, ...]:
    opening = email.body.split("\n\n")[1].split(". ")[0]
    subject = VettedStatement(part="subject", text=email.subject, kind="distorted", sure=0.91)
    return (VettedStatement(part="opening", text=f"{opening}.", kind="wrong_owner", sure=0.31), subject)


def _home(one: Lead) -> str:
    company = one.prospect.company
    return page_of(company, f"{company} keeps food cold.", "Our rooms are open from six to six.")
