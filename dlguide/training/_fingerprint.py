"""Fingerprint of a run: the options that its author stated, in plain values, and a readable diff of two of them."""

import contextlib
import hashlib
import inspect
import json
import re
import weakref
from collections.abc import Callable

import keras
import numpy as np

from dlguide import _rows
from dlguide.errors import ArgumentError
from dlguide.training._data import Data

FORMAT = 6  # Of a checkpoint, and of the numbers that a run gives.
COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "jit_compile")
LISTS = {"layers": "layer", "callbacks": "callback", "metrics": "metric", "weighted_metrics": "weighted metric"}
NOT_COMPARED = {"name", "build_config", "build_input_shape", "compile_config", "shared_object_id"}
# Where a callback writes, and whether it prints, changes no run.
OF_OUTPUT = {"backup_dir", "filename", "filepath", "log_dir", "path", "root", "verbose"}
MOST_SHOWN = 4  # Differences in one error.


def data_description(train: Data, valid: Data | None) -> dict:
    """Describe the data of a run: shapes and a hash of the values; of a data set only the kind of its batches."""
    arrays = train.content if train.is_arrays else (train.content,)
    content = dict(zip(("x", "y", "sample_weight"), arrays, strict=False))
    if valid is not None:
        content["validation_data"] = valid.content
    described = {name: [_described(part) for part in keras.tree.flatten(value)] for name, value in content.items()}
    return {name: parts[0] if len(parts) == 1 else parts for name, parts in described.items()}


def _described(part) -> dict:
    if not isinstance(part, np.ndarray):
        return {"data set": str(getattr(part, "element_spec", type(part).__name__))}
    digest = hashlib.sha256()
    for _, rows in _rows.blocks(part):
        digest.update(np.ascontiguousarray(rows).tobytes())  # bfloat16 has no buffer.
    return {"shape": list(part.shape), "dtype": part.dtype.name, "sha256": digest.hexdigest()}


def model_description(model: keras.Model) -> dict:
    """Describe a model and how it was compiled, whatever other layers were built before it."""
    try:
        config, compiled = model.get_config(), model.get_compile_config() or {}
    except (NotImplementedError, TypeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ArgumentError(
            "`model` must be one that can be saved where a `run_dir` is given: it needs a `get_config`. "
            f"Received: model={model!r} ({reason})"
        ) from None
    described = {"model": {"class_name": type(model).__name__, "config": config}}
    described |= {name: compiled.get(name) for name in COMPILED}
    return plain({name: _stated(part, {}) for name, part in described.items()})


def optimizer_description(optimizer) -> dict:
    """Describe an optimizer as it is now."""
    return plain(_stated(keras.optimizers.serialize(optimizer), {}))


def _stated(value, places: dict[str, int]):
    """Return what the author of a serialised object stated: without names, a layer's place in place of its name."""
    if isinstance(value, list | tuple):
        if len(value) == 3 and isinstance(value[0], str) and value[0] in places:
            return "layer {}, call {}, output {}".format(places[value[0]], *value[1:])  # A tensor.
        return [_stated(part, places) for part in value]
    if not isinstance(value, dict):
        return value
    if {"class_name", "config"} <= set(value):
        if value["class_name"].endswith("DTypePolicy"):
            return value["config"]["name"]
        if value["class_name"] == "__keras_tensor__":
            return _stated(value["config"]["keras_history"], places)
        if not isinstance(value["config"], dict):  # A function: its name.
            return value["config"]
        inbound = {"inputs": _stated(value["inbound_nodes"], places)} if value.get("inbound_nodes") else {}
        return {"class": value["class_name"], **_stated(value["config"], places), **inbound}
    layers = value.get("layers")
    if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
        # A model within a model names layers of its own.
        if "input_layers" not in value:  # A `Sequential`, which need not state its input.
            layers = [layer for layer in layers if layer.get("class_name") != "InputLayer"]
        value = {**value, "layers": layers}
        names = [layer.get("name") or layer.get("config", {}).get("name") for layer in layers]
        places = {name: i for i, name in enumerate(names)}
    return {key: _stated(part, places) for key, part in value.items() if key not in NOT_COMPARED}


def callback_description(callback) -> dict:
    """Return a callback's class and the plain options that its constructor took."""
    options = {}
    for name in inspect.signature(type(callback).__init__).parameters:
        value = vars(callback).get(name)
        value = value.item() if isinstance(value, np.generic) else value
        if name in vars(callback) and name not in OF_OUTPUT and isinstance(value, bool | int | float | str | None):
            options[name] = value
    return {"class": type(callback).__name__, **options}


def plain(description):
    """Return a description as it comes back from JSON."""
    return json.loads(json.dumps(description, default=lambda value: re.sub(r" at 0x[0-9a-f]+", "", repr(value))))


# Of each optimizer and callback of earlier runs in this process: its description as given, and as its last run left it.
_KNOWN: dict[int, tuple] = {}


@contextlib.contextmanager
def stated(owner, describe: Callable):
    """Yield the description of an object as its author gave it, without the changes of earlier runs."""
    now = plain(describe(owner))
    given = _undone(*_KNOWN.get(id(owner), (now, now)), now)
    try:
        yield given
    finally:
        if id(owner) not in _KNOWN:
            weakref.finalize(owner, _KNOWN.pop, id(owner), None)
        _KNOWN[id(owner)] = (given, plain(describe(owner)))


def _undone(given, left, now):
    """Return the description of now, but what an earlier run left as it was given to it."""
    if isinstance(now, dict) and isinstance(left, dict) and isinstance(given, dict):
        return {key: _undone(given.get(key), left.get(key), value) for key, value in now.items()}
    if isinstance(now, list) and isinstance(left, list) and len(left) == len(now) == len(given):
        return [_undone(*parts) for parts in zip(given, left, now, strict=True)]
    return given if now == left else now


def difference(saved: dict, current: dict) -> str:
    """Say where the descriptions of two runs differ, as "epochs 3 there, 2 here"; "" if the run may be resumed.

    A run may be resumed with more epochs, unless its learning rate follows a schedule.
    """
    if saved.get("format") != current.get("format"):
        return f"a checkpoint of format {saved.get('format')} there, {current.get('format')} here: another version's"
    is_longer = (saved.get("epochs") or 0) < (current.get("epochs") or 0)
    has_schedule = re.search(r'"learning_rate": ["{]', json.dumps(current.get("optimizer")))  # It is no number.
    if is_longer and not has_schedule:
        saved = {**saved, "epochs": current["epochs"]}
    found = list(dict.fromkeys(_differences(saved, current)))
    text = "; ".join([*found[:MOST_SHOWN], *([f"and {len(found) - MOST_SHOWN} more"] if found[MOST_SHOWN:] else [])])
    if is_longer and has_schedule:
        text += ". A run whose learning rate is a schedule cannot be extended: a schedule is made for a number of steps"
    return text


def _differences(saved, current, place: str = "", name: str = ""):
    """Yield each difference, as "layer 2 (dense): units 64 there, 32 here"."""
    if isinstance(saved, dict) and isinstance(current, dict) and saved.get("class") == current.get("class"):
        kinds = [[part.get("class") for part in side.get("layers", ())] for side in (saved, current)]
        for key in dict.fromkeys((*current, *saved)):
            pair = saved.get(key), current.get(key)
            if key in ("input_layers", "output_layers") and kinds[0] != kinds[1]:
                continue  # Their numbers have changed with the layers.
            if key in LISTS and all(isinstance(part, list) for part in pair):
                yield from _differences_of_items(*pair, place, LISTS[key])
            elif any(isinstance(part, dict) and ("layers" in part or "class" in part) for part in pair) and not name:
                yield from _differences(*pair, place if key == "model" else _joined(place, key))
            else:
                yield from _differences(*pair, place, f"{name}.{key}" if name else key)
    elif isinstance(saved, list) and isinstance(current, list) and len(saved) == len(current):
        for i, pair in enumerate(zip(saved, current, strict=True)):
            yield from _differences(*pair, place, f"{name}[{i}]")
    elif saved != current and name.endswith(".sha256"):  # Two hashes would say nothing.
        what = name.removesuffix(".sha256")
        yield f"other values in {what.removeprefix('data.')}" if what.startswith("data.") else f"another {what}"
    elif saved != current:
        what = ": ".join(filter(None, (place, name))) or "model"
        a, b = _shown(saved), _shown(current)
        yield f"{what} {a} there, {b} here" if a != b else f"{what} {saved!r} there, {current!r} here"


def _differences_of_items(saved: list, current: list, place: str, item: str):
    for i, pair in enumerate(zip(saved, current, strict=False)):
        kinds = [part.get("class") if isinstance(part, dict) else None for part in pair]
        if kinds[0] != kinds[1]:
            a, b = map(_shown, pair)
            yield f"{_joined(place, f'{item} {i}')}: {a} there, {b} here"
            return  # What follows would be compared with another layer.
        kind = f" ({_snake(kinds[0]) if item == 'layer' else kinds[0]})" if kinds[0] else ""
        yield from _differences(*pair, _joined(place, f"{item} {i}{kind}"))
    if len(saved) != len(current):
        yield f"{place + ': ' if place else ''}{item}s: {len(saved)} there, {len(current)} here"


def _joined(place: str, name: str) -> str:
    return f"{place}, {name}" if place else name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(">")[2]).lower()


def _shown(value) -> str:
    """Return a value as a message shows it: an object by its class and options, a number in a few digits."""
    if isinstance(value, list) and value and all(isinstance(part, dict) for part in value):
        return " and ".join(map(_shown, value))
    if isinstance(value, dict) and {"shape", "sha256"} <= set(value):
        return f"an array of shape {tuple(value['shape'])}"
    if isinstance(value, dict) and "class" in value:
        options = ", ".join(f"{key}={_shown(part)}" for key, part in value.items() if key != "class")
        return _snake(value["class"]) if len(options) > 60 else f"{value['class']}({options})"
    return f"{value:.6g}" if isinstance(value, float) else repr(value)
