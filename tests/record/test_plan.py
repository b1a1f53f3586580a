"""What a recording will hold is said beforehand, and one that does not fit is refused."""

import numpy as np
import pytest
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.record import plan, record
from tertium.record.memory import available_memory
from tertium.record.planning import BATCH_BYTES


def net():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))


X = torch.zeros(10, 3, 8, 8)


@pytest.mark.parametrize(
    "options", [{}, {"units": 7}, {"project": "gaussian", "n_components": 11}, {"sites": ["0", "output"]}]
)
def test_the_plan_is_what_is_then_recorded(options):
    planned = plan(net(), X, **options)
    recorded = record(net(), X, progress=False, **options)
    assert (planned.n_trials, planned.n_times, planned.n_units) == recorded.shape
    assert planned.bytes == recorded.nbytes
    table = planned.table()
    assert table.layer.tolist() == list(dict.fromkeys(recorded.layer.values))
    assert table.units.tolist() == [int((recorded.layer == name).sum()) for name in table.layer]
    assert table.bytes.sum() == recorded.nbytes


def test_table_shows_shapes_and_what_is_kept():
    table = plan(net(), X, units=7).table()
    assert table["shape"].tolist() == ["4 x 6 x 6", "4 x 6 x 6", "5"]
    assert table.all_units.tolist() == [144, 144, 5]
    assert table.how.tolist() == ["subset", "subset", "all"]


def test_planning_shows_two_trials_only_and_disturbs_nothing():
    model, shown = net().train(), []
    model[0].register_forward_hook(lambda module, given, out: shown.append(len(given[0])))
    plan(model, X)
    assert shown == [2]
    assert model[1].training


def test_too_large_for_memory_is_refused_before_the_work():
    model, shown = net(), []
    model[0].register_forward_hook(lambda module, given, out: shown.append(len(given[0])))
    with pytest.raises(BadInput, match=r"recording of 3 site\(s\).*units=1000.*project='sparse'.*to='responses.zarr'"):
        record(model, X, memory_limit=10_000, progress=False)
    assert shown == [2]
    assert record(model, X, memory_limit=100_000, units=3, progress=False).sizes["unit"] == 9


def test_limit_by_default_is_half_of_what_is_free():
    planned = plan(net(), X)
    planned.check_memory()
    huge = type(planned)(planned.source, planned.sites, 10**12, 1, 64, np.dtype(np.float32))
    with pytest.raises(BadInput, match=r"293 units, .* TB \(most in '0', 144 units\).*half of the free memory"):
        huge.check_memory()
    assert available_memory() > 10**7


def test_batches_are_made_smaller_for_large_layers():
    small, large = nn.Linear(3, 10), nn.Linear(3, 10**7)
    assert plan(small, torch.zeros(100, 3)).batch_size == 64
    size = plan(large, torch.zeros(100, 3)).batch_size
    assert size * 4 * 10**7 <= BATCH_BYTES < 2 * size * 4 * 10**7
    assert plan(small, torch.zeros(100, 3), batch_size=7).batch_size == 7
