"""What the rows of the experiment on scaled inputs differ in, and the exact descent of a linear layer."""

import numpy as np
import pytest

from questions import _retraining
from questions.input_scaling import experiment


def test_the_rows_of_an_optimizer_differ_in_their_inputs_alone(monkeypatch):
    given = {}

    def trainer(network, kind, **of_model):
        def train(x, y, **options):
            given[row] = x, y, {**options, **of_model}
            raise FloatingPointError

        return train

    monkeypatch.setattr(_retraining, "trainer", trainer)
    for row in experiment.ROWS:
        assert experiment.errors(row, 0.1, 0, "valid", passes=5).std() > 0
        optimizer, kind = row.split("_")
        x, y, options = given[row]
        raw, *same = given[f"{optimizer}_{'bytes' if row in experiment.IMAGES else 'raw'}"]
        assert (y == same[0]).all() and options == same[1] and (x == given[f"sgd_{kind}"][0]).all()
        if row in experiment.IMAGES:
            assert x.max() == (1 if kind == "unit" else 255)
        else:
            centre = 0 if kind in ("centred", "standardised") else raw.mean(0) / raw.std(0)
            np.testing.assert_allclose(x.mean(0) / x.std(0), centre + 0 * x[0], atol=1e-3)
            np.testing.assert_allclose(x.std(0), 1 if kind in ("divided", "standardised") else raw.std(0), rtol=1e-3)


def test_the_descent_of_a_linear_layer_is_that_of_steps_and_the_rivals_do_not_depend_on_the_scaling():
    x, y = (part.astype("float64") for part in _retraining.loaded("auto_mpg", None, 0).train)
    condition, descent = experiment.linear_layer(x, y)
    columns = np.column_stack([np.ones(len(x)), experiment.scaler("standardised", x)(x)])
    curvatures = np.linalg.svd(columns, compute_uv=False) ** 2 / len(x)
    weights, targets = np.zeros(8), y - y.mean()
    for _ in range(100):
        gradient = columns.T @ (columns @ weights - targets) / len(x)
        weights = weights - gradient / curvatures[0]
    assert descent["standardised"]["100"] == pytest.approx(np.mean((columns @ weights - targets) ** 2) ** 0.5)
    assert condition["standardised"] == pytest.approx(curvatures[0] / curvatures[-1])
    assert condition["decorrelated"] == pytest.approx(1)
    for model in experiment.RIVALS.values():
        raw, scaled = (model(0).fit(z, y).predict(z) for z in (x, columns[:, 1:]))
        np.testing.assert_allclose(raw, scaled, rtol=1e-6)


def test_the_smaller_first_weights_for_larger_pixels_give_the_same_first_outputs():
    x, outputs = np.random.default_rng(0).random((3, 28, 28, 1)), []
    for kind in ("small", "unit"):
        experiment.keras.utils.set_random_seed(0)
        outputs.append(_retraining.outputs(experiment.network(kind), experiment.scaler(kind, x)(x)))
    np.testing.assert_allclose(*outputs, atol=1e-5)
