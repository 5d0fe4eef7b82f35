"""What is particular to the feedforward builders."""

import keras
import numpy as np
import pytest

from dlguide import mlp, polynomial_regression


def fitted(x, y, degree=2):
    """Return a polynomial regression after 60 steps of gradient descent on all of the data."""
    model = polynomial_regression(x.shape[1:], degree=degree)
    model.get_layer("features").adapt(x)
    model.compile(keras.optimizers.SGD(0.25), "mse")
    for _ in range(60):
        model.train_on_batch(x, y)
    return model


def test_l2_is_the_sum_of_the_squared_weights_of_every_dense_layer():
    model = mlp((4,), 3, hidden_units=(5,), l2=0.1)
    model.set_weights([w + 1 for w in model.get_weights()])  # No bias is 0.
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    assert len(kernels) == 2
    penalty = sum(float(keras.ops.convert_to_numpy(loss)) for loss in model.losses)
    assert penalty == pytest.approx(0.1 * sum((k**2).sum() for k in kernels), rel=1e-5)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_polynomial_regression_meets_least_squares_on_the_same_products(degree):
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import PolynomialFeatures

    rng = np.random.default_rng(0)
    x = (rng.normal(size=(200, 3)) * [1, 10, 100] + [5, 50, 500]).astype("float32")
    y = (x[:, :1] * x[:, 1:2] / 50 + 0.01 * x[:, 2:] + rng.normal(size=(200, 1))).astype("float32")
    model = fitted(x, y, degree)
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    products = PolynomialFeatures(degree).fit_transform(z.astype("float64"))
    expected = LinearRegression(fit_intercept=False).fit(products, y).predict(products)
    assert np.abs(model.predict(x, verbose=0) - expected).max() < 1e-3


def test_a_constant_variable_in_double_precision_is_found_despite_rounding():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.full(300, 0.1), rng.normal(size=300)])
    assert x[:, 0].std() > 0
    model = fitted(x, 3 * x[:, 1])
    given, other = model.predict(np.array([[0.1, 1.0], [0.2, 1.0]]), verbose=0)[:, 0]
    assert given == pytest.approx(3, abs=1e-3) and other == pytest.approx(3, abs=0.1)
