"""The report as a page: whole, self-contained, accessible, and deaf to what data would have it run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.reports import Report

pytest.importorskip("matplotlib")
pytest.importorskip("sympy")
pytest.importorskip("scipy")

VOID = {"meta", "br", "img"}
SVG_VOID = {"path", "use", "rect", "line", "circle", "image", "stop", "mspace"}
HOSTILE = ["</svg><script>alert(1)</script>", '$\\frac{$ & "quoted" \'', "--><img src=x onerror=alert(1)>"]


class Page(HTMLParser):
    """Checks that elements are closed, and notes what there is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> cr.data.Table:
    random = np.random.default_rng(0)
    kind = random.integers(0, 3, 90)
    x, y = random.normal(size=(2, 90)) + kind
    rows = [f'{a},{b},"{HOSTILE[k].replace(chr(34), chr(34) * 2)}"' for a, b, k in zip(x, y, kind, strict=True)]
    path = tmp_path_factory.mktemp("data") / "hostile.csv"
    path.write_text('"<b>a</b> $x$","b_{""} $",Klasse\n' + "\n".join(rows), encoding="utf-8")
    return cr.data.read(path, target="Klasse")


@pytest.fixture(scope="module")
def found(table: cr.data.Table) -> Report:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 3))
    cr.fit(model, table, epochs=20, lr=0.05, verbose=0)
    return cr.report(model, table, lang="en", title="<i>Title</i>")


@pytest.fixture(scope="module")
def page(found: Report) -> str:
    return found.html()


def test_every_section_is_there_and_none_failed(found: Report) -> None:
    assert [(one.name, one.note) for one in found.sections if one.state == "failed"] == []
    assert {one.name for one in found.sections if one.state == "skipped"} == {"images", "weights"}


def test_it_is_one_page_that_loads_and_runs_nothing(page: str) -> None:
    parsed = Page(page)
    tags = {tag for tag, _ in parsed.tags}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "embed", "form", "base", "b", "i", "a href"})
    assert "default-src 'none'" in str(parsed.all("meta")[1]["content"])
    for tag, attrs in parsed.tags:
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href"):
                assert str(value).startswith(("data:image/png;base64,", "#")), (tag, value)
    assert "@import" not in page
    assert "http://" not in re.sub(r'xmlns="http://www.w3.org/[^"]*"', "", page)


def test_names_from_the_data_are_text(page: str) -> None:
    assert "<title>&lt;i&gt;Title&lt;/i&gt;</title>" in page
    assert "&lt;/svg&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<b>a</b>" not in page


def test_it_is_accessible(page: str) -> None:
    parsed = Page(page)
    assert parsed.all("html") == [{"lang": "en"}]
    assert parsed.headings[0] == 1
    assert parsed.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(parsed.headings, parsed.headings[1:], strict=False))
    assert all(attrs.get("alt") for attrs in parsed.all("img"))
    assert all(attrs.get("role") == "img" and attrs.get("aria-label") for attrs in parsed.all("svg"))
    assert len(parsed.all("caption")) == len(parsed.all("table")) > 5
    assert all(attrs.get("scope") in ("col", "row") for attrs in parsed.all("th"))
    assert len(parsed.all("figcaption")) == len(parsed.all("figure")) > 5


def test_ids_are_unique_and_every_reference_leads_somewhere(page: str) -> None:
    parsed = Page(page)
    ids = [str(attrs["id"]) for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    asked = {str(v)[1:] for _, attrs in parsed.tags for k, v in attrs.items() if "href" in k and str(v)[0] == "#"}
    asked |= set(re.findall(r"url\(#([^)]*)\)", page))
    asked |= {str(attrs["aria-labelledby"]) for _, attrs in parsed.tags if "aria-labelledby" in attrs}
    assert asked <= set(ids)


def test_it_follows_light_dark_and_print(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "var(--ink)" in page
    assert 'class="dark"' in page


def test_the_same_report_gives_the_same_page(found: Report, page: str) -> None:
    assert found.html() == page


def test_it_is_saved_whole_or_not_at_all(found: Report, page: str, tmp_path: Path) -> None:
    found.save(tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == page
    with pytest.raises(cr.ChainruleError):
        found.save(tmp_path / "nowhere" / "a.html")


def test_a_notebook_shows_it_in_a_frame_of_its_own(found: Report) -> None:
    shown = found._repr_html_()
    assert shown.startswith("<iframe sandbox")
    assert shown.count("<") == 2
