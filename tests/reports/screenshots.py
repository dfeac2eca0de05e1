"""Draws the pictures of docs/reports.md again: `python -m tests.reports.screenshots`."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path

from conformance.core.paths import PROJECT
from reports import history
from reports import page as pages
from tests.reports.browser import Page, chromium
from tests.reports.example import earlier, example, nights

TARGET = PROJECT / "docs" / "images"


def shoot(tab: Page, file: Path, width: int, scheme: str, height: int, name: str) -> None:
    """Write the upper `height` pixels of `file` as docs/images/NAME.png."""
    tab.open(file, width, scheme)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = tab.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    (TARGET / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        result = example(folder / "run")
        report = folder / "run" / "report.html"
        report.write_text(pages.render(result, folder / "run", earlier(result)), encoding="utf-8")
        trend = folder / "trend.html"
        trend.write_text(pages.render_trend(history.trend(nights(folder))), encoding="utf-8")
        with chromium(folder / "profile") as tab:
            shoot(tab, report, 1280, "light", 1500, "report-1280")
            shoot(tab, report, 390, "dark", 1500, "report-390-dark")
            shoot(tab, trend, 1280, "light", 900, "trend-1280")


if __name__ == "__main__":
    main()
