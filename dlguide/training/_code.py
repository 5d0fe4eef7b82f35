"""Hashes of the code that decides a run, beside its options: that of the caller's own classes and functions.

Comments, docstrings and places in a file change no hash. What a function reads from its module is not looked at.
"""

import hashlib
import types
from collections.abc import Mapping

import keras

LIBRARIES = {"builtins", "dlguide", "jax", "keras", "numpy", "tensorflow", "torch"}
STATEFUL = (keras.layers.Layer, keras.losses.Loss, keras.metrics.Metric, keras.optimizers.Optimizer)
STATEFUL += (keras.optimizers.schedules.LearningRateSchedule, keras.initializers.Initializer)
PLAIN = (type(None), bool, int, float, complex, str, bytes)


def description(*roots) -> dict[str, str]:
    """Return a hash for the name of each class and function that is no library's, and that these objects hold."""
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
