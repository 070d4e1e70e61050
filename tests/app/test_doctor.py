"""The doctor finds what is wrong with a gateway's home, says how to mend it, and changes nothing."""

import os
from pathlib import Path

import pytest

from app import doctor
from app.doctor import examine
from app.finding import Finding
from gatewatch.control.store import ControlStore
from gatewatch.control_client import ControlClient
from gatewatch.paths import Home
from gatewatch.vault.opening import Wish, kind_of, open_vault
from proxy.control.home_lock import HomeLock
from tests.kit.redis_server import redis_server
from tests.kit.running import gateway
from tests.kit.waiting import until

CONFIG = """\
vault: file
providers:
  openai: {preset: openai, api_key: vault:openai}
models:
  gpt-4o-mini: {targets: [openai/gpt-4o-mini]}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a configuration and a vault, whose gateway does not run."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    made = Home(tmp_path / "home").make()
    made.config.write_text(CONFIG)
    with ControlStore.open(made.control) as store:
        open_vault(made, store, Wish(kind="file")).set("openai", "sk-canary-of-the-doctor")
        store.create_key("app", team="search", pepper=bytes(32), create_team=True)
    return made


def states(findings: list[Finding]) -> dict[str, str]:
    """Of everything that is used."""
    return {finding.area: finding.state for finding in findings if finding.state != "unused"}


def one(findings: list[Finding], area: str) -> Finding:
    (found,) = [finding for finding in findings if finding.area == area]
    return found


def test_a_sound_home_lacks_only_a_running_gateway(home: Home) -> None:
    found = examine(home, None)
    assert states(found) == {
        "python": "ok",
        "home": "ok",
        "disk": "ok",
        "configuration": "ok",
        "keys": "ok",
        "vault": "ok",
        "provider openai": "ok",
        "alerts": "ok",
        "gateway": "missing",
    }
    assert "gatewatch serve" in one(found, "gateway").next_step
    assert "sk-canary-of-the-doctor" not in str(found)


def test_before_the_first_start_nothing_is_broken_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    found = examine(Home(tmp_path / "home"), None)
    assert "broken" not in states(found).values()
    assert "gatewatch keys create" in one(found, "keys").next_step
    assert not (tmp_path / "home").exists()


def test_a_home_that_others_can_read_is_broken_and_the_command_that_mends_it_is_named(home: Home) -> None:
    home.root.chmod(0o755)
    found = one(examine(home, None), "home")
    assert (found.state, found.next_step) == ("broken", f"chmod 700 {home.root}")


def test_a_broken_configuration_is_named_with_its_line_and_its_secrets_are_not_looked_for(home: Home) -> None:
    home.config.write_text("providers:\n  openai: {preset: opnai}\n")
    found = examine(home, None)
    assert one(found, "configuration").state == "broken"
    assert f"{home.config}:2" in one(found, "configuration").next_step
    assert not [finding for finding in found if finding.area.startswith("provider")]


def test_a_sound_provider_is_told_with_its_address_and_how_to_try_it(home: Home) -> None:
    home.config.write_text("providers:\n  local: {preset: vllm}\n")
    found = one(examine(home, None), "provider local")
    assert (found.state, found.what) == (
        "ok",
        "http://127.0.0.1:8000/v1, key from none; gatewatch providers test local asks it",
    )


def test_a_provider_whose_key_is_not_there_is_broken(home: Home) -> None:
    home.config.write_text(CONFIG.replace("vault:openai", "vault:other"))
    found = one(examine(home, None), "provider openai")
    assert found.state == "broken"
    assert "gatewatch providers set-key" in found.next_step


def test_a_home_on_a_network_disk_is_broken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_file_system", lambda path: "nfs4")
    assert one(examine(home, None), "journal").state == "broken"


def test_a_disk_that_is_nearly_full_is_broken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_SPACE", 1 << 70)
    assert one(examine(home, None), "disk").state == "broken"


def test_a_key_that_is_not_in_the_environment_is_named_even_before_the_first_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    file = tmp_path / "gatewatch.yaml"
    file.write_text(CONFIG.replace("vault:openai", "env:NO_SUCH_VARIABLE"))
    found = one(examine(Home(tmp_path / "home"), file), "provider openai")
    assert found.state == "broken"
    assert "NO_SUCH_VARIABLE" in found.what


def test_a_vault_that_nothing_opens_is_broken_and_its_secrets_are_not_said_to_be_there(home: Home) -> None:
    home.vault_key.unlink()
    found = examine(home, None)
    assert one(found, "vault").state == "broken"
    assert "--passphrase-fd" in one(found, "vault").next_step
    assert "does not open" in one(found, "provider openai").what


def test_the_passphrase_comes_from_the_descriptor_that_was_named(home: Home, tmp_path: Path) -> None:
    passphrase = home.vault_key.read_bytes()
    home.vault_key.unlink()
    reader, writer = os.pipe()
    os.write(writer, passphrase)
    os.close(writer)
    found = examine(home, None, reader)
    assert one(found, "vault").what.startswith(f"file: asked for; {home.vault} opens with file descriptor {reader}")
    assert one(found, "provider openai").state == "ok"
    assert passphrase.decode().strip() not in str(found)


def test_of_every_other_kind_of_vault_it_is_told_why_it_is_not_used(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    monkeypatch.setattr("gatewatch.vault.keyring_vault.candidates", lambda: ("SecretService",))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    found = examine(home, None)
    assert "DBUS_SESSION_BUS_ADDRESS" in one(found, "vault keyring:SecretService").what
    assert "CREDENTIALS_DIRECTORY is not set" in one(found, "vault systemd").what
    assert "GATEWATCH_OWN_PEPPER" in one(found, "vault env").what
    assert "PYTHON_KEYRING_BACKEND is set: it chooses nothing here" in one(found, "keyring").what
    assert not [finding for finding in found if finding.area == "vault file"], "that is the one it has"


def test_looking_does_not_choose_a_vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    home = Home(tmp_path / "home").make()
    ControlStore.open(home.control).close()
    before = sorted(home.root.rglob("*"))
    assert one(examine(home, None), "vault").state == "missing"
    assert sorted(home.root.rglob("*")) == before
    with ControlStore.open(home.control) as store:
        assert kind_of(store) == ""


def test_a_gateway_that_holds_the_home_and_does_not_answer_is_broken(home: Home) -> None:
    lock = HomeLock(home.lock)
    found = one(examine(home, None), "gateway")
    lock.release()
    assert found.state == "broken"
    assert str(home.root) in found.what
    assert one(examine(home, None), "gateway").state == "missing", "looking leaves the home free"


async def test_a_running_gateway_and_what_is_wrong_with_it_is_shown(tmp_path: Path) -> None:
    with gateway(tmp_path, "vault: file\n", "--workers", "2") as running:
        home = Home(running.home)
        found = one(examine(home, None), "gateway")
        assert found.state == "ok"
        assert running.running.listen in found.what
        assert "2 workers" in found.what
        (tmp_path / "gatewatch.yaml").write_text("provider: {}\n")
        with ControlClient(home.socket) as control:
            await until(lambda: control.live()["alarms"], lambda alarms: alarms)
        alarm = one(examine(home, None), "alarm config")
    assert alarm.state == "broken"
    assert "providers" in alarm.what


def test_everything_that_is_not_ok_has_a_next_step(home: Home) -> None:
    home.root.chmod(0o755)
    home.config.write_text(CONFIG.replace("vault:openai", "env:NO_SUCH_VARIABLE"))
    for finding in examine(home, None):
        assert finding.state == "ok" or finding.next_step, finding


def test_a_store_that_cannot_be_used_is_a_finding_and_the_rest_is_told(home: Home) -> None:
    home.control.write_bytes(b"nothing of a database" * 500)
    for suffix in ("-wal", "-shm"):
        Path(f"{home.control}{suffix}").unlink(missing_ok=True)
    found = [finding for finding in examine(home, None) if finding.area == "keys"]
    assert [(finding.state, bool(finding.next_step)) for finding in found] == [("broken", True)]
    assert any(finding.area == "gateway" for finding in examine(home, None))


def test_a_limits_store_is_asked_whether_it_answers(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config.write_text(CONFIG + "stores: {limits: env:LIMITS_URL}\n")
    assert one(examine(home, None), "limits store").state == "broken"
    monkeypatch.setenv("LIMITS_URL", "redis://:canary-of-the-store@127.0.0.1:1")
    found = one(examine(home, None), "limits store")
    assert (found.state, found.what) == ("broken", "redis://127.0.0.1:1 cannot be reached: Connection refused")
    with redis_server(tmp_path / "redis") as store:
        monkeypatch.setenv("LIMITS_URL", store.url)
        assert one(examine(home, None), "limits store").state == "ok"
