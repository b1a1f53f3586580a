"""Configurations: frozen, typed, overridable from the command line (``a.b=value``), with a canonical hash."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tertium.errors import BadInput, nearest

__all__ = ["Config", "Field", "apply", "canonical_hash", "expand", "parse_overrides", "parse_value"]

_RANGE = re.compile(r"^(-?\d+)\.\.(-?\d+)$")


class Config(BaseModel):
    """Base of all configurations: immutable, no unknown keys, every field with a type, a default and a meaning.

    Examples
    --------
    >>> class Net(Config):
    ...     units: int = Field(100, description="recurrent units")
    >>> apply(Net, {"units": 64}).units
    64
    >>> apply(Net, {"unit": 64})
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: configuration key: got 'unit', expected a field of Net. Did you mean 'units' (int, default 100: recurrent units)?
    """  # noqa: E501

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=False)


ConfigT = TypeVar("ConfigT", bound=Config)


def parse_value(text: str) -> Any:
    """Read one value typed on a command line: JSON, a list ``a,b,c``, a range ``0..9`` (both ends in), or text.

    Examples
    --------
    >>> parse_value("0.5"), parse_value("true"), parse_value("0..3"), parse_value("relu,tanh"), parse_value("relu")
    (0.5, True, [0, 1, 2, 3], ['relu', 'tanh'], 'relu')
    >>> parse_value('{"a": [1, 2]}')
    {'a': [1, 2]}
    """
    text = text.strip()
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        pass  # not JSON: a range, a list or plain text, tried below
    if found := _RANGE.match(text):
        first, last = int(found[1]), int(found[2])
        if last < first:
            raise BadInput(
                "range",
                got=f"'{text}'",
                expected="first..last with first <= last",
                repair=f"Write {last}..{first}.",
            )
        return list(range(first, last + 1))
    if "," in text:
        parts = [parse_value(part) for part in text.split(",") if part.strip()]
        return [item for part in parts for item in (part if isinstance(part, list) else [part])]
    return text


def parse_overrides(items: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` words into a mapping from dotted key to value.

    Raises
    ------
    BadInput
        If a word has no ``=``, or a key is given twice.

    Examples
    --------
    >>> parse_overrides(["units=64", "noise.scale=0.1"])
    {'units': 64, 'noise.scale': 0.1}
    """
    read: dict[str, Any] = {}
    for item in items:
        key, equals, text = item.partition("=")
        key = key.strip()
        if not equals or not key:
            raise BadInput("override", got=f"'{item}'", expected="key=value", repair="Write, for instance, units=64.")
        if key in read:
            raise BadInput("override", got=f"'{key}' twice", expected="each key once", repair="Drop one of them.")
        read[key] = parse_value(text)
    return read


def expand(overrides: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of the overrides whose values are lists (a sweep), in the order written.

    Examples
    --------
    >>> expand({"units": [32, 64], "seed": [0, 1], "noise": 0.1})
    [{'units': 32, 'seed': 0, 'noise': 0.1}, {'units': 32, 'seed': 1, 'noise': 0.1},
     {'units': 64, 'seed': 0, 'noise': 0.1}, {'units': 64, 'seed': 1, 'noise': 0.1}]
    """
    combinations: list[dict[str, Any]] = [{}]
    for key, value in overrides.items():
        choices = value if isinstance(value, list) else [value]
        combinations = [{**c, key: choice} for c in combinations for choice in choices]
    return combinations


def apply(kind: type[ConfigT], overrides: Mapping[str, Any]) -> ConfigT:
    """Build a configuration from dotted overrides over its defaults.

    Parameters
    ----------
    kind : type of Config
        The configuration to build.
    overrides : mapping of str to object
        ``{"a.b": value}``; nested mappings do too.

    Returns
    -------
    Config

    Raises
    ------
    BadInput
        For an unknown key (with the nearest field, its type, default and meaning) or a value of the wrong type.
    """
    nested: dict[str, Any] = {}
    for dotted, value in overrides.items():
        _check_key(kind, dotted)
        *parents, last = dotted.split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    try:
        return kind.model_validate(nested)
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BadInput(
            f"configuration key '{key}'",
            got=repr(first.get("input")),
            expected=_describe(kind, key) or first["msg"],
            repair=f"{first['msg']}.",
        ) from None


def canonical_hash(config: BaseModel | Mapping[str, Any], *more: str) -> str:
    """Return twelve hexadecimal digits that name a configuration, the same on every machine and key order.

    Examples
    --------
    >>> canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1})
    True
    """
    plain = config.model_dump(mode="json") if isinstance(config, BaseModel) else dict(config)
    text = json.dumps([plain, *more], sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) is not None else (annotation,)
    return next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)


def _fields(kind: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """Return dotted key -> 'type, default ...: meaning' of all fields, nested ones too."""
    found: dict[str, str] = {}
    for name, field in kind.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            found |= _fields(inner, f"{prefix}{name}.")
        type_name = getattr(field.annotation, "__name__", None) or str(field.annotation)
        if get_origin(field.annotation) is not None:
            type_name = str(field.annotation).replace("typing.", "")
        default = "required" if field.is_required() else f"default {field.get_default(call_default_factory=True)!r}"
        meaning = f": {field.description}" if field.description else ""
        found[prefix + name] = f"{type_name}, {default}{meaning}"
    return found


def _describe(kind: type[BaseModel], key: str) -> str:
    return _fields(kind).get(key, "")


def _check_key(kind: type[BaseModel], dotted: str) -> None:
    fields = _fields(kind)
    if dotted in fields:
        return
    close = nearest(dotted, fields, limit=1) or nearest(dotted.rsplit(".", 1)[-1], fields, limit=1)
    known = ", ".join(sorted(fields))
    repair = f"Did you mean '{close[0]}' ({fields[close[0]]})?" if close else f"The fields are {known}."
    raise BadInput("configuration key", got=f"'{dotted}'", expected=f"a field of {kind.__qualname__}", repair=repair)
