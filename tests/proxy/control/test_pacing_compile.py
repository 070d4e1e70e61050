"""What workers are told of how calls wait."""

from gatewatch.config.models import Config
from proxy.control.pacing_compile import compile_pacing
from proxy.settings import KeyCap, Pacing


def test_a_configuration_that_says_nothing_of_it_is_what_a_worker_takes_by_itself() -> None:
    assert compile_pacing(Config()) == Pacing()


def test_times_are_seconds_and_caps_are_by_key_model_and_route() -> None:
    config = Config.model_validate(
        {
            "pacing": {
                "wait": "1500ms", "batch_wait": "10m", "queue": 7, "from_headers": False, "urgent_teams": ["oncall"],
            },
            "providers": {"p": {"preset": "openai", "api_key": "vault:p", "limits": {"concurrent": 8}}},
            "models": {"chat": {"targets": ["p/gpt-5"], "concurrent": 3}, "other": {"targets": ["p/gpt-5"]}},
        }
    )  # fmt: skip
    assert compile_pacing(config) == Pacing(
        queue=7,
        wait=1.5,
        batch_wait=600.0,
        urgent_teams=("oncall",),
        from_headers=False,
        keys=(KeyCap(provider="p", key="vault:p", most=8),),
        routes={"chat": 3},
    )
