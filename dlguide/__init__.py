"""Ready-made deep learning models for Keras 3: each builder returns an ordinary `keras.Model`.

The other modules, such as `dlguide.training`, are imported when they are first used.
"""

import importlib
import pkgutil
import types

from dlguide import _extras as _extras
from dlguide.adversarial import gan
from dlguide.attention import transformer_classifier, transformer_language_model
from dlguide.autoencoders import autoencoder, conv_autoencoder, vae
from dlguide.convolutional import cnn
from dlguide.feedforward import linear_regression, mlp, perceptron, polynomial_regression
from dlguide.masked_diffusion import diffusion
from dlguide.recurrent import rnn
from dlguide.selfsupervised import contrastive
from dlguide.sequence_to_sequence import encoder_decoder

__version__ = "0.1.0"

__all__ = [
    "autoencoder",
    "cnn",
    "contrastive",
    "conv_autoencoder",
    "diffusion",
    "encoder_decoder",
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

_MODULES = {module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")}


def __getattr__(name: str) -> types.ModuleType:
    if name in _MODULES:
        return importlib.import_module(f"dlguide.{name}")
    raise AttributeError(f"module 'dlguide' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
