import pytest

from gatewatch.config.models import Config
from gatewatch.config.not_in_force import not_enforced
from gatewatch.config.problems import key_text


def unenforced(**tree: object) -> list[str]:
    return [key_text(path) for path, _ in not_enforced(Config.model_validate(tree))]


def test_what_works_is_not_warned_about() -> None:
    providers = {"aws": {"preset": "bedrock", "region": "eu-west-1"}, "own": {"preset": "anthropic", "region": "us"}}
    working = {"providers": providers, "deadlines": {"total": "2m"}}
    assert unenforced(**working, models={"bot": {"targets": ["aws/x"]}}, hosts=["a"], teams={"s": {}}, workers=3) == []


def test_limits_budgets_and_retention_are_in_force() -> None:
    limited = {"t": {"budget": {"usd": "5"}, "limits": {"rpm": 5}}}
    model = {"targets": ["a/b"], "budget_step_down": True}
    ledger = {"bodies": "on", "retention": {"calls": "400d", "bodies": "14d"}}
    assert unenforced(stores={"limits": "env:REDIS"}, models={"m": model}, teams=limited, ledger=ledger) == []


@pytest.mark.parametrize(
    ("tree", "key"),
    [
        ({"stores": {"control": "env:DB"}}, "stores.control"),
        ({"stores": {"ledger": "env:DB"}}, "stores.ledger"),
        ({"providers": {"a": {"preset": "anthropic", "project": "p"}}}, "providers.a.project"),
        ({"models": {"m": {"targets": ["a/b", "a/c"], "weights": {"a/b": "3"}}}}, "models.m.weights"),
        ({"teams": {"t": {"models": ["m"]}}}, "teams.t.models"),
    ],
)
def test_what_does_nothing_yet_is_named(tree: dict[str, object], key: str) -> None:
    assert unenforced(**tree) == [key]


@pytest.mark.parametrize(("vault", "told"), [("file", "b"), ("env", "a, b"), ("systemd", "a, b")])
def test_a_greatest_age_is_for_keys_whose_age_is_known(vault: str, told: str) -> None:
    keys = [{"name": "a", "key": "vault:a"}, {"name": "b", "key": "env:B"}]
    provider = {"preset": "groq", "api_keys": keys, "rotation": {"max_age": "30d"}}
    ((path, what),) = not_enforced(Config.model_validate({"vault": vault, "providers": {"p": provider}}))
    assert key_text(path) == "providers.p.rotation.max_age"
    assert f"not in force for {told}:" in what
