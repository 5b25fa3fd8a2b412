"""Hostile text goes through the app and stays text: in a real browser nothing of it runs, loads, leads away or is a
part of the page.

A campaign of all hostile texts is walked through page by page, and so is one of harmless texts: what elements and
attributes the pages of the first have, those of the second have, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from miniatures.datamodel.prospect import one_line
from tests.browser.conftest import RunningApp, elsewhere, running_app
from tests.browser.hostile_campaign import ALIVE, AT_ONCE, draft_id, harmless_texts, hostile_texts, write_hostile

pytestmark = pytest.mark.slow

Kind = tuple[str, str]
"""An element's name and one of its attributes, empty for the element itself."""
_KINDS = """() => {
  const found = new Set();
  for (const one of document.querySelectorAll("*"))
    for (const name of ["", ...one.getAttributeNames()]) found.add(one.localName + " " + name);
  return [...found];
}"""
_ADDRESSES = """() => {
  const leads = ["href", "src", "action", "formaction", "hx-get", "hx-post"];
  const away = "a[rel~=noreferrer][rel~=nofollow]";
  return [...document.querySelectorAll(leads.map(name => `[${name}]`).join())].flatMap(
    one => leads.filter(name => one.hasAttribute(name)).map(name => [one.getAttribute(name), one.matches(away)]));
}"""
_THEIRS = """h1 *, td > a *, .letter mark *, .letter .body > :not(mark), .subject > :not(.doubt, ins, del), ins *,
  del *, .changes > :not(ins, del), .ground blockquote *, .page-body > :not(mark), .page-words *, option *,
  .why li > :not(b), .said > :not(.status), .toast > :not(a, button), script:not([src])"""
"""Elements within what holds nothing but text."""
_OWNED = "() => 'owned' in window"
_OPEN_ALL = "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
TYPED = 12
"""Comments that are typed, one after the other."""
_LOADED_BY_US = {"document", "stylesheet", "script", "xhr", "fetch", "eventsource"}
_SELDOM = {
    *(("section", name) for name in ("hx-get", "hx-select", "hx-swap", "hx-trigger")),
    *(("p", "role"), ("a", "rel"), ("nav", "class"), ("button", "data-stay")),
}
"""What our pages have until a company's pages were read, where a list has several pages, and once one has decided."""


@dataclass
class Walk:
    """Somebody who goes through an app page by page, and all that they should not have met."""

    app: RunningApp
    page: Page
    kinds: set[Kind] = field(default_factory=set)
    met: list[str] = field(default_factory=list)
    expected: str = ""

    def __post_init__(self) -> None:
        context = self.app.context
        context.on("request", self._look_at)
        context.on("dialog", lambda dialog: (self.met.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        context.on("console", lambda message: self.met.append(f"in the console: {message.text}"))
        context.on("page", lambda page: self.met.append(f"another page: {page.url}"))
        self.page.on("frameattached", lambda frame: self.met.append(f"a frame: {frame.url}"))
        self.page.on("download", lambda download: self.met.append(f"a download: {download.url}"))

    def goto(self, path: str) -> None:
        """Open a page of the campaign, and look at it."""
        self.expected = f"{self.app.base}{path}"
        reply = self.page.goto(self.expected)
        assert reply is not None and reply.status == 200, (path, reply and reply.status)
        self.look()

    def look(self) -> None:
        """Note what the page is made of, and where it leads."""
        assert not self.page.evaluate(_OWNED)
        self.kinds |= {tuple(kind.split(" ", 1)) for kind in self.page.evaluate(_KINDS)}
        for address, leads_away in self.page.evaluate(_ADDRESSES):
            ours = (address.startswith(("/", "#")) and not address.startswith("//")) or address == ""
            source = leads_away and address.lower().startswith(("http://", "https://"))
            assert ours or source, f"{self.page.url} leads to {address!r}"
        theirs = self.page.locator(_THEIRS)
        assert not theirs.count(), theirs.first.evaluate("one => one.outerHTML")

    def _look_at(self, request: Request) -> None:
        path = urlsplit(request.url).path.removeprefix(f"/c/{self.app.loaded.name}")
        ours = request.url.startswith(f"{self.app.url}/")
        if not ours or not (request.resource_type in _LOADED_BY_US or path.startswith(("/static/", "/charts/"))):
            self.met.append(f"a request for {request.url}")
        if request.resource_type == "document" and request.method == "GET" and request.url != self.expected:
            self.met.append(f"a change of place to {request.url}")


def opened(app: RunningApp) -> Page:
    page = app.context.new_page()
    page.set_default_timeout(15_000)
    return page


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Both]:
    """Through the app with hostile texts, and through the one with harmless ones."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile = elsewhere(lambda: write_hostile(folder / "hostile", hostile_texts()))
    harmless = elsewhere(lambda: write_hostile(folder / "harmless", harmless_texts()))
    with running_app(hostile, browser) as one, running_app(harmless, browser) as other:
        yield Both(*(Walk(app, opened(app)) for app in (one, other)))


@dataclass
class Both:
    """The same walk through both apps."""

    hostile: Walk
    harmless: Walk

    def go(self, through: Callable[[Walk, dict[str, str]], None]) -> None:
        """Nothing was met in the hostile one, and it has no element or attribute that the harmless one has not."""
        for walk, texts in ((self.harmless, harmless_texts()), (self.hostile, hostile_texts())):
            walk.kinds.clear()
            through(walk, texts)
            assert walk.met == [], walk.met[:5]
        theirs = self.hostile.kinds - self.harmless.kinds - _SELDOM
        assert not theirs, theirs


def test_in_the_lists(walks: Both) -> None:
    def lists(walk: Walk, _: dict[str, str]) -> None:
        pages = ("", "/bulk", "/report", "/compare", "/compare/results", "/read/results", "/traces")
        queues = ("/queue?show=all", "/queue?show=all&page=2", "/queue?show=decided", "/queue")
        for path in (*pages, *queues):
            walk.goto(path)

    walks.go(lists)


def test_in_drafts_and_around_their_quotes(walks: Both) -> None:
    def drafts(walk: Walk, texts: dict[str, str]) -> None:
        for number in range(drafts_of(texts)):
            walk.goto(f"/drafts/{draft_id(number)}?show=all")
            for button in walk.page.locator("button[hx-get]").all():
                with walk.page.expect_response(lambda reply: "/page/" in reply.url):
                    button.click()
                walk.page.locator("#page-text.page-text").wait_for()
                walk.look()
            walk.page.evaluate(_OPEN_ALL)
            for mark in walk.page.locator(".letter mark").all()[:8]:
                mark.focus()

    walks.go(drafts)


def test_as_words_to_search_for(walks: Both) -> None:
    def searches(walk: Walk, texts: dict[str, str]) -> None:
        for text in texts.values():
            word = one_line(text)[:200]
            walk.goto(f"/queue?show=all&search={quote(word)}")
        walk.goto("/queue?show=all&search=none+such")

    walks.go(searches)


def test_as_other_fields_of_an_address(walks: Both) -> None:
    def addresses(walk: Walk, texts: dict[str, str]) -> None:
        for text in list(texts.values())[: len(ALIVE)]:
            word = quote(one_line(text)[:60])
            walk.goto(f"/queue?show=all&check={word}&arm={word}&reviewer={word}")

    walks.go(addresses)


def test_in_blind_reading(walks: Both) -> None:
    def reading(walk: Walk, texts: dict[str, str]) -> None:
        walk.goto("/read?status=all")
        for _ in range(drafts_of(texts)):
            walk.page.locator("[hx-get]").wait_for(state="detached")
            walk.page.evaluate(_OPEN_ALL)
            walk.look()
            sheet = walk.page.locator("[name=sheet]")
            walk.goto(f"/read?status=all&after={sheet.input_value()}")

    walks.go(reading)


def test_in_traces(walks: Both) -> None:
    def traces(walk: Walk, texts: dict[str, str]) -> None:
        walk.goto("/traces")
        trees = [link.get_attribute("href") for link in walk.page.locator("a[href*='/traces/']").all()]
        for tree in dict.fromkeys(trees):
            walk.goto(str(tree).removeprefix(f"/c/{walk.app.loaded.name}"))
            walk.page.evaluate(_OPEN_ALL)
            walk.look()
            call = walk.page.locator("a[href*='/trace/']").first.get_attribute("href")
            walk.goto(str(call).removeprefix(f"/c/{walk.app.loaded.name}"))

    walks.go(traces)


def test_as_comments_that_are_typed(walks: Both) -> None:
    """By keys, as people do: the decision is saved behind the next draft, which takes the place of this one."""

    def comments(walk: Walk, texts: dict[str, str]) -> None:
        walk.goto("/queue")
        first = walk.page.locator("td a[href*='/drafts/']").first.get_attribute("href")
        walk.goto(str(first).removeprefix(f"/c/{walk.app.loaded.name}"))
        for text in list(texts.values())[:TYPED]:
            desk = walk.page.locator("#desk")
            before, following = desk.get_attribute("data-draft"), desk.get_attribute("data-next")
            if not following:
                break
            walk.page.keyboard.press("9")
            walk.page.locator("[data-panel=reject] [name=comment]").fill(text)
            walk.page.keyboard.press("Control+Enter")
            expect(desk).not_to_have_attribute("data-draft", str(before))
            walk.page.locator(".toast", has_text="Rejected").last.wait_for()
            walk.look()
            walk.expected = walk.page.url
            walk.goto(f"/drafts/{before}?show=all")
            expect(walk.page.locator(".said").last).to_contain_text("other")
            walk.goto(f"/drafts/{urlsplit(following).path.rpartition('/')[2]}")

    walks.go(comments)


def test_as_an_edit_that_is_typed(walks: Both) -> None:
    def edits(walk: Walk, texts: dict[str, str]) -> None:
        walk.goto(f"/drafts/{draft_id(1)}")
        for text in list(texts.values())[: len(ALIVE)]:
            walk.page.reload()
            walk.page.keyboard.press("e")
            walk.page.locator("[data-panel=edit] [name=subject]").fill(text)
            walk.page.locator("[data-panel=edit] [name=body]").fill(f"{text}\n\n{text}")
            walk.page.keyboard.press("Control+Enter")
            walk.page.locator("#edit-check[data-checked]").wait_for()
            walk.look()
            walk.page.keyboard.press("Escape")

    walks.go(edits)


def drafts_of(texts: dict[str, str]) -> int:
    return -(-len(texts) // AT_ONCE)
