"""Where to record: a network's sites are the names of its modules; wildcards choose among them."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from tertium.errors import BadInput, unknown_name

#: Two names for a network's own output; the label it gets.
OUTPUT_NAMES, OUTPUT = ("", "output"), "output"

#: Modules that compute nothing of their own in eval mode, or only hold others: left out of ``sites="*"``.
PASS_THROUGH: tuple[type[nn.Module], ...] = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
    nn.Identity,
    nn.Flatten,
    nn.Unflatten,
)
CONTAINERS: tuple[type[nn.Module], ...] = (
    nn.Sequential,
    nn.ModuleList,
    nn.ModuleDict,
    nn.ParameterList,
    nn.ParameterDict,
)


def site_root(model: nn.Module) -> nn.Module:
    """Return the module whose names the sites carry: the model, or the network inside an adapter."""
    root = getattr(model, "site_root", model)
    return root if isinstance(root, nn.Module) else model


def named_sites(model: nn.Module) -> dict[str, nn.Module]:
    """Return every module by name, aliases of a shared module too; the empty name is the model's own output."""
    every = site_root(model).named_modules(remove_duplicate=False)
    # what torch hangs below a constrained weight returns weights, not activity
    modules = {name: module for name, module in every if "parametrizations" not in name.split(".")}
    return {**modules, "": model}


def list_sites(model: nn.Module) -> tuple[str, ...]:
    """List the layers that ``sites="*"`` records, in the order of the network.

    A network may name its own layers in an attribute ``site_names`` (ours do). Otherwise they are all modules but the
    containers (``nn.Sequential`` gives what its last part gives) and those that compute nothing in eval mode (dropout,
    identity, flattening). Any other module can still be recorded by its name.

    Parameters
    ----------
    model : torch.nn.Module

    Returns
    -------
    tuple of str

    Raises
    ------
    BadInput
        If the model names layers that it does not have.

    Examples
    --------
    >>> list_sites(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Dropout(), nn.Sequential(nn.Linear(3, 1))))
    ('0', '1', '3.0')
    """
    modules = named_sites(model)
    declared = getattr(site_root(model), "site_names", None)
    if isinstance(declared, list | tuple) and all(isinstance(name, str) for name in declared):
        for name in declared:
            if name not in modules:
                raise BadInput(
                    f"site_names of {type(model).__name__}",
                    got=f"'{name}'",
                    expected="names of its modules",
                    repair="Correct the attribute site_names of the network.",
                )
        return tuple(declared)
    left_out = PASS_THROUGH + CONTAINERS
    return tuple(name for name, module in _once(modules).items() if name and not isinstance(module, left_out))


def choose_sites(model: nn.Module, patterns: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of the sites that patterns stand for, in the order of the network.

    Parameters
    ----------
    model : torch.nn.Module
    patterns : str or sequence of str
        Names of modules, with ``*``, ``?`` and ``[...]`` as in a shell (``*`` also runs over dots); ``"*"`` alone is
        `list_sites`; ``""`` or ``"output"`` is the model's own output.

    Returns
    -------
    tuple of str
        Each site once; ``""`` stands for the output and comes last.

    Raises
    ------
    UnknownName
        If a pattern fits nothing; the message offers the nearest names.
    BadInput
        If there is no pattern.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> choose_sites(net, "[01]"), choose_sites(net, ["output", "0"])
    (('0', '1'), ('0', ''))
    >>> choose_sites(nn.ModuleDict({"fire4": nn.Identity()}), "fire_4")
    Traceback (most recent call last):
    ...
    tertium.errors.UnknownName: site: got 'fire_4', expected one of the known names. Did you mean 'fire4'?
    See tertium.record.list_sites(model).
    """
    wanted = [patterns] if isinstance(patterns, str) else list(patterns)
    if not wanted or not all(isinstance(pattern, str) for pattern in wanted):
        raise BadInput(
            "sites",
            got="none" if not wanted else repr(wanted),
            expected="names of modules, or '*' for every layer",
            repair="See tertium.record.list_sites(model).",
        )
    modules = named_sites(model)
    chosen: set[str] = set()
    for pattern in wanted:
        chosen.update(_matching(model, modules, pattern))
    ordered = [name for name in modules if name in chosen and name]
    return (*ordered, *([""] if "" in chosen else []))


def label_of(model: nn.Module, site: str) -> str:
    """Return a site's label: its name; for the model's own output "output", or "(output)" beside a layer so named."""
    if site:
        return site
    return OUTPUT if OUTPUT not in named_sites(model) else f"({OUTPUT})"


def _matching(model: nn.Module, modules: dict[str, nn.Module], pattern: str) -> list[str]:
    if pattern in modules:
        return [pattern]
    if pattern in OUTPUT_NAMES:
        return [""]
    if pattern == "*":
        return list(list_sites(model)) or [""]
    found = [name for name in _once(modules) if name and fnmatchcase(name, pattern)]
    if not found:
        known = [*(name for name in modules if name), OUTPUT]
        raise unknown_name("site", pattern, known, listing="tertium.record.list_sites(model)")
    return found


def _once(modules: dict[str, nn.Module]) -> dict[str, nn.Module]:
    """Drop the aliases of a module that goes by several names; the first name stays."""
    seen: set[int] = set()
    kept = {}
    for name, module in modules.items():
        if id(module) not in seen:
            seen.add(id(module))
            kept[name] = module
    return kept
