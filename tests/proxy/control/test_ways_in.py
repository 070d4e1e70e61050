"""The ways in to the control API: what is open, where, and what a wrong configuration of it says."""

import ssl
from pathlib import Path

import httpx
import pytest

from gatewatch.config.models import Control as ControlConfig
from gatewatch.control.store import ControlStore
from gatewatch.errors import GatewatchError
from gatewatch.ledger.service import LedgerService
from proxy.control.actions_here import ActionsHere
from proxy.control.ways_in import REMOTE_CAPS, WaysIn
from tests.kit.certificates import certificate
from tests.kit.control_api import Control, NoGateway, control_api
from tests.kit.running import gateway


@pytest.fixture
def made(tmp_path: Path) -> Control:
    return Control(tmp_path)


async def opened(made: Control, **config: object) -> str | None:
    service = LedgerService(made.home)
    ways_in = WaysIn(service, dict, ActionsHere(made.home, lambda: made.vault, service, list, NoGateway()))
    try:
        asked = ControlConfig.model_validate(config)
        await ways_in.open_remote(asked, (), made.home, made.pepper, made.used.__setitem__)
        return ways_in.remote
    finally:
        await ways_in.drain(1)
        service.close()


async def test_nothing_is_open_to_the_network_unless_asked_for(made: Control) -> None:
    assert await opened(made) is None
    assert await opened(made, listen="127.0.0.1:0") is None, "without tls it would be open to everybody on the way"


async def test_an_ipv6_address_is_written_as_one(made: Control) -> None:
    tls = {"cert": str(made.chain), "key": str(made.private)}
    remote = await opened(made, listen="[::1]:0", tls=tls)
    assert remote is not None
    assert remote.startswith("https://[::1]:")


async def test_what_is_wrong_with_its_files_is_said(made: Control, tmp_path: Path) -> None:
    _, other = certificate(tmp_path, "other")
    (tmp_path / "empty.pem").write_text("")
    good = {"cert": str(made.chain), "key": str(made.private)}
    for tls, ca, named in (
        (good | {"key": str(other)}, None, "other.key"),
        (good | {"cert": str(tmp_path / "empty.pem")}, None, "empty.pem"),
        (good, str(tmp_path / "empty.pem"), "empty.pem"),
    ):
        with pytest.raises(GatewatchError, match=named):
            await opened(made, listen="127.0.0.1:0", tls=tls, client_ca=ca)


async def test_a_taken_port_is_said_with_the_line_to_change(tmp_path: Path) -> None:
    async with control_api(tmp_path / "a") as first:
        second = Control(tmp_path / "b")
        tls = {"cert": str(second.chain), "key": str(second.private)}
        with pytest.raises(GatewatchError, match="Cannot listen") as refused:
            await opened(second, listen=f"127.0.0.1:{first.remote.rpartition(':')[2]}", tls=tls)
        assert "control" in refused.value.next_step


def test_the_networks_way_is_bounded_more_tightly_than_the_apps() -> None:
    assert REMOTE_CAPS.body_bytes <= 2**20
    assert REMOTE_CAPS.header_bytes <= 8192
    assert REMOTE_CAPS.connections_per_source < REMOTE_CAPS.connections <= 1000


@pytest.mark.slow
async def test_a_gateway_opens_what_its_configuration_says_and_notes_when_an_admin_key_was_used(tmp_path: Path) -> None:
    chain, private = certificate(tmp_path, "localhost")
    config = f"""\
vault: file
control: {{listen: "127.0.0.1:0", tls: {{cert: "{chain}", key: "{private}"}}}}
providers:
  nowhere: {{dialect: openai-chat, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}}
"""
    with gateway(tmp_path, config) as running:
        remote = running.running.ready["control_remote"].replace("127.0.0.1", "localhost")
        app = running.running.listen
        boss, client = running.key("boss", "--kind", "admin"), running.key("app")

        def ask(secret: str, base: str = remote) -> int:
            trust = ssl.create_default_context(cafile=str(chain))
            with httpx.Client(verify=trust, headers={"authorization": f"Bearer {secret}"}) as asking:
                return asking.get(f"{base}/v1/live").status_code

        assert [ask(boss), ask(client), ask("nothing")] == [200, 403, 401]
        assert ask(boss, app) in (403, 404), "the apps' port has no control API"
        running.ask("keys", "revoke", "boss", "--yes")
        assert ask(boss) == 401
    with ControlStore.open(running.home / "control.db") as store:
        assert store.key("boss").last_used_at is not None


async def test_both_ways_are_closed_when_the_gateway_ends(tmp_path: Path) -> None:
    async with control_api(tmp_path) as control:
        boss = control.key("boss", kind="admin")
        assert (await control.ask(boss, "GET", "/v1/live")).status_code == 200
        assert (await control.ask_here("GET", "/v1/live")).status_code == 200
    with pytest.raises(httpx.ConnectError):
        await control.ask(boss, "GET", "/v1/live")
