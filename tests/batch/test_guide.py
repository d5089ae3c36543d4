"""The commands and the Python of the guide to clusters run as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from buckets import Faulty, files_in, make
from PIL import Image
from tests.snippets import run_page

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the commands name: two photos in photos/."""
    (tmp_path / "photos").mkdir()
    for number in range(2):
        photo = Image.linear_gradient("L").resize((48, 32)).rotate(180 * number)
        photo.save(tmp_path / "photos" / f"photo{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.xdist_group("ray")
def test_the_guide(folder: Path, s3: Faulty, cluster: None) -> None:
    photo = (folder / "photos" / "photo0.png").read_bytes()
    make("my-photos", {"2026/a.png": photo, "2026/deep/b.png": photo})
    make("my-pictures")
    run_page("docs/guide/cluster.md", {"csv": lambda block: Path("list.csv").write_text(block.code) and None})
    pictures = {name for name in files_in("my-pictures") if "_manifest" not in name}
    assert pictures == {"mural/a.png", "mural/deep/b.png", "one.png"}
    painted, listed = ({path.name for path in (folder / name).rglob("*.png")} for name in ("painted", "listed"))
    assert painted == listed == {"photo0.png", "photo1.png"}


def test_the_cluster_file_is_one() -> None:
    from ray.autoscaler._private.util import fillout_defaults, validate_config

    config = yaml.safe_load((GUIDE / "cluster.yaml").read_text("utf-8"))
    validate_config(fillout_defaults(config))
    assert config["available_node_types"]["painter"]["min_workers"] >= 1  # a batch waits for the first node
