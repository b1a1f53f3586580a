"""Guards: importing is cheap, help is fast, every public name is documented."""

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import tertium

FLOORS = [f"tertium.{name}" for name in tertium.__all__ if not name.startswith("_")]


def cpu_seconds(code: str) -> float:
    """Return the user and system time of the fastest of three interpreters that run ``code``."""
    timed = f"import resource\n{code}\nu = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime + u.ru_stime)"
    bare = "import resource\nu = resource.getrusage(resource.RUSAGE_SELF); print(u.ru_utime + u.ru_stime)"

    def run(text: str) -> float:
        times = [
            float(subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout)
            for _ in range(3)
        ]
        return min(times)

    return run(timed) - run(bare)


def test_import_tertium_is_cheap_and_loads_nothing_heavy():
    code = (
        "import sys, tertium; bad = {'torch', 'pandas', 'matplotlib', 'xarray', 'numpy'} & set(sys.modules); "
        "assert not bad, bad"
    )
    assert cpu_seconds(code) < 0.2


def test_help_is_fast():
    quiet = "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    "
    code = quiet + "from tertium.cli import main; main(['--help'])"
    assert cpu_seconds(code) < 0.7


@pytest.mark.parametrize("name", FLOORS)
def test_everything_a_floor_offers_is_there_and_documented(name):
    floor = importlib.import_module(name)
    assert floor.__doc__
    for public in floor.__all__:
        found = getattr(floor, public)
        if callable(found) or inspect.ismodule(found):
            assert inspect.getdoc(found), f"{name}.{public} has no docstring"


def test_every_module_says_what_it_is_for():
    silent = []
    for module in pkgutil.walk_packages(tertium.__path__, "tertium."):
        spec = importlib.util.find_spec(module.name)
        first = compile_docstring(spec.origin)
        if not first:
            silent.append(module.name)
    assert silent == []


def compile_docstring(path: str) -> str | None:
    import ast
    from pathlib import Path

    return ast.get_docstring(ast.parse(Path(path).read_text(encoding="utf-8")))


def test_a_misspelt_attribute_of_a_floor_is_answered():
    with pytest.raises(AttributeError, match="did you mean 'canon'"):
        _ = tertium.studies.cannon
