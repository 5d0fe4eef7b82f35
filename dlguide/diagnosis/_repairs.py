"""Repairs: functions from a program to the same program with one thing changed."""

import dataclasses

import keras
import numpy as np

from dlguide.diagnosis._program import ACTIVATIONS, Head, Program, Task, count, flat_layers, take

CODES = (-9999, -999, -99, -1, 9999, 999, 99)  # Numbers that often stand for a missing one.


def with_layers(program: Program, changes: dict) -> Program:
    """Return a program whose model has other layers: by name new values of a config, a layer, or layers in its place.

    All other layers keep their weights; the changed ones begin with new ones.
    """
    new = {}

    def made(layer):
        change = changes.get(layer.name)
        if isinstance(change, dict):
            change = type(layer).from_config({**layer.get_config(), **change})
        elif isinstance(change, list):
            change = keras.Sequential(change, name=f"changed_{layer.name}")
        new[layer.name] = change or type(layer).from_config(layer.get_config())
        return new[layer.name]

    model = keras.models.clone_model(program.model, clone_function=made, recursive=True)
    if not model.built:
        model.build(program.model.input_shape)
    for old in flat_layers(program.model):
        layer = new.get(old.name)
        if (
            old.name not in changes
            and layer is not None
            and [w.shape for w in layer.weights] == [w.shape for w in old.weights]
        ):
            layer.set_weights(old.get_weights())
    model.optimizer = program.model.optimizer  # Only its settings are read.
    return dataclasses.replace(program, model=model)


def with_head(program: Program, head: Head) -> Program:
    """Return a program whose last activation and units, loss and labels are those of its task."""
    task, layer, activation, units = program.task, head.layer, "linear", None
    loss = program.loss
    if task.kind == "classes" and task.num_classes == 2 and program.model.output_shape[-1] == 1:
        activation, loss = "sigmoid", "binary_crossentropy"
    elif task.kind == "classes":
        activation, units = "softmax", task.num_classes
        loss = "categorical_crossentropy" if task.form == "one_hot" else "sparse_categorical_crossentropy"
    elif task.kind == "labels":
        activation, loss, units = "sigmoid", "binary_crossentropy", program.y.shape[-1]
    else:
        units = None if program.y.ndim > 2 else program.y.reshape(len(program.y), -1).shape[1]
        if "crossentropy" in program.loss_name or "hinge" in program.loss_name:
            loss = "mse"
    size = "filters" if "filters" in layer.get_config() else "units"
    changes = {each.name: keras.layers.Identity() for each in head.after if isinstance(each, ACTIVATIONS)}
    changes[layer.name] = {"activation": activation, **({size: units} if units else {})}
    changed = dataclasses.replace(with_layers(program, changes), loss=loss)
    return with_counted_classes(changed) if task.form in ("codes", "signs") else changed


def with_counted_classes(program: Program) -> Program:
    """Return a program whose labels count the classes from 0."""
    values = program.task.values

    def counted(y):
        return np.searchsorted(values, y.reshape(len(y)))

    task = Task("classes", "integers", np.arange(len(values)))
    held_out = program.held_out[0], counted(program.held_out[1])
    return dataclasses.replace(program, task=task, y=counted(program.y), held_out=held_out)


def with_scaled_inputs(program: Program) -> Program:
    """Return a program whose inputs have mean 0 and standard deviation 1; codes of missing numbers are the mean."""
    scale = keras.tree.map_structure(_Scale, program.x)

    def scaled(x):
        return keras.tree.map_structure(lambda one, array: one(array), scale, x)

    return dataclasses.replace(
        program, x=scaled(program.x), held_out=(scaled(program.held_out[0]), program.held_out[1])
    )


def with_scaled_targets(program: Program) -> Program:
    """Return a program whose targets have mean 0 and standard deviation 1."""
    scale = _Scale(program.y)
    return dataclasses.replace(program, y=scale(program.y), held_out=(program.held_out[0], scale(program.held_out[1])))


class _Scale:
    """Standardises the columns of an array as those of the first one, images and series as a whole."""

    def __init__(self, array):
        known, axis = known_values(array), 0 if array.ndim <= 2 else None
        self._mean, self._deviation = np.nanmean(known, axis), np.nanstd(known, axis)
        self._deviation = np.where(self._deviation > 0, self._deviation, 1)

    def __call__(self, array):
        scaled = (known_values(array) - self._mean) / self._deviation
        return np.nan_to_num(scaled, nan=0.0, posinf=0.0, neginf=0.0).astype("float32")


def known_values(array) -> np.ndarray:
    """Return an array of floats with NaN for what is missing: infinite numbers, and codes such as -999."""
    values = np.array(array, "float64")
    values[~np.isfinite(values)] = np.nan
    for column in values.reshape(len(values), -1).T if values.ndim <= 2 else ():
        code = missing_code(column)
        if code is not None:
            column[column == code] = np.nan
    return values


def missing_code(column: np.ndarray) -> float | None:
    """Return the number that stands for a missing one in a column, None if there is none."""
    rest = column[np.isfinite(column)]
    for code in CODES if len(np.unique(rest)) > 20 else ():
        is_code = rest == code
        others = rest[~is_code]
        if (
            0.005 < is_code.mean() < 0.9
            and not others.min() - 2 * others.std() <= code <= others.max() + 2 * others.std()
        ):
            return code
    return None


def with_hidden(program: Program, layers: list, activation: str) -> Program:
    """Return a program with another activation of some layers, and first weights that suit it."""
    init = {"kernel_initializer": "he_uniform" if activation == "relu" else "glorot_uniform"}
    changes = {}
    for layer in layers:
        config = layer.get_config()
        changes[layer.name] = {"activation": activation} | (init if "kernel_initializer" in config else {})
    return with_layers(program, changes)


def with_options(program: Program, **options) -> Program:
    """Return a program with other fields."""
    return dataclasses.replace(program, **options)


def with_random_order(program: Program) -> Program:
    """Return a program whose examples are a random choice of all that were given, in random order."""
    x, y = program.given["all_x"], program.given["all_y"]
    rows = np.random.default_rng(1).permutation(count(x))[: count(program.x)]
    options = {**program.options, "shuffle": True, "sample_weight": None}
    return dataclasses.replace(program, x=take(x, rows), y=take(y, rows), options=options)
