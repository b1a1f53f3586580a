"""Errors: one line, with what, got, expected and how to repair."""

import pickle

import pytest

from tertium.errors import BadInput, MissingData, MissingPackage, TertiumError, UnknownName, nearest, unknown_name


@pytest.mark.parametrize("kind", [BadInput, MissingData, MissingPackage, UnknownName])
def test_every_error_reads_as_one_line_with_its_four_parts(kind):
    problem = kind("dt", got="-1\nseconds", expected="more than 0", repair="Pass\ndt=0.01.")
    assert str(problem) == "dt: got -1 seconds, expected more than 0. Pass dt=0.01."


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [(BadInput, ValueError), (MissingData, FileNotFoundError), (MissingPackage, ImportError), (UnknownName, KeyError)],
)
def test_errors_can_be_caught_as_the_built_in_they_are(kind, builtin):
    assert issubclass(kind, builtin)
    assert issubclass(kind, TertiumError)


def test_an_error_comes_back_whole_from_a_worker_process():
    problem = pickle.loads(pickle.dumps(BadInput("x", got="1", expected="2", repair="Do.")))
    assert str(problem) == "x: got 1, expected 2. Do."


def test_nearest_finds_typos_parts_and_other_cases():
    known = ["khaligh2014", "rosenblatt1958", "mcculloch1943"]
    assert nearest("Khaligh2014", known)[0] == "khaligh2014"
    assert nearest("khalig", known)[0] == "khaligh2014"
    assert nearest("zzzz", known) == []


def test_an_unknown_name_offers_neighbours_or_lists_what_there_is():
    assert "Did you mean 'cosine'?" in str(unknown_name("metric", "cosin", ["cosine", "euclidean"]))
    assert "Known: cosine, euclidean." in str(unknown_name("metric", "qqq", ["euclidean", "cosine"]))
    assert "See tertium data." in str(unknown_name("set", "qqq", ["a"], listing="tertium data"))
