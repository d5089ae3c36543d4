"""Nobody gets in: hosts, origins, tokens, and what browsers are told."""

from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse
from tests.server.conftest import TOKEN, Served, detail, finished, noise_png

from impasto.errors import ImpastoError
from impasto.server.guard import COOKIE, Guard
from impasto.server.run import address
from impasto.server.settings import Settings

pytestmark = pytest.mark.xdist_group("server")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8000", "localhost.evil.example", "", "127.0.0.1.nip.io", "[evil", "localhost:80:80"],
)
def test_another_host_name_is_refused(served: Served, host: str) -> None:
    """So a name on the web that points to this computer (DNS rebinding) is of no use."""
    assert "this service is for localhost alone" in detail(served.client.get("/styles", headers={"Host": host}), 403)
    assert served.client.get(f"http://127.0.0.1:{served.port}/", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_computers_names_are_let_in(served: Served, host: str) -> None:
    assert served.client.get("/styles", headers={"Host": f"{host}:{served.port}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1"},  # another port is another origin
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_a_page_on_the_web_gets_nothing(served: Served, headers: dict[str, str]) -> None:
    for answer in [
        served.client.get("/styles", headers=headers),
        served.client.post("/pictures", headers=headers, files={"photo": noise_png(9, 9)}, data={"style": "mural"}),
        served.client.delete("/styles/mine", headers=headers),
    ]:
        assert "another origin" in detail(answer, 403)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "a/../b", "@", "%00"])
def test_odd_host_names_are_no_fault(strict: Served, host: str) -> None:
    for path in ("/styles", "/nothing", "/pictures"):
        assert strict.client.get(path, headers={"Host": host}).status_code < 500


def test_a_preflight_gets_nothing(served: Served) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"}
    answer = served.client.options("/styles/mine", headers=asked)
    assert answer.status_code == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_page_itself_and_links_to_it_are_let_in(served: Served) -> None:
    origin = f"http://127.0.0.1:{served.port}"
    assert served.client.get("/styles", headers={"Origin": origin}).status_code == 200
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert served.client.get(f"{origin}/", headers=linked).status_code == 200


def test_an_allowed_origin_is_let_in(strict: Served) -> None:
    headers = {"Origin": "https://friend.example"}
    answer = strict.client.get("/styles", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://friend.example"
    asked = {**headers, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
    with httpx.Client(base_url=strict.client.base_url) as nobody:  # browsers send no token with this question
        answer = nobody.options("/styles/mine", headers=asked)
    assert answer.status_code == 200
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert strict.client.get("/styles", headers={"Origin": "https://foe.example"}).status_code == 403


def test_what_others_can_reach_needs_a_token(strict: Served) -> None:
    with httpx.Client(base_url=strict.client.base_url) as nobody:
        assert nobody.get("/health").json() == {"status": "ok"}
        for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Cookie": "impasto-token=no"}):
            assert "the token is missing or wrong" in detail(nobody.get("/styles", headers=wrong), 401)
            assert nobody.get("/metrics", headers=wrong).status_code == 401
            assert nobody.get("/openapi.json", headers=wrong).status_code == 401
    assert strict.client.get("/styles").status_code == 200


def test_a_browser_keeps_the_token(strict: Served) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{strict.port}") as browser:
        answer = browser.get("/", params={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/api/v1/styles").status_code == 200


def test_services_on_two_ports_do_not_log_each_other_out(strict: Served) -> None:
    """Browsers send the cookies of a host to all its ports."""
    with httpx.Client(base_url=f"http://127.0.0.1:{strict.port}") as browser:
        browser.get("/", params={"token": TOKEN})
        (name,) = browser.cookies
        assert name == f"{COOKIE}-{strict.port}"
        browser.cookies.set(f"{COOKIE}-1", "of another", domain="127.0.0.1")
        assert browser.get("/api/v1/styles").status_code == 200


ANY_TOKEN = "".join(map(chr, range(ord("!"), ord("~") + 1)))


def test_any_signs_are_a_token_in_the_address_and_the_cookie() -> None:
    settings = Settings(host="0.0.0.0", token=ANY_TOKEN)

    async def statuses() -> list[int]:
        guarded = Guard(PlainTextResponse("in"), settings)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(guarded), base_url="http://localhost:8000"
        ) as browser:
            before = await browser.get("/api/v1/styles")
            await browser.get(address(settings))
            after = await browser.get("/api/v1/styles")
            browser.cookies.clear()
            told = await browser.get("/api/v1/styles", headers={"Authorization": f"Bearer {ANY_TOKEN}"})
        return [answer.status_code for answer in (before, after, told)]

    assert finished(statuses()) == [401, 200, 200]


@pytest.mark.parametrize("token", ["漢字", "café", "two words", "tab\t", "line\n"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    with pytest.raises(ImpastoError, match="token: no header can hold it"):
        Settings(token=token)


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/api/v1/nothing", "/api/docs", "/nothing"])
def test_browsers_are_told_to_be_strict(served: Served, path: str) -> None:
    headers = served.client.get(f"http://127.0.0.1:{served.port}{path}").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_no_file_but_the_pages_is_served(served: Served) -> None:
    for path in ("/../app.py", "/%2e%2e/app.py", "/..%2fapp.py", "//etc/passwd", "/%2fetc/passwd"):
        answer = served.client.get(f"http://127.0.0.1:{served.port}{path}")
        assert answer.status_code == 404


@pytest.mark.parametrize("wrong", ["no", "漢", ""])
def test_a_wrong_token_does_not_take_the_place_of_the_right_one(strict: Served, wrong: str) -> None:
    """Any page on the web can send a browser to such an address."""
    with httpx.Client(base_url=f"http://127.0.0.1:{strict.port}") as browser:
        answer = browser.get("/", params={"token": wrong})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "set-cookie" not in answer.headers
