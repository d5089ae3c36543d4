"""The folder that ``impasto export-web`` makes. What it paints is tested in tests/web."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from impasto.errors import ImpastoError
from impasto.models import site as sites
from impasto.models.browser import integrity
from impasto.models.model import load_model
from impasto.models.site import write_site

WEBGPU = "ort.webgpu.bundle.min.mjs"
"""Only browsers with a graphics processor fetch it."""


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for what comes from npm; the real one is tested in tests/web."""
    folder = tmp_path / "runtime"
    (folder / "dist").mkdir(parents=True)
    for script in ("ort.wasm.bundle.min.mjs", WEBGPU):
        (folder / "dist" / script).write_text("export const InferenceSession = {};")
    for binary in ("ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.asyncify.wasm"):
        (folder / "dist" / binary).write_bytes(b"\0asm")
    monkeypatch.setattr(sites, "_runtime", lambda: folder)
    return folder


def test_the_list_has_every_file_with_its_digest(runtime: Path, tmp_path: Path) -> None:
    site = write_site(load_model("fast"), tmp_path / "site")
    listed = msgspec.json.decode((site / "files.json").read_bytes())
    files = {file["path"]: file["sha256"] for file in listed["first"] + listed["later"]}
    there = {path.relative_to(site).as_posix() for path in site.glob("**/*") if path.is_file()}
    on_demand = {f"impasto/ort/{WEBGPU}", "model/webgpu.wasm.bin"}
    assert there - files.keys() == {"files.json", "example.html", "service-worker.js"} | on_demand
    assert "impasto/runtime/webgpu.js" in {file["path"] for file in listed["first"]}
    assert all(integrity((site / path).read_bytes()) == sha256 for path, sha256 in files.items())
    assert f'VERSION = "{listed["version"]}"' in (site / "service-worker.js").read_text()
    assert {"index.html", "impasto/worker.js", "model/network.onnx.bin"} <= {file["path"] for file in listed["first"]}
    assert "model/predictor.safetensors.bin" in {file["path"] for file in listed["later"]}


def test_the_model_is_whole(runtime: Path, tmp_path: Path) -> None:
    model = load_model("fast")
    folder = write_site(model, tmp_path / "site") / "model"
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
    content = {name: gzip.decompress((folder / file["path"]).read_bytes()) for name, file in manifest["files"].items()}
    assert content["network.safetensors"] == model.weights()
    rows = np.frombuffer(content["styles"], "<f4").reshape(len(model.styles), -1)
    assert [style["slug"] for style in manifest["styles"]] == list(model.styles)
    assert np.array_equal(rows[3], [*model.styles.values()][3].row)


def test_an_older_site_is_replaced_and_nothing_else(runtime: Path, tmp_path: Path) -> None:
    model, out = load_model("fast"), tmp_path / "site"
    write_site(model, out)
    (out / "old.txt").write_text("old")
    write_site(model, out)
    assert not (out / "old.txt").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ImpastoError, match="was not made by export-web"):
        write_site(model, tmp_path / "mine")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_without_npm_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImpastoError, match="npm is not installed"):
        write_site(load_model("fast"), tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_where_npm_fails_its_reason_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ImpastoError, match="ENOTFOUND"):
        write_site(load_model("fast"), tmp_path / "site")
