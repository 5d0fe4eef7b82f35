"""Question 31: its networks in NumPy are those of Keras, and its rows differ in one thing."""

import keras
import numpy as np
import pytest

from questions import _network, _schedules
from questions.residual_connections import experiment
from tests.helpers.switches import quick


@pytest.mark.parametrize("row", quick(experiment.ROWS, *list(experiment.ROWS)[::6]))
def test_a_training_ends_in_the_weights_of_keras(row, monkeypatch):
    (x, y), (weights, views) = _network.mnist1d(0, 250)[0], experiment.new_layers(row, 3, 0)
    inputs, block = keras.Input((40,)), [keras.layers.ReLU()]
    if row in ("plain_norm", "prenorm"):
        block.insert(0, keras.layers.LayerNormalization(epsilon=1e-5, center=False, scale=False))  # Without weights.
    value = keras.layers.Dense(32)(inputs)
    for _ in range(2):
        added = keras.Sequential([*block, keras.layers.Dense(32)])(value)
        value = value + added if row in ("residual", "zero", "prenorm") else added
    model = keras.Model(inputs, keras.Sequential([*block, keras.layers.Dense(10)])(value))
    model.set_weights([array for layer in views for array in layer])
    model.compile(keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for step, batch in enumerate(_network.batches(x, y, 125, 0, 0, 10)):
        model.optimizer.learning_rate.assign(0.01 * _schedules.share("warm_cosine", step, 10))
        model.train_on_batch(*batch)
    monkeypatch.setattr(experiment, "new_layers", lambda *given: (weights, views))
    experiment.hits(f"{row}@3", 0.01, 0, [2], limit=250, passes=5)
    np.testing.assert_allclose(weights, np.concatenate([one.ravel() for one in model.get_weights()]), atol=2e-3)


def test_rows_have_the_same_random_numbers_and_before_training_sizes_stay_or_add_or_double():
    start, blocks = {}, {"zero": 0, "identity": np.eye(32)}
    for row in experiment.ROWS:
        start[row] = experiment.at_the_start(row, 0, 500)["signal"]
        for number, (kernel, _) in enumerate(experiment.new_layers(row, 64, 0)[1]):
            plain = experiment.new_layers("plain", 64, 0)[1][number][0]
            assert (kernel == (blocks[row] if row in blocks and 0 < number < 64 else plain)).all()
    growth = {row: size["64"] / size["1"] for row, size in start.items()}
    assert growth["zero"] == pytest.approx(1) and 2**26 < growth["residual"] < 2**36 and 4 < growth["prenorm"] < 11
