"""A described space of two briefs and three companies, written as gold data is."""

from __future__ import annotations

from pathlib import Path

BRIEFS = """
- slug: frost
  offer: Frostwatch makes wireless temperature sensors.
  claims: [Sensors report every 60 seconds.]
  call_to_action: "Could we talk for 15 minutes?"
  length: {min_words: 30, max_words: 60}
  sender: {name: Anna Berg, company: Frostwatch, email: anna@frostwatch.example, postal_address: 1 Quay}
  signals: [{name: new_store, kind: expansion, describes: a new store}]
- slug: rota
  offer: Rotawren plans shifts.
  claims: [A week is planned in 15 minutes.]
  call_to_action: "Shall I send a sample rota?"
  length: {min_words: 60, max_words: 140}
  sender: {name: Ben Quist, company: Rotawren, email: ben@rotawren.example, postal_address: 2 Quay}
  signals: [{name: posts, kind: hiring, describes: open posts}]
"""
COMPANY = """
- slug: {slug}
  name: {name}
  industry: {industry}
  contacts: [[Adwoa, Mensah, Head of Operations], [Jarmila, Novotná, Plant Manager]]
  sentences:
    - [expansion, must, "{name} opened a cold store with {n} docks in Leith on 3 May 2026."]
    - [expansion, may, "A second hall of {name} follows in June 2027."]
    - [hiring, must, "{name} is taking on {n} drivers for the night shift."]
    - [no, boilerplate, "Quality runs in our family."]
    - [no, stale, "In 2011 {name} bought its first lorry."]
"""
COMPANIES = [
    ("northmill", "Northmill", "bakery", 24),
    ("harbourly", "Harbourly", "flowers", 31),
    ("sunden", "Sunden", "bakery", 46),
]


def write_space(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "briefs.yaml").write_text(BRIEFS)
    rows = [COMPANY.format(slug=slug, name=name, industry=industry, n=n) for slug, name, industry, n in COMPANIES]
    (folder / "companies.yaml").write_text("".join(rows))
    return folder
