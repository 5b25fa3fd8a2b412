"""How long does the app keep a reviewer waiting who uses keys alone? Forty drafts in a real browser, recorded.

Chromium without a window opens the real app's queue and only presses keys: of eight drafts, five are accepted, two
rejected with a reason by its digit, and one edited, checked and approved. Told: the time from the key that decides to
the next draft on the screen, the time of the whole sitting, in which nobody reads, so that it is the browser's and the
app's alone, and what `miniatures review --agreement` says of it. Checked: forty decisions are kept, each once.

    python -m benchmarks.review_by_keys
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from miniatures.inputs.campaign import LoadedCampaign
from miniatures.store.open import open_store
from tests.app.web.desk_campaign import write_campaign

DRAFTS = 40


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        loaded = write_campaign(Path(folder) / "desk", DRAFTS)
        waits, seconds = sit(loaded)
        with open_store(loaded.store_url) as store:
            said = list(store.reviews(loaded.name))
        assert len(said) == len({review.draft for review in said}) == DRAFTS, len(said)
        print(f"{DRAFTS} drafts by keys in {seconds:.1f} s: {dict(Counter(review.action.value for review in said))}")
        middle, most = statistics.median(waits), max(waits)
        print(f"from the deciding key to the next draft: median {middle:.0f} ms, most {most:.0f} ms")
        subprocess.run([sys.executable, "-m", "miniatures", "review", str(loaded.path), "--agreement"], check=True)


def sit(loaded: LoadedCampaign) -> tuple[list[float], float]:
    """Review everything; milliseconds from each deciding key to the next draft, and seconds in all."""
    command = [sys.executable, "-m", "miniatures", "app", str(loaded.path), "--port", "0", "--reviewer", "ada"]
    app = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert app.stderr is not None
        enter = next(line.split()[1] for line in app.stderr if line.startswith("Open "))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(enter)
            page.goto(f"{enter.split('/enter/', maxsplit=1)[0]}/c/{loaded.name}/review")
            began = time.perf_counter()
            waits = [_decide(page, number) for number in range(DRAFTS)]
            seconds = time.perf_counter() - began
            expect(page.locator(".empty")).to_contain_text("Nothing waits")
            browser.close()
        return waits, seconds
    finally:
        app.terminate()
        app.wait()


def _decide(page: Page, number: int) -> float:
    before = page.locator("#desk").get_attribute("data-draft")
    match number % 8:
        case 2:
            keys = ["r", "2"]
        case 4:
            keys = ["4"]
        case 6:
            keys = ["e", "End", "Space", "s", "o", "o", "n", "Control+Enter"]
        case _:
            keys = []
    for key in keys:
        page.keyboard.press(key)
    if number % 8 == 6:
        page.wait_for_selector("[data-checked]")
    began = time.perf_counter()
    page.keyboard.press("Control+Enter")
    if number == DRAFTS - 1:
        page.wait_for_url("**/queue*")
    else:
        expect(page.locator("#desk")).not_to_have_attribute("data-draft", str(before))
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
