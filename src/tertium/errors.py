"""Errors that say what was wrong, what was got, what was expected and how to repair it, in one line."""

from __future__ import annotations

from collections.abc import Iterable


class TertiumError(Exception):
    """Base of all errors that tertium raises on purpose.

    Parameters
    ----------
    what : str
        The thing that is wrong, in the user's words ("trial label 'choice'").
    got : str, optional
        What was found there.
    expected : str, optional
        What should have been there.
    repair : str, optional
        What to do about it, as a sentence.

    Examples
    --------
    >>> print(BadInput("dt", got="-0.01 s", expected="a positive number of seconds", repair="Pass dt=0.01."))
    dt: got -0.01 s, expected a positive number of seconds. Pass dt=0.01.
    """

    def __init__(self, what: str, *, got: str = "", expected: str = "", repair: str = "") -> None:
        self.what, self.got, self.expected, self.repair = what, got, expected, repair
        super().__init__(what)

    def __str__(self) -> str:
        facts = [f"got {self.got}"] if self.got else []
        facts += [f"expected {self.expected}"] if self.expected else []
        line = f"{self.what}: {', '.join(facts)}" if facts else self.what
        line = " ".join(line.split()).rstrip(".") + "."
        return f"{line} {' '.join(self.repair.split())}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process (exceptions are rebuilt from ``args`` alone)."""
        return _rebuild, (type(self), self.what, self.got, self.expected, self.repair)


def _rebuild(kind: type[TertiumError], what: str, got: str, expected: str, repair: str) -> TertiumError:
    return kind(what, got=got, expected=expected, repair=repair)


class BadInput(TertiumError, ValueError):
    """A value, a shape, a label or an option that cannot be used."""


class BadFile(TertiumError, ValueError):
    """A file that is damaged, or is not what its name says."""


class MissingData(TertiumError, FileNotFoundError):
    """A data set or a file that is not at hand."""

    # OSError defines its own __str__; ours must win.
    __str__ = TertiumError.__str__


class MissingPackage(TertiumError, ImportError):
    """An optional package that is not installed."""

    __str__ = TertiumError.__str__


class UnknownName(TertiumError, KeyError):
    """A name that is in no catalogue; the message offers the nearest ones."""

    __str__ = TertiumError.__str__  # KeyError would print the repr


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return the known names closest to a misspelt one, best first.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        What could have been meant.
    limit : int
        How many to return at most.

    Returns
    -------
    list of str

    Examples
    --------
    >>> nearest("khalig2014", ["khaligh2014", "rosenblatt1958"])
    ['khaligh2014']
    """
    import difflib

    by_lower = {k.lower(): k for k in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=limit, cutoff=0.5)
    found += [k for k in sorted(by_lower) if k not in found and len(name) >= 3 and name.lower() in k]
    return [by_lower[k] for k in found[:limit]]


def unknown_name(kind: str, name: str, known: Iterable[str], *, listing: str = "") -> UnknownName:
    """Build the error for a name that a catalogue does not have.

    Parameters
    ----------
    kind : str
        What is catalogued ("study", "data set").
    name : str
        The name asked for.
    known : iterable of str
        The names there are.
    listing : str
        The command or call that lists them.

    Returns
    -------
    UnknownName

    Examples
    --------
    >>> print(unknown_name("metric", "euclidian", ["euclidean", "cosine"]))
    metric: got 'euclidian', expected one of the known names. Did you mean 'euclidean'?
    """
    known = list(known)
    close = nearest(name, known)
    if close:
        repair = "Did you mean " + " or ".join(f"'{c}'" for c in close) + "?"
    elif len(known) <= 12:
        repair = "Known: " + (", ".join(sorted(known)) or "none") + "."
    else:
        repair = ""
    if listing:
        repair = f"{repair} See {listing}.".strip()
    return UnknownName(kind, got=f"'{name}'", expected="one of the known names", repair=repair)
