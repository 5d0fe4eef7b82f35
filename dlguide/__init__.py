"""Ready-made deep learning models for Keras 3: each builder returns an ordinary `keras.Model`."""

from dlguide.feedforward import linear_regression, mlp, perceptron, polynomial_regression

__all__ = ["linear_regression", "mlp", "perceptron", "polynomial_regression"]
