"""The report in a headless Chromium: it opens, filters, opens a case, prints, and is fit for a screen reader.

Arguments: the browser; the sample's report; a report of hostile names; a report of 50,000 flagged parcels.
"""

import csv
import io
import json
import sys
import time
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

BROWSER, SAMPLE, HOSTILE, LARGE = sys.argv[1], *(Path(p).resolve().as_uri() for p in sys.argv[2:5])
READY = "document.documentElement.dataset.ready"


def escape(page):
    """Closes the panel, and waits until the page has cleared its address and given the focus back."""
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('#panel[open]') && !location.hash")


def until(page, expression, seconds=60):
    """Waits until an expression is true. The page's own policy forbids scripts of a test that come later, so it is asked
    anew each time."""
    for _ in range(seconds * 20):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    sys.exit(f"not within {seconds} s: {expression}")


def opened(browser, address, ready="all", **options):
    """A page that complains when anything is written to the console or asked of a network."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
    page.on("console", lambda m: sys.exit(f"console: {m.type}: {m.text}"))
    page.on("pageerror", lambda e: sys.exit(f"page error: {e}"))
    page.on("dialog", lambda d: sys.exit(f"a script of the manifest ran: {d.message}"))
    page.on("request", lambda r: r.url.startswith(("file:", "blob:")) or sys.exit(f"network: {r.url}"))
    page.goto(address)
    until(page, f"['{ready}', 'all', 'failed'].includes({READY})")
    assert page.evaluate(READY) != "failed", page.inner_text("#count")
    return page


def count(page):
    """Entries in the list as it says, once it has followed the last input."""
    page.wait_for_timeout(200)
    return int(page.inner_text("#count").split(" of ")[0].replace(",", ""))


def accessible(page, what):
    serious = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    told = [(v["id"], v["help"], [n["html"][:120] for n in v["nodes"][:3]]) for v in serious]
    assert not serious, f"{what}: {told}"


def the_sample(browser):
    page = opened(browser, SAMPLE)
    assert count(page) == 9, page.inner_text("#count")
    assert "386" in page.inner_text(".tiles") and "EU-150-2021" in page.inner_text("#law")
    assert "a day that does not exist" in page.inner_text("#left-out")
    page.wait_for_selector("#timing table")
    told = page.inner_text("#timing")
    assert "The run took" in told and "MiB of memory" in told and "434 records" in told, told
    # The sum of the list is the sum of the run.
    sums = json.loads((Path(sys.argv[2]).parent / "run.json").read_text())["revenue_at_risk"]
    assert list(sums) == ["EUR"] and sums["EUR"] > 300, sums
    stake = f"{sums['EUR']:.2f}"
    assert f"{stake} EUR at risk" in page.inner_text("#count") and stake in page.inner_text(".tiles"), stake
    assert page.locator("#h-families ~ .scroll tbody").nth(0).inner_text().splitlines()[1].startswith("Splitting")

    # Filters, search by name and by a word of a reason, sorting.
    page.select_option("#family", "splitting")
    assert count(page) == 2
    page.select_option("#family", "")
    # What a detector found beside the cases of its parcels can be reached from the list of cases too.
    page.select_option("#detector", "price-below-peers")
    assert count(page) == 31, page.inner_text("#count")
    page.select_option("#detector", "")
    assert count(page) == 9
    page.fill("#find", "hoffmann baoli")
    assert count(page) == 1
    page.fill("#find", "nobody of this name")
    assert count(page) == 0 and "Nothing fits" in page.inner_text("#list")
    page.fill("#find", "")
    page.click("#show-parcels")
    assert count(page) == 74
    page.fill("#find", "declared as a gift")
    assert count(page) == 9, page.inner_text("#count")
    page.fill("#find", "")
    page.click("#list thead button:text('At risk')")
    sums = page.evaluate("[...document.querySelectorAll('#list tbody tr td:nth-child(7)')].map(c => parseFloat(c.innerText))")
    sums = [s for s in sums if s == s]
    assert len(sums) > 5 and sums == sorted(sums, reverse=True) and sums[0] > sums[-1], sums
    page.click("#show-cases")
    assert count(page) == 9
    accessible(page, "the page")

    # A case by mouse, by keyboard and by its address; its evidence is drawn.
    page.click("#list a:text('Lena')")
    page.wait_for_selector("#panel[open] svg")
    address = page.url
    assert "#case=split-consignment-" in address
    said = page.get_attribute("#panel svg", "aria-label")
    assert said.startswith("4 parcels of") and "limit is 150" in said, said
    assert "LX301245382CN" in page.inner_text("#panel")
    accessible(page, "an open case")
    escape(page)
    page.focus("#list a:text('Fuzhou')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel[open] svg .excess")
    assert "24 addressees" in page.inner_text("#panel-title")
    # The next one, or the one before where this is the last.
    page.click("#panel button:enabled:text-matches('Next|Previous')")
    until(page, "!document.getElementById('panel-title').innerText.includes('Fuzhou')")
    escape(page)
    page.focus("#list a:text('Guangzhou')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel[open] svg .declared")
    page.close()
    page = opened(browser, address)
    # Of four spellings the one by which the reason calls the addressee.
    assert page.inner_text("#panel[open] #panel-title") == "Shenzhen Baoli Trading Co Ltd → Lena Hoffmann"
    page.close()
    for damaged in ("no-such-case", "%E0%A4%A"):
        page = opened(browser, SAMPLE + "#case=" + damaged)
        assert f"has no case “{damaged}”" in page.inner_text("#panel[open]")
        page.close()

    page = opened(browser, SAMPLE, color_scheme="dark")
    accessible(page, "the dark page")
    page.click("#list a:text('Yiwu')")
    page.wait_for_selector("#panel[open] svg")
    accessible(page, "an open case in the dark")
    escape(page)

    # Paper: A4, with the cases and their drawings, without the list on screen.
    page.emulate_media(media="print")
    assert page.is_visible("#print-list svg") and not page.is_visible("#window")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF") and (b"/MediaBox [0 0 594" in pdf or b"/MediaBox [0 0 595" in pdf)
    # Wider content than the paper would be shrunk with everything else: 186 mm are 703 pixels.
    page.set_viewport_size({"width": 703, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 703
    page.close()

    page = opened(browser, SAMPLE, reduced_motion="reduce")
    until(page, "document.querySelector('#timing table')")
    for width in (360, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for mode in ("parcels", "cases"):
            page.click(f"#show-{mode}")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"the page is {wide} pixels wider than a telephone"
            wide = page.evaluate("(box => box.scrollWidth - box.clientWidth)(document.getElementById('window'))")
            assert wide <= 0, f"the list of {mode} is {wide} pixels wider than its window"
    shown = page.eval_on_selector_all("#list thead th", "heads => heads.filter(h => h.offsetWidth).map(h => h.innerText)")
    assert [s.split()[0] for s in shown] == ["Rank", "Case", "At"], shown
    # By keyboard alone: search, reach the case, open it, close it, and stand where one stood.
    page.keyboard.press("/")
    page.keyboard.type("hoffmann")
    assert count(page) == 1
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#list tbody') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel[open] svg .over")
    drawn, sideways = page.evaluate("(s => [s.getBoundingClientRect().width, document.getElementById('panel').scrollWidth - innerWidth])(document.querySelector('#panel svg'))")
    assert drawn > 550 and sideways <= 0, f"a drawing {drawn} pixels wide cannot be read, or the case is {sideways} too wide"
    accessible(page, "a case on a telephone")
    escape(page)
    assert page.evaluate("document.activeElement.closest('#list tbody') !== null")
    page.close()


def hostile_names(browser):
    page = opened(browser, HOSTILE)
    shown = page.inner_text("#list")
    assert "<script>alert(1)</script>" in shown, shown
    page.click("#show-parcels")
    page.fill("#find", "cmd")
    assert count(page) > 0
    cells = page.eval_on_selector_all("#list tbody td", "cells => cells.map(c => c.innerText)")
    assert not [c for c in cells if c.lstrip().startswith(("=", "+", "-", "@"))], cells
    with page.expect_download() as download:
        page.click("#save")
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) > 1 and any("=cmd" in cell for row in rows for cell in row)
    assert not [c for row in rows for c in row if c.lstrip().startswith(("=", "+", "@", "-"))]
    # Two parcels of one identifier: each has its own story, and each counts.
    page.fill("#find", "lx301246082cn")
    assert count(page) == 2, page.inner_text("#count")
    told = []
    for row in range(2):
        page.click(f"#list tbody a >> nth={row}")
        page.wait_for_selector("#panel[open]")
        told.append(page.inner_text("#panel .reason >> nth=0"))
        address = page.url
        escape(page)
    assert sorted("single malt" in t for t in told) == [False, True], told
    again = opened(browser, address)
    assert again.inner_text("#panel[open] .reason >> nth=0") == told[1]
    again.close()
    page.fill("#find", "")
    stake = json.loads((Path(sys.argv[3]).parent / "run.json").read_text())["revenue_at_risk"]["EUR"]
    for mode in ("cases", "parcels"):
        page.click(f"#show-{mode}")
        assert f"{stake:.2f} EUR at risk" in page.inner_text("#count"), (stake, page.inner_text("#count"))
    # A parcel whose identifier itself is a formula.
    page.fill("#find", "=hyperlink")
    assert count(page) == 1
    page.click("#list tbody a")
    page.wait_for_selector("#panel[open]")
    assert page.inner_text("#panel-title").startswith("'=HYPERLINK"), page.inner_text("#panel-title")
    page.close()


def many_parcels(browser):
    since = time.monotonic()
    page = opened(browser, LARGE, ready="list")
    ready = time.monotonic() - since
    assert ready < 5, f"50,000 flagged parcels took {ready:.1f} s to show"
    page.click("#show-parcels")
    assert count(page) == 50_000
    rows = page.evaluate("document.querySelectorAll('#list tbody tr').length")
    assert rows < 120, f"{rows} rows are in the page at once"
    page.evaluate("document.getElementById('window').scrollTop = 1e9")
    until(page, "document.querySelector('#list tbody').innerText.includes('P00049999')")
    until(page, f"{READY} === 'all'")
    since = time.monotonic()
    page.fill("#find", "p00031415 consignee")
    assert count(page) == 1
    took = time.monotonic() - since
    assert took < 3, f"a search took {took:.1f} s"
    page.click("#list tbody a")
    page.wait_for_selector("#panel[open]")
    assert "reason of parcel 31415" in page.inner_text("#panel")
    print(f"50,000 flagged parcels: shown after {ready:.2f} s, searched in {took:.2f} s")
    page.close()


with sync_playwright() as playwright:
    # A container's user is root, and its shared memory is small.
    browser = playwright.chromium.launch(
        executable_path=BROWSER, args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    for check in (the_sample, hostile_names, many_parcels):
        check(browser)
        print(f"{check.__name__}: done")
    browser.close()
