"""Ready-made deep learning models for Keras 3: each builder returns an ordinary `keras.Model`."""

from dlguide.adversarial import gan
from dlguide.attention import transformer_classifier, transformer_language_model
from dlguide.autoencoders import autoencoder, conv_autoencoder, vae
from dlguide.convolutional import cnn
from dlguide.feedforward import linear_regression, mlp, perceptron, polynomial_regression
from dlguide.recurrent import rnn
from dlguide.selfsupervised import contrastive

__all__ = [
    "autoencoder",
    "cnn",
    "contrastive",
    "conv_autoencoder",
    "gan",
    "linear_regression",
    "mlp",
    "perceptron",
    "polynomial_regression",
    "rnn",
    "transformer_classifier",
    "transformer_language_model",
    "vae",
]
