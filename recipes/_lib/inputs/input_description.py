"""What `recipes predict` has to know of an input of a model: the content of `input.json`."""

from dlguide import data


def describe(kind: str, splits: data.Splits, *, x=None, feature_names=None, **more) -> dict:
    """Return the description of an input.

    `kind` is one of

    - "digit" and "image", a photo of a digit and a picture of a thing, with `margin`, the black pixels around the
      thing; `calibration` adds the temperature of the probabilities later;
    - "reconstruction", a photo of a digit for an autoencoder, with `margin`;
    - "text", with Chinese names of the classes as `class_names_zh` if there are any, and "prompt";
    - "word", with the `target_vocabulary` of its sounds;
    - "recall", with the least and the largest number of `pairs`;
    - "numbers", with the training set's `x` and `feature_names` if it has only some of the features;
    - "sequence" of numbers, with `is_series` (the model reads the end of a longer one) and `exact` (no shorter one);
    - "anomaly", numbers, with `threshold`.

    "moves" of a game has nothing else.
    """
    info = splits.info
    x = splits.train.x if x is None else x
    names = ("class_names", "feature_names", "vocabulary", "target_name", "mean", "scale")
    names += ("feature_mean", "feature_scale")
    content = {"kind": kind, "shape": x.shape[1:], **{name: getattr(info, name) for name in names}, **more}
    if feature_names is not None:
        content["feature_names"] = feature_names
    if kind in ("numbers", "sequence"):
        rows = x.reshape(-1, x.shape[-1]) * (info.feature_scale or 1) + (info.feature_mean or 0)
        # Rounded, because scaling and scaling back changes the last digits.
        ends = {"lowest": rows.min(axis=0), "highest": rows.max(axis=0)}
        content |= {name: (values.astype("float64").round(4) + 0.0).tolist() for name, values in ends.items()}
    return content
