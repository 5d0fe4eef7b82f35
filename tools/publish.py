"""Publish finished runs in recipes/published: python -m tools.publish runs/mlp_mnist/1 runs/cnn_mnist/1

Of each run: the pictures, `history.csv`, `input.json` and `run.json`; of the recipes with `published_parts` in
recipes.toml also the model, rounded to 16 bits, as ONNX files and for `recipes.pretrained`. Pages stay.
"""

import json
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np

from dlguide import data, deployment, evaluation
from recipes._lib import calibration
from recipes._lib.published import model_files, published_runs
from recipes._lib.runs import arguments, command_line, finished_runs, recipe_list, results, run_folder
from tools.site import _pictures

COPIED = ("history.csv", "input.json", "samples.txt", "mistakes.txt")
ROUNDED = 1024
"""Arrays of at least this size are stored in 16 bits."""
CLASSES = {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True), "metrics": ["accuracy"]}
COMPILED = {
    "accuracy": (CLASSES, "accuracy"),
    "nats_per_character": (CLASSES, "loss"),
    "r2_score": ({"loss": "mse", "metrics": [keras.metrics.R2Score(name="r2_score")]}, "r2_score"),
}
"""Of the metrics that `dlguide.evaluation` measures for any model: how it is compiled, and which number it is."""


def main(folders: tuple[str, ...]) -> None:
    """Publish finished runs.

    Args:
        folders: Folders of finished runs of the published options, with any seed, such as runs/mlp_mnist/1.
    """
    if not folders:
        raise arguments.error("folders", "one or more", folders)
    for run in [_checked(folder) for folder in folders]:
        publish_run(run, published_runs.FOLDER / run.recipe)


def _checked(folder: str) -> finished_runs.FinishedRun:
    """Read a run, or refuse it."""
    run = finished_runs.read(folder)
    recipe = recipe_list.recipe(run.recipe)  # Refuses a recipe that there is not.
    options = {**finished_runs.default_options(run.recipe), "seed": run.options.get("seed")}
    if run.options != options:
        other = ", ".join(name for name in {**options, **run.options} if options.get(name) != run.options.get(name))
        raise arguments.error("folders", "folders of runs with the published options", folder, f" (other: {other})")
    run_folder.require_files(Path(folder), "machine.json", *["model.keras"] * bool(recipe.published_parts))
    return run


def publish_run(run: finished_runs.FinishedRun, target: Path) -> None:
    """Write what is published of a run in a temporary folder, then put it in the place of all but the pages."""
    if (run.folder / "input.json").exists():
        calibration.calibrate(run.folder)
    with tempfile.TemporaryDirectory() as scratch:
        new = Path(scratch)
        for picture in sorted(run.folder.glob("*.png")):
            _pictures.write(picture, new / picture.name)
        for name in COPIED:
            if (run.folder / name).exists():
                shutil.copyfile(run.folder / name, new / name)
        content = {
            "recipe": run.recipe,
            "command": f"python -m recipes.{run.recipe} --seed {run.options['seed']}",
            "seed": run.options["seed"],
            "options": run.options,
            "metrics": {name: value for name, value in run.metrics.items() if isinstance(value, int | float)},
            "machine": run.machine,
        }
        if recipe_list.recipe(run.recipe).published_parts:
            model = keras.saving.load_model(run.folder / "model.keras", compile=False)
            content["model"] = write_model(run.recipe, model, new, run.options["seed"])
        results.write_json(new / "run.json", content | {"files": published_runs.files(new)})
        for old in target.glob("*"):
            if old.suffix != ".md":
                old.unlink()
        shutil.copytree(new, target, dirs_exist_ok=True)
    print(f"{target}: {sum(file.stat().st_size for file in target.iterdir()) / 1e6:.2f} MB", flush=True)


def write_model(name: str, model: keras.Model, folder: Path, seed: int) -> dict:
    """Write the files of a model, whose weights become rounded; return its parts, and its scores before and after."""
    own = score(name, model, seed)
    model.set_weights([_stored(values).astype(values.dtype) for values in model.get_weights()])
    weights = {str(number): _stored(values) for number, values in enumerate(model.get_weights())}
    np.savez_compressed(folder / "weights.npz", **weights)
    results.write_json(folder / "weights.json", [None] * len(weights))  # None is taken from the ONNX files.
    (folder / "model.json").write_text(json.dumps(keras.saving.serialize_keras_object(model)) + "\n", encoding="utf-8")
    parts = model_files.parts(name, model)
    for part, exported in parts.items():
        path = folder / f"{part}.onnx"
        deployment.export(exported, path, format="onnx", examples=model_files.part_examples(name, exported, 20))
        pack(path)
    return {"parts": [f"{part}.onnx" for part in parts], "score_of_run": own, "score": score(name, model, seed)}


def score(name: str, model: keras.Model, seed: int) -> dict[str, float]:
    """Return the score on the test set by the recipe's metric, if it is one of any model; else nothing."""
    recipe = recipe_list.recipe(name)
    if recipe.metric not in COMPILED:
        return {}
    options, key = COMPILED[recipe.metric]
    model.compile(**options)
    return {recipe.metric: evaluation.evaluate(model, *data.load(recipe.data_set, seed=seed).test)[key]}


def _stored(values: np.ndarray) -> np.ndarray:
    return values.astype("float16") if values.size >= ROUNDED and values.dtype == np.float32 else values


def pack(path: Path) -> None:
    """Store the weights of an ONNX file in 16 bits; the runtime turns them back when it loads the file.

    It computes in 32 bits as Keras does: with onnxconverter-common, which computes in 16, outputs differ by 0.007.
    """
    import onnx

    model = onnx.load(path)
    for array in model.graph.initializer:
        values, name = onnx.numpy_helper.to_array(array), array.name
        stored = _stored(values)
        if stored.dtype != values.dtype and np.array_equal(
            stored, values
        ):  # Else folded with normalisation: no weight.
            array.CopyFrom(onnx.numpy_helper.from_array(stored, f"{name}/16"))
            model.graph.node.insert(0, onnx.helper.make_node("Cast", [array.name], [name], to=onnx.TensorProto.FLOAT))
    onnx.checker.check_model(model)
    onnx.save(model, path)


if __name__ == "__main__":
    command_line.run_tool(main)
