"""A base URL is http(s) and nothing more, and a name leads to public addresses or nowhere."""

import pytest

from proxy.upstream.address import Origin, resolve


@pytest.mark.parametrize(
    ("url", "tls", "host", "port", "path", "authority"),
    [
        ("https://api.openai.com/v1", True, "api.openai.com", 443, "/v1", "api.openai.com"),
        ("https://api.openai.com/v1/", True, "api.openai.com", 443, "/v1", "api.openai.com"),
        ("https://api.openai.com", True, "api.openai.com", 443, "", "api.openai.com"),
        ("https://API.OpenAI.com:8443/V1", True, "api.openai.com", 8443, "/V1", "api.openai.com:8443"),
        ("http://127.0.0.1:8000/v1", False, "127.0.0.1", 8000, "/v1", "127.0.0.1:8000"),
        ("http://localhost:80", False, "localhost", 80, "", "localhost"),
        ("https://localhost:80", True, "localhost", 80, "", "localhost:80"),
        ("http://[::1]:8000/v1", False, "::1", 8000, "/v1", "[::1]:8000"),
        ("http://[::1]/v1", False, "::1", 80, "/v1", "[::1]"),
    ],
)
def test_what_a_base_url_says(url: str, tls: bool, host: str, port: int, path: str, authority: str) -> None:
    origin = Origin(url)
    assert (origin.tls, origin.host, origin.port, origin.path) == (tls, host, port, path)
    assert origin.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.openai.com",
        "//api.openai.com/v1",
        "ftp://api.openai.com",
        "file:///etc/passwd",
        "gopher://x",
        "unix:///run/x.sock",
        "http://",
        "http:///v1",
        "https://user:secret@api.openai.com/v1",
        "https://:secret@api.openai.com/v1",
        "https://api.openai.com/v1?key=secret",
        "https://api.openai.com/v1#x",
        "https://api.openai.com:99999/v1",
        "https://api.openai.com:x/v1",
        "https://api.openai.com:0/v1",
        "https://a b.example/v1",
        "https://api.openai.com/v1 /x",
        "https://api.openai.com/v\u00b9",
        "https://b\u00fccher.example/v1",
        "https://[::1/v1",
        "https://api.openai.com\\@evil.example/v1",
    ],
)
def test_anything_else_is_none(url: str) -> None:
    with pytest.raises(ValueError):
        Origin(url)


@pytest.mark.parametrize("url", ["http://a\r\nx: y/v1", "http://a.example/v1\r\nx: y", "http://a.example/\tv1"])
def test_a_base_url_cannot_bring_a_header_of_its_own(url: str) -> None:
    try:
        origin = Origin(url)
    except ValueError:
        return
    assert not set("\r\n\t ") & set(origin.authority + origin.path)


def test_the_error_does_not_repeat_a_password() -> None:
    with pytest.raises(ValueError) as error:
        Origin("https://user:hunter2-secret@api.openai.com/v1")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "127.1"]
)
async def test_an_address_inside_is_not_used(host: str) -> None:
    with pytest.raises(OSError, match="not a public address"):
        await resolve(Origin(f"http://{host}/v1"), allow_private=False)


async def test_an_address_inside_is_used_where_it_is_meant() -> None:
    assert await resolve(Origin("http://127.0.0.1/v1"), allow_private=True) == ["127.0.0.1"]


async def test_a_public_address_is_used() -> None:
    assert await resolve(Origin("http://8.8.8.8/v1"), allow_private=False) == ["8.8.8.8"]
