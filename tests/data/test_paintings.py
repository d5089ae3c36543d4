"""Parts of paintings, as the predictor is trained on them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from impasto import ImpastoError
from impasto.data.paintings import PREDICTED_SIDE, Paintings, in_colors_of
from impasto.images.folders import find_photos
from impasto.training import read_recipe
from impasto.training.run import find_paintings


def test_parts_of_paintings_depend_on_their_number_alone(workshop) -> None:
    paintings = find_paintings(read_recipe(workshop.with_predictor()), [workshop.style_images, workshop.photos])
    assert paintings.count == 1 + 5  # glass.png is held out
    (part, index), (again, _) = paintings[3], paintings[3]
    assert torch.equal(part, again)
    assert part.shape == (3, PREDICTED_SIDE, PREDICTED_SIDE)
    seen = [paintings[number][1] for number in range(60)]
    assert set(seen) == set(range(6))
    assert 20 <= seen.count(0) <= 40  # each folder as often as the other
    assert index < 6


def test_a_painting_in_the_colours_of_another() -> None:
    torch.manual_seed(0)
    shape, other = 80 + 20 * torch.randn(2, 3, 24, 30), 120 + 9 * torch.randn(2, 3, 16, 16)
    other[:, 1] += 0.7 * other[:, 0]
    colored = in_colors_of(shape, other).flatten(2)
    for one, wanted in zip(colored, other.flatten(2), strict=True):
        torch.testing.assert_close(one.mean(dim=1), wanted.mean(dim=1))
        torch.testing.assert_close(torch.cov(one), torch.cov(wanted), rtol=0.03, atol=2.0)
    torch.testing.assert_close(in_colors_of(shape, shape), shape, rtol=1e-3, atol=0.1)


def test_paintings_are_mixed_by_number(workshop) -> None:
    photos = [find_photos(workshop.photos)]
    plain, mixed = Paintings(photos, 3), Paintings(photos, 3, mixed=0.6)
    same = torch.tensor([(plain[i][0] == mixed[i][0]).float().mean() for i in range(40)])
    assert 5 < (same == 1).sum() < 28
    assert ((same > 0.2) & (same < 0.8)).any()
    assert torch.equal(mixed[7][0], Paintings(photos, 3, mixed=0.6)[7][0])


def test_broken_paintings_are_left_out_with_a_warning(workshop, tmp_path: Path, caplog) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no painting")
    photo = find_photos(workshop.photos)[0]
    paintings = Paintings([[photo, broken]], 3)
    assert {paintings[number][1] for number in range(12)} == {0}
    assert str(broken) in caplog.text
    with pytest.raises(ImpastoError, match="none of the paintings can be read"):
        Paintings([[broken]], 3)[0]
