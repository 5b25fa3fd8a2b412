"""The sheet that a blind reader is given: the offer, all pages and the email, and nothing of how it was made.

A folder: the rubric in `README.md`, one numbered file an email, and `readings.yaml` to fill in. The order is drawn, so
that neither a campaign nor an arm is read in a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import Draft
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.files import written_whole
from miniatures.datamodel.foreign_text import visible
from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect
from miniatures.datamodel.review import Choice, FalseStatement, Reading, ReadingVerdict
from miniatures.inputs.validation import validate
from miniatures.inputs.yaml_file import load_yaml
from miniatures.review.rubric import reading_rubric_text

ANSWERS = "readings.yaml"


@dataclass(frozen=True)
class SheetEntry:
    """One email and what it is read beside."""

    draft: Draft
    brief: Brief
    prospect: Prospect
    pages: tuple[Page, ...]


class GivenReading(Strict):
    """A reader's answer about one email. Without a verdict it was not read."""

    email: str = Field(description="The number of its file.")
    draft: str = Field(description="The draft that was read.")
    text: str = Field(description="Hash of the text that was read.")
    verdict: ReadingVerdict | None = None
    false: tuple[FalseStatement, ...] = ()
    tactless: bool = False
    sense: Literal["ok", "weak", "nonsense"] | None = None
    subject: Literal["ok", "odd", "absurd"] | None = None
    choice: Choice | None = None
    comment: str = ""

    @property
    def reading(self) -> Reading | None:
        """The reading; None if the email was not read.

        Raises:
            InputError: a verdict stands there, and some other answer is missing.
        """
        if self.verdict is None:
            return None
        missing = [name for name in ("sense", "subject", "choice") if getattr(self, name) is None]
        if missing:
            raise InputError(f"email {self.email} has a verdict and no {' and no '.join(missing)}", hint=_FILL_IN)
        return Reading(**self.model_dump(include=set(Reading.model_fields)))


class _Answers(Strict):
    readings: tuple[GivenReading, ...]


def write_sheet(folder: Path, entries: Sequence[SheetEntry], seed: int = 0) -> None:
    """Write the sheet. The emails' order is drawn by the seed.

    Raises:
        InputError: the folder holds something already, or cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", hint="Name a new folder: readings that were given stay as they are.")
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "README.md", f"{reading_rubric_text()}\n{_HOW}")
    answers = ["readings:\n"]
    drawn = sorted(entries, key=lambda entry: text_hash(f"{seed} {entry.draft.id}"))
    for number, entry in enumerate(drawn, start=1):
        name = f"{number:03}"
        _write(folder / f"{name}.md", _email_page(name, entry))
        answers.append(_ANSWER.format(name=name, draft=entry.draft.id, text=entry.draft.text_hash))
    _write(folder / ANSWERS, "".join(answers))


def read_sheet(path: Path) -> tuple[GivenReading, ...]:
    """What a reader filled in: the file, or the folder that it stands in.

    Raises:
        InputError: names the line and the key of each mistake.
    """
    document = load_yaml(path / ANSWERS if path.is_dir() else path)
    return validate(_Answers, document).readings


def _email_page(name: str, entry: SheetEntry) -> str:
    brief, prospect = entry.brief, entry.prospect
    addressee = ", ".join(filter(None, [prospect.full_name or prospect.email, prospect.title, prospect.company]))
    sender = f"{brief.sender.name}, {brief.sender.title}, {brief.sender.company}"
    pages = [
        f"## {visible(page.title) or 'Untitled'}\n\n`{page.url}`{_published(page)}\n\n{visible(page.text)}\n"
        for page in entry.pages
    ]
    parts = [
        f"# Email {name}\n",
        f"To {visible(addressee)}, from {sender}.\n",
        f"Subject: {visible(entry.draft.subject)}\n\n{visible(entry.draft.body)}\n",
        "# The offer\n",
        f"{brief.offer}\n",
        "\n".join(f"- {claim}" for claim in brief.claims) + "\n",
        f"Asked for: {brief.call_to_action}\n",
        *(f"A page of the sender's: {link}\n" for link in brief.links),
        f"# All pages of {visible(prospect.company)}\n",
        *(pages or ["There are none.\n"]),
    ]
    return "\n".join(parts)


def _published(page: Page) -> str:
    """The day that the page's source states, which a browser does not show."""
    return "" if page.published is None else f", published on {page.published.day} {page.published:%B %Y}"


def _write(path: Path, text: str) -> None:
    with written_whole(path) as file:
        file.write(text)


_FILL_IN = "Fill it in, or leave the verdict empty if you did not read the email."
_HOW = f"""## Where the answers go

Into `{ANSWERS}`, an entry an email. Leave `verdict:` empty where you did not read one. A false statement is written as
`{{kind: stale, what: "says the hall opens next year; it opened in March"}}`.
"""
_ANSWER = """\
  - email: "{name}"
    draft: "{draft}"
    text: "{text}"
    verdict:            # send, edit or reject
    "false": []         # e.g. {{kind: stale, what: "..."}}
    tactless: false
    sense:              # ok, weak or nonsense
    subject:            # ok, odd or absurd
    choice:             # good, fair or poor
    comment: ""
"""
