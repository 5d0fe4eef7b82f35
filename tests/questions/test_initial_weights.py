"""Question 29: the first weights of its rows, and what equal ones and a rescaling do."""

import keras
import numpy as np
import pytest

from questions import _network, _retraining
from questions.initial_weights import experiment


def start(row: str) -> list[np.ndarray]:
    keras.utils.set_random_seed(3)
    return [array for array in experiment.network(row, 8).get_weights() if array.ndim == 2]


@pytest.mark.thorough
def test_rows_differ_by_a_factor_and_no_two_layers_have_the_same_weights():
    he, tenth = start("he"), start("tenth")
    for row, factor in {"tenth": 0.1, "three": 3, "fine": 0.1, "rescaled": 0.1, "normalised": 0.1}.items():
        for own, wanted in zip(start(row)[:-1], he[:-1], strict=True):
            np.testing.assert_allclose(own, factor * wanted, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(start("glorot")[1], he[1] / 2**0.5, rtol=1e-4, atol=1e-7)
    for row in (*experiment.COMPARED, "orthogonal", "rescaled", "normalised", "fine"):
        first, second, *_, last = start(row)[1:]
        assert not np.allclose(first, second) and np.array_equal(last, tenth[-1])


def test_the_size_of_the_outputs_follows_the_factor_of_a_layer():
    sizes = {row: experiment.at_the_start(row, 0, 500)[0] for row in experiment.COMPARED}
    assert all(0.7 < size < 1.4 for size in sizes["he"].values())
    assert sizes["tenth"]["8"] == pytest.approx(1e-8 * sizes["he"]["8"], rel=1e-4)
    assert sizes["three"]["8"] == pytest.approx(3**8 * sizes["he"]["8"], rel=1e-4)


def trained(row: str, monkeypatch) -> list[np.ndarray]:
    models = []
    monkeypatch.setattr(_retraining, "hits", lambda model, *part: models.append(model))
    experiment.hits(f"{row}@eight", 0.1 if row != "rescaled" else 0.0, 0, "test", limit=50, passes=5)
    return models[0].get_weights()


@pytest.mark.parametrize("row", ["equal", "zeros"])
def test_units_with_equal_first_weights_stay_equal(row, monkeypatch):
    *hidden, last, bias = trained(row, monkeypatch)
    assert bias.std() > 0 and (last.std() > 0) == hidden[0].any() == (row == "equal")
    assert all(np.allclose(array, array[..., :1], rtol=1e-4) for array in hidden)


def test_rescaled_layers_have_outputs_of_size_one(monkeypatch):
    weights = np.concatenate([array.ravel() for array in trained("rescaled", monkeypatch)])
    x = _retraining.loaded("mnist1d", 50, 0).train.x.reshape(-1, 40)
    outputs = _network.outputs(_network.layers(weights, experiment.SIZES), x)[1:-1]
    np.testing.assert_allclose([experiment.size(values) for values in outputs], 1, rtol=1e-4)
