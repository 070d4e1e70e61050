"""Sealing where nobody is asked: what opens by itself is opened, everything else is said, and soon."""

import fcntl
import os
import sqlite3

import pytest

from gatewatch.actions.unasked_sealing import seal_unasked
from gatewatch.control.store import ControlStore
from tests.kit.acting import Stage


def unsealed(stage: Stage) -> int:
    connection = sqlite3.connect(stage.home.control)
    (count,) = connection.execute(
        "SELECT count(*) FROM audit WHERE seq NOT IN (SELECT seq FROM audit_seals)"
    ).fetchone()
    connection.close()
    return int(count)


def test_a_key_file_opens_by_itself(stage: Stage) -> None:
    stage.key()
    assert unsealed(stage) > 0
    assert seal_unasked(stage.home, None) == []
    assert unsealed(stage) == 0


def test_a_vault_of_the_environment_opens_by_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWATCH_OWN_PEPPER", "ab" * 32)
    monkeypatch.setenv("GATEWATCH_OWN_AUDIT_KEY", "cd" * 32)
    with ControlStore.open(stage.home.control) as store:
        store.set_setting("vault.backend", "env")
    assert seal_unasked(stage.home, None) == []
    assert unsealed(stage) == 0
    assert stage.home.audit_anchor.exists()


def test_a_passphrase_that_nobody_gave_is_said(stage: Stage) -> None:
    stage.key()
    stage.home.vault_key.unlink()
    (problem,) = seal_unasked(stage.home, None)
    assert "not sealed yet" in problem
    assert "audit verify" in problem


def test_somebody_else_who_is_sealing_for_ever_holds_nobody_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewatch.actions.unasked_sealing.SECONDS", 0.2)
    stage.key()
    held = os.open(stage.home.audit_lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        (problem,) = seal_unasked(stage.home, None)
    finally:
        os.close(held)
    assert "within 0.2 s" in problem
