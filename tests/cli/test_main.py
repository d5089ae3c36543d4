"""The command line: exit codes, output, and that one bad photo does not stop the others."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import load_file

import impasto
from impasto.assets import BUNDLED
from impasto.cli.main import main
from impasto.models.library import root


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_version() -> None:
    result = invoke("--version")
    assert result.exit_code == 0
    assert impasto.__version__ in result.output


def test_stylize_one_photo_to_a_file(trained: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "picture.webp"
    result = invoke("stylize", photo, "-s", "mural", "-o", out, "--model", trained)
    assert result.exit_code == 0, result.output
    assert str(out) in result.output
    with Image.open(out) as picture:
        assert (picture.format, picture.size) == ("WEBP", (75, 50))


def test_stylize_into_a_folder_goes_on_past_bad_photos(trained: Path, photo: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("no photo")
    out = tmp_path / "out"
    result = invoke("stylize", tmp_path / "none.png", bad, photo, "-s", "mural", "-o", out, "--model", trained)
    assert result.exit_code == 1
    assert result.stderr.count("impasto: ") == 1
    assert "none.png: there is no such file" in result.stderr
    assert "bad.jpg: is not a picture" in result.stderr
    assert "2 of 3 photos failed" in result.stderr
    assert "Traceback" not in result.output
    assert [path.name for path in out.iterdir()] == [f"photo-mural-{trained.name}.jpg"]


def test_standard_input_and_output(trained: Path, photo: Path) -> None:
    command = [str(part) for part in ("stylize", "-", "-s", "mural", "-o", "-", "--model", trained)]
    result = CliRunner().invoke(main, command, input=photo.read_bytes())
    assert result.exit_code == 0
    with Image.open(io.BytesIO(result.stdout_bytes)) as picture, Image.open(photo) as source:
        assert (picture.size, picture.format) == (source.size, source.format)
    result = CliRunner().invoke(main, command, input=b"")
    one_line_error(result, "standard input: is empty")
    one_line_error(CliRunner().invoke(main, ["stylize", "-", *command[2:4], *command[-2:]]), "has no name")


def test_regions_strokes_and_limits_on_the_command_line(trained: Path, photo: Path, tmp_path: Path) -> None:
    base = ["stylize", photo, "-s", "mural", "-o", tmp_path / "a.png", "--model", trained]
    Image.new("L", (10, 10), 200).save(tmp_path / "mask.png")
    assert invoke(*base, "--region", f"{tmp_path}/mask.png=stained-glass:2,slot-2", "--stroke", 0.6).exit_code == 0
    one_line_error(invoke(*base, "--region", "stained-glass"), "write MASK.png=STYLE")
    one_line_error(invoke(*base, "--region", f"{tmp_path}/none.png=stained-glass"), "none.png: there is no such file")
    one_line_error(invoke(*base, "--stroke", 9), "stroke 9: must be between 0.5 and 4")
    Image.new("L", (1000, 1000)).save(tmp_path / "large.png")
    one_line_error(invoke("stylize", tmp_path / "large.png", *base[2:], "--max-megapixels", 0.5), "--max-megapixels")


@pytest.mark.parametrize("runtime", ["openvino", "onnxruntime", "torch"])
def test_stylize_with_every_runtime(trained: Path, photo: Path, tmp_path: Path, runtime: str) -> None:
    out = tmp_path / "picture.png"
    assert invoke("stylize", photo, "-s", "mural", "-o", out, "--model", trained, "--runtime", runtime).exit_code == 0
    assert out.exists()


def one_line_error(result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert len(result.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_bad_arguments_are_one_line_and_write_nothing(trained: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    base = ["stylize", photo, "--model", trained]
    one_line_error(invoke(*base, "-s", "murale", "-o", out), "murale", "did you mean mural")
    one_line_error(invoke(*base, "-s", "mural", "-o", tmp_path / "a.xyz"), "a.xyz", ".png")
    one_line_error(invoke(*base, "b.jpg", "-s", "mural", "-o", tmp_path / "a.png"), "a.png", "folder")
    (tmp_path / "x").mkdir()
    twin = tmp_path / "x" / photo.name
    one_line_error(invoke(*base, twin, "-s", "mural", "-o", out), "would be written to")
    one_line_error(invoke(*base, "-s", "mural", "-o", photo / "out"), "cannot be written")
    one_line_error(invoke(*base, "-s", "mural", "-o", "/proc/picture.png"), "/proc/picture.png", "cannot be written")
    one_line_error(invoke(*base, "-s", "mural", "--runtime", "tensorflow"), "no runtime 'tensorflow'")
    one_line_error(invoke("stylize", photo, "-s", "mural", "--model", tmp_path), "model.json")
    assert not out.exists()


def test_a_photo_in_place_of_a_command(tmp_path: Path) -> None:
    for args, written in (
        (["my photo.jpg"], 'impasto stylize "my photo.jpg" -s mural'),
        (["photo.jpg", "-s", "scream"], "impasto stylize photo.jpg -s scream"),
        ([tmp_path, "--style-image", "a.jpg"], f"impasto stylize {tmp_path} --style-image a.jpg"),
        (["film.mp4", "-s", "scream"], "impasto video film.mp4 -s scream -o painted.mp4"),
        (["film.mp4", "--out", "a.mp4"], "impasto video film.mp4 --out a.mp4 -s mural"),
    ):
        one_line_error(invoke(*args), f"{args[0]} is not a command; write {written}\n")
    assert "No such command 'stylise'" in invoke("stylise").stderr


def test_a_folder_takes_no_commands_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "styles").mkdir()
    assert invoke("styles", "--json").exit_code == 0


def test_sheet_shows_every_style(trained: Path, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    result = invoke("sheet", photo, "-o", out, "--width", 60, "--columns", 2, "--model", trained)
    assert result.exit_code == 0, result.output
    with Image.open(out) as picture:
        # Photo and four styles in two columns: three strips of a label, a picture of 60 × 40, and a gap.
        assert picture.size == (2 * 60 + 6, 3 * (26 + 40 + 6))
    one_line_error(invoke("sheet", tmp_path / "none.jpg", "-o", out, "--model", trained), "no such file")
    one_line_error(invoke("sheet", photo, "-o", tmp_path / "sheet.xyz", "--model", trained), ".xyz")
    Image.new("RGB", (2, 20_000)).save(tmp_path / "long.png")
    long = invoke("sheet", tmp_path / "long.png", "-o", out, "--model", trained)
    one_line_error(long, "sheet: would get more than 250 megapixels; give a smaller --width")


def test_info(trained: Path) -> None:
    result = invoke("info", "--model", trained)
    assert result.exit_code == 0
    for words in (impasto.__version__, "openvino 20", f"{trained}, fast, 4 styles", f"styles    your own: {root()}"):
        assert words in result.output


def test_the_models_that_come_with_impasto_have_names() -> None:
    everything = invoke("info").output
    assert BUNDLED
    for name in BUNDLED:
        assert f"{name}, {name}, 33 styles" in everything
        shown = [line for line in invoke("info", "--model", name).output.splitlines() if line.startswith("model")]
        assert len(shown) == 1
        assert shown[0] in everything


def test_styles(trained: Path) -> None:
    result = invoke("styles", "--model", trained)
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == ["mural", "stained-glass", "slot-2", "slot-3"]
    assert "壁畫" in result.output


def test_styles_as_json() -> None:
    styles = json.loads(invoke("styles", "--json").output)
    assert styles[0]["slug"] == "mural"
    for style in styles:
        assert {"slug", "name", "name_zh", "artist", "year", "licence", "image", "image_sha256"} <= style.keys()
        assert len(style["image_sha256"]) == (64 if style["image"] else 0)  # the identity style has no image


def arguments_to_train(workshop, out: Path, recipe: Path) -> list[str]:
    folders = ["--content", workshop.photos, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    return ["train", str(recipe), *map(str, folders), "--out", str(out)]


def test_train_stop_resume_stylize(workshop, photo: Path, tmp_path: Path) -> None:
    recipe, out = workshop.recipe(steps=400, checkpoint_every=2), tmp_path / "model"
    command = [sys.executable, "-m", "impasto", *arguments_to_train(workshop, out, recipe)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (out / "checkpoint.safetensors").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "saved; continue with --resume" in errors
    assert "Traceback" not in errors
    assert load_file(out / "checkpoint.safetensors")
    assert not (out / "model.json").exists()


def test_train_makes_a_model_that_stylizes(workshop, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    result = invoke(*arguments_to_train(workshop, out, workshop.recipe(steps=2)))
    assert result.exit_code == 0, result.output
    assert "a model with 4 styles" in result.output
    assert "'mural' did not train" in result.stderr
    assert "slot-2" not in result.stderr
    assert invoke("stylize", photo, "-s", "mural", "-o", tmp_path / "a.png", "--model", out).exit_code == 0


def test_train_names_what_is_missing(workshop, tmp_path: Path) -> None:
    recipe = workshop.recipe(steps=2)
    arguments = arguments_to_train(workshop, tmp_path / "model", recipe)
    for option, words in (
        ("--content", "not a folder"),
        ("--style-images", "name its folder with --style-images"),
        ("--vgg", "there is no such file"),
    ):
        wrong = list(arguments)
        wrong[wrong.index(option) + 1] = str(tmp_path / "none")
        one_line_error(invoke(*wrong), words)
    assert not (tmp_path / "model").exists()


def test_evaluate_prints_a_table_and_writes_json(workshop, trained: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    folders = ["--photos", workshop.photos, "--style-images", workshop.style_images, "--vgg", workshop.vgg]
    sheet = tmp_path / "sheet.png"
    result = invoke("evaluate", trained, *folders, "--size", 64, "--json", report, "--sheet", sheet)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert "style gap closed" in lines[0]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["mural", "stained-glass", "**mean**"]
    with Image.open(sheet) as image:
        assert image.width > 6 * 216
        assert image.height > 3 * 162
    scores = json.loads(report.read_text())
    assert scores["size"] == 64
    mural = scores["styles"][0]
    assert len(mural["photos"]) == 5
    mean = sum(photo["style_gap_closed"] for photo in mural["photos"]) / 5
    assert mural["style_gap_closed"] == pytest.approx(mean)
    assert f"{100 * mean:.1f}" in lines[2]
    assert f"{mural['change_by_pan']:.1f}" in lines[2]
    assert min(mural["change_by_noise"], mural["seconds"]) > 0
    closed, light = (
        sum(photo[name] for photo in mural["photos"]) / 5 for name in ("distribution_gap_closed", "light_contrast")
    )
    assert f"| {100 * closed:.1f} | {light:.2f} | {mural['chroma_contrast']:.2f} " in lines[2]
    assert f"| {mural['color_distance']:.1f} " in lines[2]
    assert min(light, mural["chroma_contrast"], mural["color_distance"]) > 0


def test_evaluate_wants_the_style_images_it_was_trained_on(workshop, trained: Path, tmp_path: Path) -> None:
    arguments = ["evaluate", trained, "--photos", workshop.photos, "--vgg", workshop.vgg, "--style-images", tmp_path]
    one_line_error(invoke(*arguments), "mural.png", "--style-images")
    Image.new("RGB", (64, 64)).save(tmp_path / "mural.png")
    one_line_error(invoke(*arguments), "is not the file that 'mural' was trained on")


@pytest.mark.parametrize(
    ("arguments", "code"), [(["styles"], 0), (["stylize", "none.jpg", "-s", "mural"], 2), (["no"], 2)]
)
def test_the_process_ends_with_the_code_of_its_command_and_all_its_output(arguments: list[str], code: int) -> None:
    """It ends without taking modules apart, which must lose nothing that was printed."""
    result = subprocess.run(
        [sys.executable, "-m", "impasto", *arguments], capture_output=True, encoding="utf-8", timeout=120
    )
    assert result.returncode == code
    assert ("stained-glass" in result.stdout) if code == 0 else result.stderr.strip()
