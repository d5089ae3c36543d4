"""Two processes on the CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def launch(workshop, out: Path, processes: int) -> list[dict[str, list[float]]]:
    out.mkdir()
    script = out / "script.py"
    script.write_text(SCRIPT)
    recipe = workshop.recipe(steps=1)
    arguments = [recipe, workshop.photos, workshop.style_images, workshop.vgg, out]
    # What `accelerate launch` runs on GPUs; on processors alone, it would ask for MPI.
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(launcher if processes > 1 else []), script, *arguments]
    environment = os.environ | {"ACCELERATE_USE_CPU": "true"}
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]
    return [json.loads((out / f"process{rank}.json").read_text()) for rank in range(processes)]


def test_two_processes_average_gradients_and_see_different_data(workshop, tmp_path: Path) -> None:
    first, second = launch(workshop, tmp_path / "two", 2)
    (alone,) = launch(workshop, tmp_path / "one", 1)
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
