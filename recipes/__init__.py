"""Complete runs of dlguide's models on real data: `python -m recipes` lists them."""

import os
import time

START = time.perf_counter()
"""When the command started: this is its first import, before Keras."""
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # Without TensorFlow's messages; errors are still raised.


def pretrained(name: str):
    """Return the published model of a recipe.

    Args:
        name: A recipe with a published model, such as "cnn_mnist"; an unknown name is answered with those there are.

    Returns:
        An uncompiled `keras.Model`; of an autoencoder, a VAE and a GAN the whole, whose parts `get_layer` gives. Its
        weights are rounded to 16 bits, large arrays to 8; its score stands in `recipes/published/NAME/run.json`.

    Raises:
        ValueError: If there is no such model, or the extra "export" is missing.

    Example:
        >>> pretrained("cnn_mnist").output_shape
        (None, 10)
    """
    from recipes._lib.published import published_runs  # Here, because Keras takes seconds to import.

    return published_runs.model(name)
