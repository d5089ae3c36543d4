"""By keyboard alone, on a phone, and for those who do not see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.server.page.conftest import Serving, Visit, playwright_api

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe: pip install '.[dev]'")
expect = playwright_api.expect

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


def faults_of(visit: Visit) -> list[str]:
    """What axe finds serious or worse."""
    found = axe.Axe().run(visit.page).response["violations"]
    return [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


def width_of(visit: Visit) -> int:
    """How wide the page is; browsers on phones make the window as wide, and show it smaller."""
    width: int = visit.page.evaluate("() => document.documentElement.scrollWidth")
    return width


@pytest.mark.parametrize(("options", "scheme"), [({}, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_axe_finds_nothing_serious(
    browser: playwright_api.Browser,
    service: Serving,
    photo: Path,
    painting: Path,
    options: dict[str, object],
    scheme: str,
) -> None:
    visit = Visit(browser, service.address, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce", **options)
    assert faults_of(visit) == []
    visit.choose(photo, painting)
    visit.painted()
    visit.page.locator("[data-id=scream] .mix").click(force=True)
    visit.page.locator("[data-do=compare]").click()
    assert faults_of(visit) == []
    visit.page.locator(".chip.add").click()
    assert faults_of(visit) == []
    visit.page.locator("[data-do=options]").click()
    assert faults_of(visit) == []
    visit.context.close()


def test_nothing_is_cut_off_on_a_phone(browser: playwright_api.Browser, service: Serving, photo: Path) -> None:
    visit = Visit(browser, service.address, **PHONE)
    assert width_of(visit) == PHONE["viewport"]["width"]
    visit.choose(photo)
    visit.painted()
    assert width_of(visit) == PHONE["viewport"]["width"]
    for what in (".painted", "im-save [data-do=download]", "[data-do=compare]", "im-mix .single"):
        expect(visit.page.locator(what).first).to_be_in_viewport()
    assert visit.faults == []
    visit.context.close()


def test_a_picture_is_painted_by_keyboard_alone(visit: Visit, photo: Path) -> None:
    page = visit.page

    def tab_to(selector: str) -> None:
        for _ in range(80):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to("[data-do=choose]")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(photo)
    visit.painted()
    tab_to("[data-id=great-wave] .pick")
    visit.changed(lambda: page.keyboard.press("Enter"))
    tab_to("[data-id=starry-night] .mix")
    visit.changed(lambda: page.keyboard.press("Space"))
    tab_to("[name=strength]")
    visit.changed(lambda: page.keyboard.press("ArrowLeft"))
    expect(page.locator("output[for=strength]")).to_have_text("95 %")
    page.locator("body").press("c")
    tab_to(".handle")
    page.keyboard.press("End")
    expect(page.locator(".handle")).to_have_attribute("aria-valuenow", "100")


def test_the_picture_is_enlarged_and_moved_by_keys(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    sheet = visit.page.locator(".sheet")
    matrix = "sheet => new DOMMatrix(getComputedStyle(sheet).transform).toJSON()"
    visit.page.locator("body").press("+")
    visit.page.locator("body").press("ArrowLeft")
    expect(visit.page.locator("[data-do=fit]")).not_to_have_text("100 %")
    visit.page.wait_for_timeout(500)
    moved = sheet.evaluate(matrix)
    assert moved["a"] > 1
    assert moved["e"] > 0
    visit.page.locator("body").press("0")
    visit.page.wait_for_timeout(500)
    assert sheet.evaluate(matrix)["a"] == 1
