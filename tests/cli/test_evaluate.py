"""The table of ``impasto evaluate``."""

from __future__ import annotations

import msgspec

from impasto.cli.evaluate import table
from impasto.evaluation import Evaluation


def report(**more: float) -> Evaluation:
    """Scores of one style and two photos, as a JSON report says them: at least those that reports always had."""
    names = ("content_likeness", "content_loss", "style_loss", "change_by_noise", "change_by_pan", "seconds")
    scores = dict.fromkeys(names, 0.5) | {"style_gap_closed": 0.9, "content_distance": 0.6} | more
    photos = [{"photo": "cat.jpg", **scores}, {"photo": "dog.jpg", **scores, "style_gap_closed": 0.8}]
    style = {"style": "mural", **scores, "photos": photos}
    return msgspec.convert({"model": "tiny", "size": 64, "styles": [style, {**style, "style": "glass"}]}, Evaluation)


def test_the_table_has_a_row_for_each_style_and_means() -> None:
    more = {"distribution_gap_closed": 0.757, "light_contrast": 0.89, "chroma_contrast": 1.02, "color_distance": 3.94}
    header, rule, mural, _, mean = table(report(**more, st_lpips=0.7)).splitlines()
    assert header.count("|") == rule.count("|") == mural.count("|") == mean.count("|")
    assert mural == "| mural | 90.0 | 80.0 | 75.7 | 0.89 | 1.02 | 3.9 | 0.60 | 0.60 | 0.50 | 0.5 | 0.5 | 0.700 | 0.50 |"
    assert mean == "| **mean** | 90.0 |  | 75.7 | 0.89 | 1.02 | 3.9 | 0.60 |  | 0.50 |  |  |  |  |"


def test_the_table_has_dashes_for_what_older_reports_lack() -> None:
    _, _, mural, _, mean = table(report()).splitlines()
    assert mural.startswith("| mural | 90.0 | 80.0 | – | – | – | – | 0.60 |")
    assert mean.startswith("| **mean** | 90.0 |  | – | – | – | – | 0.60 |")
