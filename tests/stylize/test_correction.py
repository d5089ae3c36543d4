"""Corrected rows: known answers of the steps, and nearer to paintings than predicted ones."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import impasto
from impasto.cli.main import main
from impasto.losses.gram import STYLE_LAYERS
from impasto.models.model import CORRECTION, VERSION, copy_model, load_model
from impasto.nn.joint import JointNetwork
from impasto.nn.load import load_network, load_predictor
from impasto.nn.predictor import painting_grams
from impasto.runtime import load_runtime
from impasto.styles.painting import for_predictor, read_painting
from impasto.stylize.correction import Correction
from impasto.stylize.predictor import PROBES, Predictor, probe
from impasto.training import export_model, train
from impasto.training.calibration import Finder, Sample

pytestmark = pytest.mark.xdist_group("predictor")  # one process, which finds a correction once for all of them


def linear(
    seed: int, content: float = 1e-6, directions: int = 8, entries: int = 30, size: int = 40
) -> tuple[Correction, np.ndarray]:
    """A correction of Gram matrices that are linear in the row, without probes, and the matrix (P,S) that makes them
    of it."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(size, directions)))[0].T
    matrix = rng.normal(size=(size, entries))
    slopes = axes @ matrix
    content = content * np.diag(rng.uniform(0.5, 2, directions))
    return Correction.of(axes, slopes, slopes @ slopes.T, np.zeros(directions), content, 1.0), matrix


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), offset=st.floats(-3, 3))
def test_what_is_linear_is_solved_by_the_first_step(seed: int, offset: float) -> None:
    """Though what is seen be off by as much as it ever was."""
    correction, matrix = linear(seed)
    rng = np.random.default_rng(seed + 1)
    others = rng.normal(size=(5, 30))
    for _ in range(2):
        correction = correction.with_probe(others + offset, others)
    row, away = rng.normal(size=40), rng.uniform(-2, 2, 8)
    painting = (row + away @ correction.directions) @ matrix
    painting /= np.linalg.norm(painting)  # slopes are in units of the painting's length
    painted = []

    def paint(step: int, at: np.ndarray) -> np.ndarray:
        painted.append(step)
        return painting + (at - row - away @ correction.directions) @ matrix + offset

    found = correction(row, painting, paint)
    np.testing.assert_allclose(found, row + away @ correction.directions, atol=5e-3)
    assert painted == [0, 1]


def test_probes_learn_what_others_show() -> None:
    correction, _ = linear(5)
    rng = np.random.default_rng(6)
    hidden, mixed = rng.normal(size=(60, 4)), rng.normal(size=(2, 4, 30))
    seen, others = hidden @ mixed  # two linear ways to see the same
    learnt = correction.with_probe(seen[:40], others[:40])
    wanted = others[40:] @ correction.slopes.T
    read = learnt.others[0] + (seen[40:] - learnt.usual[0]) @ learnt.readings[0].T
    as_is = seen[40:] @ correction.slopes.T
    assert np.square(read - wanted).sum() < 0.01 * np.square(as_is - wanted).sum()
    np.testing.assert_allclose(learnt.others[0], others[:40].mean(axis=0) @ correction.slopes.T, rtol=1e-4, atol=1e-4)


def test_content_holds_steps_back() -> None:
    painting = np.ones(30) / 30**0.5
    moved = []
    for content in (1e-6, 1e6):
        correction, matrix = linear(0, content)
        correction = correction.with_probe(painting[None], painting[None])
        step = correction.step(0, np.zeros(8), painting - np.ones(40) @ matrix, painting)
        moved.append(np.abs(step @ correction.directions).max())
    assert moved[0] > 0.3
    assert moved[1] < 1e-4


def test_files_keep_a_correction() -> None:
    correction, _ = linear(3)
    seen = np.random.default_rng(3).normal(size=(2, 4, 30))
    correction = correction.with_probe(*seen).with_probe(*seen[::-1])
    again = Correction.from_bytes(correction.to_bytes())
    for field in fields(correction):
        one, same = getattr(correction, field.name), getattr(again, field.name)
        assert same.shape == one.shape
        np.testing.assert_allclose(same, one, atol=np.abs(one).max() / 200)


@pytest.fixture(scope="module")
def corrected(workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a predictor and a correction in 8 directions. Not to be changed."""
    out = tmp_path_factory.mktemp("corrected") / "tiny"
    run = workshop.prepare_predictor(out, directions=8, steps=8)
    train(run)
    export_model(run, workshop.style_images)
    return out


def invoke(*arguments: object):
    return CliRunner().invoke(main, list(map(str, arguments)), prog_name="impasto")


def test_corrected_rows_are_nearer_to_the_painting(corrected: Path, workshop) -> None:
    model = load_model(corrected)
    runtime, correction = load_runtime("openvino", model, "f32"), Correction.from_bytes(model.weights(CORRECTION))
    painting = read_painting(workshop.style_images / "glass.png")
    wanted = runtime.grams(for_predictor(painting)[0])[0]
    photos = np.concatenate([probe(number, model.info.input_noise) for number in range(len(PROBES))])

    def away(row: np.ndarray) -> float:
        seen = runtime.grams(runtime.run(photos, np.repeat(row[None], len(photos), axis=0))).mean(axis=0)
        return float(np.square(seen - wanted).sum())

    plain, row = runtime.predict(for_predictor(painting)[0])[0][0], Predictor(model, runtime)(painting)
    assert away(row) < 0.98 * away(plain)
    moved = np.linalg.lstsq(correction.directions.T, row - plain, rcond=None)[0]
    np.testing.assert_allclose(moved @ correction.directions, row - plain, atol=1e-4)


def test_all_runtimes_see_the_same(corrected: Path) -> None:
    model, picture = load_model(corrected), np.random.default_rng(0).random((2, 3, 40, 48), dtype=np.float32)
    first, *others = (load_runtime(name, model, "f32").grams(picture) for name in ("torch", "onnxruntime", "openvino"))
    for other in others:
        np.testing.assert_allclose(other, first, atol=2e-3 * first.std())


def test_models_without_a_correction_predict_all_the_same(with_predictor: Path, workshop) -> None:
    model, painting = load_model(with_predictor), read_painting(workshop.style_images / "mural.png")
    assert not model.corrects
    runtime = load_runtime("openvino", model)
    assert np.array_equal(Predictor(model, runtime)(painting), runtime.predict(for_predictor(painting)[0])[0][0])


def test_slopes_are_what_pictures_change_by(corrected: Path) -> None:
    model = load_model(corrected)
    network, predictor = load_network(model).requires_grad_(False), load_predictor(model).requires_grad_(False)
    photo, painting = (torch.from_numpy(probe(number, 0.0)) for number in range(2))
    found = Finder(JointNetwork(network, predictor), [Sample(painting, photo, photo)], [painting], [photo], 0.0).find(6)
    row, length = predictor(painting), painting_grams(predictor.encoder(painting, STYLE_LAYERS)).norm()
    # Slopes are of a row that was corrected twice, and need only be alike.
    steepest = int(found.curvature.argmax())
    step = 0.1 / float(np.abs(found.directions[steepest]).max())
    changed = row + step * torch.from_numpy(found.directions[steepest])
    one, other = (
        painting_grams(predictor.encoder(network.render(photo, at), STYLE_LAYERS))[0] for at in (row, changed)
    )
    seen, expected = ((other - one) / (step * length)).numpy(), found.slopes[steepest]
    assert np.corrcoef(seen, expected)[0, 1] > 0.6
    assert 0.5 < np.linalg.norm(seen) / np.linalg.norm(expected) < 2


def test_command_line(with_predictor: Path, workshop, tmp_path: Path) -> None:
    recipe = workshop.with_predictor(directions=7)
    options = ["--content", workshop.photos, "--paintings", workshop.style_images, "--out", tmp_path / "new"]
    before = copy_model(load_model(with_predictor), tmp_path / "before").path
    text = (before / "model.json").read_text()
    (before / "model.json").write_text(text.replace(f'"version": {VERSION}', '"version": 1'))
    result = invoke("correct", before, recipe, *options)
    assert (result.exit_code, result.stdout.endswith("in 7 directions\n")) == (0, True), result.output
    old, new = load_model(with_predictor), load_model(tmp_path / "new")
    assert load_model(before).outdated
    assert new.corrects
    assert {name: new.info.files[name] for name in old.info.files} == old.info.files
    row, other = (impasto.load(path).predict(workshop.style_images / "glass.png").row for path in (old.path, new.path))
    assert 0 < np.abs(row - other).max() < 10
    again = invoke("correct", with_predictor, recipe, *options)
    assert (again.exit_code, again.stderr.count("\n"), "is there already" in again.stderr) == (2, 1, True)
    nowhere = invoke("correct", with_predictor, recipe, *options[:-1], tmp_path / "no" / "folder" / "new")
    assert (nowhere.exit_code, nowhere.stderr.count("\n"), "cannot be written" in nowhere.stderr) == (2, 1, True)


def test_recipes_without_directions_are_refused(with_predictor: Path, workshop, tmp_path: Path) -> None:
    options = ["--content", workshop.photos, "--paintings", workshop.style_images, "--out", tmp_path / "new"]
    result = invoke("correct", with_predictor, workshop.with_predictor(), *options)
    assert (result.exit_code, result.stderr.count("\n"), "directions" in result.stderr) == (2, 1, True)
    assert not (tmp_path / "new").exists()
