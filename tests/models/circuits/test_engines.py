"""The compiled engine and the readable one: the same draws, the same spikes, the same weights, to the last bit."""

import signal
import threading

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.models.circuits import (
    AdExUnits,
    Circuit,
    FixedInDegree,
    FixedProbability,
    GivenSpikes,
    InhibitorySTDP,
    LIFUnits,
    NormalDraw,
    Pairs,
    PairSTDP,
    PoissonDrive,
    PoissonUnits,
    Population,
    Projection,
    Receptor,
    Record,
    TsodyksMarkram,
    UniformDraw,
    vogels_abbott,
)


def everything() -> Circuit:
    """All cells, receptors, connections, delays and plasticities in one circuit."""
    exc, inh = Receptor("exc", 0.005, reversal=0.0, rise=0.001), Receptor("inh", 0.01, reversal=-80.0)
    current = Receptor("cur", 0.004, rise=0.004)
    e = LIFUnits(drive=NormalDraw(9.0, 1.0), noise=1.0, initial=UniformDraw(-60, -50), receptors=(exc, inh))
    i = LIFUnits(rest=-60.0, drive=8.0, noise=2.0, refractory=0.002, receptors=(current,))
    a = AdExUnits(drive=24.0, receptors=(exc, inh, current))
    sources = PoissonUnits(np.linspace(5.0, 50.0, 20))
    given = GivenSpikes(np.array([0.01, 0.01, 0.05, 0.1]), np.array([0, 2, 1, 0]))
    return Circuit(
        [
            Population("E", 60, e), Population("I", 30, i), Population("A", 10, a),
            Population("P", 20, sources), Population("G", 3, given),
        ],
        [
            Projection("E", "E", "exc", FixedProbability(0.2), UniformDraw(0, 0.1), delay=UniformDraw(0.0005, 0.002),
                       plasticity=PairSTDP(0.05, 0.06, high=0.2)),
            Projection("E", "I", "cur", FixedInDegree(10), 1.0, delay=0.001,
                       short_term=TsodyksMarkram(0.3, recovery=0.2, facilitation=0.5)),
            Projection("I", "E", "inh", FixedProbability(0.3), 0.1, plasticity=InhibitorySTDP(0.02, 5.0, high=2.0)),
            Projection("A", "A", "exc", FixedInDegree(3), NormalDraw(0.2, 0.1, low=0), delay=UniformDraw(0, 0.001),
                       short_term=TsodyksMarkram(0.5, recovery=0.3),
                       plasticity=PairSTDP(0.05, 0.05, high=1.0, dependence="multiplicative")),
            Projection("P", "E", "exc", FixedProbability(0.5), 0.05),
            Projection("P", "I", "cur", FixedProbability(0.5), -1.0, delay=0.003),
            Projection("G", "A", "cur", Pairs([0, 1, 2, 2], [1, 1, 3, 3], weights=[5.0, 20, 9, 8],
                                              delays=[0.001, 0.002, 0.0, 0.001])),
        ],
        [PoissonDrive("E", "exc", rate=4.0, weight=0.05, sources=100), PoissonDrive("I", "cur", 300.0, 0.5)],
    )  # fmt: skip


RECORD = Record(
    traces={"E": [3, 5], "A": [1], "I": [29]}, every=0.0005, weights=["E->E", "I->E", "A->A"], at=[0.0, 0.0333, 0.11]
)


@pytest.fixture(scope="module")
def runs():
    circuit = everything()
    return {engine: circuit.simulate(0.11, seed=3, record=RECORD, engine=engine) for engine in ("compiled", "readable")}


def test_both_engines_give_the_same_spikes(runs):
    compiled, readable = runs["compiled"], runs["readable"]
    assert {p.name for p in compiled.circuit.populations if len(compiled.spikes(p.name).times)} == set("EIAPG")
    np.testing.assert_array_equal(compiled.steps, readable.steps)
    np.testing.assert_array_equal(compiled.units, readable.units)


def test_both_engines_give_the_same_traces_and_weights(runs):
    compiled, readable = runs["compiled"], runs["readable"]
    for name, traces in compiled.traces.items():
        assert traces.times[0] == 0.0005
        assert len(traces.times) == 220
        for variable, values in traces.values.items():
            assert np.ptp(values) > 0 or (name, variable) == ("A", "inh")  # nothing projects there
            np.testing.assert_array_equal(values, readable.traces[name].values[variable])
    for name, weights in compiled.weights.items():
        np.testing.assert_array_equal(weights, readable.weights[name])
        assert np.abs(np.diff(weights, axis=0)).max(1).min() > 0  # they do change
    np.testing.assert_allclose(compiled.weight_times, [0.0, 0.0333, 0.11])


def test_pieces_are_the_whole(runs):
    whole = runs["compiled"]
    simulation = everything().build(seed=3, record=RECORD)
    for piece in (0.0301, 0.05, 0.0299):
        simulation.run(piece)
    pieces = simulation.result()
    np.testing.assert_array_equal(pieces.steps, whole.steps)
    np.testing.assert_array_equal(pieces.units, whole.units)
    np.testing.assert_array_equal(pieces.traces["A"].values["w"], whole.traces["A"].values["w"])
    np.testing.assert_array_equal(pieces.weights["I->E"], whole.weights["I->E"])


def test_an_interruption_loses_nothing(runs, monkeypatch):
    simulation = everything().build(seed=3, record=RECORD)
    stretch, calls = simulation._stretch, []

    def interrupted(advance, stop):
        stretch(advance, stop)
        calls.append(stop)
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(simulation, "_stretch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulation.run(0.11)
    assert 0 < simulation.time < 0.11
    assert len(simulation.result().steps) > 0
    simulation.run(0.11 - simulation.time)
    np.testing.assert_array_equal(simulation.result().steps, runs["compiled"].steps)


@pytest.fixture
def heard():
    """Let Ctrl-C be heard also where the tests were started in the background, which makes a shell ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_stops_at_the_end_of_a_block_and_the_run_can_go_on():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals reach the main thread only")
    circuit = vogels_abbott(units=2000)
    simulation = circuit.build(seed=5)
    simulation.run(0.01)
    timer = threading.Timer(0.05, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        simulation.run(60.0)
    timer.join()
    assert 0.01 < simulation.time < 60
    assert len(simulation.result().steps) > 0
    rest = 0.5 - simulation.time % 0.5  # to the next half second
    simulation.run(round(rest / 1e-4) * 1e-4)
    whole = circuit.simulate(round(simulation.time / 1e-4) * 1e-4, seed=5)
    np.testing.assert_array_equal(simulation.result().steps, whole.steps)
    np.testing.assert_array_equal(simulation.result().units, whole.units)


def test_the_seed_decides(runs):
    again = everything().simulate(0.05, seed=3)
    other = everything().simulate(0.05, seed=4)
    first = runs["compiled"].steps <= 500
    np.testing.assert_array_equal(again.units, runs["compiled"].units[first])
    assert len(other.units) != len(again.units) or (other.units != again.units).any()


def test_coba_and_cuba_networks_are_equal_in_both_engines():
    for kind in ("conductance", "current"):
        circuit = vogels_abbott(kind, units=800, probability=0.1)
        compiled, readable = (circuit.simulate(0.03, seed=1, engine=e) for e in ("compiled", "readable"))
        assert len(compiled.steps) > 30
        np.testing.assert_array_equal(compiled.steps, readable.steps)
        np.testing.assert_array_equal(compiled.units, readable.units)


def test_an_unknown_engine_is_refused():
    with pytest.raises(BadInput, match="compiled"):
        everything().build(engine="gpu")
