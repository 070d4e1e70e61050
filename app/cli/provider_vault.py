"""`gatewatch providers vault`: which vault a home has and why; another one; what a read-only one has to be given."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewatch.authority.permissions import Permission
    from gatewatch.control.store import ControlStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--use", metavar="KIND", help="move every secret to this kind of vault")
    parser.add_argument(
        "--abandon",
        action="store_true",
        help="with --use: start with an empty vault when the old one does not open any more; revokes all virtual keys",
    )
    parser.add_argument(
        "--secrets-to",
        metavar="DIR",
        help="write what a read-only vault (--vault systemd or env) has to be given into a new, private folder",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Raises GatewatchError where a vault does not open or work, NotAllowed while a gateway runs that has it open."""
    from gatewatch.errors import UsageError

    if args.abandon and not args.use:
        raise UsageError("--abandon needs --use", "say which kind of vault to start with")
    if args.secrets_to is not None:
        if args.use:
            raise UsageError("--secrets-to and --use are two steps", "first write them out, then give them, then move")
        return _write_out(args)
    return _change(args) if args.use else _show(args)


def _show(args: argparse.Namespace) -> int:
    from app.cli.performing import perform
    from gatewatch.actions.vault import ShowVault

    _print(args, perform(args, "vault.show", ShowVault()))
    return 0


def _change(args: argparse.Namespace) -> int:
    from app.cli.vault_options import configuration, confirmed, control_store, vault_wish
    from gatewatch.authority.permissions import Permission
    from gatewatch.errors import UsageError
    from gatewatch.vault.kinds import check_kind
    from gatewatch.vault.moving import abandon_vault, move_vault
    from gatewatch.vault.own_entries import is_own

    check_kind(args.use, "--use")
    with control_store(args, make=True) as (home, store):
        _require(store, Permission.VAULT_CHANGE, "vault.abandon" if args.abandon else "vault.move", args.use)
        config = configuration(args, home)
        if config is not None and config.vault not in ("auto", args.use):
            raise UsageError(f"the configuration says `vault: {config.vault}`", "change it there first")
        wish = vault_wish(args, config)
        if args.abandon:
            question = "Start with an empty vault? All virtual keys are revoked, provider keys have to be set again."
            if not confirmed(question, args.yes):
                return 1
            vault = abandon_vault(home, store, wish, args.use)
        else:
            providers = config.providers.values() if config else ()
            referred = [where.partition("vault:")[2] for each in providers for where in each.references.values()]
            vault = move_vault(home, store, wish, args.use, [name for name in referred if name])
        backend, reason = vault.describe()
        names = [name for name in vault.names() if not is_own(name)]
        _print(args, {"backend": backend, "reason": reason, "keys": names})
    return 0


def _write_out(args: argparse.Namespace) -> int:
    import sys
    from pathlib import Path

    from app.cli.output import print_object
    from app.cli.vault_options import configuration, control_store, vault_wish
    from gatewatch.authority.permissions import Permission
    from gatewatch.errors import UsageError
    from gatewatch.paths import Home
    from gatewatch.vault.own_entries import NEEDED, new_secret
    from gatewatch.vault.writing_out import secrets_to_give, write_out

    home, folder = Home.find(args.home), Path(args.secrets_to).expanduser().absolute()
    config = configuration(args, home)
    kind = args.vault or (config.vault if config else None)
    if kind in (None, "auto"):
        raise UsageError("for which kind of vault?", "add --vault systemd or --vault env")
    if home.control.exists():
        with control_store(args, make=False) as (home, store):
            _require(store, Permission.VAULT_CHANGE, "vault.write_out", kind)
            entries = secrets_to_give(home, store, vault_wish(args, config)._replace(kind=None))
            files = write_out(entries, folder, kind)
            store.audit("vault.write_out", kind, entries=sorted(entries))
    else:
        entries = {name: new_secret() for name in NEEDED}
        files = write_out(entries, folder, kind)
    print_object({"folder": str(folder), "kind": kind, "files": [file.name for file in files]}, args.output)
    sys.stderr.write(_next_steps(kind, folder, [file.name for file in files]))
    return 0


def _next_steps(kind: str, folder: Any, files: list[str]) -> str:
    if kind == "env":
        how = (
            f"Give them to the container (`--env-file {folder}/{files[0]}`), with `vault: env` in the configuration.\n"
        )
        more = "A provider's key NAME goes beside them as GATEWATCH_SECRET_NAME.\n"
    else:
        how = (
            f"In {folder}, encrypt each for this machine:\n"
            "  for each in gatewatch*; do\n"
            "    systemd-creds encrypt --name=$each $each /etc/credstore.encrypted/$each; done\n"
            "and let the unit have them, with `vault: systemd` in the configuration:\n"
            + "".join(f"  LoadCredentialEncrypted={name}:/etc/credstore.encrypted/{name}\n" for name in files)
        )
        more = "A provider's key NAME goes beside them as gatewatch-NAME.\n"
    return f"{how}{more}Then delete {folder}: it holds the secrets in plain text.\n"


def _require(store: "ControlStore", permission: "Permission", deed: str, target: str) -> None:
    """Raises NotAllowed, and notes the try, where the login user may not."""
    import msgspec

    from gatewatch.actions.acting import not_permitted

    store.become(msgspec.structs.replace(store.actor, role=store.role_of(store.actor.id)))
    if not store.actor.may(permission):
        refused = not_permitted(store.actor, permission)
        store.audit(deed, target, result="denied", reason=refused.title)
        raise refused


def _print(args: argparse.Namespace, vault: dict[str, Any]) -> None:
    import sys

    from app.cli.output import print_object
    from gatewatch.safe_text import safe

    if args.output == "table":
        print_object({name: vault[name] for name in ("backend", "keys")}, args.output)
        sys.stdout.write(f"\n{safe(vault['reason'])}\n")
    else:
        print_object(vault, args.output)
