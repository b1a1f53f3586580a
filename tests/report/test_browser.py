"""The page in a real browser: drawn without an error or a request, on a desk and a phone, light, dark and printed."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path

import pytest

from tertium import figure
from tertium.report import Page, PageFigure, write_page
from tertium.report.theme import DARK, LIGHT

CHROMIUM, DRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # a mouse, which a machine without a screen does not report
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
)
DESK, PHONE = (1280, 900), (390, 844)

at_hand = CHROMIUM.exists() and DRIVER.exists()
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not at_hand, reason="needs chromium and chromium-driver in /usr/bin"),
]


class Browser:
    """Headless Chromium with what these tests ask of it."""

    def __init__(self, profile: Path) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))

    def ask(self, command: str, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def js(self, code: str, *arguments):
        return self.driver.execute_script(code, *arguments)

    def media(self, scheme: str, kind: str = "") -> None:
        self.ask("Emulation.setEmulatedMedia", media=kind, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, path: Path, size=DESK, scheme: str = "light") -> None:
        """Open a page afresh and wait until its figures are drawn; what was logged before is forgotten."""
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.media(scheme)
        mobile = size == PHONE
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=mobile
        )
        self.driver.get(path.as_uri())
        self.wait(scheme)

    def wait(self, scheme: str) -> None:
        """Wait until every figure is drawn in a scheme."""
        ask = "return [...document.querySelectorAll('.plot')].every(p => p.dataset.drawn === arguments[0])"
        end = time.monotonic() + 30
        while not self.js(ask, scheme):
            assert time.monotonic() < end, f"not all figures were drawn {scheme}: {self.errors()}"
            time.sleep(0.05)

    def errors(self) -> list[str]:
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] in {"SEVERE", "WARNING"}]

    def requests(self, page: str) -> list[str]:
        """Return what a page asked for; the browser's own start page is not ours."""
        messages = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [p["request"]["url"] for p in sent if p["documentURL"] == page]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    pytest.importorskip("selenium", reason="needs selenium")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.driver.quit()


@pytest.fixture(scope="module")
def report(page, tmp_path_factory):
    return write_page(page, tmp_path_factory.mktemp("report") / "report.html")


def brightness(colour: str) -> float:
    """Return how light a computed ``rgb(...)`` colour is, 0 to 255."""
    numbers = [float(n) for n in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(numbers) / 3


INKS = (
    "return [...document.querySelectorAll('.plot .xtick text, .plot .ytick text')].map(t => getComputedStyle(t).fill)"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_figure_is_drawn_and_nothing_is_logged(browser, report, page, size, scheme):
    browser.open(report, size, scheme)
    drawn = browser.js(
        "return [...document.querySelectorAll('.plot')].map(p => [p.querySelectorAll('svg.main-svg').length,"
        "p.querySelectorAll('.trace, .hm, .bars .point').length, p.querySelectorAll('.xtick').length, p.offsetHeight])"
    )
    assert len(drawn) == len(page.figures)
    for svgs, traces, ticks, height in drawn:
        assert svgs >= 1
        assert traces >= 1
        assert ticks >= 2
        assert height > 200
    assert browser.js("return [...document.querySelectorAll('.figure-error')].every(e => e.hidden)")
    assert browser.errors() == []
    # nothing but the page itself: no font, no map, no icon
    requests = browser.requests(report.as_uri())
    assert report.as_uri() in requests
    assert [url for url in requests if url != report.as_uri() and not url.startswith(("data:", "blob:"))] == []


@pytest.mark.parametrize("width", [320, 390])
def test_phone_does_not_scroll_sideways(browser, report, width):
    browser.open(report, PHONE)
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=True)
    time.sleep(0.3)
    browser.wait("light")
    assert browser.js("return innerWidth") == width
    assert browser.js("return document.documentElement.scrollWidth") <= width
    wide = browser.js(
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.scroll, pre, svg, .plot, thead') &&"
        "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"
    )
    assert wide == []
    plots = browser.js("return [...document.querySelectorAll('.plot svg.main-svg')].map(s => s.clientWidth)")
    assert max(plots) <= width
    box = browser.js("const b = document.querySelector('.scroll'); return [b.scrollWidth, b.clientWidth]")
    assert box[0] > box[1]  # the wide table scrolls in its own box


def test_legend_goes_below_the_plot_on_a_phone(browser, report):
    where = (
        "const p = document.querySelector('.plot'); const top = s => p.querySelector(s).getBoundingClientRect().top;"
        "return top('.legend') - top('.xtick text')"
    )
    browser.open(report, PHONE)
    assert browser.js(where) > 0
    browser.open(report, DESK)
    assert browser.js(where) < 0


@pytest.mark.parametrize(("scheme", "theme"), [("light", LIGHT), ("dark", DARK)], ids=["light", "dark"])
def test_figures_follow_the_scheme(browser, report, scheme, theme):
    browser.open(report, DESK, scheme)
    paper = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert paper == f"rgb({', '.join(str(int(theme['paper'][i : i + 2], 16)) for i in (1, 3, 5))})"
    ink = f"rgb({', '.join(str(int(theme['ink'][i : i + 2], 16)) for i in (1, 3, 5))})"
    assert set(browser.js(INKS)) == {ink}


def test_colours_that_plotly_would_choose_are_readable_in_the_dark(browser, tmp_path):
    shot = figure.new()
    shot.add_bar(x=["black", "white"], y=[1, 2], error_y={"array": [0.2, 0.2]}, textfont={"color": "#222"})
    path = write_page(Page("dark", figures=[PageFigure("a", shot.to_json(), "c")]), tmp_path / "a.html")
    browser.open(path, DESK, "dark")
    (bar,) = browser.js("return [getComputedStyle(document.querySelector('.errorbar path')).stroke]")
    assert brightness(bar) > 180
    # words that look like colours stay words
    labels = "return [...document.querySelectorAll('.xtick text')].map(t => t.textContent)"
    assert browser.js(labels) == ["black", "white"]


def test_button_turns_the_page_and_its_figures(browser, report):
    browser.open(report, DESK, "light")
    button = browser.driver.find_element("id", "theme-button")
    assert button.get_attribute("aria-label") == "Switch to dark colours"
    button.click()
    browser.wait("dark")
    assert brightness(browser.js("return getComputedStyle(document.body).backgroundColor")) < 60
    assert min(map(brightness, browser.js(INKS))) > 180
    button.click()
    browser.wait("light")
    assert max(map(brightness, browser.js(INKS))) < 60
    assert browser.errors() == []


@pytest.mark.parametrize("chosen", [False, True], ids=["by the system", "by the button"])
def test_print_is_light(browser, report, chosen):
    browser.open(report, DESK, "light" if chosen else "dark")
    if chosen:
        browser.driver.find_element("id", "theme-button").click()
        browser.wait("dark")
    browser.media("light" if chosen else "dark", "print")
    browser.wait("light")
    assert browser.js("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert brightness(browser.js("return getComputedStyle(document.body).color")) < 60
    assert max(map(brightness, browser.js(INKS))) < 60
    assert browser.js("return [...document.querySelectorAll('details')].every(d => d.open)")
    splits = browser.js("return [...document.querySelectorAll('figure')].map(f => getComputedStyle(f).breakInside)")
    assert set(splits) == {"avoid"}
    browser.media("light" if chosen else "dark", "")
    browser.wait("dark")  # and back


def test_prints_to_paper(browser, report):
    browser.open(report, DESK, "dark")
    pdf = base64.b64decode(browser.ask("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") <= 9
    browser.wait("dark")
    assert browser.errors() == []


def test_no_button_sends_the_data_away(browser, report):
    browser.open(report)
    titles = browser.js("return [...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title || b.title)")
    assert "Reset axes" in titles
    assert [t for t in titles if any(word in t.lower() for word in ("share", "cloud", "edit", "plotly"))] == []


def test_data_can_be_had_as_a_table(browser, report):
    browser.open(report)
    browser.js(
        "window.tables = []; const real = URL.createObjectURL;"
        "URL.createObjectURL = b => { b.text().then(t => window.tables.push(t)); return real(b); };"
        "document.querySelectorAll('.csv').forEach(b => b.click())"
    )
    end = time.monotonic() + 10
    while browser.js("return window.tables.length") < 4 and time.monotonic() < end:
        time.sleep(0.05)
    dots, matrix = (t.splitlines() for t in browser.js("return window.tables")[:2])
    assert dots[0] == "series,x,y,z,error below,error above"
    assert dots[1].split(",")[:3] == ["human IT (n = 4)", "conv1", "0.11"]
    assert float(dots[1].split(",")[4]) == pytest.approx(0.03)
    assert len(matrix) == 1 + 92 * 92
    assert abs(float(matrix[1].split(",")[3])) < 1e-9  # the diagonal


def test_figure_that_cannot_be_drawn_says_so(browser, tmp_path):
    shot = figure.new()
    shot.add_scatter(y=[1, 2])
    path = write_page(Page("broken", figures=[PageFigure("a", shot.to_json(), "c")]), tmp_path / "a.html")
    text = path.read_text(encoding="utf-8").replace("window.Plotly = Plotly;", "")
    path.write_text(text, encoding="utf-8")
    browser.driver.get_log("browser")
    browser.driver.get(path.as_uri())
    line = browser.driver.find_element("css selector", ".figure-error")
    assert line.is_displayed()
    assert line.text == "This figure could not be drawn: Plotly is not in this page"
    assert "figure a:" in " ".join(browser.errors())


def test_numbers_are_readable_without_scripts(browser, report):
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.driver.get(report.as_uri())
        text = browser.driver.find_element("css selector", "main").text
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert "The figures need JavaScript" in text
    assert "not held" in text
    assert "0.331" in text
