"""The lock files hold everything a fresh machine installs: pinned, hashed, and the same in both environments."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ("run", "dev", "openai1", "duckdb2")


def locked(name: str) -> dict[str, tuple[Requirement, set[str]]]:
    """Package → requirement and hashes, from one lock file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ")
    rows = {}
    for line in text.splitlines():
        requirement, *hashes = line.split(" --hash=")
        parsed = Requirement(requirement.strip())
        rows[parsed.name] = parsed, {item.strip() for item in hashes}
    return rows


@pytest.fixture(scope="module")
def project() -> dict[str, list[str]]:
    """What pyproject.toml asks for: the runtime's list under `run`, and each group."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {"run": table["project"]["dependencies"], **table["dependency-groups"]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_and_hashed(name: str) -> None:
    rows = locked(name)
    assert rows
    for package, (requirement, hashes) in rows.items():
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), package
        assert hashes, package
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", item) for item in hashes), package


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_where_packages_come_from(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"(?m)^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text)


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("run", ["run", "build"]),
        ("dev", ["run", "build", "test", "static"]),
        ("openai1", ["openai1"]),
        ("duckdb2", ["duckdb2"]),
    ],
)
def test_a_lock_satisfies_what_pyproject_asks_for(name: str, groups: list[str], project: dict[str, list[str]]) -> None:
    rows = {package.replace("_", "-").replace(".", "-").lower(): row for package, row in locked(name).items()}
    for group in groups:
        for line in project[group]:
            wanted = Requirement(line)
            requirement, _ = rows[wanted.name.replace("_", "-").replace(".", "-").lower()]
            version = str(requirement.specifier).removeprefix("==")
            assert wanted.specifier.contains(version), f"{wanted} is locked to {version}: run `make lock`"


def test_tests_run_on_the_versions_that_users_get() -> None:
    run, dev = locked("run"), locked("dev")
    differing = [package for package in run if run[package] != dev.get(package)]
    assert not differing, "run `make lock`"


def test_the_project_is_built_with_what_is_locked() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert table["build-system"]["requires"] == table["dependency-groups"]["build"]


def test_what_nobody_imports_is_no_dependency(project: dict[str, list[str]]) -> None:
    packages = ("gatewatch", "proxy", "ingest", "reports", "app")
    sources = "\n".join(
        path.read_text(encoding="utf-8") for package in packages for path in (ROOT / package).rglob("*.py")
    )
    for line in project["run"]:
        name = Requirement(line).name.replace("-", ".")
        assert re.search(rf'(?m)^\s*(?:from|import) {name}\b|"{name}\.', sources), f"nobody imports {name}"
