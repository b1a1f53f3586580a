"""Keep a value made of numbers, text, arrays, lists and mappings in one .npz file, without pickle, atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tertium.errors import BadFile, BadInput
from tertium.files import write_atomically

_ARRAY, _TREE = "__array__", "__tree__"


def write_json(path: Path, value: Any) -> Path:
    """Write JSON atomically, readable by people."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return write_atomically(path, lambda file: file.write(text.encode("utf-8")))


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises
    ------
    BadFile
        If the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise BadFile(
            f"{path}", got=f"{problem}", expected="JSON written by tertium", repair="Delete it and run again."
        ) from None


def save_tree(path: Path, value: Any) -> Path:
    """Write a value to one .npz file.

    Raises
    ------
    BadInput
        If it holds anything but numbers, text, None, numeric or text arrays, lists, tuples and mappings with text
        keys.

    Examples
    --------
    >>> import tempfile
    >>> where = Path(tempfile.mkdtemp()) / "kept.npz"
    >>> load_tree(save_tree(where, {"score": 0.5, "curve": np.arange(3)}))
    {'score': 0.5, 'curve': array([0, 1, 2])}
    """
    arrays: dict[str, Any] = {}
    arrays[_TREE] = np.array(json.dumps(_pack(value, arrays, "value")))
    return write_atomically(path, lambda file: np.savez_compressed(file, **arrays))


def load_tree(path: Path) -> Any:
    """Read back what `save_tree` wrote; tuples come back as lists.

    Raises
    ------
    BadFile
        If the file is damaged.
    """
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _unpack(json.loads(str(arrays.pop(_TREE))), arrays)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as problem:
        raise BadFile(
            f"{path}",
            got=f"{type(problem).__name__}: {problem}",
            expected="a file written by tertium",
            repair="Delete it and run again.",
        ) from None


def _pack(value: Any, arrays: dict[str, Any], where: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        array = value.astype(str) if value.dtype.kind == "O" and all(isinstance(v, str) for v in value.flat) else value
        if array.dtype.kind in "biufcUS":
            name = f"a{len(arrays)}"
            arrays[name] = array
            return {_ARRAY: name}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _pack(item, arrays, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_pack(item, arrays, f"{where}[{i}]") for i, item in enumerate(value)]
    raise BadInput(
        where,
        got=f"a {type(value).__name__}",
        expected="numbers, text, arrays, or lists and mappings (text keys) of those",
        repair="Convert it before returning it from a stage or in Results.",
    )


def _unpack(value: Any, arrays: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_ARRAY}:
            return arrays[value[_ARRAY]]
        return {key: _unpack(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item, arrays) for item in value]
    return value
