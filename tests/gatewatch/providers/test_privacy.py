import pytest

from gatewatch.providers.privacy import (
    Policy,
    Privacy,
    RetentionFact,
    Stated,
    Trains,
    TrainsFact,
    ZeroRetention,
    ZeroRetentionFact,
    summary,
    unmet,
)
from gatewatch.providers.quirks import Quirks

DENY = Quirks(opt_out={"openai-chat": {"provider": {"data_collection": "deny"}}})
ZDR = Quirks(zero_retention={"openai-chat": {"provider": {"zdr": True}}})


def known(trains: Trains = "unknown", days: int | None = None, zero: ZeroRetention = "unknown") -> Privacy:
    return Privacy(
        trains=TrainsFact(value=trains),
        retention_days=RetentionFact(value=days),
        zero_retention=ZeroRetentionFact(value=zero),
    )


@pytest.mark.parametrize(
    ("policy", "privacy", "stated", "quirks", "said"),
    [
        ("no_training", known("no"), Stated(), Quirks(), None),
        ("no_training", known("yes"), Stated(), DENY, "trains on prompts"),
        ("no_training", known("opt-out"), Stated(), DENY, None),
        ("no_training", known("opt-out"), Stated(), Quirks(), "unless its account is told otherwise"),
        ("no_training", known(), Stated(), Quirks(), "does not say"),
        ("no_training", known(), Stated(trains="no"), Quirks(), None),
        ("no_training", known("no"), Stated(trains="yes"), Quirks(), "trains on prompts"),
        ("no_training", known(zero="default"), Stated(), Quirks(), None),  # what is not kept cannot be trained on
        ("zero_retention", known("no", 30, "contract"), Stated(), Quirks(), "30 days unless a contract says otherwise"),
        ("zero_retention", known("no", 30, "contract"), Stated(zero_retention="contract"), Quirks(), None),
        ("zero_retention", known("no", 30, "contract"), Stated(retention_days=0), Quirks(), None),
        ("zero_retention", known(zero="default"), Stated(), Quirks(), None),
        ("zero_retention", known(zero="default"), Stated(zero_retention="none", retention_days=7), Quirks(), "7 days"),
        ("zero_retention", known(zero="switch"), Stated(), ZDR, None),
        ("zero_retention", known(zero="switch"), Stated(), DENY, "switched off in its console"),
        ("zero_retention", known(zero="switch"), Stated(zero_retention="default"), Quirks(), None),
        ("zero_retention", known("no", 30, "none"), Stated(), ZDR, "keeps prompts for 30 days"),
        ("zero_retention", known("no"), Stated(), Quirks(), "may keep prompts"),
    ],
)
def test_a_policy_is_met_by_what_is_shown_or_stated(
    policy: Policy, privacy: Privacy, stated: Stated, quirks: Quirks, said: str | None
) -> None:
    found = unmet(policy, privacy, stated, quirks)
    assert found is None if said is None else said in (found or "")


@pytest.mark.parametrize(
    ("privacy", "stated", "said"),
    [
        (known("no", 30), Stated(), "no training, kept 30 days"),
        (known(), Stated(), "training unknown, retention unknown"),
        (known("opt-out", 0), Stated(), "trains unless told not to, nothing kept"),
        (known("yes", 30), Stated(trains="no", zero_retention="contract"), "no training, nothing kept"),
    ],
)
def test_a_column_says_it_in_a_few_words(privacy: Privacy, stated: Stated, said: str) -> None:
    assert summary(privacy, stated) == said
