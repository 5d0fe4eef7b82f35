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

FORMAT = 8  # Of a checkpoint, and of the numbers that a run gives.
COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")
LEFT_OUT = {"name", "registered_name", "module", "build_config", "build_input_shape", "compile_config"}
LEFT_OUT |= {"shared_object_id"}
MOST_SHOWN = 4  # Differences in one error.


def of_model(model: keras.Model) -> dict[str, str]:
    """Return the values of a model and of its optimizer, loss and metrics by their paths."""
    values = dict(_flat("model", _serialized(model)))
    try:
        compiled = model.get_compile_config() or {}
    except Exception:  # Such as a `functools.partial`, which Keras trains with but cannot serialise.
        compiled = {"optimizer": _serialized(model.optimizer), "loss": model.loss}
    for name in COMPILED:
        values |= _flat(name, compiled.get(name))
    return values


def optimizer_values(model: keras.Model | None) -> dict[str, str]:
    """Return the present values of a model's optimizer, which callbacks may change, by their paths."""
    optimizer = getattr(model, "optimizer", None)
    return {} if optimizer is None else dict(_flat("optimizer", _serialized(optimizer)))


def _serialized(part) -> dict:
    """Return the config of a part of Keras's; of one without a config its class and the shapes of its weights."""
    try:
        return keras.saving.serialize_keras_object(part)
    except Exception:  # NotImplementedError, TypeError, ValueError, or what a `get_config` of the user's raises.
        layers = getattr(part, "layers", None)
        inside = [_serialized(layer) for layer in layers] if layers else [list(w.shape) for w in part.variables]
        return {"class_name": type(part).__name__, "config": {"layers": inside}}


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


def of_options(options: dict) -> dict[str, str]:
    """Return further options by their paths."""
    return {path: value for name, part in options.items() for path, value in _flat(name, part)}


def _flat(path: str, value, places: dict[str, int] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the plain values in a serialised object, each with its path, as JSON; `places` are those of layers."""
    if isinstance(value, dict) and {"class_name", "config"} <= set(value):
        kind, config = value["class_name"], value["config"]
        if isinstance(config, dict) and kind != "__lambda__" and not kind.endswith("DTypePolicy"):
            yield f"{path}.class", kind
            yield from _flat(path, config, places)
            if value.get("inbound_nodes"):
                yield from _flat(f"{path}.inputs", value["inbound_nodes"], places)
        else:  # Marshalled code; a policy, whose name counts; a function, which is its name.
            yield path, "a lambda" if kind == "__lambda__" else json.dumps(config)
    elif isinstance(value, dict):
        if isinstance(value.get("layers"), list):
            layers = value["layers"]
            if "input_layers" not in value:  # A `Sequential` need not state its input.
                layers = [layer for layer in layers if layer.get("class_name") != "InputLayer"]
            names = [layer.get("name") or layer.get("config", {}).get("name") for layer in layers]
            value, places = {**value, "layers": layers}, {name: i for i, name in enumerate(names)}
        for key, part in value.items():
            if key not in LEFT_OUT:
                yield from _flat(f"{path}.{key}", part, places)
    elif isinstance(value, list | tuple) and _is_output(value, places or {}):
        yield path, json.dumps([f"layer {places[value[0]]}", *value[1:]])
    elif isinstance(value, list | tuple) and any(isinstance(part, dict | list | tuple) for part in value):
        for i, part in enumerate(value):
            yield from _flat(f"{path}[{i}]", part, places)
    else:
        yield path, json.dumps(value, default=_plain)


def _is_output(value: list | tuple, places: dict[str, int]) -> bool:
    """Return whether a list is a layer's name, the number of its call and that of the output."""
    return len(value) == 3 and isinstance(value[0], str) and value[0] in places


def _plain(value):
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return getattr(value, "__name__", type(value).__name__)


def difference(saved: dict[str, str], current: dict[str, str], left: dict[str, str]) -> str:
    """Say how two runs differ, as "epochs 3 there, 2 here"; "" if the run may be resumed.

    `left` are the values of the model when its last checkpoint was written: a callback may have changed the learning
    rate, and the same optimizer may be given again. A run may be resumed with more epochs, unless its learning rate
    follows a schedule.
    """
    epochs = [json.loads(side.get("epochs", "0")) or 0 for side in (saved, current)]
    is_longer = epochs[0] < epochs[1]
    has_schedule = any(path.endswith("learning_rate.class") for path in current)
    found = []
    for path in dict.fromkeys((*current, *saved)):
        there, here = saved.get(path, "nothing"), current.get(path, "nothing")
        is_same = there == here or left.get(path) == here or (path == "epochs" and is_longer and not has_schedule)
        if not is_same:
            texts = f"{path} {_shown(there)} there, {_shown(here)} here"
            found.append(f"{path}: other values" if path.endswith(".values") else texts)
    text = "; ".join([*found[:MOST_SHOWN], *([f"and {len(found) - MOST_SHOWN} more"] if found[MOST_SHOWN:] else [])])
    if is_longer and has_schedule:
        text += ". A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps"
    return text


def _shown(text: str) -> str:
    try:
        return f"{float(text):.6g}"
    except ValueError:
        return text
