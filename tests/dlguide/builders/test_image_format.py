"""Builders read `(height, width, channels)` whatever Keras's global setting of the image format is."""

import keras
import numpy as np
import pytest

from dlguide import cnn, polynomial_regression
from recipes._lib import regression_formula
from tests.helpers.cases import CASES
from tests.helpers.contract import build, inputs, same_everywhere
from tests.helpers.switches import quick


@pytest.fixture
def channels_first():
    yield lambda: keras.config.set_image_data_format("channels_first")
    keras.config.set_image_data_format("channels_last")


@pytest.mark.parametrize("name", quick(CASES, "cnn", "conv_autoencoder", "gan"))
def test_the_format_changes_no_output(name, channels_first):
    model = build(name)
    x = inputs(name, model)
    channels_first()
    other = build(name)
    other.set_weights(model.get_weights())
    np.testing.assert_allclose(same_everywhere(other, x), same_everywhere(model, x), rtol=1e-4, atol=1e-5)


def test_a_saved_model_with_augmentation_shifts_height_and_width(channels_first, tmp_path):
    model = cnn((8, 8, 2), 3, filters=(4,), augment={"shift": (0.5, 0.0)})
    model.save(tmp_path / "model.keras")
    channels_first()
    layer = keras.saving.load_model(tmp_path / "model.keras").layers[1]
    columns = np.broadcast_to(np.arange(8.0)[:, None], (4, 8, 8, 2)).astype("float32")  # The same in each row.
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer(columns, training=True)), columns, atol=1e-5)


def test_the_statistics_of_a_table_belong_to_its_variables(channels_first):
    channels_first()
    x = np.random.default_rng(0).normal(size=(50, 2, 3)) * np.arange(1, 7).reshape(2, 3) + 10
    model = polynomial_regression((2, 3), degree=1)
    model.get_layer("features").adapt(x)
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.train_on_batch(x, x[:, 1, 0])
    terms = regression_formula.coefficients(model)
    assert terms["x4",] == pytest.approx(1, abs=1e-3) and terms["x2",] == pytest.approx(0, abs=1e-3)
