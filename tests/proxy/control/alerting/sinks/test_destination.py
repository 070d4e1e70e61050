"""Where a webhook may lead, judged before anything is sent; a URL is never repeated."""

import pytest

from gatewatch.config.alert_sinks import Webhook
from proxy.control.alerting.sinks.destination import Undeliverable, checked_url

PATH = "/services/T00000000/B00000000/canary4f1c9a7e2b8d6350"


def webhook(*hosts: str, allow_private: bool = False) -> Webhook:
    return Webhook.model_validate({"url": "env:U", "allow_hosts": hosts, "allow_private": allow_private})


@pytest.mark.parametrize(
    "url",
    [f"https://hooks.slack.com{PATH}", f"https://HOOKS.slack.com:8443{PATH}?sig=a%20b", "https://hooks.slack.com./x"],
)
def test_an_allowed_host_is(url: str) -> None:
    assert checked_url(url, webhook("hooks.slack.com")) == url


@pytest.mark.parametrize(
    "url",
    [
        f"http://hooks.slack.com{PATH}",
        f"https://evil.example{PATH}",
        f"https://hooks.slack.com.evil.example{PATH}",
        f"https://evil.example/hooks.slack.com{PATH}",
        f"https://hooks.slack.com@evil.example{PATH}",
        f"https://evil.example\\@hooks.slack.com{PATH}",
        f"https://hooks.slack.com{PATH}#x",
        f"https://hooks.slack.com{PATH}\r\nx: y",
        f"https://hooks.slack.com{PATH}?a=\u00fc",
        f"ftp://hooks.slack.com{PATH}",
        f"hooks.slack.com{PATH}",
        f"https://[{PATH}",
        "",
    ],
)
def test_all_else_is_not_and_not_repeated(url: str) -> None:
    with pytest.raises(Undeliverable) as refused:
        checked_url(url, webhook("hooks.slack.com"))
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.7", "localhost", "metadata.internal", "0x7f000001", "169.254.169.254"]
)
def test_inner_addresses_take_a_word_of_the_operator(host: str) -> None:
    with pytest.raises(Undeliverable):
        checked_url(f"https://{host}{PATH}", webhook(host))
    url = f"http://{host}:9000{PATH}"
    assert checked_url(url, webhook(host, allow_private=True)) == url


def test_an_ipv6_host_is_compared_without_brackets() -> None:
    url = "http://[::1]:9000/x"
    assert checked_url(url, webhook("[::1]", allow_private=True)) == url
