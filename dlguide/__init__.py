"""Ready-made deep learning models for Keras 3: each builder returns an ordinary `keras.Model`."""

from dlguide.attention import transformer_classifier, transformer_language_model
from dlguide.convolutional import cnn
from dlguide.feedforward import linear_regression, mlp, perceptron, polynomial_regression
from dlguide.recurrent import rnn

__all__ = [
    "cnn",
    "linear_regression",
    "mlp",
    "perceptron",
    "polynomial_regression",
    "rnn",
    "transformer_classifier",
    "transformer_language_model",
]
