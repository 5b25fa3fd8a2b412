"""Takes the pictures of a finished demo: the report in the terminal and the arms in the app, both as of tomorrow.

`python -m examples.ab_demo.pictures runs/ab-demo docs` writes `ab-report.png` and `app-ab.png`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

_TOMORROW = (sys.executable, "-m", "examples.ab_demo.tomorrow")
_WIDTH = 132
_VIEW = {"width": 1280, "height": 1460}
_SIZE = """svg => {
  const box = svg.viewBox.baseVal;
  return {width: Math.ceil(box.width), height: Math.ceil(box.height)};
}"""


def take(campaign: Path, out: Path) -> None:
    """Write both pictures."""
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        _take_report(browser, campaign, out / "ab-report.png")
        with _app(campaign) as enter:
            page = browser.new_page(viewport=_VIEW)  # type: ignore[arg-type]
            page.goto(enter)
            page.goto(urljoin(page.url, "/c/ab-demo/ab"))
            page.screenshot(path=out / "app-ab.png")


def _take_report(browser: Browser, campaign: Path, file: Path) -> None:
    """The report as a terminal shows it, drawn by rich."""
    environment = {**os.environ, "COLUMNS": str(_WIDTH), "FORCE_COLOR": "1"}
    said = subprocess.run(
        [*_TOMORROW, "ab", "report", str(campaign)], env=environment, capture_output=True, text=True, check=True
    ).stdout
    screen = Console(record=True, width=_WIDTH, file=StringIO())
    screen.print(Text.from_ansi(said))
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder) / "report.svg"
        screen.save_svg(str(drawn), title="miniatures ab report")
        page = browser.new_page()
        page.goto(drawn.as_uri())
        page.set_viewport_size(page.locator("svg").evaluate(_SIZE))
        page.locator("svg").screenshot(path=file)


@contextmanager
def _app(campaign: Path) -> Iterator[str]:
    """The app until the block ends; the address that lets in once."""
    command = [*_TOMORROW, "app", str(campaign), "--port", "0", "--reviewer", "maren"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        yield next(line.split()[1] for line in process.stderr if line.startswith("Open "))
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]))
