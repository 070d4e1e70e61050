"""Which configuration is in force is noted with the owner of its file; nothing is kept from being taken for it."""

import logging
import os
import pwd
from pathlib import Path

import msgspec
import pytest

from gatewatch.config.loading import load
from gatewatch.control.configuration_versions import ConfigurationVersions
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from proxy.control.settings_compile import compile_settings
from proxy.control.versions_in_force import VersionsInForce, file_facts

TEXT = """\
providers: {sandbox: {preset: sandbox, base_url: "http://127.0.0.1:9/v1", api_key: none, allow_private: true}}
models: {bot: {targets: [sandbox/gpt-4o]}}
limits: {each: {scope: key, requests: 9}}
"""


def test_version_owner_routes_and_rules_are_noted_without_secrets(tmp_path: Path) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(TEXT.replace("none", "env:SECRET"), encoding="utf-8")
    loaded = load(file, {})
    settings = compile_settings(loaded, Home(tmp_path), "00" * 32, lambda _: "sk-very-secret")
    with ControlStore.open(tmp_path / "control.db", actor="gateway") as store:
        VersionsInForce(store).taken(loaded, settings)
        noted = ConfigurationVersions(store).get(settings.config_version)
    assert noted is not None
    assert noted.changed_by == pwd.getpwuid(os.getuid()).pw_name
    assert noted.changed_at == file.stat().st_mtime_ns // 1000
    assert noted.routes == {"bot": settings.routes["bot"].version}
    assert [rule.id for rule in noted.rules] == ["limits.each/requests/1m"]
    assert noted.tree["models.bot.targets"] == ["sandbox/gpt-4o"]
    assert b"very-secret" not in msgspec.json.encode(noted)


def test_without_a_file_nobody_changed_it(tmp_path: Path) -> None:
    assert file_facts(None) == (None, None)
    assert file_facts(tmp_path / "gone") == (None, None)


def test_a_store_that_cannot_be_written_is_said_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "gatewatch.yaml"
    file.write_text(TEXT, encoding="utf-8")
    loaded = load(file, {})
    settings = compile_settings(loaded, Home(tmp_path), "00" * 32, lambda _: None)
    store = ControlStore.open(tmp_path / "control.db", actor="gateway")
    store.close()
    with caplog.at_level(logging.WARNING):
        VersionsInForce(store).taken(loaded, settings)
    assert "cannot be noted" in caplog.text
