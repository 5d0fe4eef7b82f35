"""The models that `recipes.benchmark` times, with data of the right shape; `benchmark_loops` has them in PyTorch."""

from typing import NamedTuple

import numpy as np


class Row(NamedTuple):
    """A model with the batch size and the number of examples of an epoch."""

    title: str
    batch_size: int
    examples: int
    kind: str
    options: dict = {}  # noqa: RUF012 - read only
    jit_compile: bool = False


ROWS = {
    "mlp_small": Row("MLP 784-32-10", 32, 32_000, "mlp", {"hidden_units": (32,)}),
    "mlp_short": Row("MLP 784-256-128-10, 5,000 images", 128, 5_000, "mlp", {"hidden_units": (256, 128)}),
    "mlp_128": Row("MLP 784-512-512-10, dropout", 128, 12_800, "mlp", {"hidden_units": (512, 512), "dropout": 0.2}),
    "mlp_512": Row("MLP 784-512-512-10, dropout", 512, 15_360, "mlp", {"hidden_units": (512, 512), "dropout": 0.2}),
    "mlp_512_dense": Row("MLP 784-512-512-10", 512, 15_360, "mlp", {"hidden_units": (512, 512)}),
    "mlp_512_xla": Row(
        "MLP 784-512-512-10, `jit_compile=True`", 512, 15_360, "mlp", {"hidden_units": (512, 512)}, True
    ),
    "cnn": Row("CNN 32-64, 3x3", 128, 3_840, "cnn", {"filters": (32, 64), "batch_norm": False, "dropout": 0.5}),
    "lstm": Row("LSTM 128 on rows", 128, 3_840, "lstm", {"length": 28}),
    "gru": Row("GRU 128 on rows", 128, 3_840, "gru", {"length": 28}),
    "transformer": Row("transformer, 2 blocks, width 64, 64 tokens", 128, 1_920, "transformer", {"length": 64}),
    "conv_autoencoder": Row("convolutional autoencoder 32-64, 3x3", 128, 1_280, "conv_autoencoder"),
    "vae": Row("VAE 784-400-20", 128, 12_800, "vae"),
    "gan": Row("GAN 32-64, 4x4", 128, 2_560, "gan", {"dropout": 0.3}),
}
IMAGES = ("cnn", "conv_autoencoder", "gan")
ADAM = {"gan": {"learning_rate": 1e-4, "beta_1": 0.5}}
"""The arguments of Adam that are not Keras's defaults, by kind."""


def arrays(row: Row) -> tuple[np.ndarray, np.ndarray | None]:
    """Return made-up inputs and targets of the right shape: only time is looked at."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, row.examples).astype("int32")
    if row.kind == "transformer":
        return rng.integers(0, 1000, (row.examples, row.options["length"])).astype("int32"), labels
    shape = (28, 28, 1) if row.kind in IMAGES else (784,)
    if row.kind in ("lstm", "gru"):
        shape = (row.options["length"], 28)
    x = rng.random((row.examples, *shape), dtype="float32")
    return x, {"vae": x, "conv_autoencoder": x, "gan": None}.get(row.kind, labels)


def keras_model(row: Row):
    """Return a compiled Keras model."""
    import keras

    import dlguide

    loss, metrics = keras.losses.BinaryCrossentropy(from_logits=True), None
    if row.kind == "gan":
        model, loss = dlguide.gan((28, 28, 1), **row.options), None  # It has its own loss.
    elif row.kind == "vae":
        model = dlguide.vae((784,), latent_dim=20, hidden_units=(400,))
    elif row.kind == "conv_autoencoder":
        model = dlguide.conv_autoencoder((28, 28, 1))
    else:
        model = _classifier(row)
        loss, metrics = keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"]
    jit_compile = True if row.jit_compile and keras.backend.backend() == "tensorflow" else "auto"
    optimizer = keras.optimizers.Adam(**ADAM.get(row.kind, {}))
    model.compile(optimizer, loss, metrics=metrics, jit_compile=jit_compile)
    return model


def _classifier(row: Row):
    import dlguide

    if row.kind == "mlp":
        return dlguide.mlp((784,), 10, **row.options)
    if row.kind == "cnn":
        return dlguide.cnn((28, 28, 1), 10, **row.options)
    if row.kind == "transformer":
        return dlguide.transformer_classifier(1000, row.options["length"], 10, dropout=0.0)
    return dlguide.rnn((row.options["length"], 28), 10, cell=row.kind, units=(128,), mask_zero=False)
