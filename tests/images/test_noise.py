"""The noise field: its statistics, and that windows of it agree."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from impasto.images.noise import FIELD, noise, noise_of_field

start, length = st.integers(0, 10_000), st.integers(1, 150)


def test_standard_deviation_is_one_and_every_octave_takes_part() -> None:
    field = noise(1024, 1024)
    assert field.dtype == np.float32
    assert abs(field.std() - 1) < 0.02
    assert abs(field.mean()) < 0.03
    energy = [field[0].var()]
    for factor in (2, 4, 8, 16, 32):
        small = Image.fromarray(field[0]).resize((1024 // factor, 1024 // factor), Image.Resampling.BOX)
        energy.append(np.asarray(small).var())
    lost = -np.diff([*energy, 0])
    assert min(lost) > 0.1
    assert max(lost) < 0.3


@settings(max_examples=30, deadline=None)
@given(start, start, length, length, st.data())
def test_windows_agree_where_they_overlap(top: int, left: int, height: int, width: int, data: st.DataObject) -> None:
    window = noise(height, width, top, left)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    assert np.allclose(noise(height - y, width - x, top + y, left + x), window[:, y:, x:], atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(-300, 10_000), start, length, length)
def test_the_field_repeats_and_its_windows_can_be_cut_from_it(top: int, left: int, height: int, width: int) -> None:
    window = noise(height, width, top, left)
    assert np.allclose(noise(height, width, top + FIELD, left - FIELD), window, atol=1e-5)
    assert np.allclose(noise_of_field(height, width, top, left), window, atol=1e-5)
