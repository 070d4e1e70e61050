"""What changed in the configuration stands in the trail, path by path, without secrets."""

import json
import os
from pathlib import Path
from typing import Any

from gatewatch.audit.configuration import note_configuration, note_refused
from gatewatch.config.loading import load
from gatewatch.control.records import AuditEntry
from gatewatch.control.store import ControlStore
from tests.kit.audit_stage import Stage

FILE = """
providers:
  openai: {preset: openai, api_key: env:OPENAI_API_KEY, headers: {x-team: search}}
models:
  chat: {targets: [openai/gpt-4o, openai/gpt-4o-mini]}
"""


def noted(stage: Stage, action: str, text: str) -> AuditEntry | None:
    """The entry that a gateway writes which puts this file in force."""
    path = stage.home.config
    path.write_text(text)
    loaded = load(path, os.environ)
    with ControlStore.open(stage.home.control, actor="gateway") as store:
        before = len(store.audit_entries(1000))
        note_configuration(store, action, str(path), loaded.version, loaded.tree())
        return store.audit_entries(1)[0] if len(store.audit_entries(1000)) > before else None


def test_the_first_start_tells_all_of_it_and_the_next_ones_what_changed(stage: Stage) -> None:
    first = noted(stage, "config.start", FILE)
    assert first is not None
    assert first.after is not None
    assert (first.action, first.before, first.target) == ("config.start", None, str(stage.home.config))
    assert first.after["providers.openai.api_key"] == "env:OPENAI_API_KEY"
    assert first.after["models.chat.targets"] == ["openai/gpt-4o", "openai/gpt-4o-mini"]
    assert noted(stage, "config.start", FILE) is None
    changed = noted(stage, "config.reload", FILE.replace(", openai/gpt-4o-mini", "") + "teams: {search: {}}\n")
    assert changed is not None
    assert changed.before is not None
    assert changed.after is not None
    versions = {changed.before.pop("version"), changed.after.pop("version")}
    assert len(versions) == 2
    assert changed.before.pop("teams") == {}
    assert changed.before == {"models.chat.targets": ["openai/gpt-4o", "openai/gpt-4o-mini"]}
    assert changed.after.pop("models.chat.targets") == ["openai/gpt-4o"]
    assert [path.startswith("teams.search") for path in changed.after] == [True]


def test_a_change_while_no_gateway_ran_is_told_at_the_start(stage: Stage) -> None:
    noted(stage, "config.start", FILE)
    started = noted(stage, "config.start", FILE.replace("x-team: search", "x-team: sales"))
    assert started is not None
    assert (started.before or {})["providers.openai.headers.x-team"] == "search"
    assert (started.after or {})["providers.openai.headers.x-team"] == "sales"


def test_secrets_in_it_are_told_as_changed_and_never_as_what_they_are(stage: Stage) -> None:
    secrets = ["hunter2-of-before", "sk-proj-" + "a1B2" * 8, "0123456789abcdef0123456789abcdef"]

    def tree(number: int) -> dict[str, Any]:
        return {
            "stores": {"control": f"postgresql://gw:{secrets[0]}@db/gw"},
            "providers": {
                "x": {
                    "headers": {"authorization": secrets[number], "x-note": secrets[number]},
                    "query": f"key={secrets[0]}",
                    "api_keys": [{"key": "vault:x-main", "weight": 2}],
                }
            },
            secrets[1]: secrets[2],
        }

    with ControlStore.open(stage.home.control, actor="gateway") as store:
        note_configuration(store, "config.start", "file", "v1", tree(1))
        note_configuration(store, "config.reload", "file", "v2", tree(2))
        newest, first = store.audit_entries(2)
        kept = store.setting("config.in_force") or ""
    assert (newest.before, newest.after) == ({"version": "v1"}, {"version": "v2"})
    assert first.after is not None
    assert first.after["providers.x.api_keys[0].key"] == "vault:x-main"
    everything = (
        kept + json.dumps([newest.after, first.after]) + Path(stage.home.control).read_bytes().decode("latin-1")
    )
    assert not [secret for secret in secrets if secret in everything]


def test_a_huge_change_is_told_in_part_with_its_size(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, actor="gateway") as store:
        note_configuration(store, "config.start", "file", "v1", {"models": {f"m{n}": {"a": n} for n in range(1000)}})
        (entry,) = store.audit_entries(1)
    assert entry.after is not None
    assert len(entry.after) == 202
    assert entry.after["more_paths"] == 800


def test_a_file_that_was_refused_stands_there_with_the_reason(stage: Stage) -> None:
    with ControlStore.open(stage.home.control, actor="gateway") as store:
        note_refused(store, "gatewatch.yaml", "line 3: sk-proj-" + "a1B2" * 8 + " is no reference")
        (entry,) = store.audit_entries(1)
    assert (entry.action, entry.result, entry.after) == (
        "config.reload", "refused", {"reason": "line 3: [secret] is no reference"}
    )  # fmt: skip
