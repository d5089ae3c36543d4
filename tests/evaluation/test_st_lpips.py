"""ST-LPIPS. That it agrees with its authors' package was seen once; here are its properties, with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto import ImpastoError
from impasto.evaluation import st_lpips as stlpips
from impasto.evaluation.st_lpips import STLPIPS, load_stlpips

SHAPES = {
    "slice1.0": (64, 3, 11, 11),
    "slice2.5": (192, 64, 5, 5),
    "slice3.9": (384, 192, 3, 3),
    "slice4.11": (256, 384, 3, 3),
    "slice5.13": (256, 256, 3, 3),
}


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    made = {"scaling_layer.shift": torch.zeros(1, 3, 1, 1), "scaling_layer.scale": torch.ones(1, 3, 1, 1)}
    for layer, (name, shape) in enumerate(SHAPES.items()):
        made[f"net.{name}.weight"] = torch.randn(shape) / (shape[1] * shape[2] * shape[3]) ** 0.5
        made[f"net.{name}.bias"] = torch.zeros(shape[0])
        made[f"lin{layer}.model.1.weight"] = torch.rand(1, shape[0], 1, 1)
    return made


def test_the_same_is_at_no_distance_and_more_noise_is_farther(weights) -> None:
    metric = STLPIPS(weights)
    photo = torch.rand(2, 3, 80, 70)
    near, far = (photo + sigma * torch.randn_like(photo) for sigma in (0.05, 0.3))
    assert metric(photo, photo).tolist() == [0, 0]
    assert (metric(photo, near) < metric(photo, far)).all()
    torch.testing.assert_close(metric(photo, near), metric(near, photo))


def test_pictures_of_a_batch_do_not_mix(weights) -> None:
    metric = STLPIPS(weights)
    one, other = torch.rand(2, 2, 3, 64, 64)
    torch.testing.assert_close(metric(one, other)[1:], metric(one[1:], other[1:]))


def test_it_is_left_out_where_its_package_is_not_installed(
    weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stlpips, "PACKAGE", "stlpips_of_these_tests")
    assert load_stlpips() is None
    folder = tmp_path / "stlpips_of_these_tests"
    folder.mkdir()
    (folder / "__init__.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImpastoError, match="alex_shift_tolerant"):
        load_stlpips()
    path = folder / "weights" / "vST0.0" / "alex_shift_tolerant.pth"
    path.parent.mkdir(parents=True)
    torch.save(weights, path)
    assert load_stlpips()(torch.zeros(1, 3, 64, 64), torch.ones(1, 3, 64, 64)) > 0
