from proxy.settings import Provider, ProviderKey, Way
from proxy.trial.findings import Findings, harmless

PROVIDER = Provider(
    name="p",
    ways=(Way(dialect="openai-chat", base_url="https://x.example/v1"),),
    keys=(ProviderKey(id="env:K", secret="a-key-without-any-shape"),),
    price_provider="p",
)


def test_what_a_provider_says_is_shown_without_the_key() -> None:
    said = harmless("wrong key a-key-without-any-shape\x1b[2J, or sk-proj-0123456789abcdef0123456789", PROVIDER)
    assert "a-key-without" not in said
    assert "0123456789" not in said
    assert said.isprintable()


def test_a_good_try_says_nothing_of_what_to_do() -> None:
    told = Findings(provider="p", status=200).told()
    assert not told.keys() & {"next_step", "works_at", "models", "verdict"}
    assert told["problem"] is None


def test_a_bad_one_does() -> None:
    told = Findings(provider="p", problem="no", next_step="mend it", works_at="https://x").told()
    assert (told["next_step"], told["works_at"]) == ("mend it", "https://x")
