"""`gatewatch config`: checks, shows and describes the configuration. It touches no running gateway."""

import argparse
from typing import TYPE_CHECKING, Any

from app.cli.command import add_home, add_output

if TYPE_CHECKING:
    from gatewatch.config import Loaded
    from gatewatch.config.problems import KeyPath
    from gatewatch.paths import Home
    from gatewatch.vault.interface import Vault


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="say whether the file can be used, and whether every key is there")
    show = actions.add_parser("show", help="print what is in force, presets filled in, secrets as references")
    schema = actions.add_parser("schema", help="print the file's JSON schema")
    for action in (check, show):
        add_home(action)
    add_output(check, "table", "json")
    add_output(show, "yaml", "json")
    add_output(schema, "json")


def run(args: argparse.Namespace) -> int:
    if args.action == "schema":
        from app.cli.output import print_json
        from gatewatch.config.reference import json_schema

        print_json(json_schema())
        return 0
    return check(args) if args.action == "check" else show(args)


def check(args: argparse.Namespace) -> int:
    """0 where a gateway would start with it, else 1: every problem on stderr, or all of it as JSON on stdout."""
    import sys

    from app.cli.output import print_json
    from gatewatch.config import ConfigError

    report: dict[str, Any] = {"ok": False, "file": None, "version": None, "problems": [], "warnings": [], "keys": []}
    try:
        loaded, home = _load(args)
    except ConfigError as error:
        report |= {"file": error.lines.source, "problems": error.texts()}
    else:
        keys = _keys(loaded, home)
        missing = [f"{key['where']}: {key['error']}" for key in keys if key["error"]]
        report |= {
            "ok": not missing,
            "file": str(loaded.path) if loaded.path else None,
            "version": loaded.version,
            "problems": missing,
            "warnings": [*loaded.warnings, *_names_of_nobody(loaded, home)],
            "keys": [{name: key[name] for name in ("provider", "api_key", "found")} for key in keys],
        }
    sys.stderr.writelines(f"warning: {warning}\n" for warning in report["warnings"])
    if args.output == "json":
        print_json(report)
    elif report["ok"]:
        named = report["file"] or "no file: providers from the environment"
        count = len({key["provider"] for key in report["keys"]})
        sys.stdout.write(f"ok: {named} ({count} provider{'s' * (count != 1)}, version {report['version']})\n")
    else:
        sys.stderr.writelines(f"{problem}\n" for problem in report["problems"])
    return 0 if report["ok"] else 1


def show(args: argparse.Namespace) -> int:
    import sys

    from app.cli.output import print_json

    loaded, _ = _load(args)
    sys.stderr.writelines(f"warning: {warning}\n" for warning in loaded.warnings)
    if args.output == "json":
        print_json({"file": str(loaded.path) if loaded.path else None, "version": loaded.version, **loaded.tree()})
    else:
        sys.stdout.write(loaded.text())
    return 0


def _load(args: argparse.Namespace) -> "tuple[Loaded, Home]":
    import os
    from pathlib import Path

    from gatewatch.config import load
    from gatewatch.paths import Home

    home = Home.find(args.home)
    path = Path(args.config) if args.config else home.config if home.config.exists() else None
    return load(path, os.environ), home


def _names_of_nobody(loaded: "Loaded", home: "Home") -> list[str]:
    """Limits, budgets and alerts for whom this home does not know, where there is a home."""
    from gatewatch.config.names_of_nobody import names_of_nobody
    from gatewatch.control.store import ControlStore

    if not home.control.exists():
        return []
    with ControlStore.open(home.control) as store:
        return [f"{loaded.lines.where(each.path)}: {each}" for each in names_of_nobody(loaded.config, store)]


def _keys(loaded: "Loaded", home: "Home") -> list[dict[str, Any]]:
    """Whether each provider's key is where the file says. The keys themselves are dropped at once."""
    from gatewatch.config.problems import key_text
    from gatewatch.errors import GatewatchError
    from gatewatch.vault.references import resolve

    keys = []
    for name, provider in loaded.config.providers.items():
        for index, reference in enumerate(provider.references.values()):
            error = ""
            try:
                resolve(reference, _vault(home, loaded) if reference.startswith("vault:") else None)
            except GatewatchError as missing:
                error = " – ".join(filter(None, (missing.title, missing.next_step)))
            key: KeyPath = ("api_keys", index, "key") if provider.api_keys else ("api_key",)
            path = ("providers", name, *key)
            where = f"{loaded.lines.where(path)}: {key_text(path)}"
            found = not error and reference != "none"
            keys.append({"provider": name, "api_key": reference, "found": found, "error": error, "where": where})
    return keys


def _vault(home: "Home", loaded: "Loaded") -> "Vault | None":
    """The vault of this home where it has one; none is made."""
    from gatewatch.control.store import ControlStore
    from gatewatch.vault.opening import NO_WISH, kind_of, open_chosen

    if not home.control.exists():
        return None
    with ControlStore.open(home.control) as store:
        wish = NO_WISH._replace(options=loaded.config.vault_options)
        return open_chosen(home, store, wish) if kind_of(store) else None
