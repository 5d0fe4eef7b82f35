"""What a run is, in plain values: its model, its options and a hash of its arrays; and how two runs differ.

A value has a path, such as `model.layers[1].units`. Names and places of code are left out: the names of layers depend
on what was built before, and the code of a lambda has the file and the line in it. What functions do is not compared.
"""

import hashlib
import json
from collections.abc import Iterator

import keras
import numpy as np

from dlguide import _data_checks

FORMAT = 9  # Of a checkpoint, and of the numbers that a run gives.
COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
LEFT_OUT = {"name", "registered_name", "module", "build_config", "build_input_shape", "compile_config"}
LEFT_OUT |= {"shared_object_id"}
WITH_LAYER_NAMES = {"inbound_nodes", "input_layers", "output_layers"}
RATE = "optimizer.learning_rate"
MOST_SHOWN = 4  # Differences in one error.


def of_model(model: keras.Model) -> dict[str, str]:
    """Return the values of a model and of its optimizer, loss and metrics by their paths."""
    config = _serialized(model)
    places = {name: f"layer {i}" for i, name in enumerate(dict.fromkeys(_layer_names(config)))}
    values = dict(_flat("model", config, places))
    try:
        compiled = model.get_compile_config() or {}
    except Exception:  # Such as a `functools.partial`, which Keras trains with but cannot serialise.
        compiled = {"optimizer": _serialized(model.optimizer), "loss": model.loss}
    values |= of_options({name: compiled.get(name) for name in COMPILED})
    if model.optimizer is not None and int(model.optimizer.iterations) > 0:
        values.pop(RATE, None)  # Callbacks may have changed it; a checkpoint has the right one.
    return values


def of_options(options: dict) -> dict[str, str]:
    """Return further options by their paths."""
    return {path: value for name, part in options.items() for path, value in _flat(name, part, {})}


def of_arrays(name: str, arrays) -> dict[str, str]:
    """Return the shape, the type and a hash of each array of a structure; of a data set its kind alone."""
    found = {}
    for path, part in keras.tree.flatten_with_path(arrays):
        where = "".join([name, *(f"[{key!r}]" for key in path)])
        if isinstance(part, np.ndarray):
            digest = hashlib.sha256()
            for _, rows in _data_checks.blocks(part):
                digest.update(np.ascontiguousarray(rows).tobytes())  # bfloat16 has no buffer.
            found[f"{where}.shape"] = str(part.shape)
            found[f"{where}.values"] = f"{part.dtype.name} {digest.hexdigest()[:16]}"
        else:
            found[where] = type(part).__name__
    return found


def _serialized(part) -> dict:
    """Return the config of a part of Keras's; of one without a config its class and the shapes of its weights."""
    try:
        return keras.saving.serialize_keras_object(part)
    except Exception:  # NotImplementedError, TypeError, ValueError, or what a `get_config` of the user's raises.
        layers = getattr(part, "layers", None)
        inside = {"layers": [_serialized(layer) for layer in layers]} if layers else {}
        inside |= {} if layers else {"shapes": [list(weight.shape) for weight in part.variables]}
        return {"class_name": type(part).__name__, "config": inside}


def _layer_names(config) -> Iterator[str]:
    parts = config.values() if isinstance(config, dict) else config if isinstance(config, list | tuple) else ()
    for part in parts:
        if isinstance(part, dict) and "inbound_nodes" in part:
            yield part.get("name")
        yield from _layer_names(part)


def _flat(path: str, value, places: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the plain values in a serialised object, each with its path, as JSON; `places` stand for layers' names."""
    kind = value.get("class_name", "") if isinstance(value, dict) else ""
    if kind == "__lambda__":
        yield path, "a lambda"
    elif kind.endswith("DTypePolicy"):  # Its name counts.
        yield path, json.dumps(value["config"])
    elif isinstance(value, dict):
        for key, part in value.items():
            if key == "layers" and "input_layers" not in value:  # A `Sequential` need not state its input.
                part = [layer for layer in part if layer.get("class_name") != "InputLayer"]
            if key in WITH_LAYER_NAMES:
                part = keras.tree.map_structure(lambda v: places.get(v, v) if isinstance(v, str) else v, part)
            if key not in LEFT_OUT:
                yield from _flat(path if key == "config" else f"{path}.{key}", part, places)
    elif isinstance(value, list | tuple) and any(isinstance(part, dict | list | tuple) for part in value):
        for i, part in enumerate(value):
            yield from _flat(f"{path}[{i}]", part, places)
    else:
        is_float = isinstance(value, float)  # The learning rate of an optimizer is one of float32.
        yield path, f"{value:.6g}" if is_float else json.dumps(value, default=_plain)


def _plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return getattr(value, "__name__", type(value).__name__)


def difference(saved: dict[str, str], current: dict[str, str]) -> str:
    """Say how two runs differ, as "epochs 3 there, 2 here"; "" if the run may be resumed.

    A run may be resumed with more epochs, unless its learning rate follows a schedule.
    """
    epochs = [json.loads(side.get("epochs", "0")) or 0 for side in (saved, current)]
    is_longer = epochs[0] < epochs[1]
    has_schedule = any(path.endswith("learning_rate.class_name") for path in current)
    found = []
    for path in dict.fromkeys((*current, *saved)):
        there, here = saved.get(path, "nothing"), current.get(path, "nothing")
        is_allowed = (path == RATE and path not in current) or (path == "epochs" and is_longer and not has_schedule)
        if there == here or is_allowed:
            continue
        found.append(f"{path}: other values" if path.endswith(".values") else f"{path} {there} there, {here} here")
    text = "; ".join([*found[:MOST_SHOWN], *([f"and {len(found) - MOST_SHOWN} more"] if found[MOST_SHOWN:] else [])])
    if is_longer and has_schedule:
        text += ". A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps"
    return text
