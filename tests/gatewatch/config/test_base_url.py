import pytest

from gatewatch.config.base_url import literal_address, objection

PUBLIC = [
    "https://api.openai.com/v1",
    "https://api.example.com:8443/v1/",
    "https://8.8.8.8/v1",
    "https://[2606:4700::1111]/v1",
    "https://xn--bcher-kva.example/v1",
    "https://r.openai.azure.com/openai/deployments/{model}",
]

PRIVATE = [
    "https://127.0.0.1/v1", "https://127.1/v1", "https://2130706433/v1", "https://0x7f000001/v1", "https://0177.0.0.1/v1",
    "https://10.0.0.5/v1", "https://192.168.1.1/v1", "https://172.16.0.1/v1", "https://169.254.169.254/latest",
    "https://100.64.0.1/v1", "https://0.0.0.0/v1", "https://224.0.0.1/v1", "https://[::1]/v1", "https://[fd00::1]/v1",
    "https://[fe80::1%25eth0]/v1", "https://[::ffff:127.0.0.1]/v1", "https://[64:ff9b::7f00:1]/v1", "https://localhost/v1",
    "https://LOCALHOST./v1", "https://a.localhost/v1", "https://vllm/v1", "https://vllm.local/v1",
    "https://metadata.google.internal/v1", "https://nas.home.arpa/v1", "https://127.0.0.1./v1",
]  # fmt: skip

NEVER = [
    "", "api.openai.com/v1", "ftp://api.openai.com", "https://", "https:///v1", "https://user:pass@api.openai.com/v1",
    "https://user@api.openai.com/v1", "https://api.openai.com/v1?key=x", "https://api.openai.com/v1#x",
    "https://api.openai.com/v1?", "https://api.openai.com:99999/v1", "https://api.openai.com:0/v1",
    "https://api openai.com/v1", "https://a.-b/v1", "https://-/v1",
    "https://api.openai.com/v1\r\nx: y", "https://１２７.0.0.1/v1", "https://bücher.example/v1", "https://a..b/v1",
    "https://999.1.1.1/v1", "https://1.2.3.4.5/v1", "https://[::1/v1", "https://exa_mple.com\\@127.0.0.1/v1",
    "https://0x/v1", "https://{model}.example.com/v1", "https://api.openai.com/{deployment}",
]  # fmt: skip


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_https_address_may_be_used(url: str) -> None:
    assert objection(url, allow_private=False) is None


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_however_it_is_written(url: str) -> None:
    wrong = objection(url, allow_private=False)
    assert wrong
    assert "allow_private: true" in wrong[1]


@pytest.mark.parametrize("url", [*PRIVATE, "http://127.0.0.1:8000/v1", "http://vllm:8000/v1", "http://[::1]:11434/v1"])
def test_allow_private_admits_it(url: str) -> None:
    assert objection(url, allow_private=True) is None


def test_plain_http_would_send_the_key_in_the_clear() -> None:
    wrong = objection("http://api.openai.com/v1", allow_private=False)
    assert wrong
    assert "in the clear" in wrong[0]


@pytest.mark.parametrize("url", NEVER)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_plain_address_is_always_refused(url: str, allow_private: bool) -> None:
    wrong = objection(url, allow_private)
    assert wrong
    assert "pass" not in wrong[0].replace("password", "")


def test_an_address_is_recognised_in_every_spelling_that_resolvers_take() -> None:
    assert literal_address("0x7f.1") == "127.0.0.1"
    assert literal_address("１２７.0.0.1") == "127.0.0.1"
    assert literal_address("::FFFF:7f00:1") == "::ffff:127.0.0.1"
    assert literal_address("api.openai.com") is None
