"""Where a webhook leads: its URL, looked at before anything is sent there.

Keeps true: no error repeats the URL, which is a secret; only hosts that the configuration allows are asked.
"""

from gatewatch.config.alert_sinks import Webhook
from gatewatch.config.base_url import objection
from gatewatch.errors import GatewatchError


class Undeliverable(GatewatchError):
    """A message cannot be sent as things are; no use in trying again before something is changed."""


def checked_url(url: str, webhook: Webhook) -> str:
    """The URL, where it may be asked. Raises Undeliverable. Addresses behind its name are judged at each connection."""
    bare = url.partition("?")[0]
    if wrong := objection(bare, webhook.allow_private):
        raise Undeliverable(f"its URL cannot be used: {wrong[0]}", "mend the URL where its reference leads")
    if "#" in url or any(not "!" <= letter <= "~" for letter in url):
        raise Undeliverable("its URL has a fragment, or characters that are not ASCII", "mend the URL")
    from httpx import URL, InvalidURL  # 200 ms, and only gateways with webhooks need it

    try:
        host = URL(url).host.rstrip(".").lower()
    except InvalidURL:
        raise Undeliverable("its URL is none", "mend the URL where its reference leads") from None
    if host not in {allowed.strip("[]") for allowed in webhook.allow_hosts}:
        raise Undeliverable("its URL names a host that is not among allow_hosts", "add the host, or mend the URL")
    return url
