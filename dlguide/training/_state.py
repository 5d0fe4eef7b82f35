"""What a checkpoint holds: the state of a model, of random generators and of objects that give theirs.

A state is made of plain values, arrays, and dicts with text keys and lists of these. Nothing is read from an object
that does not offer it: an object has `get_state() -> dict` and `set_state(state)`, or it is known here.
"""

import json

import keras
import numpy as np

from dlguide import _private_apis

# What Keras's own callbacks carry from one epoch to the next.
CALLBACKS = {
    keras.callbacks.EarlyStopping: ("best", "wait", "best_epoch", "best_weights", "stopped_epoch"),
    keras.callbacks.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
    keras.callbacks.ModelCheckpoint: ("best", "_batches_seen_since_last_saving", "_last_batch_seen"),
    keras.callbacks.SwapEMAWeights: ("_ema_weights_in_model",),
}


def as_array(value) -> np.ndarray:
    """Return the value of a variable or tensor; float32 holds bfloat16, which NumPy's files have not, exactly."""
    value = value.value if isinstance(value, keras.Variable) else value  # Of the variable itself NumPy would warn.
    array = np.asarray(keras.ops.convert_to_numpy(value))
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def has_protocol(owner) -> bool:
    """Return whether an object gives and takes its state."""
    return callable(getattr(owner, "get_state", None)) and callable(getattr(owner, "set_state", None))


def is_known(owner) -> bool:
    """Return whether the state of an object can be kept."""
    return has_protocol(owner) or isinstance(owner, (*CALLBACKS, np.random.Generator)) or _variables(owner) is not None


def get(owner) -> dict:
    """Return the state of an object that `is_known`."""
    if has_protocol(owner):
        return owner.get_state()
    if isinstance(owner, np.random.Generator):
        return owner.bit_generator.state
    if isinstance(owner, tuple(CALLBACKS)):
        [names] = [names for kind, names in CALLBACKS.items() if isinstance(owner, kind)]
        values = {name: getattr(owner, name, None) for name in names}
        return {name: as_array(v) if keras.ops.is_tensor(v) else v for name, v in values.items()}
    return {"variables": [as_array(variable) for variable in _variables(owner)]}


def put(owner, state: dict) -> None:
    """Give an object the state that `get` returned for it, or for one like it."""
    if has_protocol(owner):
        owner.set_state(state)
    elif isinstance(owner, np.random.Generator):
        owner.bit_generator.state = state
    elif isinstance(owner, tuple(CALLBACKS)):
        vars(owner).update(state)
    else:
        _assign(_variables(owner), state["variables"], type(owner).__name__)


def _variables(owner) -> list | None:
    """Return the variables of an optimizer, a metric, a layer or a model; None of anything else."""
    variables = getattr(owner, "variables", None)
    is_list = isinstance(variables, list | tuple) and all(isinstance(v, keras.Variable) for v in variables)
    return list(variables) if is_list else None


def _assign(variables: list, values: list, name: str) -> None:
    """Set variables, or raise if they are not those of the checkpoint."""
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ValueError(
            f"`{name}` must have the variables of the checkpoint: build it and its optimizers before the run. "
            f"Received: {len(variables)} variables, {len(values)} in the checkpoint"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _optimizers(model) -> list[keras.optimizers.Optimizer]:
    """Return a model's optimizer, and those that one with a `train_step` of its own has beside it."""
    found = [getattr(model, "optimizer", None)]
    for value in vars(model).values():
        found += value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    return list({id(each): each for each in found if isinstance(each, keras.optimizers.Optimizer)}.values())


def build_optimizer(model: keras.Model | None) -> None:
    """Make the variables of a model's optimizer, which a first step would make."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and model.built and not optimizer.built:
        optimizer.build(model.trainable_variables)


def of_model(model: keras.Model | None) -> dict:
    """Return weights, states of seed generators, optimizers, and the global random generators."""
    seed_state = _private_apis.global_seed_state()
    state = {"global_seed": None if seed_state is None else as_array(seed_state)}
    if keras.backend.backend() == "torch":
        import torch

        state["torch"] = torch.get_rng_state().numpy()
    if model is None:
        return state
    places = {id(variable): place for place, variable in enumerate(model.variables)}  # More than its weights: seeds.
    built_for = map(_private_apis.optimized_variables, _optimizers(model))
    return state | {
        "variables": [as_array(variable) for variable in model.variables],
        "optimizers": [[as_array(variable) for variable in each.variables] for each in _optimizers(model)],
        "built_for": [[places[id(v)] for v in weights if id(v) in places] for weights in built_for],
    }


def put_into_model(model: keras.Model | None, state: dict) -> None:
    """Give a model and the global random generators what `of_model` returned."""
    if model is not None:
        _assign(model.variables, state["variables"], "model")
        parts = zip(_optimizers(model), state["built_for"], state["optimizers"], strict=True)
        for optimizer, places, values in parts:
            if places and not optimizer.built:  # It has made no step here.
                optimizer.build([model.variables[place] for place in places])
            _assign(optimizer.variables, values, "model.optimizer")
    if state["global_seed"] is not None:
        _private_apis.set_global_seed_state(state["global_seed"])
    if "torch" in state:
        import torch

        torch.set_rng_state(torch.from_numpy(state["torch"]))


def to_arrays(state: dict) -> dict[str, np.ndarray]:
    """Return a state as named arrays; the one called "state" has the rest as JSON."""
    arrays: dict[str, np.ndarray] = {}

    def encoded(value, path: str):
        if isinstance(value, dict) and all(type(key) is str for key in value):
            return {key: encoded(part, f"{path}[{key!r}]") for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [encoded(part, f"{path}[{i}]") for i, part in enumerate(value)]
        value = value.item() if isinstance(value, np.generic) else value
        if isinstance(value, np.ndarray) and (value.dtype.kind in "biufc" or value.dtype.name == "bfloat16"):
            name = f"array_{len(arrays)}"
            arrays[name] = as_array(value)
            return {"array of the file": name}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        must_be = "plain values, arrays, and dicts with text keys and lists of these"
        raise ValueError(f"`get_state` must return {must_be}. Received: {path} of type {type(value).__name__}")

    return {"state": np.array(json.dumps(encoded(state, "state"))), **arrays}


def from_arrays(arrays: dict[str, np.ndarray]) -> dict:
    """Return the state that `to_arrays` was given; tuples are lists."""
    return json.loads(
        str(arrays["state"]), object_hook=lambda d: arrays[d["array of the file"]] if "array of the file" in d else d
    )
