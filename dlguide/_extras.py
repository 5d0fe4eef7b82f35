"""Packages that the package itself can do without: imported when they are needed, or named with their extra."""

import importlib
import types

try:
    import keras  # noqa: F401
except ModuleNotFoundError as error:
    if error.name not in ("tensorflow", "jax", "torch"):
        raise
    raise ModuleNotFoundError(
        f'Keras needs {error.name} here: pip install "dlguide[{error.name}]". '
        "The variable KERAS_BACKEND chooses tensorflow (the default), jax or torch.",
        name=error.name,
    ) from None


def needed(module: str, extra: str) -> types.ModuleType:
    """Import a module of a package of an extra, or raise an error that names the extra."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if error.name != package:
            raise
        message = f'{package} is needed here: pip install "dlguide[{extra}]"'
        raise ModuleNotFoundError(message, name=package) from None
