"""A builder's call, inputs, targets and outputs by its row in `cases.py`: what the tests of builders share."""

import inspect
import re

import keras
import numpy as np
from cases import CASES, settled
from cases import compiled as compiled_for

import dlguide


def kind_of(name, option):
    return (option and option.kind) or CASES[name].kind


def build(name, option=None, seed=0, integer=int):
    keras.utils.set_random_seed(seed)
    args = option.args if option and option.args else CASES[name].args
    args = [arg() if callable(arg) else arg for arg in args]
    given = args, CASES[name].base | ({option.name: option.value} if option else {})
    args, options = keras.tree.map_structure(lambda value: integer(value) if type(value) is int else value, given)
    return getattr(dlguide, name)(*args, **options)


def inputs(name, model, n=8, seed=0):
    """Draw numbers, pixels or token ids of the shape that a model takes, 5 where it takes any length.

    One size of a batch wherever it will do: JAX compiles each operation for each size.
    """
    rng = np.random.default_rng(seed)
    case = CASES[name]
    shape = (n, *(size or 5 for size in case.inputs or model.input_shape[1:]))
    if case.kind in ("autoencoder", "alone"):
        x = rng.random(shape, "float32")
        return [x, (np.arange(n) % 3).astype("int32")] if getattr(model, "is_conditional", False) else x
    if "int" in str(model.inputs[0].dtype):
        return rng.integers(1, 9, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def targets(kind, model, x):
    """Return what a model of its kind learns from `x`."""
    n = 8 if isinstance(x, list) else len(x)
    if kind in ("autoencoder", "alone"):
        return x if kind == "autoencoder" else None
    if kind == "regression":
        return np.linspace(0, 1, n, dtype="float32")[:, None]
    labels = (np.arange(n) % model.output_shape[-1]).astype("int32")
    return labels if len(model.output_shape) == 2 else np.repeat(labels[:, None], 5, axis=1)


def compiled(kind, model, learning_rate=0.05, one_step=False):
    """Compile; for a single step TensorFlow is faster without a graph, JAX with one."""
    return compiled_for(kind, model, learning_rate, run_eagerly=one_step and keras.backend.backend() == "tensorflow")


def outputs(model, x, training=False):
    return keras.ops.convert_to_numpy(settled(model)(x, training=training))


def added(model):
    """Return what the model itself adds to the loss."""
    return [float(keras.ops.convert_to_numpy(loss)) for loss in model.losses]


def losses(name, model, x):
    """Return the loss of a model that needs none from `compile`."""
    if CASES[name].kind == "alone":
        return float(keras.ops.convert_to_numpy(model.compute_loss(x, y_pred=settled(model)(x))))
    return None


def count(weights):
    return sum(int(np.prod(w.shape)) for w in weights)


def weights(model):
    """Return all variables but the states of seed generators."""
    return [
        keras.ops.convert_to_numpy(variable).copy()
        for variable in model.variables
        if "seed_generator_state" not in variable.path
    ]


def check_docstring(function):
    text = inspect.getdoc(function)
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    documented = re.findall(r"^    (\*{0,2}\w+):", section[1], re.M) if section else []
    parameters = list(inspect.signature(function).parameters.values())
    assert documented == [{p.VAR_KEYWORD: "**", p.VAR_POSITIONAL: "*"}.get(p.kind, "") + p.name for p in parameters], (
        function
    )
    assert "Returns:" in text or inspect.signature(function).return_annotation is None
