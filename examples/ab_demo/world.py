"""Fictional companies on reserved domains, and the people of the list: drawn by the seed, so always the same."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import yaml

from examples.ab_demo.rates import MailServerKind, Rates, drawn
from tests.mail_servers.real_mail import LATE_DOMAIN, SIEVE_DOMAIN

_WORDS = Path(__file__).with_name("world.yaml")
_NO_COMPOSITION = str.maketrans({"ø": "o", "Ø": "O"})


@dataclass(frozen=True)
class Company:
    """One company; `scanned` says whether its gateway follows links."""

    name: str
    host: str
    place: str
    server: MailServerKind
    scanned: bool


@dataclass(frozen=True)
class Contact:
    """One person of the list; `exists` says whether their address still does."""

    email: str
    first_name: str
    last_name: str
    title: str
    company: Company
    exists: bool


def contacts_of(rates: Rates) -> list[Contact]:
    """The people of the list, dealt out to the companies in turn."""
    draw = Random(f"{rates.seed} contacts")
    companies = _companies(rates)
    names = list(product(words()["given_names"], words()["family_names"]))
    draw.shuffle(names)
    return [
        _contact(draw, rates, companies[place % len(companies)], *names[place % len(names)])
        for place in range(rates.people)
    ]


def write_list(contacts: Sequence[Contact], file: Path) -> None:
    """Write the campaign's list."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(["email", "first_name", "last_name", "title", "company", "website"])
        for one in contacts:
            site = f"http://{one.company.host}/"
            rows.writerow([one.email, one.first_name, one.last_name, one.title, one.company.name, site])


@cache
def words() -> dict[str, Any]:
    """What names and pages are made of."""
    loaded: dict[str, Any] = yaml.safe_load(_WORDS.read_text(encoding="utf-8"))
    return loaded


def _companies(rates: Rates) -> list[Company]:
    draw = Random(f"{rates.seed} companies")
    names = [beginning + ending for beginning, ending in product(words()["beginnings"], words()["endings"])]
    if rates.companies > len(names):
        raise ValueError(f"there are names for {len(names)} companies, and not for {rates.companies}")
    return [_company(draw, rates, name) for name in draw.sample(names, k=rates.companies)]


def _company(draw: Random, rates: Rates, name: str) -> Company:
    server = drawn(rates.mail_servers, draw.random()) or MailServerKind.STRICT
    return Company(
        name=f"{name} {draw.choice(words()['trades'])}",
        host=f"{name.lower()}.{SIEVE_DOMAIN if server is MailServerKind.SIEVE else 'example'}",
        place=draw.choice(words()["places"]),
        server=server,
        scanned=draw.random() < rates.link_scanner,
    )


def _contact(draw: Random, rates: Rates, company: Company, first_name: str, last_name: str) -> Contact:
    local = _in_ascii(f"{first_name}.{last_name}").lower()
    if company.server is MailServerKind.LATE:  # a provider of many: the company is part of the name
        email = f"{local}.{company.host.partition('.')[0]}@{LATE_DOMAIN}"
    else:
        email = f"{local}@{company.host}"
    title, exists = draw.choice(words()["titles"]), draw.random() >= rates.left_company
    return Contact(email, first_name, last_name, title, company, exists)


def _in_ascii(name: str) -> str:
    apart = unicodedata.normalize("NFKD", name.translate(_NO_COMPOSITION))
    return apart.encode("ascii", "ignore").decode()
