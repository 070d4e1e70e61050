"""The kinds of vaults that a home may have: ours, and those that plug-ins bring."""

from gatewatch.errors import UsageError
from gatewatch.keys.secret_shapes import shown

BUILT_IN = ("keyring", "file", "systemd", "env")
READ_ONLY = ("systemd", "env")
OURS_TO_PLUG_IN = {"hashicorp": "gatewatch.vault.hashicorp:open_vault"}
"""Plug-ins that come with Gatewatch; what they need beside it is imported when one is opened."""
GROUP = "gatewatch.vaults"
"""The group of entry points in which a package announces further kinds."""


def kinds() -> tuple[str, ...]:
    """All there are here, ours first. Looks at every installed package: 10 ms."""
    from importlib.metadata import entry_points

    others = {point.name for point in entry_points(group=GROUP)} - {*BUILT_IN, *OURS_TO_PLUG_IN}
    return (*BUILT_IN, *OURS_TO_PLUG_IN, *sorted(others))


def is_kind(kind: str) -> bool:
    return kind in BUILT_IN or kind in OURS_TO_PLUG_IN or kind in kinds()


def check_kind(kind: str, said_by: str) -> None:
    """Raises UsageError where nothing here is of that kind."""
    if not is_kind(kind):
        raise UsageError(f"{said_by}: {shown(kind)} is no kind of vault", f"choose one of {', '.join(kinds())}")
