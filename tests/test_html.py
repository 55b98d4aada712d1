"""The scorecard in a real browser, Debian's Chromium: offline, by keyboard, without JavaScript. Bad inputs 71 to 74."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import foreign
import pytest
from samples import NAMES, RULES, SAMPLES, finding_named, many

from wa_lint.model import Report
from wa_lint.reporters import RenderOptions, reporter
from wa_lint.review import as_html
from wa_lint.review.answer import Answer
from wa_lint.review.reviewed import reviewed
from wa_lint.texts import texts

Raw = Any
Opened = Callable[..., Any]

_ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)

SCORECARDS: Final = ("open-api", "iam-mess", "an empty run", "a clean run", "everything hostile")
REVIEWS: Final = tuple(f"review of {name}" for name in SCORECARDS)
CHINESE: Final = "iam-mess in Chinese"
PAGES: Final = (*SCORECARDS, *REVIEWS, CHINESE)
WORKLOAD: Final = "iam-mess"


@cache
def rendered(name: str) -> str:
    if name in {*REVIEWS, CHINESE}:
        report, options = SAMPLES[name.removeprefix("review of ").removesuffix(" in Chinese")]()
        words = texts("zh-TW" if name == CHINESE else "en")
        return as_html.render(reviewed(report, ANSWERS, TODAY, words), options, words)
    return reporter("html")(*SAMPLES[name]())


TODAY: Final = dt.date(2026, 12, 1)

ANSWERS: Final = {
    "load-tested": Answer(
        "yes", "<b>https://a.example</b>", "Ana\u202e", TODAY, note="{{7*7}} <img src=x onerror=alert(1)>"
    ),
    "MLOPS01-BP01": Answer("no", who="<script>alert(1)</script>", date=TODAY),
    "MLSEC03-BP01": Answer("yes", "e", "Ben", dt.date(2025, 1, 1), review_by=dt.date(2025, 2, 1)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Raw]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415, half a second, and not on every machine

    path = foreign.chromium()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def opened(browser: Raw, tmp_path: Path) -> Iterator[Opened]:
    """Opens a text as a file, offline; by the end of the test the page must have neither complained nor asked."""
    complaints: list[str] = []
    contexts: list[Raw] = []

    def open_(text: str, *, may_complain: bool = False, **options: Raw) -> Raw:
        file = tmp_path / "scorecard.html"
        file.write_text(text, "utf-8")
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        if not may_complain:
            page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("request", lambda request: complaints.append(request.url) if request.url != file.as_uri() else None)
            page.on("dialog", lambda dialog: complaints.append(f"a dialog: {dialog.message}"))
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


# --- it opens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_offline_and_asks_for_nothing(opened: Opened, name: str) -> None:
    page = opened(rendered(name))
    assert page.title().startswith("wa-lint: ")
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_nothing_in_it_is_loaded_from_elsewhere(name: str) -> None:
    text = rendered(name)
    asking = {"src", "srcset", "data", "action", "formaction", "poster", "background", "style"}
    assert [tag for tag, attributes in tags(text) if asking & set(attributes) or tag in {"link", "iframe"}] == []
    assert not re.search(r"@import|url\(", text.partition("</style>")[0])


@pytest.mark.parametrize("name", PAGES)
def test_the_same_report_is_the_same_page(name: str) -> None:
    assert rendered.__wrapped__(name) == rendered(name)


def test_without_javascript_everything_can_be_read(opened: Opened) -> None:
    page = opened(rendered(WORKLOAD), java_script_enabled=False)
    assert not page.locator("#filter").is_visible()
    first = page.locator("details.finding").first
    assert not first.locator(".body").is_visible()
    first.locator("summary").click()
    assert first.locator(".body").is_visible()
    findings = SAMPLES[WORKLOAD]().report.findings
    shown = [f for f in findings if f.outcome.value in {"fail", "unknown"}]
    assert page.locator("details.finding").count() == len(shown)


# --- filter and keyboard ----------------------------------------------------------------------------


def test_the_filter_shows_what_was_asked_for(opened: Opened) -> None:
    page = opened(rendered(WORKLOAD))
    total = page.locator("details.finding").count()
    assert page.locator("#count").inner_text() == f"{total} of {total} shown"
    page.get_by_label("Text", exact=True).fill("wildcard")
    found = page.locator("details.finding:visible")
    assert 0 < found.count() < total
    assert all("wildcard" in text.lower() for text in found.all_text_contents())
    page.get_by_role("button", name="Clear").click()
    page.locator("#count", has_text=f"{total} of {total} shown").wait_for()
    for label, value, held in (("Severity", "high", "data-severity"), ("Outcome", "fail", "data-outcome")):
        page.get_by_label(label, exact=True).select_option(value)
        assert {one.get_attribute(held) for one in page.locator("details.finding:visible").all()} == {value}
    page.get_by_label("Resource", exact=True).fill("no such resource")
    assert page.locator("#count").inner_text() == f"0 of {total} shown"


def test_the_keyboard_reaches_the_filter_and_opens_a_finding(opened: Opened) -> None:
    page = opened(rendered(WORKLOAD))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    for wanted in ("f-text", "f-outcome", "f-severity", "f-pillar", "f-resource"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == wanted
    page.keyboard.type("a")
    shown = page.locator("details.finding:visible").count()
    assert page.locator("#count").inner_text().startswith(f"{shown} of ")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open") is True
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.parentElement.open") is False


# --- barriers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_barrier(opened: Opened, name: str, scheme: str) -> None:
    axe = foreign.axe()
    page = opened(rendered(name), color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach((one, at) => { one.open = at < 40; })")
    page.add_script_tag(content=axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(one["id"], one["help"], one["nodes"][0]["html"][:200], len(one["nodes"])) for one in found] == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_never_scrolls_sideways(opened: Opened, name: str, width: int) -> None:
    page = opened(rendered(name), viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1]


@pytest.mark.parametrize("name", [WORKLOAD, f"review of {WORKLOAD}"])
def test_it_prints(opened: Opened, name: str) -> None:
    page = opened(rendered(name))
    assert page.pdf(format="A4").startswith(b"%PDF-")
    page.emulate_media(media="print")
    assert not page.locator("#filter").is_visible()
    assert not page.locator("details.finding").first.is_visible()
    assert page.locator("table.printed tbody tr").count() == page.locator("details.finding").count()
    assert page.locator("table.printed").is_visible()


def test_what_is_filtered_away_is_not_printed(opened: Opened) -> None:
    page = opened(rendered(WORKLOAD))
    page.get_by_label("Severity", exact=True).select_option("high")
    page.emulate_media(media="print")
    shown = page.locator("table.printed tbody tr:visible")
    assert 0 < shown.count() < page.locator("table.printed tbody tr").count()
    assert {row.split()[0] for row in shown.all_inner_texts()} == {"high"}


@pytest.mark.parametrize("number", [39])
def test_findings_take_few_pages_and_no_column_is_cut_off(opened: Opened, number: int) -> None:
    report, options = many(number)
    page = opened(reporter("html")(report, options))
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(format="A4")))
    assert 1 < pages <= 6
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    cut = page.evaluate("[...document.querySelectorAll('table')].filter((t) => t.scrollWidth > 705).length")
    assert (cut, page.evaluate("document.documentElement.scrollWidth")) == (0, 703)


def test_the_first_page_of_a_review_says_the_verdict_before_all_else(opened: Opened) -> None:
    """The executive page: a sentence, six pillars, three risks, what it costs; in print it is a page of its own."""
    page = opened(rendered(f"review of {WORKLOAD}"))
    heads = page.locator("main h2").all_inner_texts()
    assert heads[:2] == ["Pillars", "Top risks"]
    assert page.locator(".gauges li").count() == 6
    assert page.locator(".risks > li").count() == 3
    assert "practices" in page.locator(".verdict").inner_text()
    page.set_viewport_size({"width": 703, "height": 1000})
    page.emulate_media(media="print")
    second = page.locator(".second").bounding_box()
    assert second["y"] < 703 * 297 / 210, "what comes before fits on one page"


def test_a_score_is_told_by_more_than_its_colour(opened: Opened) -> None:
    page = opened(rendered(WORKLOAD))
    shapes = {"good": "\u25cf", "fair": "\u25b2", "poor": "\u25a0", "not assessed": "\u25cb"}
    for said in page.locator(".gauges .band").all_inner_texts():
        shape, _, word = said.partition(" ")
        assert shapes[word] == shape


def test_a_practice_is_called_by_its_whole_id() -> None:
    assert not re.search(r">\s*(?:OPS|SEC|REL|PERF|COST|SUS)\d\d-BP\d\d", rendered(WORKLOAD))


# --- what strangers write ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["everything hostile", "review of everything hostile"])
def test_what_strangers_write_stays_text(opened: Opened, name: str) -> None:
    """71 to 74: no element, attribute or address comes of it, no line turns round, no template computes."""
    page = opened(rendered(name))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.locator("img, iframe, object, embed, link, base, b b, svg[onload], h1 ~ h1, marquee").count() == 0
    assert page.locator("script").count() == page.locator("style").count() == 1
    assert (
        page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())"
            ".filter((name) => name.startsWith('on'))"
        )
        == []
    )
    assert (
        page.evaluate(
            "[...document.querySelectorAll('a[href]')].map((e) => e.protocol + '//' + e.host)"
            ".filter((at) => at !== 'https://docs.aws.amazon.com' && at !== 'file://')"
        )
        == []
    )
    text = page.locator("body").inner_text()
    assert "<img src=x onerror=alert(1)>" in text
    assert "{{7*7}}" in text
    assert not {"\u202e", "\x1b", "\x9b", "\x07"} & set(page.content())


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_changes_the_shape_of_the_page(name: str) -> None:
    """71: the page of a hostile name has the tags of the page of a harmless one."""
    assert tags(one_named(name)) == tags(one_named("harmless"))


@pytest.mark.parametrize("has_policy", [True, False])
def test_a_script_that_gets_in_is_not_run(opened: Opened, *, has_policy: bool) -> None:
    """71: the policy in the head admits the page's own script and nothing else; without it, both would run."""
    text = rendered(WORKLOAD).replace("</main>", "<script>document.title = 'owned'</script></main>")
    text = text.replace("<h1", "<h1 onclick=\"document.title = 'owned'\"")
    text = text if has_policy else re.sub("<meta http-equiv=[^>]*>", "", text)
    page = opened(text, may_complain=True)
    assert page.title().startswith("wa-lint: ") == has_policy
    page.evaluate("document.title = 'wa-lint: again'")
    page.locator("h1").click()
    assert page.title().startswith("wa-lint: ") == has_policy


def test_thousands_of_findings_open_too(opened: Opened) -> None:
    """75."""
    page = opened(reporter("html")(*many(2000)))
    assert page.locator("#count").inner_text() == "2000 of 2000 shown"


def one_named(name: str) -> str:
    return reporter("html")(Report((RULES[0],), (finding_named(name),)), RenderOptions(lines=lambda _: [name]))


def tags(text: str) -> list[tuple[str, list[str]]]:
    """Return every tag with the names of its attributes."""
    found: list[tuple[str, list[str]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, [name for name, _ in attrs]))

    Reader().feed(text)
    return found
