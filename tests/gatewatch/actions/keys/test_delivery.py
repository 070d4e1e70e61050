"""Where new secrets go."""

from contextlib import suppress

import pytest

from gatewatch.actions.keys.delivery import check_delivery, kept
from gatewatch.errors import UsageError
from tests.kit.acting import Stage


def test_a_secret_is_in_the_vault_before_it_is_good_for_anything_and_out_where_that_fails(stage: Stage) -> None:
    with stage.acting() as acting:
        vault = acting.open_vault()
        with kept(acting, "fine", "secret-1"):
            assert vault.get("fine") == "secret-1"
        assert vault.get("fine") == "secret-1"
        with suppress(ValueError), kept(acting, "failed", "secret-2"):
            raise ValueError
        assert vault.get("failed") is None


def test_a_place_must_go_with_the_way(stage: Stage) -> None:
    with stage.acting() as acting:
        for deliver, name in (("vault", None), ("answer", "somewhere"), ("vault", "gatewatch/pepper")):
            with pytest.raises(UsageError):
                check_delivery(acting, deliver, name)  # type: ignore[arg-type]
        check_delivery(acting, "vault", "ci")
        check_delivery(acting, "answer", None)
