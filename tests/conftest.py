"""Small things to test on, all made here: nothing is downloaded, and ../shared is not needed."""

from __future__ import annotations

import atexit
import logging
import os

# One thread a test process: several of them share the processor, and their thread pools would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from PIL import Image
from safetensors.torch import save_file
from tests import browsing

from impasto.data import paintings, resident
from impasto.nn.vgg import VGG16
from impasto.training import Run, export_model, prepare, read_recipe, start, train
from impasto.training import run as training_run

RECIPE = """
name = "tiny"
network = "fast"
slots = 4

[training]
steps = {steps}
batch_size = 4
crop = 48
learning_rate = {learning_rate}
noise = [1.0, 4.0]
flat = 0.1
shifts = [8]
likeness = 0.44
average = 0.5
workers = 0
checkpoint_every = {checkpoint_every}
sample_every = 10

[[styles]]
slot = 0
slug = "mural"
name = "Mural"
name_zh = "壁畫"
artist = "Anonymous"
year = "c. 800"
licence = "Public domain"
image = "mural.png"

[[styles]]
slot = 1
slug = "stained-glass"
name = "Stained glass"
name_zh = "彩繪玻璃"
image = "glass.png"
box = [0.0, 0.25, 0.5, 1.0]
size = 64
"""


# What was started in the background (``pytest &``) ignores Ctrl-C, and so would the processes that tests stop by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Processes that tests start need not compile the package's modules each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Tests neither use nor fill the user's cache and style folder, and leave nothing behind.
for variable in ("XDG_CACHE_HOME", "XDG_DATA_HOME"):
    os.environ[variable] = tempfile.mkdtemp(prefix="impasto-tests-")
    atexit.register(shutil.rmtree, os.environ[variable], ignore_errors=True)

# Predictors begin with what 64 paintings look like, which takes longer than their few steps here; the tests have seven.
start.DESCRIBED = 7
# Nor need parts of paintings be large: reading them takes more than half of a step here.
paintings.PREDICTED_SIDE = resident.PREDICTED_SIDE = 128
# Nor need losses be measured by many photos: VGG-16 sees them before each of the runs here.
training_run.MEASURED = 8


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the predictor runs in one process, which then trains it once. Slow tests are left to CI."""
    thorough = os.environ.get("IMPASTO_SLOW", "0") != "0"
    for item in items:
        if "with_predictor" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("predictor"))
        if item.get_closest_marker("slow") and not thorough:
            item.add_marker(pytest.mark.skip(reason="slow: IMPASTO_SLOW=1 runs it"))


settings.register_profile("impasto", deadline=None)
settings.load_profile("impasto")


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A real browser, one in a process: Playwright starts no second one."""
    yield from browsing.started()


class Workshop:
    """A folder with photos, style images, random VGG-16 weights and recipes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.photos = folder / "photos"
        self.style_images = folder / "styles"
        self.vgg = folder / "vgg.safetensors"
        rng = np.random.default_rng(1)
        self.photos.mkdir()
        for number in range(5):
            blocks = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
            blocks.resize((80, 60), Image.Resampling.BICUBIC).save(self.photos / f"photo{number}.png")
        self.style_images.mkdir()
        stripes = np.zeros((80, 80, 3), np.uint8)
        stripes[::8] = stripes[1::8] = (220, 160, 90)
        Image.fromarray(stripes).save(self.style_images / "mural.png")
        Image.fromarray(rng.integers(0, 256, (80, 96, 3), dtype=np.uint8)).save(self.style_images / "glass.png")
        torch.manual_seed(0)
        save_file({name: tensor.half() for name, tensor in VGG16().state_dict().items()}, self.vgg)

    def with_identity(self) -> Path:
        """A recipe whose slot 2 is the identity style."""
        path = self.folder / "identity.toml"
        identity = '[[styles]]\nslot = 2\nslug = "identity"\nname = "The photo"\n'
        path.write_text(self.recipe().read_text("utf-8") + identity, "utf-8")
        return path

    def recipe(self, *, steps: int = 20, learning_rate: float = 1e-3, checkpoint_every: int = 1000) -> Path:
        """A recipe file."""
        path = self.folder / f"recipe-{steps}-{learning_rate}-{checkpoint_every}.toml"
        text = RECIPE.format(steps=steps, learning_rate=learning_rate, checkpoint_every=checkpoint_every)
        path.write_text(text, "utf-8")
        return path

    def with_predictor(self, **options: float) -> Path:
        """A recipe that trains a predictor, too."""
        path = self.folder / f"predictor-{options}.toml"
        text = self.recipe(**options).read_text("utf-8")  # type: ignore[arg-type]
        text += '[predictor]\nheld_out = ["glass.png"]\n'
        path.write_text(text, "utf-8")
        return path

    def prepare_predictor(self, out: Path, *, resume: bool = False, **options: float) -> Run:
        """A run of that one, on one painting and five photos."""
        recipe = read_recipe(self.with_predictor(**options))
        inputs = {"style_images": self.style_images, "vgg": self.vgg, "paintings": [self.style_images, self.photos]}
        return prepare(recipe, self.photos, out, **inputs, resume=resume)  # type: ignore[arg-type]

    def prepare(self, out: Path, *, resume: bool = False, **options: float) -> Run:
        """A run of that recipe."""
        recipe = read_recipe(self.recipe(**options))  # type: ignore[arg-type]
        return prepare(recipe, self.photos, out, style_images=self.style_images, vgg=self.vgg, resume=resume)

    def make_model(self, run: Run) -> None:
        """Train to the end, and write the model into the run's folder."""
        train(run)
        export_model(run, self.style_images)


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop"))


@pytest.fixture(autouse=True)
def _heard() -> None:
    """The package's messages are heard, whatever a library that a test before started has done to them."""
    logging.disable(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)
    for handler in logging.root.handlers:
        handler.setLevel(logging.NOTSET)  # seen at ERROR, after which caplog heard nothing
    for name in [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "impasto"]:
        logging.getLogger(name).disabled = False
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).propagate = True


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name``, made by the first of the test processes that asks for it; the others wait until it is done.

    Args:
        factory: pytest's own; the parent of its folders is common to all test processes.
        name: the name of the folder.
        make: fills the folder, whose path it is given.
    """
    several = "PYTEST_XDIST_WORKER" in os.environ
    root = factory.getbasetemp().parent if several else factory.getbasetemp()
    folder, done = root / name, root / f"{name}.done"
    try:
        (root / f"{name}.begun").touch(exist_ok=False)
    except FileExistsError:
        while not done.exists():
            time.sleep(0.1)
        return folder
    try:
        make(folder)
    finally:
        done.touch()
    return folder


@pytest.fixture(scope="session")
def trained(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder: a fast network after 20 steps, slots 0 and 1 trained, 2 and 3 not. Not to be changed."""
    return made_once(tmp_path_factory, "trained", lambda out: workshop.make_model(workshop.prepare(out)))


@pytest.fixture(scope="session")
def with_predictor(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The like, with a predictor after 8 steps. Not to be changed."""
    return made_once(
        tmp_path_factory, "predictor", lambda out: workshop.make_model(workshop.prepare_predictor(out, steps=8))
    )


@pytest.fixture
def model_copy(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained model, to damage."""
    return Path(shutil.copytree(trained, tmp_path / "model"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A JPEG of 75 × 50 pixels."""
    rng = np.random.default_rng(2)
    path = tmp_path / "photo.jpg"
    image = Image.fromarray(rng.integers(0, 256, (5, 8, 3), dtype=np.uint8))
    image.resize((75, 50), Image.Resampling.BICUBIC).save(path, quality=95)
    return path
