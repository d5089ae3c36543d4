"""What `impasto stylize` makes of the texts that a user types."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import impasto
from impasto.batch import targets
from impasto.cli.main import main
from impasto.cli.sheet import sheet as sheet_command
from impasto.cli.stylize import stylize
from impasto.errors import meta_of
from impasto.images.formats import FORMATS
from impasto.stylize.controls import Controls
from impasto.stylize.sheet import sheet
from impasto.stylize.stylizer import load


def test_the_options_are_the_controls() -> None:
    options = {option.name: option for option in stylize.params}
    assert "controls" not in options
    for field in msgspec.structs.fields(Controls):
        option = options[field.name]
        assert option.default == field.default
        assert option.help.startswith(meta_of(field.type).description)
        assert option.is_flag == isinstance(field.default, bool)


def test_every_control_reaches_the_plan(trained: Path, photo: Path, tmp_path: Path) -> None:
    given = {"strength": 0.5, "detail": 0.2, "keep_color": True, "stroke": 2, "size": 40}
    out = tmp_path / "picture.png"
    options = [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}") for name, value in given.items()]
    command = ["stylize", str(photo), "-s", "mural", "-o", str(out), "--model", str(trained), *options]
    assert CliRunner().invoke(main, command).exit_code == 0
    expected = impasto.load(trained)(photo, "mural", **given)
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(expected))


@pytest.mark.parametrize("option", ["--strength=2", "--detail=-1", "--stroke=9", "--size=0"])
def test_controls_out_of_range_are_said_in_one_line(photo: Path, option: str) -> None:
    result = CliRunner().invoke(main, ["stylize", str(photo), "-s", "mural", option])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert f"{option[2:].replace('=', ' ')}: must be" in result.stderr


def test_defaults_are_those_of_the_functions() -> None:
    for command, function in ((stylize, load), (sheet_command, sheet)):
        parameters = inspect.signature(function).parameters
        options = {option.name: option for option in command.params}
        for name in {"runtime", "precision", "width", "columns"} & parameters.keys() & options.keys():
            assert options[name].default == parameters[name].default


def test_help_loads_neither_numpy_nor_a_runtime() -> None:
    code = """
import sys
from impasto.cli import options, sheet, stylize
assert not {"numpy", "PIL", "openvino", "tqdm"} & sys.modules.keys(), sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_default_name_is_that_of_a_batch() -> None:
    options = {option.name: option for option in stylize.params}
    assert options["name"].default == targets.NAME
    assert all(f".{ending}" in FORMATS for ending in options["format"].type.choices)
