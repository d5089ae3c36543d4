"""Starting the service: what is said, and what is wrong, before anything is loaded."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from PIL import Image
from tests.film.films import make_film, moving, times_of
from tests.server.conftest import Served, noise_png
from tests.snippets import Block, run_page, shell

from impasto.assets import examples
from impasto.cli.main import main
from impasto.cli.serve import serve
from impasto.server.run import address, listen
from impasto.server.settings import Settings

pytestmark = pytest.mark.xdist_group("server")

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "service.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("host", "token", "printed"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8000/"),
        ("::1", "", "http://[::1]:8000/"),
        ("0.0.0.0", "abc", "http://localhost:8000/?token=abc"),
        ("192.168.1.5", "abc", "http://192.168.1.5:8000/?token=abc"),
    ],
)
def test_the_address_can_be_opened(host: str, token: str, printed: str) -> None:
    assert address(Settings(host=host, token=token)) == printed


def test_answers_are_sent_at_once() -> None:
    """Otherwise the last part of an answer waits 40 ms until the first one is acknowledged."""
    with listen(Settings(port=0)) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("10.0.0.1", False)],
)
def test_which_addresses_only_this_computer_reaches(host: str, local: bool) -> None:
    assert Settings(host=host).is_local is local


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "0"], "workers 0: must be at least 1"),
        (["--max-megapixels", "-1"], "max_megapixels -1: must be above 0"),
        (["--port", "70000"], "port 70000: must be between 0 and 65535"),
        (["--port", "0", "--input", "nowhere"], "input nowhere: not a folder"),
        (["--host", "no.such.host.invalid"], "cannot listen there"),
        (["--port", "0", "--model", "huge"], "no model 'huge'"),
    ],
)
def test_what_is_wrong_is_said_at_once(options: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["serve", *options])
    assert result.exit_code == 2
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_taken_port_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "cannot listen there" in result.stderr
    assert "give another --port" in result.stderr


def test_the_options_are_the_settings() -> None:
    options = {option.name: option for option in serve.params}
    for field in msgspec.structs.fields(Settings):
        assert options[field.name].default == field.default
    assert options["token"].envvar == "IMPASTO_TOKEN"


@pytest.fixture
def folder(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the photo and the film that the guide names."""
    shutil.copy(examples() / "cat.jpg", tmp_path)
    make_film(tmp_path / "film.mp4", moving(4))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_guide(served: Served, folder: Path) -> None:
    """Its lines and its program, for a service that runs already; the answer that it shows is the service's."""
    said: list[str] = []

    def here(block: Block) -> Block:
        return block._replace(code=block.code.replace(":8000", f":{served.port}"))

    def in_shell(block: Block) -> None:
        if "curl" not in block.code:
            shell(block)
            return
        run = subprocess.run(["bash", "-ec", here(block).code], check=True, capture_output=True, text=True)
        said.append(run.stdout)

    def in_python(block: Block) -> None:
        picture = folder / "cat-mural.jpg"
        assert Image.open(picture).size == (1024, 768)  # by curl
        picture.unlink()
        exec(here(block).code, {})
        assert Image.open(picture).size == (1024, 768)

    def answered(block: Block) -> None:
        answer = served.client.post("/pictures", files={"photo": noise_png(64, 48)}, data={"style": "murl"})
        assert answer.json() == msgspec.json.decode(block.code)

    run_page("docs/guide/service.md", {"sh": in_shell, "python": in_python, "json": answered})
    assert '"state":"done","done":4,"total":4' in "".join(said)
    assert len(times_of(folder / "film-painted.mp4")) == 4


def test_the_guide_names_every_path() -> None:
    from impasto.server.app import ENDPOINTS

    for endpoint in ENDPOINTS:
        assert f"`{endpoint.method} {endpoint.path[1:]}`" in GUIDE
