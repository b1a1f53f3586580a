"""Images and brain answers from the catalogue and from files made here, as a stranger would make them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import pdist, squareform

from tertium.data.brain_set import BrainSet, brain_set
from tertium.data.responses import make_responses
from tertium.errors import BadFile, BadInput, MissingData, UnknownName
from tertium.rng import Seeds

N, UNITS = 6, 4


@pytest.fixture
def images():
    return Seeds(0).numpy("images").integers(0, 256, (N, 8, 10, 3), dtype=np.uint8)


@pytest.fixture
def answers():
    return Seeds(0).numpy("answers").normal(size=(N, UNITS))


@pytest.fixture
def matrix(answers):
    return squareform(pdist(answers))


def test_a_row_for_each_image(tmp_path, images, answers):
    np.savez(tmp_path / "mine.npz", pics=images, firing=answers)
    loaded = brain_set(tmp_path / "mine.npz")
    assert (loaded.name, loaded.stimuli) == ("mine", ("0", "1", "2", "3", "4", "5"))
    np.testing.assert_array_equal(loaded.images, images)
    region = loaded.regions["firing"]
    assert loaded.kind("firing") == "responses"
    assert region.dims == ("trial", "time", "unit")
    np.testing.assert_array_equal(region.values[:, 0, :], answers)
    assert list(region["stimulus"].values) == list(loaded.stimuli)


def test_grey_images_become_rgb(tmp_path, images, answers):
    np.savez(tmp_path / "grey.npz", images=images[..., 0], responses=answers)
    loaded = brain_set(tmp_path / "grey.npz").images
    for channel in range(3):
        np.testing.assert_array_equal(loaded[..., channel], images[..., 0])


def test_trials_by_image_number(tmp_path, images, answers):
    order = np.array([5, 0, 1, 2, 3, 4, 4, 0])
    np.savez(tmp_path / "t.npz", images=images, responses=answers[order], stimulus=order)
    region = brain_set(tmp_path / "t.npz").regions["responses"]
    assert [int(s) for s in region["stimulus"].values] == list(order)


def test_trials_by_name_with_time_and_regions(tmp_path, images, answers):
    names = np.array([f"pic{i}" for i in range(N)])
    order = np.repeat(np.arange(N), 2)
    values = np.stack([answers[order]] * 3, axis=1)
    np.savez(
        tmp_path / "t.npz", images=images, names=names, rates=values, stim=names[order], dt=0.05,
        area=np.array(["V4", "V4", "IT", "IT"]), neuron=np.array(["a", "b", "c", "d"]),
    )  # fmt: skip
    loaded = brain_set(tmp_path / "t.npz")
    assert list(loaded.regions) == ["V4", "IT"]
    assert loaded.stimuli == tuple(names)
    it = loaded.regions["IT"]
    assert it.sizes == {"trial": 2 * N, "time": 3, "unit": 2}
    assert (it.attrs["dt"], list(it["unit"].values)) == (0.05, ["c", "d"])
    assert list(it["stimulus"].values) == [f"pic{i}" for i in order]


def test_labels_that_repeat_are_the_trials(tmp_path, images, answers):
    order = np.repeat(np.arange(N), 2)
    np.savez(tmp_path / "t.npz", images=images, responses=answers[order], labels=order)
    assert brain_set(tmp_path / "t.npz").regions["responses"].sizes["trial"] == 2 * N


def test_text_for_each_image_names_it(tmp_path, images, answers):
    names = np.array(list("abcdef"))
    np.savez(tmp_path / "t.npz", images=images, responses=answers, stimulus=names)
    assert brain_set(tmp_path / "t.npz").stimuli == tuple("abcdef")


def test_dissimilarities_are_told_by_symmetry_or_name(tmp_path, images, matrix):
    stack = np.stack([matrix, 2 * matrix])
    np.savez(tmp_path / "t.npz", images=images, IT=matrix, V4_rdm=stack)
    loaded = brain_set(tmp_path / "t.npz")
    assert {name: loaded.kind(name) for name in loaded.regions} == {
        "IT": "dissimilarities",
        "V4_rdm": "dissimilarities",
    }
    assert loaded.regions["V4_rdm"].sizes["subject"] == 2
    np.testing.assert_allclose(loaded.regions["V4_rdm"].values, stack)


def test_images_may_be_missing(tmp_path, matrix):
    np.savez(tmp_path / "t.npz", rdm=matrix)
    assert brain_set(tmp_path / "t.npz").images is None


@pytest.mark.parametrize("form", ["npy", "npz", "folder"])
def test_images_beside_the_file(tmp_path, images, answers, form):
    from PIL import Image

    np.savez(tmp_path / "t.npz", responses=answers)
    names = [f"p{i}" for i in range(N)]
    where = tmp_path / ("pictures" if form == "folder" else f"pictures.{form}")
    if form == "npy":
        np.save(where, images)
    elif form == "npz":
        np.savez(where, images=images, names=np.array(names))
    else:
        where.mkdir()
        for name, image in reversed(list(zip(names, images, strict=True))):
            Image.fromarray(image).save(where / f"{name}.png")
        (where / "notes.txt").write_text("not a picture")
    loaded = brain_set(tmp_path / "t.npz", images=where)
    np.testing.assert_array_equal(loaded.images, images)
    assert loaded.stimuli == tuple("012345" if form == "npy" else names)


@pytest.mark.parametrize("suffix", [".zarr", ".npz", ".nwb"])
def test_saved_responses_with_images_beside_them(tmp_path, images, answers, suffix):
    from tertium.data.store import save

    order = [3, 1, 0, 2, 4, 5, 5]
    r = make_responses(answers[order], trial={"stimulus": [f"p{i}" for i in order]}, unit={"region": list("aabb")})
    np.savez(tmp_path / "pictures.npz", images=images, names=np.array([f"p{i}" for i in range(N)]))
    loaded = brain_set(save(r, tmp_path / f"r{suffix}"), images=tmp_path / "pictures.npz")
    assert list(loaded.regions) == ["a", "b"]
    assert loaded.stimuli == tuple(f"p{i}" for i in range(N))
    np.testing.assert_array_equal(loaded.regions["b"].values[:, 0, :], answers[order][:, 2:])


def refuse(path, message, kind=BadInput, **options):
    with pytest.raises(kind, match=message) as caught:
        brain_set(path, **options)
    assert "\n" not in str(caught.value)


def test_bad_files(tmp_path, images, answers, matrix):
    def saved(**arrays):
        np.savez(tmp_path / "bad.npz", **arrays)
        return tmp_path / "bad.npz"

    refuse(saved(a=images, b=images, r=answers), r"no single meaning for images among a \(uint8, 6 x 8 x 10 x 3\)")
    refuse(saved(images=images / 255.0, r=answers), r"got float64 of shape .* Use \(255 \* pixels\)")
    refuse(saved(images=images), "expected responses or dissimilarities")
    refuse(saved(images=images, r=answers[:5]), "5 rows for 6 stimuli, expected one row for each stimulus")
    refuse(saved(images=images, r=answers, stimulus=np.arange(N) + 1), "numbers from 1 to 6.* Subtract 1")
    refuse(saved(images=images, r=answers, stimulus=np.arange(N - 1)), "6 rows and 5 values of stimulus")
    refuse(saved(images=images, r=answers[[0, 1, 2]], stimulus=np.arange(3)), "no trial of stimulus '3'")
    refuse(saved(images=images, r=answers[[0] * 7], stimulus=np.array(["cat"] * 7)), "'cat', which no image is called")
    refuse(saved(images=images, rdm=matrix[:5, :5]), r"shape \(5, 5\) for 6 stimuli")
    refuse(saved(images=images, s=np.corrcoef(answers)), "looks like similarities")
    refuse(saved(images=images, rdm=np.triu(matrix)), "differ from their transposes")
    refuse(saved(images=images, r=answers, names=np.array(list("abc"), dtype=object)), "pickled objects", BadFile)
    refuse(saved(images=images, r=np.where(answers > 1, np.nan, answers)), "nan at trial")
    refuse(saved(images=images, r=answers), "images in the file and images beside it", images=saved(images=images))
    (tmp_path / "text.npz").write_text("hello")
    refuse(tmp_path / "text.npz", "no readable .npz", BadFile)
    refuse(tmp_path / "none.npz", "no such file", MissingData)
    refuse(tmp_path / "none.csv", "no such file", MissingData)


def test_bad_folders(tmp_path, images, answers):
    from PIL import Image

    np.savez(tmp_path / "t.npz", responses=answers)
    folder = tmp_path / "p"
    folder.mkdir()
    refuse(tmp_path / "t.npz", "no pictures", MissingData, images=folder)
    Image.fromarray(images[0]).save(folder / "a.png")
    Image.fromarray(images[0][:4]).save(folder / "b.png")
    refuse(tmp_path / "t.npz", r"a.png of \(8, 10\) and b.png of \(4, 10\)", images=folder)
    (folder / "b.png").write_bytes(b"nothing")
    refuse(tmp_path / "t.npz", "no readable picture", BadFile, images=folder)


def test_names_that_are_no_brain_set(tmp_path):
    refuse("kriegeskort92", "Did you mean 'kriegeskorte92'", UnknownName)
    refuse("roitman_lip", "expected images shown to brains.*kriegeskorte92")


def test_the_border_of_a_brain_set(answers, images, matrix):
    r = make_responses(answers, trial={"stimulus": list("abcdef")})
    with pytest.raises(BadInput, match="'a' twice"):
        BrainSet("x", None, tuple("aabcde"), {"r": r})
    with pytest.raises(BadInput, match="5 images, expected 6"):
        BrainSet("x", images[:5], tuple("abcdef"), {"r": r})
    with pytest.raises(BadInput, match="no regions"):
        BrainSet("x", None, tuple("abcdef"), {})
    with pytest.raises(BadInput, match=r"dims \(a, b\)"):
        BrainSet("x", None, tuple("abcdef"), {"r": xr.DataArray(matrix, dims=("a", "b"))})
    with pytest.raises(BadInput, match=r"Did you mean 'IT'"):
        BrainSet("x", None, tuple("abcdef"), {"IT": r}).kind("it")
    coords = {"subject": ["1"], "stimulus": list("abcdef"), "stimulus_2": list("fbcdea")}
    with pytest.raises(BadInput, match="other names along 'stimulus_2'"):
        BrainSet("x", None, tuple("abcdef"), {"IT": xr.DataArray(matrix[None], dims=tuple(coords), coords=coords)})
    coords["stimulus_2"] = list("abcdef")
    holed = matrix[None].copy()
    holed[0, 1, 2] = np.nan
    with pytest.raises(BadInput, match="nan for subject 0, pair 'b', 'c'"):
        BrainSet("x", None, tuple("abcdef"), {"IT": xr.DataArray(holed, dims=tuple(coords), coords=coords)})
