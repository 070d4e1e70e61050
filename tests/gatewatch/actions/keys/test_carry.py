"""Keys move to another home: what is known of them, never a secret."""

from pathlib import Path

import pytest

from gatewatch.errors import NotFound, UsageError
from gatewatch.keys import token
from tests.kit.acting import DAY, Stage

SCOPE = {"models": ("gpt-4o",), "max_uses": 5, "max_picos": 10**12, "service": "bot", "environment": "test",
    "region": "eu", "data_class": "confidential"}  # fmt: skip


def test_what_is_exported_here_is_imported_there_under_the_same_id(stage: Stage, tmp_path: Path) -> None:
    made = stage.key("app", ttl_us=DAY, **SCOPE)
    (line,) = stage.do("keys.export")
    there = Stage(tmp_path / "there")
    there.clock.now = stage.clock.now
    imported = there.do("keys.import", key=line, create_team=True)
    for name in (
        "id",
        "name",
        "team",
        "service",
        "environment",
        "models",
        "region",
        "data_class",
        "max_uses",
        "max_usd",
        "expires_at",
    ):
        assert imported[name] == made[name], name
    assert there.do("keys.show", key="app")["secrets"] == []
    assert there.do("keys.rotate", key="app")["version"] == 1, "its first secret"
    assert there.do("keys.export") == [line]


def test_no_secret_and_no_digest_is_exported(stage: Stage) -> None:
    made = stage.key("app")
    digests = stage.store(lambda store: store.connection.execute("SELECT digest FROM key_secrets").fetchall())
    text = repr(stage.do("keys.export"))
    assert made["secret"][20:] not in text
    assert digests[0][0].hex() not in text


def test_an_import_whose_answer_was_lost_is_asked_for_again_and_happens_once(stage: Stage, tmp_path: Path) -> None:
    stage.key("app", **SCOPE)
    (line,) = stage.do("keys.export")
    there = Stage(tmp_path / "there")
    first = there.do("keys.import", key=line, create_team=True)
    there.clock.now += 1
    assert there.do("keys.import", key=line, create_team=True) == first
    assert [deed[0] for deed in there.deeds()].count("key.create") == 1
    with pytest.raises(UsageError, match="already"):
        there.do("keys.import", key=line | {"max_uses": 6})
    there.do("keys.rotate", key="app")
    with pytest.raises(UsageError, match="already"):
        there.do("keys.import", key=line)


def test_ended_keys_are_not_exported(stage: Stage) -> None:
    stage.key("gone")
    stage.do("keys.revoke", key="gone")
    assert stage.do("keys.export") == []


def test_what_is_there_already_or_does_not_fit_is_refused(stage: Stage) -> None:
    stage.key("app")
    (line,) = stage.do("keys.export")
    new = line | {"id": "newkey01"}
    for key in (
        line,
        new | {"digest": "00"},
        new | {"secret": "gwk"},
        new | {"id": "../../x"},
        new | {"max_usd": "NaN"},
        new | {"max_usd": "-1"},
        new | {"expires_at": "soon"},
        new | {"expires_at": "2001-01-01T00:00:00Z"},
        new | {"role": "admin"},
        {"name": "x"},
    ):
        with pytest.raises(UsageError):
            stage.do("keys.import", key=key)
    with pytest.raises(NotFound):
        stage.do("keys.import", key=new | {"team": "elsewhere"})
    assert [row["id"] for row in stage.do("keys.list")] == [line["id"]]


def test_an_id_that_names_another_keys_secret_is_taken(stage: Stage) -> None:
    stage.key("app")
    rotated = stage.do("keys.rotate", key="app")
    kid = token.parse(rotated["secret"])
    with pytest.raises(UsageError, match="already"):
        stage.do("keys.import", key={"id": kid, "name": "x", "team": "search"})
