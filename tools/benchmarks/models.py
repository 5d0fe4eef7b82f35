"""The models that `tools.benchmarks speed` times, with data of the right shape."""

from typing import NamedTuple

import keras
import numpy as np

import dlguide


class Row(NamedTuple):
    """A model with the batch size and the number of examples of an epoch."""

    kind: str
    batch_size: int
    examples: int
    options: dict = {}  # noqa: RUF012 - read only
    jit_compile: bool = False


WIDE = {"hidden_units": (512, 512)}
ROWS = {
    "mlp_small": Row("mlp", 32, 32_000, {"hidden_units": (32,)}),
    "mlp_short": Row("mlp", 128, 5_000, {"hidden_units": (256, 128)}),
    "mlp_128": Row("mlp", 128, 12_800, {**WIDE, "dropout": 0.2}),
    "mlp_512": Row("mlp", 512, 15_360, {**WIDE, "dropout": 0.2}),
    "mlp_512_dense": Row("mlp", 512, 15_360, WIDE),
    "mlp_512_xla": Row("mlp", 512, 15_360, WIDE, jit_compile=True),
    "cnn": Row("cnn", 128, 3_840, {"filters": (32, 64), "batch_norm": False, "dropout": 0.5}),
    "lstm": Row("lstm", 128, 3_840, {"length": 28}),
    "gru": Row("gru", 128, 3_840, {"length": 28}),
    "transformer": Row("transformer", 128, 1_920, {"length": 64}),
    "conv_autoencoder": Row("conv_autoencoder", 128, 1_280),
    "vae": Row("vae", 128, 12_800),
    "gan": Row("gan", 128, 2_560, {"dropout": 0.3}),
}
ADAM = {"gan": {"learning_rate": 1e-4, "beta_1": 0.5}}
"""The arguments of Adam that are not Keras's defaults, by kind."""


def arrays(row: Row) -> tuple[np.ndarray, np.ndarray | None]:
    """Return made-up inputs and targets of the right shape; they are only timed."""
    rng, length = np.random.default_rng(0), row.options.get("length")
    labels = rng.integers(0, 10, row.examples).astype("int32")
    if row.kind == "transformer":
        return rng.integers(0, 1000, (row.examples, length)).astype("int32"), labels
    shape = {"mlp": (784,), "vae": (784,), "lstm": (length, 28), "gru": (length, 28)}.get(row.kind, (28, 28, 1))
    x = rng.random((row.examples, *shape), dtype="float32")
    return x, {"vae": x, "conv_autoencoder": x, "gan": None}.get(row.kind, labels)


def keras_model(row: Row):
    """Return a compiled Keras model."""
    image, options, length = (28, 28, 1), row.options, row.options.get("length")
    build = {
        "mlp": lambda: dlguide.mlp((784,), 10, **options),
        "cnn": lambda: dlguide.cnn(image, 10, **options),
        "lstm": lambda: dlguide.rnn((length, 28), 10, cell="lstm", units=(128,), mask_zero=False),
        "gru": lambda: dlguide.rnn((length, 28), 10, cell="gru", units=(128,), mask_zero=False),
        "transformer": lambda: dlguide.transformer_classifier(1000, length, 10, dropout=0.0),
        "conv_autoencoder": lambda: dlguide.conv_autoencoder(image),
        "vae": lambda: dlguide.vae((784,), latent_dim=20, hidden_units=(400,)),
        "gan": lambda: dlguide.gan(image, **options),
    }
    model, pixels = build[row.kind](), keras.losses.BinaryCrossentropy(from_logits=True)
    classes = {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"]}
    # The GAN has its own loss.
    options = {"conv_autoencoder": {"loss": pixels}, "vae": {"loss": pixels}, "gan": {}}.get(row.kind, classes)
    optimizer = keras.optimizers.Adam(**ADAM.get(row.kind, {}))
    model.compile(optimizer, **options, jit_compile=row.jit_compile or "auto")
    return model
