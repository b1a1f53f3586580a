"""Files that are published in another form than the one we read: how to make ours, and how to tell that it is right."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from tertium.errors import BadFile

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Conversion:
    """A published file and the arrays that are made of it.

    The converted file is judged by its content, since the bytes of an ``.npz`` depend on the machine's zlib.

    Parameters
    ----------
    source_sha256 : str
        SHA-256 of the published file.
    content_sha256 : str
        `content_sha256` of the arrays made of it.
    """

    source_sha256: str
    content_sha256: str

    def read(self, source: Path) -> Arrays:
        """Return the arrays held by the published file.

        Raises
        ------
        BadFile
            If it holds anything but arrays in the expected layout.
        """
        return squeezenet_arrays(source)

    def write(self, source: Path, target: Path) -> None:
        """Write the converted file, whole or not at all.

        Raises
        ------
        BadFile
            If the arrays differ from the expected ones.
        """
        arrays = self.read(source)
        if (found := content_sha256(arrays)) != self.content_sha256:
            raise BadFile(
                f"{source.name}",
                got=f"arrays with content hash {found[:12]}...",
                expected=f"{self.content_sha256[:12]}...",
                repair="The published file has changed: report it to the developers of tertium.",
            )
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        temporary.write_bytes(buffer.getvalue())
        os.replace(temporary, target)

    def content_is_right(self, path: Path) -> bool:
        """Whether a file holds the expected arrays, whatever its bytes."""
        try:
            with np.load(path, allow_pickle=False) as archive:
                return content_sha256({name: archive[name] for name in archive.files}) == self.content_sha256
        except (OSError, ValueError, BadZipFile):
            return False  # not an npz, or a damaged one


CONVERSIONS: dict[str, Conversion] = {
    "squeezenet": Conversion(
        source_sha256="f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
        content_sha256="5b5b11818232d3ea033f413b369edaaaefe08bda6529bef2683ffd40bf6766f0",
    ),
}


def content_sha256(arrays: Arrays) -> str:
    """Return a hash of named arrays: of their names, types, shapes and numbers, in the order of the names.

    Parameters
    ----------
    arrays : mapping of str to array
        Arrays of numbers.

    Returns
    -------
    str
        64 hex digits.

    Examples
    --------
    >>> import numpy as np
    >>> one = content_sha256({"a": np.zeros(2), "b": np.ones(1)})
    >>> one == content_sha256({"b": np.ones(1), "a": np.zeros(2)}), one == content_sha256({"a": np.zeros(2)})
    (True, False)
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name}\x1f{little.dtype.str}\x1f{little.shape}\x1f".encode())
        digest.update(little.tobytes())
    return digest.hexdigest()


def squeezenet_arrays(source: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read SqueezeNet's weights out of the published pickle: ``<layer>.w`` (out, in, height, width), ``<layer>.b``.

    The pickle holds, for each layer, its kernels as (height, width, in, out) and its biases.

    Raises
    ------
    BadFile
        If the pickle asks for anything but arrays, or holds another layout.
    """
    with source.open("rb") as stream:
        layers = ArrayUnpickler(stream).load()
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for layer, parts in _as_mapping(layers, source).items():
        kernels, biases = (np.asarray(part, dtype=np.float32) for part in parts)
        if kernels.ndim != 4 or biases.shape != kernels.shape[-1:]:
            raise BadFile(
                f"{source.name}, layer '{layer}'",
                got=f"shapes {kernels.shape} and {biases.shape}",
                expected="(height, width, in, out) and (out,)",
            )
        name = layer.replace("/", ".")
        arrays[f"{name}.w"] = np.ascontiguousarray(kernels.transpose(3, 2, 0, 1))
        arrays[f"{name}.b"] = biases
    return arrays


class ArrayUnpickler(pickle.Unpickler):
    """An unpickler that can build lists, dicts, numbers, text and NumPy arrays, and nothing else.

    A pickle is a program; this one is allowed four names, none of which can reach outside the arrays themselves.
    """

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(stream, encoding="latin1")

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the allowed names.

        Raises
        ------
        BadFile
            For any other name.
        """
        if module in ("numpy.core.multiarray", "numpy._core.multiarray") and name == "_reconstruct":
            return _reconstruct
        if module == "numpy" and name == "ndarray":
            return _NDARRAY
        if module == "numpy" and name == "dtype":
            return np.dtype
        if module == "_codecs" and name == "encode":
            return _latin1
        raise BadFile(
            "pickle",
            got=f"the name '{module}.{name}'",
            expected="numbers and NumPy arrays only",
            repair="Do not open this file.",
        )


#: Stands in for the class itself, which a pickle could otherwise call.
_NDARRAY = "numpy.ndarray"


def _reconstruct(subtype: object, shape: tuple[int, ...], code: bytes) -> npt.NDArray[Any]:
    """Make the empty array that a pickle then fills (its state carries shape, type and bytes)."""
    if subtype is not _NDARRAY or tuple(shape) != (0,):
        raise BadFile("pickle", got=f"an array of type {subtype!r}", expected="a plain NumPy array")
    return np.empty(0, dtype=np.int8)


def _latin1(text: str, encoding: str) -> bytes:
    """Turn text back into bytes, as old pickles keep them."""
    if encoding != "latin1":
        raise BadFile("pickle", got=f"text in the encoding '{encoding}'", expected="latin1")
    return text.encode("latin1")


def _as_mapping(layers: Any, source: Path) -> dict[str, Any]:
    if not isinstance(layers, dict) or not all(isinstance(v, list) and len(v) == 2 for v in layers.values()):
        raise BadFile(source.name, got="another layout", expected="a dict of layer -> [kernels, biases]")
    return layers
