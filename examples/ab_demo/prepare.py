"""What is there before the first email: a folder with the campaign, its list and its sites, and everybody's mailbox."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import date
from pathlib import Path
from random import Random
from string import Template

from examples.ab_demo.demo import Demo, as_typed
from examples.ab_demo.habits import Person
from examples.ab_demo.mailbox import PASSWORD
from examples.ab_demo.rates import MailServerKind
from examples.ab_demo.recipients import PEOPLE
from examples.ab_demo.replies import load_replies
from examples.ab_demo.sites import write_sites
from examples.ab_demo.world import Contact, write_list
from miniatures.datamodel.arms import AbTest
from miniatures.datamodel.inbound import ReplyClass
from miniatures.datamodel.prospect import prospect_key
from miniatures.store.open import open_store
from miniatures.weights.home import weights_home

SENDER = "maren.holloway@tarnwick.example"
_HERE = Path(__file__).parent


def write_folder(demo: Demo) -> None:
    """The list, the sites and the brief, in a fresh folder; that of an earlier run goes."""
    folder = demo.folder
    if folder.exists() and any(folder.iterdir()) and not (folder / "rates.yaml").exists():
        raise SystemExit(f"{folder} is not of this demo: name another one with --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(_HERE / "brief.md", folder)
    shutil.copy(demo.rates_file, folder / "rates.yaml")
    shutil.copy(demo.server.ca_file, folder / "ca.pem")
    write_list(demo.contacts, folder / "prospects.csv")
    companies = list(dict.fromkeys(one.company for one in demo.contacts))
    write_sites(companies, folder, today=date.today(), seed=demo.rates.seed)
    print(f"{len(demo.contacts)} people at {len(companies)} companies, in {as_typed(folder)}")


def move_home(demo: Demo) -> None:
    """Let our commands have a home of the demo's own from now on. Weights are not fetched again for it."""
    weights = weights_home()
    weights.mkdir(parents=True, exist_ok=True)
    demo.home.mkdir()
    (demo.home / "weights").symlink_to(weights, target_is_directory=True)
    os.environ["MINIATURES_HOME"] = str(demo.home)


def write_campaign(demo: Demo, *, sites_port: int, track_port: int) -> None:
    """The campaign file, with the ports that are free this time."""
    text = Template((_HERE / "campaign.yaml").read_text(encoding="utf-8")).substitute(
        smtp_port=demo.server.smtp_port,
        imaps_port=demo.server.imaps_port,
        sites_port=sites_port,
        track_port=track_port,
    )
    (demo.folder / "campaign.yaml").write_text(text, encoding="utf-8")


def settle_salt(demo: Demo) -> None:
    """Have the companies assigned by the seed and not by a salt that is drawn: a second run has the same arms."""
    loaded = demo.campaign
    with open_store(loaded.store_url) as store:
        test = AbTest(
            campaign=loaded.name,
            salt=f"seed {demo.rates.seed}",
            shares=loaded.campaign.shares,
            rule=demo.rule.version,
            started_at=store.now(),
        )
        asyncio.run(store.mail.enrolments.settle(test))


def open_mailboxes(demo: Demo) -> None:
    """Give everybody who is still there a mailbox, and write down who they are; some are away."""
    exist = [one for one in demo.contacts if one.exists]
    demo.server.add_users(dict.fromkeys([SENDER, *(one.email for one in exist)], PASSWORD))
    notes = _notes(demo, exist)
    for one in exist:
        if one.email in notes and one.company.server is MailServerKind.SIEVE:
            demo.server.set_vacation(one.email, notes[one.email])
    with open_store(demo.campaign.store_url) as store:
        arms = {key: one.arm for key, one in store.mail.enrolments.of(demo.campaign.name).items()}
    people = [_person(one, arms[prospect_key(one.email)], notes.get(one.email)) for one in exist]
    demo.people.write_bytes(PEOPLE.dump_json(people, indent=1))
    print(f"{len(people)} mailboxes; {len(demo.contacts) - len(exist)} addresses exist no more; {len(notes)} are away")


def _notes(demo: Demo, exist: list[Contact]) -> dict[str, str]:
    """What those who are away have left, by address."""
    texts = [one.text for one in load_replies() if one.meaning is ReplyClass.OUT_OF_OFFICE]
    draw = Random(f"{demo.rates.seed} away")
    return {one.email: draw.choice(texts) for one in exist if draw.random() < demo.rates.away}


def _person(one: Contact, arm: str, note: str | None) -> Person:
    by_server = one.company.server is MailServerKind.SIEVE
    return Person(
        email=one.email,
        name=f"{one.first_name} {one.last_name}",
        arm=arm,
        scanned=one.company.scanned,
        away=note is not None,
        note="" if note is None or by_server else note,
    )
