"""Naming a network on the command line."""

import sys

import pytest
import torch
from torch import nn

from tertium.errors import BadFile, BadInput, MissingData, MissingPackage, UnknownName
from tertium.models import load_model

FILE = """
from dataclasses import dataclass
import torch
from torch import nn

@dataclass
class Sizes:
    n: int = 3

class Net(nn.Linear):
    def __init__(self):
        super().__init__(Sizes().n, 2)

class Wide(nn.Linear):
    pass

class Zoo:
    small = Net

def factory():
    return Net()

ready = nn.Linear(3, 4)
text = "no network"
number = lambda: 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my_model.py"
    path.write_text(FILE)
    return path


@pytest.mark.parametrize(("attribute", "n_outputs"), [("Net", 2), ("factory", 2), ("ready", 4), ("Zoo.small", 2)])
def test_class_factory_or_instance_in_a_file(file, attribute, n_outputs):
    assert load_model(f"{file}:{attribute}")(torch.zeros(1, 3)).shape == (1, n_outputs)


def test_package_and_catalogue():
    assert isinstance(load_model("torch.nn:Identity"), nn.Identity)
    with pytest.raises(UnknownName, match="Did you mean 'squeezenet11'"):
        load_model("squeezenet")


def test_two_files_of_one_name_do_not_meet(tmp_path):
    for folder, n in (("a", 1), ("b", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.py").write_text(f"from torch import nn\nnet = nn.Linear(1, {n})\n")
    assert [load_model(str(tmp_path / f / "net.py") + ":net").out_features for f in "ab"] == [1, 2]


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("Nett", "got no 'Nett' in .*my_model.py.*Did you mean 'Net'"),
        ("text", "got it is a str, expected a torch.nn.Module"),
        ("number", "got it returned a int"),
        ("Wide", r"got TypeError when called without arguments .*missing 2 required"),
    ],
)
def test_attributes_that_are_no_network(file, attribute, message):
    with pytest.raises(BadInput, match=message) as caught:
        load_model(f"{file}:{attribute}")
    assert "\n" not in str(caught.value)


def test_no_such_file(file):
    with pytest.raises(MissingData, match=r"got no file .*Did you mean '.*my_model\.py'"):
        load_model(f"{file.parent / 'mymodel.py'}:Net")
    with pytest.raises(MissingData, match=r"got no file .*nowhere"):
        load_model(f"{file.parent / 'nowhere' / 'net.py'}:Net")


def test_no_attribute_given(file):
    with pytest.raises(BadInput, match=r"expected path/to/file.py:attribute"):
        load_model(str(file))


def test_no_such_package():
    with pytest.raises(MissingPackage, match="got no module 'no_such_package'"):
        load_model("no_such_package.nets:Net")


def test_a_file_that_fails_when_imported(tmp_path):
    path = tmp_path / "broken.py"
    path.write_text("x = 1\nraise ValueError('no weights\\nsecond line')\n")
    with pytest.raises(BadFile, match=r"got ValueError while importing .*broken.py \(no weights\)") as caught:
        load_model(f"{path}:Net")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ValueError)
    assert not [name for name in sys.modules if name.startswith("tertium_user_broken")]
    path.write_text("def broken(:\n")
    with pytest.raises(BadFile, match="got SyntaxError"):
        load_model(f"{path}:Net")
