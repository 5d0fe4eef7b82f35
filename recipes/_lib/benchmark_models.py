"""The models that `recipes.benchmark` times: data, a Keras model, and the same model in plain PyTorch."""

import itertools
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
    "mlp_128": Row("MLP 784-512-512-10, dropout", 128, 12_800, "mlp", {"hidden_units": (512, 512), "dropout": 0.2}),
    "mlp_512": Row("MLP 784-512-512-10, dropout", 512, 15_360, "mlp", {"hidden_units": (512, 512), "dropout": 0.2}),
    "mlp_512_dense": Row("MLP 784-512-512-10", 512, 15_360, "mlp", {"hidden_units": (512, 512)}),
    "mlp_512_xla": Row(
        "MLP 784-512-512-10, `jit_compile=True`", 512, 15_360, "mlp", {"hidden_units": (512, 512)}, True
    ),
    "cnn": Row("CNN 32-64, 3x3", 128, 3_840, "cnn", {"filters": (32, 64), "batch_norm": False, "dropout": 0.5}),
    "lstm": Row("LSTM 128 on rows", 128, 3_840, "lstm"),
    "gru": Row("GRU 128 on rows", 128, 3_840, "gru"),
    "transformer": Row("transformer, 2 blocks, width 64, 64 tokens", 128, 1_920, "transformer"),
    "vae": Row("VAE 784-400-20", 128, 12_800, "vae"),
}


def arrays(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """Return made-up data of the right shape: only time is looked at."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, row.examples).astype("int32")
    if row.kind == "transformer":
        return rng.integers(0, 1000, (row.examples, 64)).astype("int32"), labels
    shape = {"cnn": (28, 28, 1), "lstm": (28, 28), "gru": (28, 28)}.get(row.kind, (784,))
    x = rng.random((row.examples, *shape), dtype="float32")
    return (x, x) if row.kind == "vae" else (x, labels)


def keras_model(row: Row):
    """Return a compiled Keras model."""
    import keras

    import dlguide

    if row.kind == "mlp":
        model = dlguide.mlp((784,), 10, **row.options)
    elif row.kind == "cnn":
        model = dlguide.cnn((28, 28, 1), 10, **row.options)
    elif row.kind in ("lstm", "gru"):
        model = dlguide.rnn((28, 28), 10, cell=row.kind, units=(128,))
    elif row.kind == "transformer":
        model = dlguide.transformer_classifier(1000, 64, 10, dropout=0.0)
    else:
        model = dlguide.vae((784,), latent_dim=20, hidden_units=(400,))
    loss = (
        keras.losses.BinaryCrossentropy(from_logits=True)
        if row.kind == "vae"
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    jit_compile = True if row.jit_compile and keras.backend.backend() == "tensorflow" else "auto"
    model.compile("adam", loss, metrics=None if row.kind == "vae" else ["accuracy"], jit_compile=jit_compile)
    return model


def torch_model(row: Row):
    """Return the same model as a PyTorch module, None where the table has no such column."""
    from torch import nn

    class Last(nn.Module):
        def __init__(self, cell):
            super().__init__()
            self.cell, self.logits = cell(28, 128, batch_first=True), nn.Linear(128, 10)

        def forward(self, x):
            return self.logits(self.cell(x)[0][:, -1])

    if row.kind == "mlp":
        sizes, dropout = (784, *row.options["hidden_units"]), row.options.get("dropout", 0)
        layers = []
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), *([nn.Dropout(dropout)] if dropout else [])]
        return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))
    if row.kind == "cnn":
        return nn.Sequential(
            nn.Unflatten(1, (1, 28)),
            nn.Conv2d(1, 32, 3, padding=1),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(64, 10),
        )
    return {"lstm": Last(nn.LSTM), "gru": Last(nn.GRU)}.get(row.kind)


def dense_flops(row: Row) -> float | None:
    """Return the floating point operations of an epoch in an MLP's matrix products.

    Two a weight and example for the output, two for the weights' gradient, two for the inputs'; the
    first layer's inputs need none.
    """
    if row.kind != "mlp":
        return None
    sizes = (784, *row.options["hidden_units"], 10)
    weights = [a * b for a, b in itertools.pairwise(sizes)]
    return row.examples * (6 * sum(weights) - 2 * weights[0])
