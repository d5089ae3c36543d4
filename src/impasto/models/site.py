"""A folder that any web host serves, and that paints in its visitors' browsers: the page, the module, a model.

What comes from npm is fetched when the folder is made: onnxruntime-web, at the version that ``web/package-lock.json``
pins. It is kept for the next time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import platformdirs

from impasto.assets import page, web
from impasto.errors import ImpastoError
from impasto.files import digest
from impasto.models.browser import FIRST, MANIFEST, integrity, write_bundle
from impasto.models.model import Model, unwritable

_LIST = "files.json"
"""The name of the list of all files, with digests, from which the service worker keeps them."""
_WASM = "onnxruntime.wasm"
"""What the manifest calls ONNX Runtime's WebAssembly."""
_RUNTIME = "node_modules/onnxruntime-web"
_SCRIPT, _BINARY = "dist/ort.wasm.bundle.min.mjs", "dist/ort-wasm-simd-threaded.wasm"
"""Files of onnxruntime-web: the smallest build that runs on processors, with SIMD and threads."""
_WEBGPU = "webgpu.wasm"
"""What the manifest calls the WebAssembly of the build that runs on graphics processors, too."""
_WEBGPU_SCRIPT, _WEBGPU_BINARY = "dist/ort.webgpu.bundle.min.mjs", "dist/ort-wasm-simd-threaded.asyncify.wasm"
_NOT_KEPT = (Path(_WEBGPU_SCRIPT).name, f"{_WEBGPU}.bin")
"""Files that browsers fetch where they have a use for them, and that no service worker keeps."""
_OF_THE_SITE = ("example.html", "service-worker.js")
"""Files of the module's folder that lie beside it in a site."""
_NOT_IN_A_SITE = ("package.json", "package-lock.json", "node_modules", "page", *_OF_THE_SITE)


def write_site(model: Model, out: Path) -> Path:
    """Write a site. It appears whole or not at all, in the place of an older one.

    Args:
        model: the model; it needs an identity style.
        out: the folder.

    Raises:
        ImpastoError: ``out`` is a folder with anything else in it, npm is missing or fails, or the model is damaged.
    """
    if out.exists() and not (out / _LIST).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise ImpastoError(f"{out}: already exists, and was not made by export-web; give another folder")
    runtime = _runtime()
    try:
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".impasto-") as folder:
            made = Path(folder) / "site"
            _fill(made, model, runtime)
            made.chmod(0o755)
            if out.exists():
                os.replace(out, Path(folder) / "old")
            os.replace(made, out)
    except OSError as error:
        raise unwritable(out, error) from None
    return out


def _fill(site: Path, model: Model, runtime: Path) -> None:
    module = site / "impasto"
    shutil.copytree(web(), module, ignore=shutil.ignore_patterns(*_NOT_IN_A_SITE))
    for script in (_SCRIPT, _WEBGPU_SCRIPT):
        shutil.copy(runtime / script, module / "ort")
    (site / "model").mkdir()
    binaries = {_WASM: _BINARY, _WEBGPU: _WEBGPU_BINARY}
    write_bundle(model, site / "model", {name: (runtime / path).read_bytes() for name, path in binaries.items()})
    _add_page(site)
    for name in _OF_THE_SITE:
        shutil.copy(web() / name, site)
    list_files(site)


def _add_page(site: Path) -> None:
    """The page, with the engine that paints in the browser."""
    if (page() / "index.html").is_file():
        shutil.copytree(page(), site, dirs_exist_ok=True)
        shutil.copytree(web() / "page", site / "js" / "engine", dirs_exist_ok=True)


def list_files(site: Path) -> None:
    """Write what the service worker keeps, and into its script the version of that, so that browsers see a new one."""
    paths = [path for path in _within(site) if path.relative_to(site).as_posix() not in (_LIST, *_OF_THE_SITE)]
    files = [{"path": path.relative_to(site).as_posix(), "sha256": integrity(path.read_bytes())} for path in paths]
    version = digest(msgspec.json.encode(files))[:16]
    kept = [file for file in files if not file["path"].endswith(_NOT_KEPT)]
    first = [file for file in kept if _is_first(file["path"])]
    listed = {"version": version, "first": first, "later": [file for file in kept if file not in first]}
    (site / _LIST).write_bytes(msgspec.json.encode(listed))
    script = site / "service-worker.js"
    script.write_text(script.read_text().replace('"development"', f'"{version}"'))


def _is_first(path: str) -> bool:
    """Whether a file is needed for the first picture."""
    folder, _, name = path.partition("/")
    if path.endswith((".txt", "LICENSE")):
        return False
    return folder != "model" or name == MANIFEST or name.startswith(FIRST) or "/" in name


def _within(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("**/*")) if path.is_file())


def _runtime() -> Path:
    """A folder with the files of onnxruntime-web that a site needs."""
    names = (_SCRIPT, _BINARY, _WEBGPU_SCRIPT, _WEBGPU_BINARY)
    wanted = (web() / "package-lock.json").read_bytes() + " ".join(names).encode()
    kept = platformdirs.user_cache_path("impasto") / "onnxruntime-web" / digest(wanted)[:16]
    if not kept.is_dir():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            _install(Path(folder))
            found = Path(folder) / "found"
            (found / "dist").mkdir(parents=True)
            for name in names:
                shutil.copy(Path(folder) / _RUNTIME / name, found / name)
            os.replace(found, kept)
    return kept


def _install(folder: Path) -> None:
    """Run ``npm ci`` in a folder: it compares what it gets with the digests in the lock file."""
    npm = shutil.which("npm")
    if npm is None:
        raise ImpastoError(
            "export-web: npm is not installed; get Node.js 20 or newer, which has it (apt-get install npm)"
        )
    for name in ("package.json", "package-lock.json"):
        shutil.copy(web() / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if "error" in line), "no reason given")
        raise ImpastoError(f"export-web: npm cannot fetch onnxruntime-web ({reason}); are you online?")
