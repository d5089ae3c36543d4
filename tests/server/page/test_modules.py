"""Modules of the page that need no service, in the browser that they are for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.server.page.conftest import Serving, Visit, playwright_api


@pytest.fixture(scope="module")
def page(browser: playwright_api.Browser, service: Serving) -> Iterator[playwright_api.Page]:
    visit = Visit(browser, service.address, bypass_csp=True)
    yield visit.page
    assert visit.faults == []
    visit.context.close()


@pytest.mark.parametrize(
    ("count", "at", "shares"),
    [
        (1, [0.3, 0.9], [1]),
        (2, [0.25, 0.5], [0.75, 0.25]),
        (3, [0, 0], [1, 0, 0]),
        (3, [0.5, 1], [0, 0, 1]),
        (3, [0.5, 0], [0.5, 0.5, 0]),
        (3, [0.5, 1 / 3], [1 / 3, 1 / 3, 1 / 3]),
        (4, [1, 1], [0, 0, 0, 1]),
        (4, [0.5, 0.25], [0.375, 0.375, 0.125, 0.125]),
    ],
)
def test_the_pads_weights(page: playwright_api.Page, count: int, at: list[float], shares: list[float]) -> None:
    weights = """async ([count, at]) => {
      const { weights } = await import("./js/mix.js");
      return weights({ ids: Array.from({ length: count }, (_, index) => `s${index}`), at });
    }"""
    assert page.evaluate(weights, [count, at]) == pytest.approx(shares)


def test_the_dot_stays_on_the_pad(page: playwright_api.Page) -> None:
    within = """async () => {
      const { weights, within } = await import("./js/mix.js");
      const rows = [];
      for (const count of [2, 3, 4]) {
        for (let x = -0.5; x <= 1.5; x += 0.25) for (let y = -0.5; y <= 1.5; y += 0.25) {
          rows.push(weights({ ids: "abcd".slice(0, count).split(""), at: within(count, [x, y]) }));
        }
      }
      return rows;
    }"""
    rows = page.evaluate(within)
    assert len(rows) == 3 * 81
    assert all(min(row) >= 0 and sum(row) == pytest.approx(1) for row in rows)


def test_the_command_says_what_differs_from_the_default_and_is_quoted(page: playwright_api.Page) -> None:
    line = """async () => {
      const { command } = await import("./js/command.js");
      const defaults = { strength: 1, detail: 0, stroke: 1, keep_color: false };
      const mix = [{ name: "mural", weight: 0.6 }, { name: "scream", weight: 0.4 }];
      const regions = [{ mask: "it's sky.png", mix: [{ name: "irises", weight: 1 }] }];
      const controls = { strength: 0.8, detail: 0, stroke: 2, keep_color: true };
      return command({ photo: "a b.jpg", mix, controls, defaults, regions, size: 1024, format: "png", strip: true });
    }"""
    assert page.evaluate(line) == (
        "impasto stylize 'a b.jpg' -s mural:0.6,scream:0.4 --region 'it'\\''s sky.png=irises' --strength 0.8 "
        "--keep-color --stroke 2 --size 1024 --format png --strip-metadata"
    )


PAINTER = """async (asks) => {
  const { Painter } = await import("./js/painter.js");
  const tiny = () => {
    const canvas = new OffscreenCanvas(4, 4);
    canvas.getContext("2d");
    return canvas.convertToBlob();
  };
  const shown = [];
  const waiting = [];
  const aborted = [];
  const engine = {
    paint: (photo, blend, controls, { size, signal }) => new Promise((resolve, reject) => {
      const job = { blend, size, done: () => tiny().then(resolve) };
      signal.addEventListener("abort", () => { aborted.push(`${blend}@${size}`); reject(signal.reason); });
      waiting.push(job);
    }),
  };
  const painter = new Painter(engine, () => 1000);
  painter.addEventListener("picture", ({ detail }) => shown.push(`${detail.order}@${detail.size}`));
  const photo = { copy: async () => new Blob() };
  const rest = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const finish = async (index) => {
    while (!waiting[index]) await rest(10);
    waiting[index].done();
    await rest(250);
  };
  const ask = (blend, of = photo) => painter.ask({ photo: of, blend, controls: {}, regions: async () => [] });
  const story = { ask, finish, rest, photo, waiting };
  await (new Function("story", `return (async () => { with (story) { ${asks} } })()`))(story);
  return { shown, aborted, asked: waiting.map(({ blend, size }) => `${blend}@${size}`) };
}"""


def test_while_the_user_drags_only_the_newest_is_painted_next(page: playwright_api.Page) -> None:
    told = page.evaluate(PAINTER, "ask('a'); await rest(20); ask('b'); ask('c'); await finish(0); await finish(1)")
    assert told["asked"][0] == "a@256"
    assert {asked.split("@")[0] for asked in told["asked"][1:]} == {"c"}
    assert [shown.split("@")[0] for shown in told["shown"]] == ["1", "3"]


def test_the_fine_picture_comes_once_the_user_rests_and_is_given_up_when_they_go_on(page: playwright_api.Page) -> None:
    told = page.evaluate(PAINTER, "ask('a'); await finish(0); await rest(300); ask('b'); await finish(2)")
    assert told["asked"][:2] == ["a@256", "a@1000"]
    assert told["aborted"] == ["a@1000"]
    assert told["shown"][0] == "1@256"
    assert told["shown"][1].startswith("2@")


def test_an_old_answer_never_takes_the_place_of_a_new_one(page: playwright_api.Page) -> None:
    """The small picture of the same wish comes after its fine one; that of another photo comes late."""
    told = page.evaluate(
        PAINTER,
        "ask('a'); await rest(300); await finish(1); await finish(0);"
        "ask('b'); await rest(20); ask('c', { copy: async () => new Blob() }); await finish(2);",
    )
    assert told["shown"] == ["1@1000"]
    assert [aborted.split("@")[0] for aborted in told["aborted"]] == ["b"]


def test_both_languages_say_the_same_things(page: playwright_api.Page) -> None:
    words = """async () => {
      const wordsIn = async (name) => (await import(`./js/i18n/${name}.js`)).default;
      const [en, zh] = await Promise.all(["en", "zh-Hant"].map(wordsIn));
      const values = (text) => [...text.matchAll(/{\\w+}/g)].join();
      return [Object.keys(en), Object.keys(zh), Object.keys(en).filter((key) => values(en[key]) !== values(zh[key]))];
    }"""
    english, chinese, differ = page.evaluate(words)
    assert english == chinese
    assert differ == []


def test_the_wand_takes_what_hangs_together_and_is_alike(page: playwright_api.Page) -> None:
    """A row of greys: a slow ramp is followed, a step is not, and nothing beyond the step is found."""
    found = """async ([greys, start, reach]) => {
      const { similar } = await import("./js/wand.js");
      const pixels = Uint8ClampedArray.from(greys.flatMap((grey) => [grey, grey, grey, 255]));
      return [...similar(pixels, greys.length, 1, start, reach)];
    }"""
    assert page.evaluate(found, [[100, 103, 106, 200, 100], 0, 0.1]) == [1, 1, 1, 0, 0]
    assert page.evaluate(found, [[100, 103, 106, 200, 100], 3, 0.1]) == [0, 0, 0, 1, 0]
    assert page.evaluate(found, [[100, 105, 110, 115, 140], 0, 0.05]) == [1, 0, 0, 0, 0]
    assert page.evaluate(found, [[0, 255, 0], 1, 1]) == [0, 1, 0]


def test_a_mask_is_white_where_it_was_painted_or_taken_by_the_wand(page: playwright_api.Page) -> None:
    """The left half of a photo is black, the right half is red; a point of the mask's file in each."""
    marks = """async (steps) => {
      const { Mask } = await import("./js/mask.js");
      const canvas = new OffscreenCanvas(64, 32);
      const context = canvas.getContext("2d");
      context.fillRect(0, 0, 64, 32);
      context.fillStyle = "#f00";
      context.fillRect(32, 0, 32, 32);
      const photo = await createImageBitmap(canvas);
      const mask = new Mask(photo, () => photo);
      for (const step of steps) mask.add(step);
      context.drawImage(await createImageBitmap(await mask.png()), 0, 0);
      return [[10, 16], [54, 16]].map(([x, y]) => context.getImageData(x, y, 1, 1).data[0]);
    }"""
    right = [0.8, 0.25]
    brush = {"kind": "stroke", "erase": False, "size": 0.5, "soft": 0, "points": [right]}
    wand = {"kind": "fill", "reach": 0.2, "point": right}
    assert page.evaluate(marks, []) == [0, 0]
    assert page.evaluate(marks, [brush]) == [0, 255]
    assert page.evaluate(marks, [wand]) == [0, 255]
    assert page.evaluate(marks, [wand, {"kind": "invert"}]) == [255, 0]
    assert page.evaluate(marks, [wand, {**brush, "erase": True}]) == [0, 0]
    assert page.evaluate(marks, [wand, {"kind": "clear"}]) == [0, 0]
