"""Who may import whom. Read from the source, so that nothing needs to be importable here.

hooks.core      -> hooks.core                     third party: numpy, Pillow
hooks           -> hooks                          third party: and boto3, Powertools
model_endpoint  -> hooks.core, model_endpoint
scripts         -> hooks.core, hooks.aws, model_endpoint, scripts
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hooks
from tests.conftest import REPOSITORY

OURS = frozenset({"hooks", "model_endpoint", "scripts", "templates", "tests"})
ALLOWED = {
    "hooks.core": ("hooks.core",),
    "hooks": ("hooks",),
    "model_endpoint": ("hooks.core", "model_endpoint"),
    "scripts": ("hooks.core", "hooks.aws", "model_endpoint", "scripts"),
    "templates": ("templates",),
}
THIRD_PARTY = {
    "hooks.core": frozenset({"numpy", "PIL"}),
    "hooks": frozenset({"numpy", "PIL", "boto3", "botocore", "aws_lambda_powertools"}),
}
BOTO_MODULES = ("hooks.aws", "hooks.aws_loop", "hooks.aws_stack")


def modules() -> list[str]:
    """Every module of ours but the tests, by its dotted name."""
    names = []
    for package in sorted(OURS - {"tests"}):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def source_of(module: str) -> Path:
    path = REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def zone_of(module: str) -> str:
    return max((zone for zone in ALLOWED if lies_in(module, zone)), key=len)


def lies_in(module: str, zone: str) -> bool:
    return module == zone or module.startswith(f"{zone}.")


def imported(module: str) -> Iterator[str]:
    """What a module imports, anywhere in it: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(ast.parse(source_of(module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_zone_may(module: str) -> None:
    zone = zone_of(module)
    for name in imported(module):
        top = name.partition(".")[0]
        if top in OURS:
            allowed = ALLOWED[zone]
            assert any(lies_in(name, other) for other in allowed), f"{zone} may not import {name}"
        elif top not in sys.stdlib_module_names and zone in THIRD_PARTY:
            assert top in THIRD_PARTY[zone], f"{zone} may not import {name}"


@pytest.mark.parametrize("module", [name for name in modules() if lies_in(name, "hooks")])
def test_boto3_has_one_home_in_the_hooks(module: str) -> None:
    uses_boto = any(name.partition(".")[0] in ("boto3", "botocore") for name in imported(module))
    assert uses_boto <= (module in BOTO_MODULES)


@pytest.mark.parametrize("module", [name for name in modules() if lies_in(name, "hooks.core")])
def test_the_core_reads_no_environment_clock_or_log(module: str) -> None:
    forbidden = {"os", "logging", "time", "socket", "subprocess", "urllib", "threading"}
    assert not {name.partition(".")[0] for name in imported(module)} & forbidden


def test_these_hooks_are_the_ones_in_the_repository() -> None:
    # `hooks` is a common name: another package of that name must not be what is tested.
    assert Path(str(hooks.__file__)).is_relative_to(REPOSITORY)
