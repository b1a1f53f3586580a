"""Naming a network on the command line: a catalogue name, ``package.module:attribute`` or ``file.py:attribute``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from tertium.errors import BadFile, BadInput, MissingData, MissingPackage, nearest, unknown_name
from tertium.models.catalogue import MODELS, make


def load_model(spec: str) -> nn.Module:
    """Return the network that a word on the command line stands for.

    Parameters
    ----------
    spec : str
        A name of the catalogue (``squeezenet11``), ``package.module:attribute`` or ``path/to/file.py:attribute``. The
        attribute is a network, or a class or function that makes one when called without arguments. Code named
        here is run.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    UnknownName
        If the word is neither a catalogue name nor has a ``:``.
    MissingData
        If the file is not there.
    MissingPackage
        If the package is not installed.
    BadFile
        If the file or package raises an error when imported.
    BadInput
        If the attribute is not there, needs arguments, or is no network.

    Examples
    --------
    >>> load_model("torch.nn:Identity")
    Identity()
    >>> load_model("torch.nn:Identiti")
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: model 'torch.nn:Identiti': got no 'Identiti' in torch.nn, expected a network, a class or a
    function there. Did you mean 'Identity'?
    """
    if spec in MODELS:
        return make(spec)
    where, colon, attribute = spec.rpartition(":")
    if not colon or not attribute or not where:
        if spec.endswith(".py"):
            raise BadInput(
                f"model '{spec}'",
                got="a file without an attribute",
                expected="path/to/file.py:attribute",
                repair=f"Write {spec.rstrip(':')}:make_model, with the name of your network or of what makes it.",
            )
        raise unknown_name("model", spec, MODELS, listing="tertium models, or write path/to/file.py:attribute")
    module = _from_file(Path(where), spec) if where.endswith(".py") else _from_package(where, spec)
    return _network(_attribute(module, attribute, spec, where), spec)


def _from_file(path: Path, spec: str) -> ModuleType:
    path = path.expanduser()
    if not path.is_file():
        beside = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        close = nearest(path.name, beside, limit=1)
        repair = f"Did you mean '{path.parent / close[0]}'?" if close else "Give the path from the current folder."
        raise MissingData(f"model '{spec}'", got=f"no file {path}", expected="a Python file", repair=repair)
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"tertium_user_{path.stem}_{digest}"  # two files called model.py must not meet
    description = importlib.util.spec_from_file_location(name, path)
    if description is None or description.loader is None:
        raise BadFile(f"model '{spec}'", got=str(path), expected="a Python file", repair="")
    module = importlib.util.module_from_spec(description)
    sys.modules[name] = module  # dataclasses and pickles look their module up here
    try:
        description.loader.exec_module(module)
    except Exception as problem:
        del sys.modules[name]
        raise _broken(spec, str(path), problem) from problem
    return module


def _from_package(where: str, spec: str) -> ModuleType:
    try:
        return importlib.import_module(where)
    except ModuleNotFoundError as problem:
        raise MissingPackage(
            f"model '{spec}'",
            got=f"no module '{problem.name}'",
            expected=f"'{where}' to be importable",
            repair="Install it, or write path/to/file.py:attribute for a file.",
        ) from problem
    except Exception as problem:
        raise _broken(spec, where, problem) from problem


def _broken(spec: str, where: str, problem: Exception) -> BadFile:
    first_line = str(problem).splitlines()[0] if str(problem) else "no message"
    return BadFile(
        f"model '{spec}'",
        got=f"{type(problem).__name__} while importing {where} ({first_line})",
        expected="code that can be imported",
        repair="Run the file by itself with python to see where it fails.",
    )


def _attribute(module: ModuleType, attribute: str, spec: str, where: str) -> Any:
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            close = nearest(part, [n for n in dir(found) if not n.startswith("_")], limit=1)
            raise BadInput(
                f"model '{spec}'",
                got=f"no '{part}' in {where}",
                expected="a network, a class or a function there",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
        found = getattr(found, part)
    return found


def _network(found: Any, spec: str) -> nn.Module:
    """Return ``found`` itself where it is a network, else what it makes when called."""
    made = found
    if not isinstance(found, nn.Module) and callable(found):
        try:
            made = found()
        except Exception as problem:
            first_line = str(problem).splitlines()[0] if str(problem) else "no message"
            raise BadInput(
                f"model '{spec}'",
                got=f"{type(problem).__name__} when called without arguments ({first_line})",
                expected="a class or function that makes the network by itself",
                repair="Write a function that fills in the arguments, and name that.",
            ) from problem
    if not isinstance(made, nn.Module):
        what = "it returned" if made is not found else "it is"
        raise BadInput(
            f"model '{spec}'",
            got=f"{what} a {type(made).__name__}",
            expected="a torch.nn.Module",
            repair="Name a network, or a class or function that makes one.",
        )
    return made
