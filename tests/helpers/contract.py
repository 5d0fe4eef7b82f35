"""A builder's call, inputs, targets and outputs by its row in `cases.py`: what the tests of builders share."""

import inspect
import re

import keras
import numpy as np

import dlguide
from dlguide import generation
from tests.helpers.cases import CASES


def kind_of(name, option):
    return "regression" if option and option.name == "num_outputs" else CASES[name].kind


def build(name, option=None, seed=0, integer=int):
    keras.utils.set_random_seed(seed)
    args = option.args if option and option.args else CASES[name].args
    options = CASES[name].base | ({option.name: option.value} if option else {})
    given = [arg() if callable(arg) else arg for arg in args], options
    args, options = keras.tree.map_structure(lambda value: integer(value) if type(value) is int else value, given)
    return getattr(dlguide, name)(*args, **options)


def inputs(name, model, n=8, seed=0):
    """Draw numbers, pixels or token ids of the shape that a model takes, 5 where it takes any length.

    One size of a batch wherever possible: JAX compiles each operation for each size.
    """
    rng = np.random.default_rng(seed)
    case = CASES[name]
    if not case.inputs and len(model.inputs) > 1:  # Token ids of several vocabularies.
        return [rng.integers(1, 7, (n, 5)).astype("int32") for _ in model.inputs]
    shape = (n, *(size or 5 for size in case.inputs or model.input_shape[1:]))
    if case.kind in ("autoencoder", "alone"):
        x = rng.random(shape, "float32")
        return [x, (np.arange(n) % 3).astype("int32")] if getattr(model, "num_classes", None) else x
    if "int" in str(model.inputs[0].dtype):
        return rng.integers(1, 9, shape).astype("int32")
    return rng.normal(size=shape).astype("float32")


def targets(kind, model, x):
    """Return the targets for `x` of a model of its kind."""
    n = len(keras.tree.flatten(x)[0])
    if kind != "classifier":
        return {"autoencoder": x, "regression": np.linspace(0, 1, n, dtype="float32")[:, None]}.get(kind)
    labels = (np.arange(n) % model.output_shape[-1]).astype("int32")
    return labels if len(model.output_shape) == 2 else np.repeat(labels[:, None], 5, axis=1)


def compiled(kind, model, learning_rate=0.05, one_step=False):
    """Compile with the loss of a kind; for a single step TensorFlow is faster without a graph, JAX with one."""
    losses = {"regression": "mse", "autoencoder": keras.losses.BinaryCrossentropy(from_logits=True)}
    losses["classifier"] = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    run_eagerly = one_step and keras.backend.backend() == "tensorflow"
    model.compile(keras.optimizers.Adam(learning_rate), losses.get(kind), run_eagerly=run_eagerly)
    return model


def training_case(name, option=None, **options):
    """Return a compiled model, its examples and their targets."""
    model = compiled(kind_of(name, option), build(name, option), **options)
    x = inputs(name, model)
    return model, x, targets(kind_of(name, option), model, x)


def settled(model):
    """Set all that draws numbers back to one state."""
    keras.utils.set_random_seed(3)  # On PyTorch, Keras's dropout draws from the global generator.
    for variable in model.variables:
        if "seed_generator_state" in variable.path:
            variable.assign(np.array([3, 7], variable.dtype))
    return model


def outputs(model, x, training=False):
    return keras.ops.convert_to_numpy(settled(model)(x, training=training))


def same_everywhere(model, x):
    """Return outputs that are equal on every backend: those of the model, its encoder, or examples drawn by seed."""
    layers = {layer.name: layer for layer in model.layers}
    if {"generator", "sampling", "denoiser"} & set(layers):
        return generation.sample(model, 8, labels=x[1] if isinstance(x, list) else None)
    return outputs(layers["encoder"] if "projection_head" in layers else model, x)


def weights(model):
    """Return all variables but the states of seed generators."""
    kept = [variable for variable in model.variables if "seed_generator_state" not in variable.path]
    return [keras.ops.convert_to_numpy(variable).copy() for variable in kept]


def check_docstring(function):
    text = inspect.getdoc(function)
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.M | re.S)
    documented = re.findall(r"^    (\*{0,2}\w+):", section[1], re.M) if section else []
    signature = inspect.signature(function)
    stars = {inspect.Parameter.VAR_KEYWORD: "**", inspect.Parameter.VAR_POSITIONAL: "*"}
    assert documented == [stars.get(p.kind, "") + p.name for p in signature.parameters.values()], function
    assert "Returns:" in text or isinstance(function, type) or signature.return_annotation is None
