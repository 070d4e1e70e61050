"""The lists of models that ship with Gatewatch: one file per price list, one line per name that its provider takes.

Imports stay small: a worker reads these.
"""

from pathlib import Path

import msgspec

from gatewatch.models.facts import NOTHING, ModelFacts

BASE = Path(__file__).parent / "base"


class ListedModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    model: str
    """As the provider spells it."""
    facts: ModelFacts = NOTHING
    retired: bool = False
    """No longer sold: its name still leads there, but no list shows it."""
    source: str = ""


ModelLists = dict[str, list[ListedModel]]
"""Name of a list → its models, by name."""

_DECODER = msgspec.json.Decoder(ListedModel)


def read_list(name: str, folder: Path = BASE) -> list[ListedModel]:
    """Empty where there is no such list. Raises OSError, ValueError for a file that is not one of ours."""
    path = folder / f"{name}.jsonl"
    return _DECODER.decode_lines(path.read_bytes()) if path.is_file() else []


def write_lists(folder: Path, lists: ModelLists) -> None:
    """All of them; a file of a list that is no more goes."""
    for path in folder.glob("*.jsonl"):
        if path.stem not in lists:
            path.unlink()
    for name, models in lists.items():
        (folder / f"{name}.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(models))
