"""What people do on the page, in a real browser, before a real service."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from tests.server.page.conftest import Serving, Visit, playwright_api

expect = playwright_api.expect

DROP = """async (target, [name, as]) => {
  const canvas = new OffscreenCanvas(64, 48);
  canvas.getContext("2d").fillRect(8, 8, 30, 20);
  const file = new File([await canvas.convertToBlob()], name, { type: "image/png" });
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  for (const type of ["dragover", "drop"]) {
    const place = as ? document.querySelector(`[data-as=${as}]`) : target;
    place.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def test_a_photo_is_painted_in_the_first_style_and_then_in_all(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    cards = visit.page.locator(".card-style[data-id]")
    expect(visit.page.locator(".card-style.painted")).to_have_count(cards.count())
    expect(cards.first).to_have_class(re.compile("on"))
    assert cards.count() == 32


def test_files_are_dropped_as_photos_or_as_styles(visit: Visit) -> None:
    visit.page.locator("body").evaluate(DROP, ["photo.png", ""])
    visit.painted()
    visit.page.locator("body").evaluate(DROP, ["My Painting.png", "style"])
    new = visit.page.locator(".card-style.new")
    expect(new).to_have_class(re.compile("on"))
    expect(new.locator(".name")).to_have_text("My Painting")
    expect(visit.page.locator("im-drop")).to_be_hidden()


def test_a_picture_is_pasted(visit: Visit) -> None:
    paste = """async () => {
      const canvas = new OffscreenCanvas(40, 40);
      canvas.getContext("2d").fillRect(8, 8, 30, 20);
      const file = new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" });
      const clipboardData = new DataTransfer();
      clipboardData.items.add(file);
      document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }"""
    visit.page.evaluate(paste)
    visit.painted()
    visit.page.evaluate(paste)
    visit.page.get_by_role("button", name="Use as a style instead").click()
    expect(visit.page.locator(".card-style.new")).to_be_visible()


def test_what_is_no_picture_is_named(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"no picture")
    visit.choose(path)
    expect(visit.page.locator("im-toast")).to_contain_text("broken.jpg")


def test_styles_are_mixed_by_mouse_and_by_key(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    visit.page.locator("[data-id=scream] .pick").hover()
    visit.changed(visit.page.locator("[data-id=scream] .mix").click)
    shares = visit.page.locator("im-mix output")
    expect(shares).to_have_text(["50 %", "50 %"])
    dot = visit.page.get_by_role("slider", name="Mix of styles")
    half = visit.shown()
    assert visit.changed(lambda: dot.press("ArrowRight")) != half
    expect(dot).to_have_attribute("aria-valuetext", "Mural: flying apsaras, Yulin cave 25 45 %, The Scream 55 %")
    box = visit.page.locator(".pad").bounding_box()
    assert box is not None
    visit.changed(lambda: visit.page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2))
    expect(shares).to_have_text(["1 %", "99 %"])


def test_a_drag_changes_nothing_on_the_page_but_the_mix_and_the_picture(visit: Visit, photo: Path) -> None:
    """What else the browser does, on the same processor, makes the pictures that follow the dot fewer."""
    page = visit.page
    visit.choose(photo)
    visit.painted()
    page.locator("[data-id=scream] .mix").click(force=True)
    visit.painted(2)
    page.locator(".card-style.painted").nth(31).wait_for(state="attached")
    page.evaluate("""() => {
      window.changes = [];
      const note = (all) => changes.push(...all.map(({ type, attributeName }) => `${type} ${attributeName}`));
      const all = { attributes: true, childList: true, subtree: true };
      new MutationObserver(note).observe(document.querySelector("im-styles"), all);
    }""")
    followed = page.evaluate("""async () => {
      const { app } = await import("./js/app.js");
      const { setMix } = await import("./js/actions.js");
      setMix({ ids: ["mural", "scream"], at: [0.2, 0.5] });
      await Promise.resolve();
      return document.getAnimations().filter(({ animationName }) => animationName === "pass").length;
    }""")
    visit.painted(3)
    assert page.evaluate("changes") == []
    assert followed == 0


def test_sliders_change_the_picture_and_are_reset(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    usual = visit.shown()
    strength = visit.page.get_by_role("slider", name="Strength")
    assert visit.changed(lambda: strength.fill("0.4")) != usual
    visit.changed(visit.page.get_by_role("switch").check)
    assert visit.changed(visit.page.get_by_role("button", name="Reset").click) == usual
    expect(strength).to_have_value("1")


def test_an_area_is_brushed_erased_inverted_and_undone(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    visit.page.get_by_role("button", name="Add an area").click()
    visit.changed(visit.page.locator("[data-id=starry-night] .pick").click)
    whole = visit.shown()
    sheet = visit.page.locator(".sheet").bounding_box()
    assert sheet is not None

    def stroke() -> None:
        left, top = sheet["x"] + sheet["width"] / 4, sheet["y"] + sheet["height"] / 2
        visit.page.mouse.move(left, top)
        visit.page.mouse.down()
        visit.page.mouse.move(left + sheet["width"] / 2, top, steps=4)
        visit.page.mouse.up()

    brushed = visit.changed(stroke)
    assert brushed != whole
    visit.page.get_by_role("button", name="Eraser").click()
    erased = visit.changed(stroke)
    assert erased != brushed
    undo = visit.page.get_by_role("button", name="Undo")
    assert visit.changed(undo.click) == brushed
    assert visit.changed(lambda: visit.page.keyboard.press("Control+z")) == whole
    expect(undo).to_be_disabled()
    assert visit.changed(visit.page.get_by_role("button", name="Redo").click) == brushed
    assert visit.changed(visit.page.get_by_role("button", name="Invert").click) not in (brushed, whole)
    assert visit.changed(visit.page.get_by_role("button", name="Clear").click) == whole


def test_a_painting_becomes_a_style_that_is_kept_renamed_and_removed(
    visit: Visit, photo: Path, painting: Path, tmp_path: Path
) -> None:
    page = visit.page
    visit.choose(photo)
    before = visit.painted()
    visit.choose(painting, by=".adder .pick")
    visit.painted(before + 1)
    page.locator(".single").get_by_role("button", name="Keep").click()
    page.get_by_role("textbox", name="Name").fill("Café of mine")
    page.get_by_role("button", name="Keep", exact=True).click()
    card = page.locator("[data-id=cafe-of-mine]")
    expect(card.locator(".name")).to_have_text("Café of mine")
    page.locator(".single").get_by_role("button", name="About Café of mine").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download style file").click()
    file = tmp_path / "friend.safetensors"
    download.value.save_as(file)
    page.get_by_role("textbox", name="Name").fill("Theirs")
    page.get_by_role("button", name="Rename").click()
    expect(page.locator("[data-id=theirs]")).to_have_class(re.compile("on"))
    page.reload()
    page.locator("[data-id=theirs] .pick").click()
    page.locator(".single").get_by_role("button", name="About Theirs").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("[data-id=theirs]")).to_have_count(0)
    visit.choose(file, by="im-styles [data-do=open]")
    expect(page.locator(".card-style.new .name")).to_have_text("Café of mine")


def test_a_style_is_made_better_and_that_is_cancelled_after_a_reload(visit: Visit, painting: Path) -> None:
    visit.choose(painting, by=".adder .pick")
    visit.page.locator(".single").get_by_role("button", name="Keep").click()
    visit.page.get_by_role("button", name="Make it better").click()
    expect(visit.page.locator("dialog .training")).to_contain_text("Making it better")
    visit.page.reload()
    training = visit.page.locator("im-training")
    expect(training).to_contain_text("Making it better")
    training.get_by_role("button", name="Cancel").click()
    expect(training).to_be_hidden()
    with httpx.Client(base_url=visit.page.url) as client:
        job = client.get("api/v1/jobs").json()["jobs"][0]
        while job["state"] in ("queued", "running"):
            job = client.get(f"api/v1/jobs/{job['id']}").json()
    assert job["state"] == "cancelled"


def test_the_command_paints_the_picture_that_is_downloaded(visit: Visit, photo: Path, tmp_path: Path) -> None:
    visit.choose(photo)
    visit.painted()
    visit.page.get_by_role("slider", name="Strength").fill("0.8")
    visit.page.locator("[data-id=scream] .pick").hover()
    visit.page.locator("[data-id=scream] .mix").click()
    visit.page.locator("im-save [data-do=options]").click()
    visit.page.get_by_label("Format").select_option("png")
    with visit.page.expect_download() as download:
        visit.page.locator("im-save [data-do=download]").click()
    visit.page.locator("im-save [data-do=command]").click()
    line = visit.page.locator("dialog code").inner_text()
    words = shlex.split(line)
    assert words[:3] == ["impasto", "stylize", photo.name]
    command = [sys.executable, "-m", "impasto", *words[1:], "-o", str(tmp_path / "command.png")]
    subprocess.run(command, check=True, cwd=photo.parent, capture_output=True)
    with Image.open(download.value.path()) as picture, Image.open(tmp_path / "command.png") as same:
        assert picture.size == (48, 64)
        assert picture.tobytes() == same.tobytes()


def test_a_download_has_the_photos_format_and_what_it_says(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download", exact=True).click()
    assert download.value.suggested_filename == "my photo-mural.jpg"
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.size) == ("JPEG", (48, 64))
        assert picture.getexif()[0x013B] == "Ada"


def test_several_photos_are_a_queue_and_become_a_zip(visit: Visit, photo: Path, painting: Path) -> None:
    visit.choose(photo, painting, photo)
    expect(visit.page.locator("im-photos canvas")).to_have_count(3)
    visit.painted()
    visit.page.locator("im-save [data-do=options]").click()
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download all 3 as a zip").click()
    with zipfile.ZipFile(download.value.path()) as pictures:
        assert pictures.testzip() is None
        assert pictures.namelist() == ["my photo-mural.jpg", "Blue Café-mural.png", "my photo-mural-2.jpg"]
    visit.page.get_by_role("button", name="Show Blue Café.png").click()
    visit.painted()
    visit.page.get_by_role("button", name="Remove my photo.jpg").first.click(force=True)
    expect(visit.page.locator("im-photos canvas")).to_have_count(2)


def test_the_picture_is_copied(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    visit.page.get_by_role("button", name="Copy picture").click()
    expect(visit.page.locator("im-toast")).to_contain_text("Copied.")
    types = "async () => (await navigator.clipboard.read())[0].types"
    assert visit.page.evaluate(types) == ["image/png"]


def test_the_camera_is_live_and_takes_a_photo(visit: Visit, photo: Path) -> None:
    visit.choose(photo)
    visit.page.get_by_role("button", name="Add an area").click()
    visit.page.locator("#open-camera").click()
    expect(visit.page.locator("im-areas .chip[aria-pressed=true]")).to_have_text("Everything else")
    several = re.compile(r"[3-9]|\d\d+")  # they may go by faster than anyone asks
    expect(visit.page.locator("im-camera canvas")).to_have_attribute("data-frames", several, timeout=60_000)
    visit.page.get_by_role("button", name="Take the photo").click()
    visit.painted()
    expect(visit.page.locator("im-camera")).to_be_hidden()


def test_styles_are_found_by_title_artist_and_in_chinese(visit: Visit) -> None:
    search = visit.page.get_by_role("searchbox")
    cards = visit.page.locator(".card-style[data-id]:visible")
    for words, found in {"van gogh": 2, "utamaro": 1, "tres riches": 1, "星夜": 1, "zzz": 0}.items():
        search.fill(words)
        expect(cards).to_have_count(found)
    expect(visit.page.locator(".none")).to_be_visible()


def test_before_the_list_of_styles_is_there_none_is_missing(visit: Visit) -> None:
    visit.page.route("**/api/v1/styles", lambda route: None)  # no answer yet
    visit.page.goto(visit.page.url, wait_until="load")
    visit.page.locator("im-stage").wait_for(state="attached")
    visit.page.wait_for_timeout(500)
    expect(visit.page.locator(".card-style[data-id]")).to_have_count(0)
    expect(visit.page.locator(".none")).to_be_hidden()
    visit.page.unroute("**/api/v1/styles")


def test_the_service_dies_and_comes_back(visit: Visit, service: Serving, photo: Path) -> None:
    visit.choose(photo)
    visit.painted()
    service.kill()
    visit.page.locator("[data-id=irises] .pick").click()
    expect(visit.page.locator("im-toast")).to_contain_text("connection was lost")
    before = visit.shown()
    service.start()
    expect(visit.page.locator("im-toast")).to_contain_text("back", timeout=90_000)
    visit.painted()
    assert visit.shown() != before


@pytest.mark.parametrize("locale", ["zh-TW", "en-GB"])
def test_the_language_follows_the_browser_and_can_be_changed(
    browser: playwright_api.Browser, service: Serving, locale: str
) -> None:
    visit = Visit(browser, service.address, locale=locale)
    titles = ["選擇照片", "Choose photos"]
    first, second = titles if locale == "zh-TW" else titles[::-1]
    expect(visit.page.get_by_role("button", name=first)).to_be_visible()
    visit.page.locator("[data-do=language]").click()
    expect(visit.page.get_by_role("button", name=second)).to_be_visible()
    starry = {"選擇照片": "星夜", "Choose photos": "The Starry Night"}
    expect(visit.page.locator("[data-id=starry-night] .name")).to_have_text(starry[second])
    visit.context.close()


def test_an_example_is_painted(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Example: panda.jpg").click()
    expect(visit.page.locator("im-stage")).to_have_attribute("data-order", "1")
