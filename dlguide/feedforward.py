"""Feedforward models: linear and polynomial regression, the perceptron, the multilayer perceptron."""

import itertools
from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from dlguide import _checks, _data_checks, _layer_names
from dlguide._dense_layers import LAST, dense_layers


def linear_regression(input_shape: Sequence[int], *, name: str = "linear_regression") -> keras.Model:
    """Build a linear model of one number: `y = b + w · x`.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(1,)`.
        name: Name of the model.

    Returns:
        `polynomial_regression` of degree 1; see there for `adapt`, and for what it raises.

    Example:
        >>> linear_regression((1,)).output_shape
        (None, 1)

    Reference:
        Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes" (1805).
    """
    return polynomial_regression(input_shape, degree=1, name=name)


def polynomial_regression(
    input_shape: Sequence[int], *, degree: int = 2, name: str = "polynomial_regression"
) -> keras.Model:
    """Build a polynomial of several variables for one number, with all mixed terms.

    The input is flattened, a layer named `"features"` makes every product of up to `degree` variables, and a dense
    layer maps these to one output. `model.get_layer("features").adapt(x_train)` before training scales the variables
    and decorrelates the features: one step of gradient descent on the whole training set with a learning rate of 0.5
    and the loss `"mse"` then reaches the least-squares solution, instead of many thousands of steps.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(7,)`.
        degree: Highest degree of a term, at least 1. `n` variables give `(n + degree)! / (n! degree!) - 1` features.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats to `(batch, 1)`, for a loss such as `"mse"`.

    Raises:
        ValueError: If `input_shape` is not a sequence of sizes or `degree` is below 1.

    Example:
        >>> polynomial_regression((7,), degree=2).count_params()  # 35 features: 70 statistics of x
        1310

    Reference:
        Gergonne, "Application de la méthode des moindres quarrés à l'interpolation des suites" (1815).
    """
    input_shape = _checks.shape("input_shape", input_shape)
    degree = _checks.integer("degree", degree)

    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten(**LAST)(inputs)
    x = PolynomialFeatures(degree, name=_layer_names.POLYNOMIAL)(x)
    outputs = keras.layers.Dense(1, kernel_initializer="zeros", name=_layer_names.OUTPUT)(x)

    return keras.Model(inputs, outputs, name=name)


def perceptron(
    input_shape: Sequence[int], num_outputs: int, *, l2: float = 0.0, name: str = "perceptron"
) -> keras.Model:
    """Build a single-layer perceptron: one weighted sum of the inputs per output.

    With the cross-entropy it is softmax regression (logistic regression with one output), a convex problem.
    Rosenblatt's machine had the same weights, a threshold after them and another learning rule.

    Args:
        input_shape: As in `mlp`.
        num_outputs: As in `mlp`.
        l2: As in `mlp`.
        name: Name of the model.

    Returns:
        `mlp` without hidden layers; see there for what it raises.

    Example:
        >>> perceptron((28, 28), num_outputs=10).count_params()
        7850

    Reference:
        Rosenblatt, "The perceptron: a probabilistic model for information storage in the brain" (1958).
    """
    return mlp(input_shape, num_outputs, hidden_units=(), l2=l2, name=name)


def mlp(
    input_shape: Sequence[int],
    num_outputs: int,
    *,
    hidden_units: Sequence[int] = (256, 128),
    activation: str | Callable | None = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
    l2: float = 0.0,
    name: str = "mlp",
) -> keras.Model:
    """Build a multilayer perceptron with `num_outputs` outputs.

    The input is flattened and passed through one dense layer per entry of `hidden_units`, each followed by batch
    normalisation (momentum 0.9), the activation and dropout, and through a last dense layer.

    Args:
        input_shape: Shape of one example without the batch axis, such as `(28, 28)`.
        num_outputs: Number of outputs: one logit per class or label (one for two classes), or the numbers to predict.
        hidden_units: Width of each hidden layer, input side first. An empty sequence gives a linear model:
            `activation`, `dropout` and `batch_norm` then have no effect.
        activation: Name of a Keras activation or a function of a tensor, after each hidden layer; None for none.
        dropout: Share of the hidden units dropped in training, in [0, 1).
        batch_norm: Normalise each hidden layer over the batch before the activation; the layer then has no bias.
        l2: Factor of the squared weights of every dense layer in the loss, at least 0; biases are not penalised.
        name: Name of the model.

    Returns:
        An uncompiled `keras.Model` from `(batch, *input_shape)` floats to `(batch, num_outputs)`: logits, to train
        with `from_logits=True`, or values.

    Raises:
        ValueError: If a size, the dropout rate, `l2` or the activation is out of range.

    Example:
        >>> mlp((28, 28), num_outputs=10).output_shape
        (None, 10)

    Reference:
        Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors", Nature 323 (1986).
    """
    input_shape = _checks.shape("input_shape", input_shape)
    num_outputs = _checks.integer("num_outputs", num_outputs)
    hidden_units = _checks.integers("hidden_units", hidden_units)
    dropout = _checks.rate("dropout", dropout)
    batch_norm = _checks.flag("batch_norm", batch_norm)
    l2 = _checks.number("l2", l2, at_least=0)
    regularizer = keras.regularizers.L2(l2) if l2 else None

    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten(**LAST)(inputs)
    x = dense_layers(x, hidden_units, activation, batch_norm, dropout, regularizer)
    outputs = keras.layers.Dense(num_outputs, kernel_regularizer=regularizer, name=_layer_names.OUTPUT)(x)

    return keras.Model(inputs, outputs, name=name)


@keras.saving.register_keras_serializable(package="dlguide")
class PolynomialFeatures(keras.layers.Layer):
    """Every product of up to `degree` input variables, scaled and decorrelated after `adapt`.

    Input: floats of shape `(batch, variables)`. Output: `(batch, features)`, in the order of `terms`.

    Args:
        degree: Largest number of variables in a product, at least 1.
        **kwargs: Of `keras.layers.Layer`.

    Example:
        >>> layer = PolynomialFeatures(2)
        >>> layer(np.array([[2.0, 3.0]])).shape == (1, 5)
        True
        >>> layer.terms
        [(0,), (1,), (0, 0), (0, 1), (1, 1)]
    """

    def __init__(self, degree: int, **kwargs):
        super().__init__(**kwargs)
        self.degree = _checks.integer("degree", degree)

    def build(self, input_shape):
        variables = input_shape[-1]
        of_degree = (itertools.combinations_with_replacement(range(variables), d + 1) for d in range(self.degree))
        self.terms = list(itertools.chain(*of_degree))
        n = len(self.terms)
        self.mean = self.add_weight((variables,), "zeros", trainable=False, name="mean")
        self.scale = self.add_weight((variables,), "ones", trainable=False, name="scale")
        self.centre = self.add_weight((n,), "zeros", trainable=False, name="centre")
        self.rotation = self.add_weight((n, n), "identity", trainable=False, name="rotation")

    def adapt(self, x: np.ndarray) -> None:
        """Learn the scale of the variables and the correlation of the features.

        Args:
            x: Examples of shape `(n, ...)` with as many numbers as the layer has variables.

        Raises:
            ValueError: If a number is NaN or infinite.
        """
        x = np.asarray(x, "float64").reshape(len(x), -1)
        _data_checks.finite("x", x)
        mean, scale = x.mean(axis=0), x.std(axis=0)
        scale[np.ptp(x, axis=0) == 0] = 1  # The deviation of equal numbers may be a rounding error.
        z = (x - mean) / scale
        products = np.stack([z[:, list(term)].prod(axis=1) for term in self.terms], axis=1)
        centre = products.mean(axis=0)
        # Directions without variance (a feature that repeats another) are left out.
        variance, directions = np.linalg.eigh(np.cov(products, rowvar=False, bias=True).reshape(2 * (len(self.terms),)))
        kept = variance > 1e-9 * variance.max()
        rotation = directions * np.where(kept, 1 / np.sqrt(np.where(kept, variance, 1)), 0)
        self.set_weights([value.astype("float32") for value in (mean, scale, centre, rotation)])

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        z = (x - self.mean) / self.scale
        products = []
        for degree in range(1, self.degree + 1):
            index = np.array([term for term in self.terms if len(term) == degree])
            products.append(ops.prod(ops.take(z, index, axis=-1), axis=-1))
        return ops.matmul(ops.concatenate(products, axis=-1) - self.centre, self.rotation)

    def get_config(self):
        return {**super().get_config(), "degree": self.degree}
