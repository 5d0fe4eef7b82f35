"""Question 30: its trainings in NumPy are those of Keras, and two rows that a claim compares differ in one thing."""

import keras
import numpy as np
import pytest
from keras import layers

from questions import _network, _post_norm, _schedules
from questions.learning_rate import experiment
from tests.helpers.switches import quick

SIZES = (5, 6, 6, 6, 6, 6, 3)  # Two blocks.


def keras_blocks():
    inputs = keras.Input((5,))
    x = layers.Dense(6)(inputs)
    for _ in range(2):
        x = x + layers.Dense(6)(layers.Dense(6, "relu")(x))
        x = layers.LayerNormalization(epsilon=1e-5, center=False, scale=False)(x)
    return keras.Model(inputs, layers.Dense(3)(x))


SCHEDULES = [("momentum", "cosine"), ("adam", "warm_cosine"), ("adam", "average")]


@pytest.mark.parametrize(("optimizer", "schedule"), quick(SCHEDULES, SCHEDULES[0]))
def test_a_training_of_blocks_ends_in_the_weights_of_keras(optimizer, schedule):
    rng, rates = np.random.default_rng(0), []
    x, y = rng.standard_normal((40, 5)).astype("float32"), rng.integers(0, 3, 40)
    weights, model = _network.new_weights(SIZES, rng), keras_blocks()
    views = _network.layers(weights, SIZES)
    model.set_weights([array for layer in views for array in layer])
    ours = keras.optimizers.SGD(0.02, momentum=0.9) if optimizer == "momentum" else keras.optimizers.Adam(0.02)
    model.compile(ours, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    average = [*model.get_weights()]
    for step, batch in enumerate(_network.batches(x, y, 10, 1, 0, 20)):
        rates.append(0.02 * _schedules.share(schedule, step, 20))
        ours.learning_rate.assign(rates[-1])
        model.train_on_batch(*batch)
        average = [0.99 * mean + 0.01 * new for mean, new in zip(average, model.get_weights(), strict=True)]
    settings = {"optimizer": optimizer, "schedule": schedule, "rate": 0.02, "passes": 5, "batch_size": 10, "seed": 1}
    _schedules.train(weights, views, _post_norm.gradient, ((x, y), None), **settings)
    wanted = average if schedule == "average" else model.get_weights()
    for found, right in zip([array for layer in views for array in layer], wanted, strict=True):
        np.testing.assert_allclose(found, right, atol=1e-3)
    model.set_weights([array for layer in views for array in layer])
    np.testing.assert_allclose(_post_norm.outputs(views, x)[-1], model(x), atol=1e-3)
    assert rates[0] == pytest.approx(0.01 if schedule == "warm_cosine" else 0.02) and max(rates) <= 0.02


def test_a_rate_on_plateau_and_on_stairs_falls_at_the_right_steps():
    plateau, factors = _schedules.Plateau(), []
    for loss in (2, 1, 1, 1, 1, 0.5, 0.6, 0.6, 0.6):
        plateau.look(loss)
        factors.append(plateau.factor)
    assert factors == pytest.approx([1, 1, 1, 1, 0.3, 0.3, 0.3, 0.3, 0.09])
    shares = [_schedules.share("stairs", step, 8) for step in range(8)]
    assert shares == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])


def test_the_rows_of_a_claim_differ_in_the_schedule_alone_and_a_shorter_training_or_smaller_batch_in_nothing_else():
    for claim in experiment.EXPERIMENT.claims:
        one, other = experiment.RUNS[claim.row], experiment.RUNS[claim.reference]
        assert one._replace(schedule="") == other._replace(schedule="") and one.schedule != other.schedule
    for name in ("momentum", "adam"):
        whole, tenth, half = (experiment.RUNS[f"{name}_{end}"] for end in ("cosine", "tenth", "half"))
        assert tenth._replace(passes=10 * tenth.passes) == whole == half._replace(batch_size=2 * half.batch_size)
