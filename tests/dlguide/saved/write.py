"""Write the file of each builder that has none yet; `README.md` says when.

KERAS_BACKEND=tensorflow python -m tests.dlguide.saved.write
"""

from pathlib import Path

import keras
import numpy as np

from tests.helpers.cases import CASES
from tests.helpers.contract import build

FOLDER = Path(__file__).parent


def parts(model) -> dict[str, keras.Model]:
    """Return the model, or its parts where it draws numbers itself."""
    if getattr(model, "inputs", None) and "sampling" not in [layer.name for layer in model.layers]:
        return {"": model}
    return {layer.name: layer for layer in model.layers if isinstance(layer, keras.Model)}


def write(name: str, folder: Path = FOLDER) -> None:
    """Write a builder's model with drawn weights, inputs and outputs of it or of its parts."""
    model, rng = build(name), np.random.default_rng(0)
    for variable in model.variables:
        if "float" in variable.dtype:
            is_positive = variable.path.endswith(("variance", "scale"))
            variable.assign(rng.uniform(0.2 if is_positive else -0.8, 0.8, variable.shape))
    arrays = {}
    for part, layers in parts(model).items():
        inputs = []
        for tensor in layers.inputs:
            shape = (3, *(size or 5 for size in tensor.shape[1:]))
            inputs.append(rng.integers(1, 3, shape) if "int" in tensor.dtype else rng.random(shape, "float32"))
        outputs = keras.tree.flatten(layers.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0))
        arrays |= {f"{part}/input_{i}": array for i, array in enumerate(inputs)}
        arrays |= {f"{part}/output_{i}": array for i, array in enumerate(outputs)}
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    model.save(folder / f"{name}.keras")


if __name__ == "__main__":
    for name in CASES:
        if not (FOLDER / f"{name}.keras").exists():
            write(name)
