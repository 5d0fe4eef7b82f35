"""What lies in `recipes/published/`: runs, and models as `keras.Model`."""

import hashlib
import importlib.util
import json
from pathlib import Path

from recipes._lib.published import small_weights
from recipes._lib.runs import arguments, recipe_list

FOLDER = recipe_list.FOLDER / "published"


def names() -> list[str]:
    """Return the recipes with a published run."""
    return sorted(file.parent.name for file in FOLDER.glob("*/run.json"))


def models() -> list[str]:
    """Return the recipes with a published model."""
    return [name for name in names() if (FOLDER / name / "model.json").exists()]


def run(name: str) -> dict:
    """Return what `run.json` states of a published run."""
    return json.loads((FOLDER / name / "run.json").read_text(encoding="utf-8"))


def files(folder: Path) -> dict[str, dict]:
    """Return the hash and the size in bytes of each file of a folder."""
    contents = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in contents.items()}


def model(name: str):
    """Return a published model as an uncompiled `keras.Model`."""
    if name not in models():
        must_be = f"a recipe with a published model: {', '.join(models())}"
        raise arguments.error("name", must_be, name, arguments.did_you_mean(name, models()))
    if importlib.util.find_spec("onnx") is None:  # The weights stand in the ONNX files, once for both.
        raise arguments.error("name", 'read with the extra "export": pip install -e ".[export]"', name)
    import keras

    importlib.import_module("dlguide")  # Keras finds its classes then.
    content = json.loads((FOLDER / name / "model.json").read_text(encoding="utf-8"))
    found = keras.saving.deserialize_keras_object(content)
    found.set_weights(small_weights.read(FOLDER / name))
    return found
