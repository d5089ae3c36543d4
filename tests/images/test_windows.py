"""Frames, windows and tiles."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from impasto.images import windows
from impasto.images.windows import Window

sizes = st.integers(1, 70)


@given(sizes, sizes)
def test_a_frame_fits_the_network_and_holds_the_picture_in_its_middle(height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    frame = windows.frame(height, width)
    padded = windows.read(picture, frame)
    assert padded.shape == (frame.height, frame.width, 3)
    assert frame.height % windows.MULTIPLE == frame.width % windows.MULTIPLE == 0
    assert all(edge >= windows.MARGIN for edge in (-frame.top, -frame.left))
    assert frame.top + frame.height >= height + windows.MARGIN
    assert frame.left + frame.width >= width + windows.MARGIN
    assert (Window(0, 0, height, width).within(frame).cut(padded) == picture).all()


def test_beyond_the_edges_is_the_picture_mirrored() -> None:
    row = np.array([[1, 2, 3]], np.uint8)
    assert windows.read(row, Window(-1, -4, 2, 11)).tolist() == [[3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1]] * 2


@given(sizes, sizes, st.integers(4, 20), st.integers(0, 9))
def test_tiles_cover_every_pixel_of_the_picture_once_and_see_what_is_around_them(
    height: int, width: int, side: int, halo: int
) -> None:
    frame, picture = windows.frame(height, width), Window(0, 0, height, width)
    times = np.zeros((frame.height, frame.width), int)
    tiles = windows.tiles(frame, picture, side, halo)
    for tile, seen in tiles:
        assert min(tile.clipped(picture)[2:]) > 0
        tile.within(frame).cut(times)[:] += 1
        assert seen.clipped(frame) == seen
        assert seen.height * seen.width <= (side + 2 * halo) ** 2
        assert [edge % windows.MULTIPLE for edge in tile.within(frame)] == [0, 0, 0, 0]
        wanted = Window(tile.top - halo, tile.left - halo, tile.height + 2 * halo, tile.width + 2 * halo).clipped(frame)
        assert wanted.clipped(seen) == wanted
    assert len({seen[2:] for _, seen in tiles}) == 1
    assert times.max() == 1
    assert (picture.within(frame).cut(times) == 1).all()


def test_tiles_leave_no_narrow_rests() -> None:
    frame, picture = windows.frame(1280, 1280), Window(0, 0, 1280, 1280)
    # Squares of 512 would be 3 × 3, the last ones half empty.
    tiles = windows.tiles(frame, picture, 512, 64)
    assert len({tile[2:] for tile, _ in tiles}) == 1
    assert sum(seen.height * seen.width for _, seen in tiles) < 0.8 * 9 * 640**2


@given(st.integers(600, 5000), st.integers(600, 5000))
def test_tiles_are_no_more_work_than_squares(height: int, width: int) -> None:
    tiles = windows.tiles(windows.frame(height, width), Window(0, 0, height, width), 512, 64)
    # Tiles begin at multiples of four in the frame, up to three pixels beside the picture on each side.
    squares = -(-(height + 6) // 512) * -(-(width + 6) // 512)
    assert sum(seen.height * seen.width for _, seen in tiles) <= squares * 640**2
