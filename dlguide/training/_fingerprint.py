"""Fingerprint of a run: the options that its author stated, in plain values, and the code behind them."""

import contextlib
import hashlib
import inspect
import json
import re
import types
from collections.abc import Callable, Mapping

import keras
import numpy as np

from dlguide import _data_checks
from dlguide._identity import ByIdentity
from dlguide.training._data import Data

FORMAT = 7  # Of a checkpoint, and of the numbers that a run gives.
LIBRARIES = {"builtins", "dlguide", "jax", "keras", "numpy", "tensorflow", "torch"}
STATEFUL = (keras.layers.Layer, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
STATEFUL += (keras.optimizers.schedules.LearningRateSchedule, keras.initializers.Initializer)
PLAIN = (type(None), bool, int, float, complex, str, bytes)
COMPILED = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "jit_compile")
NOT_COMPARED = {"name", "build_config", "build_input_shape", "compile_config", "shared_object_id"}
# Where a callback writes, and whether it prints, changes no run.
OF_OUTPUT = {"backup_dir", "filename", "filepath", "log_dir", "path", "root", "verbose"}


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
    for _, rows in _data_checks.blocks(part):
        digest.update(np.ascontiguousarray(rows).tobytes())  # bfloat16 has no buffer.
    return {"shape": list(part.shape), "dtype": part.dtype.name, "sha256": digest.hexdigest()}


def model_description(model: keras.Model) -> dict:
    """Describe a model and how it was compiled, whatever other layers were built before it."""
    compiled = model.get_compile_config() or {}
    try:
        config = model.get_config()
    except (NotImplementedError, TypeError, ValueError):  # Such as a subclass made of other models.
        config = {"layers": [_serialized(layer) for layer in model.layers]}
    described = {"model": {"class_name": type(model).__name__, "config": config}}
    described |= {name: compiled.get(name) for name in COMPILED}
    described = {name: _without_names(part, {}) for name, part in described.items()}
    code = _code_description(model, model.loss, compiled.get("metrics"), compiled.get("weighted_metrics"))
    return plain({**described, "code": code})


def _serialized(layer: keras.layers.Layer) -> dict:
    """Return the config of a layer; of one without a config its class and the shapes of its weights."""
    try:
        return keras.saving.serialize_keras_object(layer)
    except (NotImplementedError, TypeError, ValueError):
        config = {"weights": [list(weight.shape) for weight in layer.weights]}
        return {"class_name": type(layer).__name__, "config": config}


def optimizer_description(optimizer) -> dict:
    """Describe an optimizer as it is now."""
    return plain(_without_names(keras.optimizers.serialize(optimizer), {}))


def _without_names(value, places: dict[str, int]):
    """Return what the author of a serialised object stated: without names, a layer's place in place of its name."""
    if isinstance(value, list | tuple):
        if len(value) == 3 and isinstance(value[0], str) and value[0] in places:
            return "layer {}, call {}, output {}".format(places[value[0]], *value[1:])  # A tensor.
        return [_without_names(part, places) for part in value]
    if not isinstance(value, dict):
        return value
    if {"class_name", "config"} <= set(value):
        if value["class_name"].endswith("DTypePolicy"):
            return value["config"]["name"]
        if value["class_name"] == "__keras_tensor__":
            return _without_names(value["config"]["keras_history"], places)
        if not isinstance(value["config"], dict):  # A function: its name.
            return value["config"]
        inbound = {"inputs": _without_names(value["inbound_nodes"], places)} if value.get("inbound_nodes") else {}
        return {"class": value["class_name"], **_without_names(value["config"], places), **inbound}
    layers = value.get("layers")
    if isinstance(layers, list) and all(isinstance(layer, dict) for layer in layers):
        # A model within a model names layers of its own.
        if "input_layers" not in value:  # A `Sequential`, which need not state its input.
            layers = [layer for layer in layers if layer.get("class_name") != "InputLayer"]
        value = {**value, "layers": layers}
        names = [layer.get("name") or layer.get("config", {}).get("name") for layer in layers]
        places = {name: i for i, name in enumerate(names)}
    return {key: _without_names(part, places) for key, part in value.items() if key not in NOT_COMPARED}


# The code


def _code_description(*roots) -> dict[str, str]:
    """Return a hash for the name of each class and function that is no library's, and that these objects hold.

    Comments, docstrings and places in a file change no hash. What a function reads from its module is not looked at.
    """
    parts, seen, waiting = {}, set(), list(roots)
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, types.FunctionType):
            parts.setdefault(value.__qualname__, set()).update(_of_members(value.__module__, [value]))
        elif isinstance(value, STATEFUL):
            for kind in type(value).__mro__:
                parts.setdefault(kind.__qualname__, set()).update(_of_members(kind.__module__, vars(kind).values()))
            waiting += vars(value).values()
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list | tuple | set):
            waiting += value
    return {name: _hash(sorted(texts)) for name, texts in sorted(parts.items()) if texts}


def _of_members(module: str, members) -> list[str]:
    """Return a text for the code of each function among the members of a class; none for a library's."""
    if (module or "builtins").partition(".")[0] in LIBRARIES:
        return []
    members = [getattr(member, "fget", None) or getattr(member, "__func__", member) for member in members]
    return [_text(member) for member in members if isinstance(member, types.FunctionType)]


def _text(function: types.FunctionType) -> str:
    """Return what a function does, as a text that is the same in each process."""
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]
    inner = [_text(value) if isinstance(value, types.FunctionType) and value is not function else repr(value)
             for value in values if isinstance(value, (*PLAIN, types.FunctionType))]  # fmt: skip
    return repr((_code_text(function.__code__, function.__doc__), inner))


def _is_filled(cell) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # Of a name that has no value yet.
        return False


def _code_text(code: types.CodeType, doc: str | None = None) -> str:
    constants = []
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            constants.append(_code_text(value, value.co_consts[0] if value.co_consts else None))
        elif isinstance(value, frozenset):  # Of texts: in another order in each process.
            constants.append(repr(sorted(map(repr, value))))
        elif value != doc or doc is None:
            constants.append(repr(value))
    return repr((code.co_name, _hash(code.co_code.hex()), code.co_names, code.co_varnames, constants))


def _hash(value) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


# Callbacks and optimizers, which runs change


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
    """Return a description as it comes back from JSON; a set is a sorted list."""
    return json.loads(json.dumps(description, default=_plain_object))


def _plain_object(value):
    if isinstance(value, set | frozenset):
        return sorted((plain(part) for part in value), key=json.dumps)
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


# Of each optimizer and callback of earlier runs in this process: its description as given, and as its last run left it.
_KNOWN = ByIdentity()


@contextlib.contextmanager
def as_configured(owner, describe: Callable):
    """Yield the description of an object as its author gave it, without the changes of earlier runs."""
    now = plain(describe(owner))
    given = _without_run_changes(*_KNOWN.get(owner, (now, now)), now)
    try:
        yield given
    finally:
        _KNOWN.set(owner, (given, plain(describe(owner))))


def _without_run_changes(given, left, now):
    """Return the description of now, but what an earlier run left as it was given to it."""
    if isinstance(now, dict) and isinstance(left, dict) and isinstance(given, dict):
        return {key: _without_run_changes(given.get(key), left.get(key), value) for key, value in now.items()}
    if isinstance(now, list) and isinstance(left, list) and len(left) == len(now) == len(given):
        return [_without_run_changes(*parts) for parts in zip(given, left, now, strict=True)]
    return given if now == left else now
