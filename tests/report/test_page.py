"""The page's text: what is said, how numbers read, that nothing can break out of it, that it is whole or absent."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from tertium import figure
from tertium.errors import BadInput
from tertium.report import GalleryEntry, Page, PageFigure, PageTable, write_gallery, write_page
from tertium.report.claims import claim_context, outcome
from tertium.report.figures import describe, read_figure, safe_json, take_title
from tertium.report.page import page_html
from tertium.report.strips import strip
from tertium.report.theme import DARK, LIGHT, contrast

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Collects elements, ids, text, and complains of a tag that is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


@pytest.fixture(scope="module")
def html(page):
    return page_html(page)


@pytest.fixture(scope="module")
def reader(html):
    return read(html)


@pytest.fixture(scope="module")
def said(reader):
    return " ".join(" ".join(reader.text).split())


def test_everything_is_said(said):
    for part in (
        "Deep supervised, but not unsupervised",
        "SEN04 · real neural or behavioural data",
        "3 of 5 claims held",
        "10–14",
        "6 min 52 s",
        "Does a network trained to name objects",
        "The deepest layers explain human IT better",
        "untrained network; failed, as it must",
        "sessions of different subjects; did not fail",
        "misses what is asked for",
        "its control did not fail",
        "p < 0.001",
        "≥ 0.25",
        "by every seed",
        "Every layer against every region",
        "how many of the images are shown",
        "2.13.0+cpu",
        "@article{Khaligh2014,",
        "tertium run khaligh2014 seeds=10..14",
        "2 of 92 images had to be converted",
    ):
        assert part in said, part
    assert "-0.0" not in said


def test_held_and_not_held_are_words_and_symbols(said):
    assert said.count("✓ held") == 3
    assert said.count("✗ not held") == 2


def test_tags_are_closed_and_ids_unique(reader):
    assert reader.open == []
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [a["href"][1:] for a in reader.all("a")]
    assert set(targets) <= set(ids)


def test_landmarks_headings_and_table_heads(reader):
    assert len(reader.all("main")) == len(reader.all("h1")) == 1
    assert reader.all("nav")[0]["aria-label"]
    assert reader.all("html")[0]["lang"] == "en"
    assert all(head.get("scope") in {"col", "row"} for head in reader.all("th"))
    for picture in (a for _, a in reader.elements if a.get("role") == "img"):
        assert len(picture["aria-label"]) > 30
    levels = [int(tag[1]) for tag, _ in reader.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_nothing_is_fetched(reader):
    for tag, attributes in reader.elements:
        assert "src" not in attributes, tag
        assert not re.match(r"(?:https?:)?//", attributes.get("href") or ""), tag
    policy = next(a["content"] for a in reader.all("meta") if "Security" in (a.get("http-equiv") or ""))
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_text_cannot_break_out(html, reader, said):
    assert "<script>alert(1)</script> & </script>" in said  # read back as text
    assert "<script>alert" not in html
    assert "Two <b>sessions</b> & one subject agree." in said


def test_scripts_of_figures_are_json_that_cannot_close_their_element():
    shot = figure.new(x="</script><script>alert(2)</script>", y="rate (Hz)")
    shot.add_scatter(x=[1], y=[2], name="<!--")
    reader = read(page_html(Page("t", figures=[PageFigure("a", shot.to_json(), "</script>")])))
    data = [json.loads(text) for text in reader.scripts if text.startswith('{"data"')]
    assert data[0]["layout"]["xaxis"]["title"]["text"] == "</script><script>alert(2)</script>"
    assert data[0]["data"][0]["name"] == "<!--"
    assert "<" not in safe_json(data)


def test_plotly_is_there_once_and_only_for_figures(html):
    assert html.count("* plotly.js v") == 1
    bare = page_html(Page("Nothing to draw"))
    assert len(bare) < 60_000
    assert "plotly.js v" not in bare


def test_sections_without_content_are_left_out(page):
    said = " ".join(read(page_html(replace(page, verdicts=[], notes=[], citations=[]))).text)
    for heading in ("Claims", "claims held", "Notes", "To cite"):
        assert heading not in said
    assert "What was asked" in said


def test_title_is_a_heading_not_a_sentence_said_twice():
    reader = read(page_html(Page("A study of ``x``.", question="A study of ``x``.\n\nIt asks.")))
    said = " ".join(" ".join(reader.text).split())
    assert said.count("A study of") == 2  # <title> and <h1>
    assert "It asks." in said


def test_figures_may_be_given_as_text_or_mapping():
    shot = figure.new(title="Two<br>lines")
    shot.add_scatter(y=[1.0, float("nan"), 3.0])
    as_text, as_mapping = read_figure(shot.to_json(), "a"), read_figure(shot.to_plotly_json(), "a")
    assert as_text["layout"] == as_mapping["layout"]
    assert take_title(as_text) == "Two lines"
    assert "title" not in as_text["layout"]
    assert as_text["layout"]["margin"]["t"] == 16


@pytest.mark.parametrize(("bad", "message"), [("{", "text that is no JSON"), ("[1]", "without a list of traces")])
def test_no_figure(bad, message):
    with pytest.raises(BadInput, match=f"figure 'layers': got .*{message}"):
        page_html(Page("t", figures=[PageFigure("layers", bad, "")]))


def test_row_of_another_length():
    with pytest.raises(BadInput, match="table 'T', row 1: got 1 cells, expected 2, one for each column"):
        PageTable("T", ["a", "b"], [[1, 2], [3]])


def test_same_id_twice_stays_two_figures():
    shot = figure.new()
    shot.add_scatter(y=[1])
    text = page_html(Page("t", figures=[PageFigure("a b", shot.to_json(), ""), PageFigure("a b", shot.to_json(), "")]))
    assert 'id="figure-a-b"' in text
    assert 'id="figure-a-b-2"' in text


def test_description_names_axes_and_series():
    shot = figure.new(x="time (s)", y="rate (Hz)")
    figure.lines_with_band(shot, [0, 1], [1, 2], [0, 1], [2, 3], "V1")
    said = describe(read_figure(shot.to_json(), "a"), "Rates")
    assert said == "Rates. Shows lines and points; rate (Hz) against time (s); series: V1."


def test_file_appears_whole_or_not_at_all(page, tmp_path, monkeypatch):
    where = write_page(page, tmp_path / "new" / "report.html")
    before = where.read_text(encoding="utf-8")
    assert [p.name for p in where.parent.iterdir()] == ["report.html"]

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        write_page(replace(page, title="other"), where)
    assert [p.name for p in where.parent.iterdir()] == ["report.html"]
    assert where.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["ink", "soft", "accent", "held", "missed", "partly"])
@pytest.mark.parametrize("behind", ["paper", "shade"])
def test_text_has_contrast(theme, role, behind):
    assert contrast(theme[role], theme[behind]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_marks_have_contrast(theme):
    assert contrast(theme["axis"], theme["paper"]) >= 3.0


def position(svg: str, kind: str) -> float:
    return float(re.search(rf'class="{kind}"[^>]*?(?:cx|x1|x)="([\d.]+)"', svg)[1])


def test_strip_stands_where_the_numbers_are():
    verdict = {"value": 3.0, "ci": [2.0, 4.0], "values": [2.5, 3.5], "threshold": ">= 1", "control": {"value": 0.0}}
    svg = strip(verdict)
    control, limit, value = (position(svg, f"strip-{kind}") for kind in ("control", "limit", "value"))
    assert (limit - control) / (value - control) == pytest.approx(1 / 3, abs=0.01)
    assert svg.count("strip-seed") == 2
    assert position(svg, "strip-range") == pytest.approx(limit)


def test_strip_of_what_could_not_be_measured_is_empty():
    assert strip({"value": None, "ci": [None, None], "threshold": "> 1", "control": {"value": 2.0}}) == ""


def test_claim_that_could_not_be_measured(verdicts):
    lost = {**verdicts[0], "value": None, "ci": [None, None], "held": False}
    told = claim_context(lost)
    assert (told["value"], told["interval"], told["reason"]) == ("not measured", "", "could not be measured")
    reader = read(page_html(Page("t", verdicts=[lost])))
    assert "The claim did not hold" in " ".join(reader.text)


@pytest.mark.parametrize(
    ("held", "text", "state"),
    [
        ((1, 1), "All 2 claims held", "held"),
        ((0, 0), "None of 2 claims held", "missed"),
        ((1,), "The claim held", "held"),
    ],
)
def test_outcome(held, text, state):
    summed = outcome([{"held": bool(h)} for h in held])
    assert (summed["text"], summed["state"]) == (text, state)


def test_gallery(tmp_path):
    entries = [
        GalleryEntry("FND01", "Threshold <neuron>", "held", "mcculloch1943", "simulation", 3, 3, 1.2, "a/report.html"),
        GalleryEntry("SEN04", "Primate IT", "absent"),
    ]
    reader = read(write_gallery(entries, tmp_path / "index.html").read_text(encoding="utf-8"))
    said = " ".join(" ".join(reader.text).split())
    assert "Threshold <neuron>" in said
    assert "✓ held" in said
    assert "3 of 3" in said
    assert {"href": "a/report.html"} in reader.all("a")
    assert reader.open == []
