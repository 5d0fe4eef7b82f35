"""Publish finished runs in recipes/published: python -m tools.publish runs/mlp_mnist/1 runs/cnn_mnist/1

Of each run: the pictures, `history.csv`, `input.json` and `run.json`; of the recipes with `published_parts` in
recipes.toml also the model, rounded to 16 or 8 bits, as ONNX files and for `recipes.pretrained`. Pages stay.
"""

import shutil
import tempfile
from pathlib import Path

from recipes._lib.photos import calibration
from recipes._lib.published import published_runs
from recipes._lib.reports import finished_runs
from recipes._lib.runs import arguments, command_line, recipe_list, results, run_folder
from tools.publish import fewer_colours

COPIED = ("history.csv", "input.json", "samples.txt", "mistakes.txt")


def main(folders: tuple[str, ...]) -> None:
    """Publish finished runs.

    Args:
        folders: Folders of finished runs of the published options, with any seed, such as runs/mlp_mnist/1.
    """
    if not folders:
        raise arguments.error("folders", "one or more", folders)
    runs = [_checked(folder) for folder in folders]
    for run in sorted(runs, key=lambda run: run.recipe):  # `cnn_mnist` judges `gan_mnist`.
        target = published_runs.FOLDER / run.recipe
        publish_run(run, target)
        size = sum(file["size"] for file in published_runs.run(run.recipe)["files"].values())
        print(f"{target}: {size / 1e6:.2f} MB", flush=True)


def _checked(folder: str) -> finished_runs.FinishedRun:
    """Read a run, or refuse it."""
    run = finished_runs.read(folder)
    recipe = recipe_list.recipe(run.recipe)  # Refuses a recipe that there is not.
    if run.options.get("limit") is not None:
        raise arguments.error("folders", "folders of runs without --limit", folder)
    options = {**finished_runs.default_options(run.recipe), "seed": run.options.get("seed")}
    if run.options != options:
        other = ", ".join(name for name in {**options, **run.options} if options.get(name) != run.options.get(name))
        raise arguments.error("folders", "folders of runs with the published options", folder, f" (other: {other})")
    run_folder.require_files(Path(folder), "machine.json", *["model.keras"] * bool(recipe.published_parts))
    return run


def publish_run(run: finished_runs.FinishedRun, target: Path) -> None:
    """Write what is published of a run beside the folder, then put it in the folder's place as a whole."""
    target.mkdir(parents=True, exist_ok=True)
    if (run.folder / "input.json").exists():
        calibration.calibrate(run.folder)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".publish-") as scratch:
        new, old = Path(scratch, "new"), Path(scratch, "old")
        new.mkdir()
        for picture in sorted(run.folder.glob("*.png")):
            fewer_colours.write(picture, new / picture.name)
        for name in COPIED:
            if (run.folder / name).exists():
                shutil.copyfile(run.folder / name, new / name)
        model = _model(run, new) if recipe_list.recipe(run.recipe).published_parts else {}
        content = {
            "recipe": run.recipe,
            "command": f"python -m recipes.{run.recipe} --seed {run.options['seed']}",
            "seed": run.options["seed"],
            "options": run.options,
            "metrics": {name: value for name, value in run.metrics.items() if isinstance(value, int | float)},
            "machine": run.machine,
        }
        results.write_json(new / "run.json", content | model | {"files": published_runs.files(new)})
        for page in target.glob("*.md"):
            shutil.copy(page, new)
        target.replace(old)
        try:
            new.replace(target)
        except BaseException:
            old.replace(target)
            raise


def _model(run: finished_runs.FinishedRun, folder: Path) -> dict:
    """Write the model of a run; return its scores by ONNX Runtime beside those of the run's own model."""
    import keras

    from recipes._lib.published import model_files
    from tools.publish import scores

    model = keras.saving.load_model(run.folder / "model.keras", compile=False)
    judge = model_files.onnx_outputs("cnn_mnist") if run.recipe == "gan_mnist" else None
    options = {"judge": judge, "seed": run.options["seed"]}
    own = scores.score(run.recipe, model_files.keras_outputs(run.recipe, model), **options)
    model_files.write(run.recipe, model, folder)
    outputs = model_files.onnx_outputs(run.recipe, folder)
    return {
        "model": {
            "parts": [f"{part}.onnx" for part in recipe_list.recipe(run.recipe).published_parts],
            "score": scores.score(run.recipe, outputs, **options),
            "score_of_run": own,
            "score_of_few": scores.score(run.recipe, outputs, few=True, **options),
        }
    }


if __name__ == "__main__":
    command_line.run_tool(main)
