"""What is imported when: all starts without NumPy, and all but training works without PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCKED = """
import sys
for name in ("torch", "accelerate", "onnx"):
    sys.modules[name] = None
"""
"""A start of Python in which PyTorch is not installed."""


def run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("module", ["impasto", "impasto.cli.main", "impasto.runtime", "impasto.stylize.controls"])
def test_starting_is_light(module: str) -> None:
    heavy = "{'numpy', 'PIL', 'openvino', 'safetensors', 'torch', 'tqdm'}"
    assert run(f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_all_public_names_come_without_pytorch() -> None:
    names = run(BLOCKED + "from impasto import *; print(load.__name__, Stylizer.__name__, blend.__name__)")
    assert names == "load Stylizer blend"


def test_films_say_what_they_need() -> None:
    without = "import sys; sys.modules['av'] = None; from impasto.cli.main import main; "
    code = without + "main(['video', 'film.mp4', '-s', 'mural', '-o', 'painted.mp4'], standalone_mode=False)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    hint = run("from impasto.errors import pip_install; print(pip_install('video'))")
    assert result.stderr == f"impasto: this needs av: {hint}\n"


def test_what_needs_pytorch_says_so() -> None:
    code = "import impasto\ntry: impasto.add_style\nexcept impasto.ImpastoError as error: print(error)"
    hint = run("from impasto.errors import pip_install; print(pip_install('train'))")
    assert run(BLOCKED + code) == f"add_style needs torch: {hint}"
    assert run("import impasto; print('add_style' in dir(impasto), 'add_style' in impasto.__all__)") == "True False"
