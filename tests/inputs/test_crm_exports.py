"""Contacts as five systems export them, with their quirks: what each column is taken for, and what stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.inputs.headers import map_headers
from miniatures.inputs.prospects import ProspectList, open_list

CRM = Path(__file__).parent / "crm"
EXPORTS = ["hubspot", "salesforce", "pipedrive", "google", "linkedin"]


def listed(name: str) -> ProspectList:
    return open_list(CRM / f"{name}.csv")


def people(name: str) -> list[Prospect]:
    return [row.entry for row in listed(name).rows if isinstance(row.entry, Prospect)]


def refused(name: str) -> list[tuple[int, str]]:
    return [(row.line, row.entry.reason) for row in listed(name).rows if isinstance(row.entry, BadRow)]


def who(prospect: Prospect) -> tuple[str, str, str, str, str]:
    return prospect.email, prospect.full_name, prospect.title, prospect.company, prospect.website


def test_hubspot() -> None:
    assert [who(one) for one in people("hubspot")] == [
        (
            "maya.lind@northmill-bakery.example",
            "Maya Lind",
            "Head of Production",
            "Northmill Bakery AS",
            "northmill-bakery.example",
        ),
        ("info@quiet-mill.example", "", "", "Quiet Mill Ltd", ""),
    ]
    assert people("hubspot")[0].extra["Record ID"] == "100200300451"
    assert refused("hubspot") == [
        (4, "opted out: 'Marketing contact status' says 'Non-marketing contact'"),
        (6, "no e-mail address"),
        (7, "the same address as in line 2, which is kept; this row is merged into it"),
    ]


def test_salesforce_with_the_lines_below_its_report() -> None:
    assert [who(one) for one in people("salesforce")] == [
        (
            "zoe.mueller@brandt-soehne.example",
            "Zoë Müller-Brandt",
            "Leiterin Einkauf",
            "Brandt & Söhne GmbH",
            "www.brandt-soehne.example",
        ),
        ("j.weiss@nordlicht-eis.example", "Jörg Weiß", "", "Nordlicht Eis KG", ""),
        ("ana@frio-norte.example", "Ana Ruiz", "COO", "Frío; Norte S.A.", "frio-norte.example"),
    ]
    assert people("salesforce")[0].extra["Contact ID"] == "0035g00000AbCdEAAV"
    assert [line for line, _ in refused("salesforce")] == [6, 7, 8, 9]


def test_pipedrive_whose_addresses_stand_in_three_columns() -> None:
    assert [who(one)[:4] for one in people("pipedrive")] == [
        ("m.wojcik@zimnadolina.example", "Małgorzata Wójcik", "Quality Manager", "Lody Zimna Dolina"),
        ("pererik@nordvik-frost.example", "Per Erik Bjørnstad", "", "Nordvik Frost AS"),
        ("emeka@kestrel.example", "Chukwuemeka Okafor", "Operations", "Kestrel Logistics"),
    ]
    assert not refused("pipedrive")


def test_google() -> None:
    assert [who(one) for one in people("google")] == [
        (
            "y.otani@minato-reizo.example",
            "Yuko Otani",
            "General Manager",
            "Minato Reizo K.K.",
            "http://minato-reizo.example/",
        ),
        ("wanjiru@mwea.example", "Wanjiru Kamau", "", "Mwea Highlands", ""),
    ]


def test_linkedin_whose_url_is_the_persons_profile() -> None:
    [aoife] = people("linkedin")
    assert who(aoife) == (
        "aoife@kestrelgdp.example",
        "Aoife Ní Bhriain",
        "Head of Quality",
        "Kestrel Pharma Logistics",
        "",
    )
    assert aoife.extra["URL"] == "https://www.linkedin.com/in/aoife-example"
    assert refused("linkedin") == [(6, "no e-mail address")]


@pytest.mark.parametrize("name", EXPORTS)
def test_every_cell_of_a_row_is_kept_as_it_stands(name: str) -> None:
    export = listed(name)
    assert all(len(row.cells) == len(export.headers) for row in export.rows if isinstance(row.entry, Prospect))


@pytest.mark.parametrize(
    ("headers", "column", "header"),
    [
        ("First Name|Last Name|Title|Company|Job Title|E-mail Address|Web Page", "title", "Job Title"),
        ("First Name|Last Name|Title|Company|Job Title|E-mail Address|Web Page", "website", "Web Page"),
        ("Owner Name|Contact Name|Contact Email|Company|Company Email", "email", "Contact Email"),
        ("Full name|Email|Current Job Position|Current Company Name", "company", "Current Company Name"),
        ("Email address|Domain name|Organization", "website", "Domain name"),
        ("姓名|公司|职位|邮箱|网站", "email", "邮箱"),
        ("성명|회사|직책|이메일", "company", "회사"),
    ],
)
def test_headers_of_other_programs(headers: str, column: str, header: str) -> None:
    columns = headers.split("|")
    found = map_headers(columns, {}, "list.csv")
    assert columns[found.ours[column]] == header
    assert "title" not in found.spare
