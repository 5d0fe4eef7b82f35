"""What a run leaves for `recipes.predict`: how an input of its model looks."""

from pathlib import Path

from dlguide import data
from recipes._lib.photos import calibration
from recipes._lib.runs import run_folder


def save_input(run_dir, kind: str, splits: data.Splits, *, model=None, x=None, feature_names=None, **more) -> None:
    """Leave in the run folder what `recipes.predict` needs to know of the input.

    `kind` is one of

    - "digit" and "image", a photo of a digit and a picture of a thing: with the `model`, for its temperature, and
      `margin`, the black pixels around what is shown;
    - "reconstruction", a photo of a digit for an autoencoder, with `margin`;
    - "text", with the classes' Chinese names as `class_names_zh` where there are any, and "prompt";
    - "recall", with the least and the largest number of `pairs`;
    - "numbers", with the training set's `x` and `feature_names` where it has some of the features alone;
    - "sequence" of numbers, with `is_series` (of a longer one the end counts) and `exact` (no shorter one);
    - "anomaly", numbers, with `threshold`.
    """
    info = splits.info
    x = splits.train.x if x is None else x
    content = {
        "kind": kind,
        "shape": x.shape[1:],
        "class_names": info.class_names,
        "feature_names": info.feature_names if feature_names is None else feature_names,
        "vocabulary": info.vocabulary,
        "target_name": info.target_name,
        "mean": info.mean,
        "scale": info.scale,
        "feature_mean": info.feature_mean,
        "feature_scale": info.feature_scale,
        **more,
    }
    if kind in ("digit", "image"):
        content["temperature"] = calibration.image_temperature(model, kind, splits, more["margin"])
    if kind in ("numbers", "sequence"):
        rows = x.reshape(-1, x.shape[-1])
        rows = rows * (info.feature_scale or 1) + (info.feature_mean or 0)
        # Rounded: what was scaled and scaled back is off in the last digits.
        ends = {"lowest": rows.min(axis=0), "highest": rows.max(axis=0)}
        content |= {name: (values.astype("float64").round(4) + 0.0).tolist() for name, values in ends.items()}
    run_folder.write_json(Path(run_dir) / "input.json", content)
