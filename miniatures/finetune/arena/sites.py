"""Turns companies of the arena into what a campaign works on: a folder of web sites, and a campaign for each brief."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from miniatures.datamodel.campaign import CHECKS_ONLY
from miniatures.datamodel.hashing import text_hash
from miniatures.finetune.arena.company import ArenaCompany, ArenaPage, Block, Hidden
from miniatures.finetune.arena.folder import ArenaHand

NOBODY = "none"
SHIPPED = {
    "researcher": "miniature:outreach@live",
    "assessor": NOBODY,
    "writer": "miniature:outreach@live",
    "verifier": NOBODY,
}
"""Who does which job, by the specs of backends."""
_UNPLAYED = {"verifier": CHECKS_ONLY}
"""What a campaign calls it where nobody plays a role, if not none."""
_CAMPAIGN = """\
name: arena-{hand}-{brief}
brief: brief.md
prospects: prospects.csv
search: local:sites
backends:
{backends}roles: {{{roles}}}
write: {{samples: 1, rewrites: 1, retry_samples: 8}}
"""


def write_campaigns(
    hand: ArenaHand,
    source: Path,
    folder: Path,
    seats: Mapping[str, str] = SHIPPED,
) -> list[Path]:
    """A campaign folder for each brief of the hand, whose briefs lie in `source`, with its own copy of the sites.

    `seats` says who plays each role: the spec of a backend, or `none`. Each company's contacts take turns between the
    briefs, so that no two campaigns write to one person.
    """
    campaigns = []
    for turn, slug in enumerate(hand.briefs):
        campaign = folder / f"{hand.name}-{slug}"
        for company in hand.companies.values():
            write_site(company, campaign / "sites")
        (campaign / "brief.md").write_bytes((source / "briefs" / f"{slug}.md").read_bytes())
        (campaign / "campaign.yaml").write_text(_campaign(hand.name, slug, seats), encoding="utf-8")
        _write_prospects(list(hand.companies.values()), turn, campaign / "prospects.csv")
        campaigns.append(campaign)
    return campaigns


def _campaign(hand: str, brief: str, seats: Mapping[str, str]) -> str:
    specs = {role: spec for role, spec in seats.items() if spec != NOBODY}
    backends = "".join(f"  {role}: {{use: '{spec}', max_tokens: 300}}\n" for role, spec in specs.items())
    roles = ", ".join(f"{role}: {role if role in specs else _UNPLAYED.get(role, NOBODY)}" for role in seats)
    return _CAMPAIGN.format(hand=hand, brief=brief, backends=backends or "  {}\n", roles=roles)


def write_site(company: ArenaCompany, folder: Path) -> None:
    """The company's pages as HTML, in a folder named by its domain. Sites differ in how they mark things up."""
    for page in company.pages:
        path = folder / company.domain / page.path.strip("/") / "index.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_html(company, page), encoding="utf-8")


def _write_prospects(companies: Sequence[ArenaCompany], turn: int, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "first_name", "last_name", "title", "company", "website"])
        for company in companies:
            contact = company.contacts[turn % len(company.contacts)]
            email = f"contact{turn + 1}@{company.domain}"
            site = f"https://{company.domain}/"
            rows.writerow([email, contact.first_name, contact.last_name, contact.title, company.company, site])


def _html(company: ArenaCompany, page: ArenaPage) -> str:
    plain = int(text_hash(company.domain)[:2], 16) % 2 == 0
    links = "".join(
        f'<a href="{escape(one.path)}">{escape(one.title.split("|")[0].strip())}</a> ' for one in company.pages
    )
    dated = f'<meta property="article:published_time" content="{page.date.isoformat()}">' if page.date else ""
    body = "\n".join(_marked(page.blocks, plain=plain))
    frame = ("<nav>{}</nav>\n<main>\n{}\n</main>", '<div class="top">{}</div>\n<div class="page">\n{}\n</div>')[plain]
    return (
        f'<!doctype html>\n<html lang="{page.language or company.language}"><head><meta charset="utf-8">'
        f"<title>{escape(page.title)}</title>{dated}</head>\n<body>\n{frame.format(links, body)}\n</body></html>\n"
    )


def _marked(blocks: Sequence[Block], *, plain: bool) -> Iterator[str]:
    """The blocks as HTML. `plain`: headings and paragraphs are nothing but `div`s, as on many sites."""
    for is_item, group in groupby(blocks, key=lambda block: isinstance(block, str) and block.startswith("- ")):
        if is_item:
            yield "<ul>" + "".join(f"<li>{escape(str(block)[2:])}</li>" for block in group) + "</ul>"
            continue
        for block in group:
            match block:
                case Hidden():
                    yield f'<div style="display:none">{escape(block.hidden)}</div>'
                case _ if block.startswith("# "):
                    heading = escape(block[2:])
                    yield f'<div class="h2" role="heading">{heading}</div>' if plain else f"<h2>{heading}</h2>"
                case _:
                    yield f"<div>{escape(block)}</div>" if plain else f"<p>{escape(block)}</p>"
