"""Adding styles: rows fitted with frozen convolutions, what was there untouched, what is wrong said in one line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

import impasto
from impasto import ImpastoError, Style
from impasto.assets import free_photos
from impasto.cli.main import main
from impasto.fitting import add_style as adding
from impasto.fitting import fit as module
from impasto.fitting.criteria import Score, style_targets
from impasto.fitting.fit import Fit
from impasto.fitting.options import ADD_STYLE, BY_GAP, FitOptions
from impasto.images.folders import find_photos
from impasto.losses.targets import style_grams
from impasto.models import library
from impasto.models.model import load_model
from impasto.nn.slim import load_slim_vgg
from impasto.nn.vgg_weights import load_vgg16
from impasto.styles.painting import LONG_SIDE, read_painting


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    """Waves of two colours."""
    y, x = np.mgrid[:90, :120]
    wave = (np.sin(x / 3 + 4 * np.sin(y / 15)) > 0)[..., None]
    path = tmp_path / "waves.png"
    Image.fromarray(np.where(wave, (200, 60, 30), (20, 40, 160)).astype(np.uint8)).save(path)
    return path


FEW = msgspec.structs.replace(BY_GAP, steps=10, crop=48)
"""Ten steps, on small crops."""


def fitting(trained: Path, painting: Path, workshop, **options: float) -> Fit:
    paintings, photos = [read_painting(painting)], find_photos(workshop.photos)
    return Fit(
        load_model(trained), paintings, photos, load_slim_vgg(), msgspec.structs.replace(BY_GAP, crop=48, **options)
    )


def test_fitting_lowers_the_loss_of_the_row_alone(trained: Path, painting: Path, workshop) -> None:
    # The little network draws rasters, which would be most of the objective.
    fit = fitting(trained, painting, workshop, likeness=0.1, steps=40, raster=0.0)
    before = {name: weight.clone() for name, weight in fit.network.state_dict().items()}
    start = fit.score(fit.row)
    for _ in range(40):
        fit.take_step()
    fit.check()
    assert fit.criterion.missing(fit.best[1]) < 0.9 * fit.criterion.missing(start)
    assert all(torch.equal(weight, before[name]) for name, weight in fit.network.state_dict().items())


def test_a_step_that_overflows_is_not_taken(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    fit = fitting(trained, painting, workshop)
    fit.take_step()
    before, objective = fit.row.detach().clone(), fit.objective
    monkeypatch.setattr(fit, "objective", lambda *crops: objective(*crops) * torch.inf)
    fit.take_step()
    assert torch.equal(fit.row, before)
    monkeypatch.undo()
    fit.take_step()
    assert fit.row.isfinite().all()
    assert not torch.equal(fit.row, before)


def test_it_starts_at_the_nearest_style(trained: Path, workshop) -> None:
    fit = fitting(trained, workshop.style_images / "mural.png", workshop)
    photo, noisy = (part[:2] for part in fit.checked)
    objectives = [fit.objective(photo, noisy, row).item() for row in fit.network.style(torch.arange(4))]
    assert fit.objective(photo, noisy, fit.row).item() == min(objectives)
    assert max(objectives) > min(objectives)


def test_it_ends_when_nothing_is_gained(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    fit = fitting(trained, painting, workshop, check_every=3, patience=4)
    fit.best = (fit.row, Score(0.5, 0.5, 0.5))
    monkeypatch.setattr(fit, "score", lambda row: Score(0.5, 0.5, 0.5))
    module.fit(fit)
    assert fit.step == 3 * 4


def test_it_takes_as_many_steps_as_there_is_time_for(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    fit = fitting(trained, painting, workshop, minutes=12 / 60)
    clock = iter(range(1000))
    monkeypatch.setattr(module.time, "monotonic", lambda: 5.0 * next(clock))  # five steps in five seconds
    told = []
    module.fit(fit, progress=lambda *report: told.append(report[:2]))
    assert fit.step == 12
    assert fit.rate == 0
    assert told[0] == (1, 500)
    assert told[-1] == (12, 12)


def test_several_paintings_have_the_mean_gram_matrix(painting: Path, workshop) -> None:
    vgg = load_vgg16(workshop.vgg)
    paintings = [read_painting(painting), read_painting(workshop.style_images / "glass.png")]
    cpu = torch.device("cpu")
    one, other = (style_grams(vgg, Image.fromarray(each.array), cpu, (8,)) for each in paintings)
    (mean,) = (each.grams for each in style_targets(vgg, paintings, torch.rand(2, 3, 64, 64)) if each.shifts == (8,))
    for layer in mean:
        torch.testing.assert_close(mean[layer], (one[layer] + other[layer]) / 2)


def test_a_new_style_leaves_the_others_as_they_were(
    trained: Path, painting: Path, workshop, photo: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "model"
    shutil.copytree(trained, copy)
    before = {slug: np.asarray(impasto.load(trained)(photo, slug)) for slug in load_model(trained).styles}
    options = {"content": workshop.photos, "vgg": workshop.vgg, "options": FEW}
    mine = impasto.add_style(painting, "mine", model=trained, **options)
    impasto.add_style([painting, painting], "ours", to=copy, **options)
    for folder, new in ((trained, ["mine"]), (copy, ["ours", "mine"])):
        stylizer = impasto.load(folder)
        assert list(stylizer.styles) == [*before, *new]
        assert all(np.array_equal(np.asarray(stylizer(photo, old)), picture) for old, picture in before.items())
    assert mine.info.image == "waves.png"
    assert set(mine.info.losses) == {
        "style_gap_closed",
        "content_distance",
        "content_likeness",
        "gap_closed_at_start",
    }
    assert np.array_equal(Style.load(library.folder(load_model(trained)) / "mine.safetensors").row, mine.row)


def test_interrupting_keeps_the_best_row(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    real = Fit.take_step

    def take_step(self: Fit) -> None:
        real(self)
        if self.step == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Fit, "take_step", take_step)
    impasto.add_style(painting, "mine", model=trained, content=workshop.photos, options=FEW)
    assert "mine" in impasto.load(trained).styles


def test_command_line(trained: Path, painting: Path, workshop, photo: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("impasto.cli.add_style.ADD_STYLE", msgspec.structs.replace(ADD_STYLE, crop=48))
    inputs = ["--content", workshop.photos, "--model", trained, "--minutes", 0.001]
    added = invoke("add-style", painting, "--name", "mine", "--artist", "me", *inputs)
    assert added.exit_code == 0, added.output
    assert re.search(r"mine: .* the painting, with .* \(.*\d+ s\)", added.stdout)
    preview = library.preview("mine", load_model(trained))
    with Image.open(preview) as image:
        assert image.width > 1000
    picture = tmp_path / "picture.png"
    assert invoke("stylize", photo, "-s", "mine:.5,mural:.5", "-o", picture, "--model", trained).exit_code == 0
    assert invoke("styles", "--model", trained, "remove", "mine").exit_code == 0
    assert not preview.exists()


@pytest.mark.slow
def test_a_style_that_did_not_train_is_said_so(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    monkeypatch.setattr(Fit, "score", lambda self, row: Score(0.4, 0.5, 0.5, 0.4))
    inputs = ["--content", workshop.photos, "--model", trained, "--minutes", 0.001]
    assert (
        "mine: still far from the painting, with all of the photo's forms (no fit was better than what it began at"
        in invoke("add-style", painting, "--name", "mine", *inputs).stdout
    )


def test_a_fit_that_gains_nothing_keeps_the_prediction(with_predictor: Path, painting: Path, workshop) -> None:
    far = msgspec.structs.replace(ADD_STYLE, steps=6, crop=48, rate=1e-5)
    style = impasto.add_style(painting, "mine", model=with_predictor, content=workshop.photos, options=far)
    (row,) = adding.predicted(load_model(with_predictor), [read_painting(painting)])
    np.testing.assert_array_equal(style.row, row)
    assert style.info.losses["distribution_gap_closed"] == style.info.losses["gap_closed_at_start"]


def begun_fit(model: Path, painting: Path, workshop, **changes: object) -> Fit:
    """A fit of one step from the model's first style."""
    loaded = load_model(model)
    options = msgspec.structs.replace(ADD_STYLE, steps=1, crop=64, **changes)
    start = next(iter(loaded.styles.values())).row
    return Fit(loaded, [read_painting(painting)], find_photos(workshop.photos), load_slim_vgg(), options, [start])


@pytest.mark.parametrize(("closed", "taken"), [(0.6, True), (0.4, False)])
def test_contrast_that_makes_a_row_worse_than_the_start_is_left(
    closed: float, taken: bool, trained: Path, painting: Path, workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start closes 0.5 of the gap, the fitted row 0.7, and that row with contrast more or less than the start."""
    scores = {"start": 0.5, "fitted": 0.7, "contrasted": closed}
    fitting = begun_fit(trained, painting, workshop)
    fitted, contrasted = torch.full_like(fitting.row, 8.0), torch.full_like(fitting.row, 9.0)
    fitting.begun = Score(0.5, 0.5, 0.5, scores["start"])
    fitting.best = (fitted, Score(0.5, 0.5, 0.5, scores["fitted"]))
    monkeypatch.setattr(Fit, "contrasted", lambda self, row: contrasted)
    monkeypatch.setattr(Fit, "score", lambda self, row: Score(0.5, 0.5, 0.5, scores["contrasted"]))
    module.fit(fitting)
    assert torch.equal(fitting.best[0], contrasted if taken else fitted)
    assert fitting.best[1].closed == (closed if taken else 0.7)


def test_contrast_is_set_by_distributions_alone(trained: Path, painting: Path, workshop) -> None:
    """An untrained row paints with next to no contrast."""
    flat = torch.from_numpy(load_model(trained).styles["slot-2"].row) * 0.1
    for objective, changes in (("distribution", True), ("gap", False)):
        fitting = begun_fit(trained, painting, workshop, objective=objective)
        assert torch.equal(fitting.contrasted(flat), flat) != changes


def bad_paintings(folder: Path) -> dict[str, str]:
    """File -> what is said of it."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    Image.new("RGB", (64, 64), "red").save(folder / "red.png")
    Image.fromarray(noise[:8, :8, :3]).save(folder / "tiny.png")
    Image.fromarray(noise[..., 0]).save(folder / "etching.png")
    Image.fromarray(noise).save(folder / "cut-out.png")
    noise[..., 3] = 0
    Image.fromarray(noise).save(folder / "clear.png")
    (folder / "text.jpg").write_text("no picture")
    return {
        "red.png": "one colour",
        "tiny.png": "is 8 × 8 pixels",
        "clear.png": "one colour",
        "etching.png": "has no colours",
        "cut-out.png": "is partly transparent",
        "text.jpg": "is not a picture",
        "nothing.png": "no such file",
    }


@pytest.mark.parametrize("how", [[], ["--predicted"]])
def test_paintings_of_nothing(with_predictor: Path, tmp_path: Path, how: list[str]) -> None:
    for name, message in bad_paintings(tmp_path).items():
        result = invoke("add-style", tmp_path / name, "--name", "mine", "--model", with_predictor, *how)
        assert result.exit_code == 2
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    assert not library.root().exists()


@pytest.mark.parametrize("name", ["mural", "Not A Slug"])
def test_names_are_checked_before_the_work_begins(trained: Path, painting: Path, name: str) -> None:
    result = invoke("add-style", painting, "--name", name, "--model", trained)
    assert result.exit_code == 2
    assert "name" in result.stderr


def test_a_folder_that_cannot_be_written_is_found_out_first(
    trained: Path, painting: Path, workshop, monkeypatch
) -> None:
    library.root().parent.mkdir(parents=True)
    library.root().write_text("a file where the folder should be")
    monkeypatch.delattr(adding, "Fit")
    result = invoke("add-style", painting, "--name", "mine", "--model", trained, "--vgg", workshop.vgg)
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "make it writable" in result.stderr


def test_grey_and_half_transparent_paintings_are_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 80), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "grey.png")
    assert np.array_equal(read_painting(tmp_path / "grey.png").array, np.dstack([noise] * 3))
    alpha = np.zeros_like(noise)
    alpha[:, 40:] = 255
    seen = read_painting(np.dstack([noise, noise, noise, alpha])).array
    assert (seen[:, :40] == 255).all()
    assert np.array_equal(seen[:, 40:, 0], noise[:, 40:])


@pytest.mark.parametrize("predicted", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_an_etching_becomes_a_style_when_asked(
    with_predictor: Path, workshop, tmp_path: Path, *, predicted: bool
) -> None:
    bad_paintings(tmp_path)
    how = ["--predicted"] if predicted else ["--content", workshop.photos, "--minutes", "0.001"]
    arguments = ["--name", "mine", "--model", with_predictor, "--as-is", *how]
    assert invoke("add-style", tmp_path / "etching.png", *arguments).exit_code == 0
    assert (library.folder(load_model(with_predictor)) / "mine.safetensors").exists()


def test_large_paintings_are_read_smaller(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 256, (500, 1000, 3), dtype=np.uint8)
    assert read_painting(array).array.shape == (LONG_SIDE // 2, LONG_SIDE, 3)
    assert read_painting(array, 100).array.shape == (50, 100, 3)


def test_two_dozen_free_photos_come_with_the_package() -> None:
    rows = (free_photos() / "MANIFEST.tsv").read_text("utf-8").splitlines()[1:]
    assert {row.split("\t")[0] for row in rows} == {path.name for path in find_photos(free_photos())}
    assert len(rows) >= 24
    assert all(row.split("\t")[4] in {"Public Domain", "CC0-1.0"} for row in rows)


def invoke(*arguments: object):
    return CliRunner().invoke(main, list(map(str, arguments)), prog_name="impasto")


def test_numbers_of_a_fit_can_be_keywords(trained: Path, painting: Path, workshop, monkeypatch) -> None:
    seen = []
    monkeypatch.setattr(adding, "fit", lambda fitting, **_: seen.append(fitting.options))
    impasto.add_style(painting, "mine", model=trained, content=workshop.photos, likeness=0.3, minutes=1, options=FEW)
    assert seen == [msgspec.structs.replace(FEW, likeness=0.3, minutes=1)]
    with pytest.raises(TypeError, match="likenes"):
        impasto.add_style(painting, "other", model=trained, likenes=0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"likeness": 2.0}, "likeness 2: must be between 0.1 and 0.9"),
        ({"minutes": 0.0}, "minutes 0: must be above 0"),
        ({"weight": -1.0}, "weight -1: must be above 0"),
        ({"steps": 0}, "steps 0: must be at least 1"),
    ],
)
def test_numbers_out_of_bounds_are_named(options: dict[str, float], message: str) -> None:
    with pytest.raises(ImpastoError, match=re.escape(message)):
        FitOptions(**options)


def test_the_command_line_names_them_too(trained: Path, painting: Path) -> None:
    result = invoke("add-style", painting, "--name", "mine", "--model", trained, "--likeness", 2)
    assert (result.exit_code, result.stderr) == (2, "impasto: likeness 2: must be between 0.1 and 0.9\n")


def test_the_command_line_fits_with_the_vgg_that_is_named(trained: Path, painting: Path, tmp_path: Path) -> None:
    result = invoke("add-style", painting, "--name", "mine", "--model", trained, "--vgg", tmp_path / "none.safetensors")
    assert (result.exit_code, result.stderr.count("\n"), "none.safetensors" in result.stderr) == (2, 1, True)


def test_help_tells_the_size_at_which_paintings_are_read() -> None:
    assert f"at most {LONG_SIDE}" in " ".join(invoke("add-style", "--help").stdout.split())


def test_a_fit_can_be_for_content_and_style_loss(trained: Path, painting: Path, workshop) -> None:
    fit = fitting(trained, painting, workshop, weight=2.0, evenly=0.0, raster=0.0, blocks=0.0)
    photo, noisy = fit.checked
    target = fit.criterion.targets[0]
    distance, _, terms = fit.criterion.compare(photo, fit.render(noisy, fit.row), target)
    loss = distance.mean() * target.another + 2 * terms.sum(dim=1).mean()
    torch.testing.assert_close(fit.objective(photo, noisy, fit.row), loss / (2 * target.photo_terms.sum()))
    score = fit.score(fit.row)
    assert fit.criterion.missing(score) == pytest.approx((loss / (2 * target.photo_terms.sum())).item(), rel=1e-4)


def test_a_style_can_be_fitted_by_distributions(trained: Path, painting: Path) -> None:
    few = msgspec.structs.replace(ADD_STYLE, steps=2, crop=64)
    style = impasto.add_style(painting, "mine", model=trained, options=few)
    kept = impasto.load(trained).styles["mine"]
    np.testing.assert_array_equal(kept.row, style.row)
    assert 0 < kept.info.losses["distribution_gap_closed"] < 1
