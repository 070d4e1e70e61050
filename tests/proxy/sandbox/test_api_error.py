import msgspec
import pytest

from proxy.sandbox.api_error import Misfit, misfit


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: int


class Body(msgspec.Struct):
    model: str
    items: list[Inner] = []


def found(body: bytes) -> Misfit:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=Body)
    return misfit(caught.value)


@pytest.mark.parametrize(
    ("body", "kind", "place"),
    [
        (b'{"model":"x","items":[{}]}', "missing", ("items", 0, "size")),
        (b"{}", "missing", ("model",)),
        (b'{"model":"x","items":[{"size":1},{"size":1,"colour":2}]}', "unknown", ("items", 1, "colour")),
        (b'{"model":"x","items":[{"size":"big"}]}', "type", ("items", 0, "size")),
        (b"[]", "type", ()),
    ],
)
def test_what_does_not_fit_is_told_by_kind_and_place(body: bytes, kind: str, place: tuple[str | int, ...]) -> None:
    assert found(body)[:2] == (kind, place)


def test_a_place_is_also_a_path() -> None:
    assert found(b'{"model":"x","items":[{}]}').dotted == "items[0].size"
    assert found(b"[]").dotted == ""
