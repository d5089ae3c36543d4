"""Two processes on the CPU."""

from __future__ import annotations

import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

SCRIPT = """
import json, sys
from pathlib import Path
import torch
from impasto.training import loop, prepare, read_recipe, train

recipe, photos, styles, vgg, out = map(Path, sys.argv[1:])
run = prepare(read_recipe(recipe), photos, out, style_images=styles, vgg=vgg, precision=torch.float32)
seen = []
crops = run.crops
class Spy:
    photos = crops.photos
    options = crops.options
    def __len__(self): return 0
    def __getitem__(self, number):
        seen.append(number)
        return crops[number]
run.crops = Spy()
train(run)
weight = run.accelerator.unwrap_model(run.joint).network.contract[0].conv.weight
gradient = weight.grad.flatten()[:8].tolist()
rank = run.accelerator.process_index
(out / f"process{rank}.json").write_text(json.dumps({"seen": seen, "gradient": gradient}))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return path


def arguments(workshop, out: Path) -> list[str]:
    out.mkdir()
    return list(map(str, (workshop.recipe(steps=1), workshop.photos, workshop.style_images, workshop.vgg, out)))


def told(out: Path, rank: int) -> dict[str, list[float]]:
    return json.loads((out / f"process{rank}.json").read_text())


def run_two(script: Path, workshop, out: Path) -> list[dict[str, list[float]]]:
    """Run the script in two processes, with what ``accelerate launch`` and torchrun tell their processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"ACCELERATE_USE_CPU": "true", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    command = [sys.executable, str(script), *arguments(workshop, out)]
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | common | {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "LOCAL_WORLD_SIZE": "2"
        })
        for rank in range(2)
    ]  # fmt: skip
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]
    return [told(out, rank) for rank in range(2)]


def run_one(script: Path, workshop, out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """Run the script in this process."""
    monkeypatch.setattr(sys, "argv", [str(script), *arguments(workshop, out)])
    runpy.run_path(str(script))
    return told(out, 0)


@pytest.mark.slow
def test_two_processes_average_gradients_and_see_different_data(
    script: Path, workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = run_two(script, workshop, tmp_path / "two")
    alone = run_one(script, workshop, tmp_path / "one", monkeypatch)
    # Four crops a step: each process takes two of them, and together they are what one process sees.
    assert len(set(first["seen"]) & set(second["seen"])) == 0
    assert sorted(first["seen"] + second["seen"]) == sorted(alone["seen"])
    assert first["gradient"] == second["gradient"]
    # Averaged over the two halves of the batch, gradients and weights are those of the whole batch.
    for one, other in zip(first["gradient"], alone["gradient"], strict=True):
        assert abs(one - other) <= 1e-4 * max(map(abs, alone["gradient"]))
    both, single = (load_file(tmp_path / name / "checkpoint.safetensors") for name in ("two", "one"))
    weight = "joint.network.residual.0.first.conv.weight"
    assert (both[weight] - single[weight]).abs().max() < 1e-3
