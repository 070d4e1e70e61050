"""Whom a scope means: names are looked up, and a gateway that runs takes a change at once."""

import pytest

from gatewatch.actions.limit_scope import Meant, changed, meant
from gatewatch.errors import UsageError
from tests.kit.acting import RunningGateway, Stage


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gateway", Meant("gateway", "", None)),
        ("team", Meant("team", None, None)),
        ("team/search", Meant("team", "search", "search")),
        ("team/declared", Meant("team", "declared", "declared")),
        ("project/search/ranker", Meant("project", "search/ranker", "search")),
        ("user/ann@example.com", Meant("user", "ann@example.com", None)),
        ("model/anything/goes", Meant("model", "anything/goes", None)),
    ],
)
def test_scopes_as_they_are_written(stage: Stage, text: str, found: Meant) -> None:
    """Without a configuration file, any provider may be there."""
    stage.declared = ("declared",)
    stage.key("app", project="ranker")
    with stage.acting() as acting:
        assert meant(acting, text) == found
        assert meant(acting, text).text == text


def test_a_key_is_named_by_its_name_the_beginning_of_its_id_or_its_id(stage: Stage) -> None:
    key = stage.key("app")["id"]
    with stage.acting() as acting:
        for name in ("app", key, key[:4]):
            found = meant(acting, f"key/{name}")
            assert (found.text, found.team) == (f"key/{key}", "search")


def test_a_secret_given_as_a_name_is_never_repeated(stage: Stage) -> None:
    made = stage.key("app")
    with stage.acting() as acting:
        assert meant(acting, f"key/{made['secret']}").name == made["id"]
        with pytest.raises(UsageError) as refused:
            meant(acting, f"user/{made['secret']}")
        assert made["secret"] not in str(refused.value)


def test_a_gateway_that_runs_is_told_of_a_change(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(RunningGateway, "rules_changed", lambda _: told.append("changed"))
    stage.gateway = RunningGateway({})
    with stage.acting() as acting:
        changed(acting)
    stage.do("limits.set", scope="gateway", requests=5)
    stage.do("limits.remove", scope="gateway")
    assert told == ["changed"] * 3
