"""The page in a real browser: nothing serious for axe, nothing wider than the window, all of it usable."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from reports import history
from reports import page as pages
from reports.document import RECORDING
from reports.load import load_results
from reports.model import RequirementInfo
from tests.reports.browser import Page, chromium
from tests.reports.builders import check, results
from tests.reports.example import earlier, example, nights, troubled

pytestmark = [
    pytest.mark.slow,
    # in CI a missing browser is a failure
    pytest.mark.skipif(
        not shutil.which("chromium") and not os.environ.get("CI"), reason="Chromium is not installed"
    ),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    result = example(folder)
    file = folder / "report.html"
    file.write_text(pages.render(result, folder, earlier(result)), encoding="utf-8")
    return file


@pytest.fixture(scope="module", params=["report", "troubled", "trend"])
def any_page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, report: Path) -> Path:
    """Every kind of page that we make."""
    folder = tmp_path_factory.mktemp("pages")
    file = folder / f"{request.param}.html"
    if request.param == "report":
        return report
    if request.param == "troubled":
        file.write_text(pages.render(troubled(folder), folder), encoding="utf-8")
    else:
        unread = ("20260101T000000Z-newer.json: schema version 2, known is 1",)
        file.write_text(pages.render_trend(history.trend(nights(folder)), unread), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(tab: Page, any_page: Path, width: int, scheme: str) -> None:
    tab.open(any_page, width, scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.evaluate(
        resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8") + "; 0"
    )
    run = (
        "axe.run().then((r) => JSON.stringify([r.passes.length, r.violations.map((v) => [v.impact, v.id])]))"
    )
    passes, found = json.loads(tab.evaluate(run))
    assert passes > 20
    assert [one for one in found if one[0] in ("serious", "critical")] == []


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window(tab: Page, any_page: Path, width: int) -> None:
    tab.open(any_page, width)
    assert tab.evaluate("window.innerWidth") == width
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_is_fetched_and_nothing_goes_wrong(tab: Page, report: Path) -> None:
    tab.requests.clear()
    tab.errors.clear()
    tab.open(report, 1280)
    assert tab.requests == [report.as_uri()]
    assert tab.errors == []
    # the evidence that tries to be a script is text
    assert tab.evaluate("document.title") == "not conformant: reference"


def test_search_filters_and_keys(tab: Page, report: Path) -> None:
    tab.open(report, 1280)
    shown = "document.querySelectorAll('#rows .row:not([hidden])').length"
    assert tab.evaluate(shown) == 55
    tab.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    tab.call("Input.insertText", text="nexus second upload")
    assert tab.evaluate(shown) == 1
    assert tab.evaluate("document.getElementById('count').textContent") == "1 of 55"
    tab.press("Escape")
    assert tab.evaluate(shown) == 55
    tab.evaluate("document.querySelector('input[value=blocked]').click()")
    assert tab.evaluate(shown) == 6
    tab.evaluate("document.querySelector('input[value=failed]').click()")
    assert tab.evaluate(shown) == 7
    tab.evaluate(
        "const s = document.getElementById('layer'); s.value = 'nexus'; s.dispatchEvent(new Event('change'))"
    )
    assert tab.evaluate(shown) == 1


def test_a_link_into_the_page_opens_its_requirement(tab: Page, report: Path) -> None:
    tab.open(report, 1280)
    tab.evaluate("document.querySelector('.strip .failed').click()")
    assert tab.evaluate(
        "new Promise((r) => setTimeout(() => r(document.getElementById('NEXUS-01').open), 300))"
    )


def test_a_green_layer_is_folded_until_it_is_needed(tab: Page, report: Path) -> None:
    def is_open(layer: str) -> Any:
        return tab.evaluate(f"document.querySelector('.group[data-layer={layer}]').open")

    tab.open(report, 1280)
    assert (is_open("nexus"), is_open("platform")) == (True, False)
    tab.evaluate("document.querySelector('input[value=passed]').click()")
    assert is_open("platform")
    tab.evaluate("document.querySelector('input[value=passed]').click()")
    assert (is_open("nexus"), is_open("platform")) == (True, False)
    tab.evaluate("document.querySelector('.strip a[href=\"#PLATFORM-02\"]').click()")
    tab.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert is_open("platform")
    assert tab.evaluate("document.getElementById('PLATFORM-02').open")


def test_the_page_of_a_green_run_is_short(tab: Page, tmp_path: Path) -> None:
    result = load_results(RECORDING)
    known = {name: check.layer for check in result.checks for name in check.requirements}
    infos = tuple(
        RequirementInfo(id=name, text=f"{name} holds.", level="MUST", layer=layer, source="", remedy="")
        for name, layer in known.items()
    )
    file = tmp_path / "report.html"
    page = pages.render(result.model_copy(update={"requirements": infos}), tmp_path)
    file.write_text(page, encoding="utf-8")
    tab.open(file, 1280)
    assert tab.evaluate("document.documentElement.scrollHeight") <= 4000


def test_a_large_page_is_interactive_within_a_second(tab: Page, tmp_path: Path) -> None:
    checks = [check(f"NEXUS-{n:03d}", "failed" if n % 10 == 0 else "passed") for n in range(1, 201)]
    filler = "a line of a log with <marks> & such, as logs have\n" * 2000
    found = results(tmp_path, *checks, evidence={c["requirements"][0]: {"log": filler} for c in checks})
    file = tmp_path / "report.html"
    file.write_text(pages.render(found, tmp_path), encoding="utf-8")
    tab.open(file, 1280)
    assert tab.evaluate("performance.getEntriesByType('navigation')[0].domInteractive") < 1000
    assert tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < 1500
