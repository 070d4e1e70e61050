"""Which configuration is in force is noted with the owner of its file; nothing is kept from being taken for it."""

import logging
import os
import pwd
from pathlib import Path

import msgspec
import pytest

from gatewatch.config.loading import load
from gatewatch.control import route_versions
from gatewatch.control.configuration_versions import ConfigurationVersions
from gatewatch.control.route_overrides import MadeOverride, RouteOverrides
from gatewatch.control.route_versions import RouteVersions
from gatewatch.control.store import ControlStore
from gatewatch.paths import Home
from gatewatch.routing.definition import readable
from proxy.control.settings_compile import compile_settings
from proxy.control.versions_in_force import VersionsInForce, file_facts
from proxy.settings import Route

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


def test_each_route_is_noted_whole_and_only_when_it_is_another(tmp_path: Path) -> None:
    file = tmp_path / "gatewatch.yaml"
    with ControlStore.open(tmp_path / "control.db", actor="gateway") as store:
        taken = VersionsInForce(store)
        for text in (TEXT, TEXT.replace("requests: 9", "requests: 8"), TEXT.replace("gpt-4o", "gpt-4.1")):
            file.write_text(text, encoding="utf-8")
            loaded = load(file, {})
            settings = compile_settings(loaded, Home(tmp_path), "00" * 32, lambda _: None)
            taken.taken(loaded, settings)
        newer, older = RouteVersions(store).of("bot")
    assert newer.version == settings.routes["bot"].version
    assert msgspec.convert(newer.definition, Route) == settings.routes["bot"]
    assert readable(older.definition)["targets"] == ["sandbox/gpt-4o"]
    assert (newer.config, newer.changed_by) == (settings.config_version, pwd.getpwuid(os.getuid()).pw_name)


def test_a_version_that_a_rollback_holds_is_kept_however_many_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_versions, "MOST_VERSIONS", 1)
    file = tmp_path / "gatewatch.yaml"
    with ControlStore.open(tmp_path / "control.db", actor="gateway") as store:
        taken = VersionsInForce(store)
        for model in ("a", "b", "c"):
            file.write_text(TEXT.replace("gpt-4o", model), encoding="utf-8")
            loaded = load(file, {})
            taken.taken(loaded, compile_settings(loaded, Home(tmp_path), "00" * 32, lambda _: None))
            if model == "a":
                (first,) = RouteVersions(store).of("bot")
                made = MadeOverride(id="rollback:bot", kind="rollback", route="bot", version=first.version)
                RouteOverrides(store).put(made)
        assert [each.definition["targets"][0]["model"] for each in RouteVersions(store).of("bot")] == ["c", "a"]
