"""What a checkpoint holds: the state of a model, of random generators and of objects that give theirs.

A state is made of plain values, arrays, and dicts with text keys, lists and tuples of these. Nothing is read from an
object that does not offer it: an object has `get_state() -> dict` and `set_state(state)`, or it is one of Keras's or
NumPy's that this module knows.
"""

import json
from collections.abc import Callable

import keras
import numpy as np

from dlguide import _private_apis

# What Keras's own callbacks carry from one epoch to the next.
OF_MONITOR = ("best", "wait")
CALLBACKS = {
    keras.callbacks.EarlyStopping: (*OF_MONITOR, "best_epoch", "best_weights", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: (*OF_MONITOR, "cooldown_counter"),
    keras.callbacks.ModelCheckpoint: ("best", "_batches_seen_since_last_saving", "_last_batch_seen"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
}


def as_array(variable) -> np.ndarray:
    """Return the value of a variable; of the variable itself NumPy would warn."""
    value = variable.value if isinstance(variable, keras.Variable) else variable
    return np.asarray(keras.ops.convert_to_numpy(value))


def has_protocol(owner) -> bool:
    """Return whether an object gives and takes its state."""
    return callable(getattr(owner, "get_state", None)) and callable(getattr(owner, "set_state", None))


def is_known(owner) -> bool:
    """Return whether the state of an object can be kept."""
    kinds = (*CALLBACKS, np.random.Generator, keras.random.SeedGenerator)
    return has_protocol(owner) or isinstance(owner, kinds) or _variables(owner) is not None


def get(owner) -> dict:
    """Return the state of an object that `is_known`."""
    if has_protocol(owner):
        return owner.get_state()
    if isinstance(owner, np.random.Generator):
        return owner.bit_generator.state
    if (names := _attributes(owner)) is not None:
        # Keras's own loss may be a number of NumPy's or a tensor of the backend.
        values = {name: getattr(owner, name, None) for name in names}
        return {n: keras.ops.convert_to_numpy(v) if keras.ops.is_tensor(v) else v for n, v in values.items()}
    return {"variables": [as_array(variable) for variable in _variables(owner)]}


def put(owner, state: dict) -> None:
    """Give an object the state that `get` returned for it, or for one like it."""
    if has_protocol(owner):
        owner.set_state(state)
    elif isinstance(owner, np.random.Generator):
        owner.bit_generator.state = state
    elif _attributes(owner) is not None:
        vars(owner).update(state)
    else:
        assign(_variables(owner), state["variables"], type(owner).__name__)


def assign(variables: list, values: list, name: str) -> None:
    """Set variables, or raise if they are not those of the checkpoint."""
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ValueError(
            f"`{name}` must have the variables of the checkpoint: build it, its metrics and its optimizers before the "
            f"run. Received: {len(variables)} variables, {len(values)} in the checkpoint"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _attributes(owner) -> tuple | None:
    return next((names for kind, names in CALLBACKS.items() if isinstance(owner, kind)), None)


def _variables(owner) -> list | None:
    """Return the variables of an optimizer, a metric, a layer, a model or a seed generator; None of anything else."""
    if isinstance(owner, keras.random.SeedGenerator):
        return [owner.state]
    variables = getattr(owner, "variables", None)
    is_list = isinstance(variables, list | tuple) and all(isinstance(v, keras.Variable) for v in variables)
    return list(variables) if is_list else None


def optimizers(model) -> list[keras.optimizers.Optimizer]:
    """Return a model's optimizer, and those that one with a `train_step` of its own has beside it."""
    first = getattr(model, "optimizer", None)
    others = [value for value in vars(model).values() if isinstance(value, keras.optimizers.Optimizer)]
    return [each for each in (first, *(other for other in others if other is not first)) if each is not None]


def of_model(model: keras.Model | None, *, with_metrics: bool) -> dict:
    """Return weights, states of seed generators, optimizers, global random generators, and metrics within an epoch."""
    seed_state = _private_apis.global_seed_state()
    state = {"global_seed": None if seed_state is None else as_array(seed_state)}
    if keras.backend.backend() == "torch":
        import torch

        state["torch"] = torch.get_rng_state().numpy()
    if model is None:
        return state
    places = {id(variable): place for place, variable in enumerate(model.variables)}  # More than its weights: seeds.
    built_for = map(_private_apis.optimized_variables, optimizers(model))
    return state | {
        "variables": [as_array(variable) for variable in model.variables],
        "optimizers": [[as_array(variable) for variable in each.variables] for each in optimizers(model)],
        "built_for": [[places[id(v)] for v in weights if id(v) in places] for weights in built_for],
        "metrics": [as_array(variable) for variable in model.metrics_variables] if with_metrics else [],
    }


def put_into_model(model: keras.Model | None, state: dict) -> None:
    """Give a model and the global random generators what `of_model` returned."""
    if model is not None:
        for optimizer, places in zip(optimizers(model), state["built_for"], strict=False):
            if places and not optimizer.built and max(places) < len(model.variables):  # It has made no step here.
                optimizer.build([model.variables[place] for place in places])
        assign(model.variables, state["variables"], "model")
        for optimizer, values in zip(optimizers(model), state["optimizers"], strict=True):
            assign(optimizer.variables, values, "model.optimizer")
        if state["metrics"]:
            metrics = model.metrics_variables  # A loop of one's own may make them in its first step.
            assign(metrics, state["metrics"][: len(metrics)], "model.metrics")
    if state["global_seed"] is not None:
        _private_apis.set_global_seed_state(state["global_seed"])
    if "torch" in state:
        import torch

        torch.set_rng_state(torch.from_numpy(state["torch"]))


def encode(state, store: Callable[[np.ndarray], str], path: str):
    """Return a state as JSON has it; `store` takes an array and returns its name. `path` is for an error."""
    if type(state) in (type(None), bool, int, float, str):
        return state
    if isinstance(state, np.ndarray | np.generic) and (state.dtype.kind in "biufc" or state.dtype.name == "bfloat16"):
        array = np.asarray(state)
        # NumPy's files have no bfloat16; float32 holds it exactly.
        stored = store(array.astype("float32") if array.dtype.name == "bfloat16" else array)
        return {"array": stored, "dtype": array.dtype.name, "scalar": isinstance(state, np.generic)}
    if isinstance(state, dict) and all(type(key) is str for key in state):
        return {"dict": {key: encode(value, store, f"{path}[{key!r}]") for key, value in state.items()}}
    if type(state) in (list, tuple):
        return {type(state).__name__: [encode(value, store, f"{path}[{i}]") for i, value in enumerate(state)]}
    must_be = "plain values, arrays, and dicts with text keys, lists and tuples of these"
    raise ValueError(f"`get_state` must return {must_be}. Received: {path} of type {type(state).__name__}")


def decode(code, arrays: dict[str, np.ndarray]):
    """Return the state that `encode` was given."""
    if not isinstance(code, dict):
        return code
    if "array" in code:
        array = arrays[code["array"]]
        array = array.astype("bfloat16") if code["dtype"] == "bfloat16" else array.copy()  # It may be used again.
        return array[()] if code["scalar"] else array
    if "dict" in code:
        return {key: decode(value, arrays) for key, value in code["dict"].items()}
    [(kind, parts)] = code.items()
    return {"list": list, "tuple": tuple}[kind](decode(part, arrays) for part in parts)


def to_arrays(state: dict) -> dict[str, np.ndarray]:
    """Return a state as named arrays; the one called "state" has the rest as JSON."""
    arrays: dict[str, np.ndarray] = {}

    def store(array: np.ndarray) -> str:
        name = f"array_{len(arrays)}"
        arrays[name] = array
        return name

    return {"state": np.array(json.dumps(encode(state, store, "state"))), **arrays}


def from_arrays(arrays: dict[str, np.ndarray]) -> dict:
    """Return the state that `to_arrays` was given."""
    return decode(json.loads(str(arrays["state"])), arrays)
