"""Every hostile text of the test suite in every place of a campaign that other people's words reach.

Built once more of harmless texts, the same campaign says which elements and attributes the app's own pages have.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from random import Random

from benchmarks.serve_hostile import FAMILIES
from miniatures.agents.tools.extract.document import extract
from miniatures.datamodel.backend import BackendIdentity, Bill
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus, Problem
from miniatures.datamodel.draft import Draft, DraftStatus, Ground, Statement
from miniatures.datamodel.evidence import Evidence, Page
from miniatures.datamodel.hashing import text_hash
from miniatures.datamodel.prospect import Prospect, one_line
from miniatures.datamodel.result import ProspectResult
from miniatures.datamodel.review import RejectReason
from miniatures.datamodel.trace import Span, Trace, new_id
from miniatures.datamodel.vetted import VettedStatement
from miniatures.inputs.campaign import LoadedCampaign
from miniatures.review.reviewing import Reviewable, reject
from miniatures.store.open import open_store
from tests.app.web.desk_campaign import POLICY, Lead, write_folder
from tests.chaos import test_hostile_pages, test_hostile_sites
from tests.chaos.test_hostile_drafts import _SHOWN
from tests.chaos.test_hostile_pages import FACT, HIDDEN, TOKENS

ATTACKER = "http://attacker.example"
_ALERT = "window.owned=1;alert(1);console.log('owned')"
ALIVE: dict[str, str] = {
    "script": f"<script>{_ALERT}</script>",
    "script of elsewhere": f"<script src={ATTACKER}/x.js></script>",
    "broken image": f'<img src=x onerror="{_ALERT}">',
    "image of elsewhere": f"<img src={ATTACKER}/pixel.png>",
    "end of an attribute": f'"><img src=x onerror="{_ALERT}">',
    "end of a quoted attribute": f'\'><svg onload="{_ALERT}">',
    "another attribute": f'" autofocus onfocus="{_ALERT}" x="',
    "another attribute, in single quotes": f"' onmouseover='{_ALERT}' x='",
    "end of a text area": f"</textarea><script>{_ALERT}</script>",
    "end of a title": f"</title><script>{_ALERT}</script>",
    "end of a mark": f"</mark></div></article><script>{_ALERT}</script>",
    "end of a comment": f"--><script>{_ALERT}</script><!--",
    "vector image": f'<svg><animate onbegin="{_ALERT}" attributeName=x dur=1s></svg>',
    "mathematics": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img onerror={_ALERT}&gt;">',
    "frame": f'<iframe srcdoc="<script>parent.{_ALERT}</script>"></iframe>',
    "frame of elsewhere": f"<iframe src={ATTACKER}></iframe>",
    "base": f"<base href={ATTACKER}/>",
    "refresh": f'<meta http-equiv=refresh content="0;url={ATTACKER}/">',
    "style of elsewhere": f"<link rel=stylesheet href={ATTACKER}/x.css>",
    "style": f"<style>body{{background:url({ATTACKER}/x.png)}}</style>",
    "form": f'<form action={ATTACKER}><button data-key="a" autofocus>Accept</button></form>',
    "form field": '<input name="csrf" value="theirs"><button formaction="/logout" data-key="a">Accept</button>',
    "link of a script": f'<a href="javascript:{_ALERT}" data-key="a" accesskey="a">Accept</a>',
    "address of a script": f"javascript:{_ALERT}",
    "address of data": f"data:text/html,<script>{_ALERT}</script>",
    "address": f"{ATTACKER}/?q=now",
    "htmx": f'<div hx-get="{ATTACKER}" hx-trigger="load" hx-on:load="{_ALERT}">now</div>',
    "htmx, by its long name": '<div data-hx-post="/logout" data-hx-trigger="load">now</div>',
    "template": "{{ 7 * 7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "template of a string": "%(csrf)s {csrf} ${csrf} #{csrf}",
    "entities": "&lt;script&gt;window.owned=1&lt;/script&gt; &#x3c;img src=x onerror=alert(1)&#x3e;",
    "other direction": "\u202egnp.tpircs\u202c <b>\u2066bold\u2069</b>",
    "hidden characters": "a\u200bb\u2060c\ufeffd",
    "escape sequences": "\x1b]0;owned\x07\x1b[31mred\x07",
    "separators": "a\u2028window.owned=1\u2029b",
    "header lines": "x\r\nSet-Cookie: miniatures_session=theirs\r\n\r\n<script>window.owned=1</script>",
}
_LONGEST, _LONGEST_NAME = 4_000, 300
AT_ONCE = 8
"""Texts that one draft carries."""


def hostile_texts() -> dict[str, str]:
    """All of them by name, cut to what somebody could send."""
    draw = Random(7)
    slow = next(mark for mark in test_hostile_sites.test_pages_made_to_be_slow.pytestmark if mark.name == "parametrize")
    texts = {
        **ALIVE,
        **{f"hidden: {name}": text for name, text in HIDDEN.items()},
        **{f"token: {name}": text for name, text in TOKENS.items()},
        **{f"shown: {name}": text for name, text in _SHOWN.items()},
        **{f"site {number}": body[:_LONGEST].decode("utf-8", "replace") for number, body in enumerate(slow.args[1])},
        **{f"request: {name}": make(draw)[:_LONGEST].decode("utf-8", "replace") for name, make in FAMILIES.items()},
    }
    return {name: text[:_LONGEST] for name, text in texts.items()}


def harmless_texts() -> dict[str, str]:
    """As many as one campaign needs to show all that its pages can show."""
    shown = ("Rooms & doors", "http://harmless.example/?q=now", "Two lines\nof text", "Cold")
    return {f"{text} {number}": f"{text} {number}" for number in range(AT_ONCE) for text in shown}


def write_hostile(folder: Path, texts: Mapping[str, str]) -> LoadedCampaign:
    """A campaign of drafts that carry the texts in all places, a few in each, and what people said of them."""
    told = list(texts.values())
    groups = [told[start : start + AT_ONCE] for start in range(0, len(told), AT_ONCE)]
    leads = [_lead(number, group) for number, group in enumerate(groups)]
    loaded = write_folder(folder, leads, name="hostile")
    # A list refuses such names; results that somebody sent do not.
    rows = "\n".join(f"{lead.prospect.email},Company" for lead in leads)
    loaded.prospects_path.write_text(f"email,company\n{rows}\n", encoding="utf-8")
    asyncio.run(_fill(loaded, leads, groups))
    return loaded


def draft_id(number: int) -> str:
    """The id of one of the drafts, from 0."""
    return text_hash(f"hostile {number}")[:32]


def _lead(number: int, texts: Sequence[str]) -> Lead:
    all_of = " ".join(text[:_LONGEST_NAME] for text in texts)
    host = f"company-{number}.example"
    person = Prospect(
        email=f"kim.{number}@{host}",
        first_name=all_of,
        last_name=texts[0][:_LONGEST_NAME],
        title=all_of,
        company=one_line(all_of) or "Company",
        website=f"http://{host}/",
    )
    return Lead(person, test_hostile_pages.page(""), FACT, "expansion")


async def _fill(loaded: LoadedCampaign, leads: Sequence[Lead], groups: Sequence[Sequence[str]]) -> None:
    with open_store(loaded.store_url) as store:
        run_id = new_id()
        await store.start_run(run_id, loaded.name, POLICY)
        await store.enrol(loaded.name, [one.prospect for one in leads])
        for number, (lead, texts) in enumerate(zip(leads, groups, strict=True)):
            result = _result(loaded, lead, texts, number)
            _record(store.recorder.record, run_id, loaded.name, lead, texts)
            await store.save_result(result)
            if number % 2:
                continue
            assert result.draft is not None
            item = Reviewable(
                result.draft.id, result.draft.text.model_dump(), loaded.name, lead.prospect.key, draft=result.draft.id
            )
            for text in texts:
                await store.add_review(reject(item, one_line(text)[:60] or "bo", RejectReason.OTHER, text))
        await store.finish_run(run_id, "completed")


def _result(loaded: LoadedCampaign, lead: Lead, texts: Sequence[str], number: int) -> ProspectResult:
    evidence = [one for place, text in enumerate(texts) for one in _evidence(loaded, lead, text, place)]
    body = "\n\n".join(f"{FACT} {text}" for text in texts)
    draft = Draft(
        id=draft_id(number),
        subject=" ".join(text[:_LONGEST_NAME] for text in texts),
        body=body,
        statements=tuple(
            Statement(text=one_line(text), ground=ground, source=text, unsupported=(text,))
            for text in texts
            for ground in (Ground.QUOTE, Ground.BRIEF, Ground.NOTHING)
        ),
        evidence=tuple(evidence),
        checks=tuple(
            CheckResult(name=name, outcome=Outcome.FAIL, reason=text)
            for name, text in zip(CheckName, texts, strict=False)
        ),
        vetted=tuple(VettedStatement(part=text, text=text, kind=text, sure=0.2) for text in (*texts, " ".join(texts))),
        opinion="\n".join(texts),
        problems=tuple(Problem(where=text, kind=text, detail=text) for text in texts),
        status=DraftStatus.NEEDS_REVIEW,
        backend=one_line(texts[0]),
        bill=Bill(),
    )
    facts = Dossier(status=DossierStatus.FOUND, facts=draft.evidence, problems=draft.problems)
    return ProspectResult(
        campaign=loaded.name,
        policy=POLICY,
        prospect=lead.prospect,
        status=draft.status,
        draft=draft,
        dossier=facts,
        error=texts[0],
        bill=Bill(),
    )


def _evidence(loaded: LoadedCampaign, lead: Lead, text: str, place: int) -> list[Evidence]:
    """The text as a page, as text that a page shows, and as a quote with its title and address."""
    whole = text if "<article>" in text else test_hostile_pages.page(text)
    shown = test_hostile_pages.page(f"<p>{escape(text)}</p>", title=escape(text[:200]))
    found = [_of_page(loaded, lead, f"{kind}/{place}.html", page) for kind, page in (("raw", whole), ("shown", shown))]
    quote = text.strip() or "nothing"
    return [*found, found[0].model_copy(update={"quote": quote, "url": one_line(text)[:500], "title": text})]


def _of_page(loaded: LoadedCampaign, lead: Lead, path: str, page: str) -> Evidence:
    file = loaded.folder / "sites" / lead.host / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page, encoding="utf-8", errors="replace", newline="")
    url = f"http://{lead.host}/{path}"
    found = extract(file.read_bytes(), "text/html", url)
    kept = Page.of(url, found.text, title=found.title)
    quote = FACT if FACT in kept.text else re.split(r"\n", kept.text)[0] or "nothing"
    return Evidence(**kept.model_dump(exclude={"text"}), quote=quote, signal="expansion", heading=path)


def _record(record, run_id: str, campaign: str, lead: Lead, texts: Sequence[str]) -> None:  # type: ignore[no-untyped-def]
    """The steps of a run: one that holds others, one that failed, and a model call."""
    where = {"run_id": run_id, "campaign": campaign, "prospect": lead.prospect.key}
    stage = Span(**where, kind="stage", name="write", attributes={one_line(text)[:50]: text for text in texts})
    record(stage)
    for text in texts:
        record(Span(**where, parent_id=stage.id, kind="fetch", name=text, error=text, attributes={"url": text}))
    call = Trace(
        **where,
        parent_id=stage.id,
        role="writer",
        node="write",
        backend=BackendIdentity(provider="local", model=one_line(texts[0])),
        messages=tuple({"role": "user", "content": text} for text in texts),
        variables={one_line(text)[:50]: text for text in texts},
        output="\n".join(texts),
        structured={"subject": texts[0], "body": texts[-1]},
        error=texts[0],
        bill=Bill(),
    )
    record(call)
