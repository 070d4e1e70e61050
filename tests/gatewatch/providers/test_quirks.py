import msgspec
import pytest

from gatewatch.config.models import Quirks as Written
from gatewatch.providers.quirks import Quirks


def test_nothing_is_odd_by_default_and_says_nothing_on_the_way_to_a_worker() -> None:
    assert msgspec.json.encode(Quirks()) == b"{}"


def test_everything_odd_can_be_said_in_the_configuration() -> None:
    assert set(Written.model_fields) == set(Quirks.__struct_fields__)


def test_an_oddity_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError, match="strange"):
        msgspec.convert({"strange": True}, Quirks)
