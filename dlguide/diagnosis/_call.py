"""A program from the arguments of `model.fit`."""

import inspect
from typing import Any

import keras
import numpy as np

from dlguide import _checks, _keras
from dlguide.diagnosis._program import HELD_OUT, MOST_EXAMPLES, Program, count, take, task_of
from dlguide.errors import ArgumentError

OPTIONS = tuple(inspect.signature(keras.Model.fit).parameters)[3:]


def program_of(model, x, y=None, **options) -> Program:
    """Return the program of a call of `model.fit`; a quarter of small data is held out, or the validation data are."""
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"check() got an unexpected keyword argument {name!r}")
    if not getattr(model, "compiled", False):
        raise ArgumentError(f"`model` must be compiled. Received: model={model!r}")
    epochs = _checks.integer("epochs", options.get("epochs", 1))
    batch_size = options.get("batch_size")
    weights, given = options.get("sample_weight"), {"validation_split": options.get("validation_split")}
    if not _is_arrays(x):
        x, y, weights, batch_size = _from_batches(x)
        given["is_data_set"] = True
    x, y = _arrays(x), _arrays(y)
    if not model.built:
        model.build(keras.tree.map_structure(lambda array: (None, *array.shape[1:]), x))
    n = count(x)
    given |= {"all_x": x, "all_y": y}
    validation = options.get("validation_data")
    if validation is not None:
        vx, vy, *_ = validation if isinstance(validation, tuple | list) else _from_batches(validation)
        given["validation"] = _arrays(vx), _arrays(vy)
    train = np.arange(n - int(n * (options.get("validation_split") or 0)))
    random = np.random.default_rng(0)
    if n < 300:  # Too few to leave any out.
        held = np.arange(n)
    else:
        held = random.permutation(n)[: min(HELD_OUT, n // 4)]
        train = np.setdiff1d(train, held)
    if len(train) > MOST_EXAMPLES:
        train = np.sort(random.choice(train, MOST_EXAMPLES, replace=False))
    loss, units = model.loss, (model.output_shape[-1] if isinstance(model.output_shape, tuple) else None)
    names = [metric if isinstance(metric, str) else type(metric).__name__ for metric in _keras.compiled_metrics(model)]
    has_accuracy = any("acc" in name.lower() for name in names)
    draft = Program(model, x, y, (x, y), task_of(None, "", False, None), epochs, batch_size or 32, loss)
    task = task_of(y, draft.loss_name, has_accuracy, units)
    kept: dict[str, Any] = {
        name: options[name] for name in ("shuffle", "class_weight") if options.get(name) is not None
    }
    kept["sample_weight"] = take(_arrays(weights), train)
    return Program(
        model,
        take(x, train),
        take(y, train),
        (take(x, held), take(y, held)),
        task,
        epochs,
        batch_size or 32,
        loss,
        options=kept,
        given=given,
    )


def _is_arrays(x) -> bool:
    return all(
        hasattr(part, "shape") or isinstance(part, list | tuple | int | float) or hasattr(part, "to_numpy")
        for part in keras.tree.flatten(x)
    )


def _arrays(structure):
    """Return a structure of NumPy arrays; a table of pandas is one."""
    if structure is None:
        return None
    if hasattr(structure, "to_numpy"):
        return structure.to_numpy()
    if isinstance(structure, list) and structure and not hasattr(structure[0], "shape"):
        return np.asarray(structure)
    return keras.tree.map_structure(lambda array: np.asarray(keras.ops.convert_to_numpy(array)), structure)


def _from_batches(batches) -> tuple:
    """Return the arrays of the first batches of a data set, and the size of a batch."""
    found, rows = [], 0
    for batch in batches:
        found.append(keras.tree.map_structure(lambda a: np.asarray(keras.ops.convert_to_numpy(a)), batch))
        rows += count(found[-1])
        if rows >= MOST_EXAMPLES:
            break
    joined = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *found)
    joined = joined if isinstance(joined, tuple | list) else (joined,)
    return (*joined, *[None] * (3 - len(joined)), count(found[0]))
