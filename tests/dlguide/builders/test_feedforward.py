"""What is particular to the feedforward builders."""

import keras
import numpy as np
import pytest

from dlguide import evaluation, mlp, polynomial_regression


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


def test_the_coefficients_give_back_the_model_in_the_units_of_its_input():
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(100, 2)) * [2, 30] + [1, 300]).astype("float32")
    y = (3 + 2 * x[:, :1] - 0.5 * x[:, 1:] + 0.25 * x[:, :1] * x[:, 1:] - x[:, :1] ** 2).astype("float32")
    model = fitted(x, y)
    terms = evaluation.coefficients(model, ["a", "b"])
    assert set(terms) == {(), ("a",), ("b",), ("a", "a"), ("a", "b"), ("b", "b")}
    columns = {"a": x[:, 0].astype("float64"), "b": x[:, 1].astype("float64")}
    by_hand = sum(value * np.prod([columns[n] for n in key] + [np.ones(100)], axis=0) for key, value in terms.items())
    np.testing.assert_allclose(by_hand, model.predict(x, verbose=0)[:, 0], rtol=1e-4, atol=1e-2)
    assert terms["a", "b"] == pytest.approx(0.25, abs=1e-3)
    assert terms["a", "a"] == pytest.approx(-1, abs=1e-3)
    assert " · a^2" in evaluation.formula(model, ["a", "b"], "y")


def test_a_constant_variable_in_double_precision_is_found_despite_rounding():
    rng = np.random.default_rng(0)
    x = np.column_stack([np.full(300, 0.1), rng.normal(size=300)])
    assert x[:, 0].std() > 0
    model = fitted(x, 3 * x[:, 1])
    given, other = model.predict(np.array([[0.1, 1.0], [0.2, 1.0]]), verbose=0)[:, 0]
    assert given == pytest.approx(3, abs=1e-3) and other == pytest.approx(3, abs=0.1)


def test_names_of_variables_may_be_numbers_but_not_the_same():
    model = polynomial_regression((2,), degree=1)
    assert evaluation.formula(model, [3, 5]) == "y = 0 + 0 · 3 + 0 · 5"
    with pytest.raises(ValueError, match="`feature_names` must be 2 different names, one for each variable"):
        evaluation.coefficients(model, ["a", "a"])


def test_a_model_with_layers_of_the_same_names_is_no_regression():
    layers = [keras.layers.Dense(4, name="features"), keras.layers.Dense(1, name="output")]
    with pytest.raises(ValueError, match="`model` must be made by `linear_regression` or `polynomial_regression`"):
        evaluation.coefficients(keras.Sequential([keras.Input((3,)), *layers]))
