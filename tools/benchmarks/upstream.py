"""What Keras would gain by the patches of `patches/`: a step of plain `fit` without and with each, in turn.

A patch is a text for `git apply` in a checkout of Keras. Here the function that it changes is compiled again from its
changed source, in a process of its own; if Keras has changed there, the old lines are not found, and this is an error.
"""

import ast
import contextlib
import functools
import importlib
import re
import textwrap
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import keras

from tools.benchmarks import models, processes, speed, tables

PATCHES = Path(__file__).with_name("patches")
ROUNDS = 15  # The steps of small models vary.


class Patch(NamedTuple):
    """The backend that a patch is for, the function that it changes, and the model that it is measured with."""

    backend: str
    module: str
    function: str
    row: models.Row


ADAMW = models.Row("mlp", 32, 32_000, {"hidden_units": (32, 32, 32, 32)})
TF_OPTIMIZER = "keras.src.backend.tensorflow.optimizer"
ALL = {
    "gru": Patch("tensorflow", "keras.src.layers.rnn.gru", "GRUCell.call", models.ROWS["gru"]),
    "weight_decay": Patch("tensorflow", TF_OPTIMIZER, "TFOptimizer._apply_weight_decay", ADAMW),
    "max_pool": Patch("jax", "keras.src.backend.jax.nn", "max_pool", models.ROWS["cnn"]),
    "conv_transpose": Patch("jax", "keras.src.backend.jax.nn", "conv_transpose", models.ROWS["conv_autoencoder"]),
}


def main(*, rounds: int = ROUNDS) -> None:
    """Time each model in each round, first without and then with its patch."""
    rows = {}
    for name, patch in ALL.items():
        ways = rows[name] = {"before": [], "after": []}
        with processes.start(patch.backend) as call:
            for number in range(rounds):
                for way in ("before", "after")[:: -1 if number % 2 else 1]:
                    ways[way].append(call(step_seconds, name, way == "after"))
        print(name, ways, flush=True)
    tables.save("upstream", {"rounds": rounds, "rows": rows})


def step_seconds(name: str, is_patched: bool) -> dict[str, float]:
    """Return the seconds of a step after the first epoch, and of the first epoch, with its compilation."""
    row = ALL[name].row
    with applied(name) if is_patched else contextlib.nullcontext():
        seconds = speed.timed(row, "plain", build=functools.partial(model, name))
    steps = -(-row.examples // row.batch_size)
    return {"step": seconds["epoch_seconds"] / steps, "first_epoch": seconds["first_epoch_seconds"]}


def model(name: str, row: models.Row) -> keras.Model:
    """Return the compiled model that a patch is measured with."""
    built = models.keras_model(row)
    if name == "weight_decay":
        schedule = keras.optimizers.schedules.CosineDecay(1e-3, 100_000, warmup_target=1e-2, warmup_steps=1000)
        built.compile(keras.optimizers.AdamW(schedule), built.loss)
    return built


def applied(name: str):
    """Return the context in which Keras has the function of a patch; models that are traced in it have it."""
    *owners, function = ALL[name].function.split(".")
    owner, names = functools.reduce(getattr, owners, importlib.import_module(ALL[name].module)), {}
    exec(changed_source(name), getattr(owner, function).__globals__, names)
    return mock.patch.object(owner, function, names[function])


def changed_source(name: str) -> str:
    """Return the source of the function as the patch leaves it, without the indentation of a method."""
    diff = (PATCHES / f"{name}.diff").read_text(encoding="utf-8")
    text = Path(keras.__path__[0], re.search(r"^--- a/keras/(.*)", diff, re.M)[1]).read_text(encoding="utf-8")
    for hunk in diff.split("\n@@ ")[1:]:
        lines = hunk.splitlines(keepends=True)[1:]
        old, new = ("".join(line[1:] for line in lines if line[0] in signs) for signs in (" -", " +"))
        if text.count(old) != 1:
            raise RuntimeError(f"{name}.diff does not fit Keras {keras.__version__}")
        text = text.replace(old, new)
    node = ast.parse(text)
    for part in ALL[name].function.split("."):
        node = next(child for child in node.body if getattr(child, "name", None) == part)
    return textwrap.dedent(ast.get_source_segment(text, node, padded=True))
