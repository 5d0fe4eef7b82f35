"""Warnings if logits are taken for probabilities: such a model trains without an error and gives poor results."""

import inspect
import warnings

import keras
import numpy as np

from dlguide import _private_apis, _targets

# Layers whose output is logits if their input is.
PASSING = {
    keras.layers.Dropout, keras.layers.Flatten, keras.layers.Identity, keras.layers.Permute, keras.layers.Reshape,
    keras.layers.SpatialDropout1D, keras.layers.SpatialDropout2D, keras.layers.SpatialDropout3D,
    keras.layers.GlobalAveragePooling1D, keras.layers.GlobalAveragePooling2D, keras.layers.GlobalAveragePooling3D,
}  # fmt: skip


def gives_logits(model) -> bool:
    """Return whether a layer without an activation makes a model's single output; False if that is not known."""
    for layer in _private_apis.layers_behind(model):
        layer = layer.layer if type(layer) is keras.layers.TimeDistributed else layer
        has_none = getattr(layer, "activation", None) is keras.activations.linear
        if type(layer) not in PASSING and not (type(layer) is keras.layers.Activation and has_none):
            return has_none and _targets.is_of_keras(keras.layers, layer)
    return False


def warn_of_logits(model, stacklevel: int) -> None:
    """Warn if a model gives logits, but its loss, or a metric beside a loss of labels, reads probabilities."""
    name = _targets.loss_name(model)
    if name not in _targets.OF_PROBABILITIES:
        return
    text = None
    if not _targets.takes_logits(model):
        if gives_logits(model):
            text = (
                f"`model` gives logits (its last layer has no activation), but the loss {name!r} reads probabilities. "
                f"Compile it with `keras.losses.{_class_name(name)}(from_logits=True)`."
            )
    elif name in _targets.LABELS and (metrics := dict(_metrics_of_probabilities(model))):
        instead = ", ".join(dict.fromkeys(f"`keras.metrics.{way}`" for way in metrics.values() if way))
        text = (
            f"The loss reads logits, but these metrics read probabilities: {', '.join(metrics)}. "
            f"Use {f'{instead}, or ' if instead else ''}`evaluation.evaluate` after training."
        )
    if text:
        warnings.warn(text, UserWarning, stacklevel=stacklevel)


def _metrics_of_probabilities(model):
    """Yield the names of the metrics of Keras that take logits for probabilities, and the ones to use instead."""
    shape = getattr(model, "output_shape", None)
    is_single = isinstance(shape, tuple) and shape[-1] == 1
    for given in _private_apis.compiled_metrics(model):
        function = getattr(given, "__name__", None)
        if isinstance(given, keras.metrics.Metric) and _targets.is_of_keras(keras.metrics, given):
            name, config = type(given).__name__, given.get_config()
        elif isinstance(given, str):
            name, config = _named_metric(given, is_single)
        elif function and getattr(keras.metrics, function, None) is given:
            name, config = _named_metric(function, is_single)
        else:
            continue  # The user's own.
        shown, way = repr(given) if isinstance(given, str) else function or name, ""
        if "from_logits" in config:
            reads, way = not config["from_logits"], f"{name}(from_logits=True)"
        elif "thresholds" in config:  # None is 0.5.
            thresholds = np.ravel(0.5 if config["thresholds"] is None else config["thresholds"])
            reads, way = config.get("top_k") is None and (thresholds > 0).any(), f"{name}(thresholds=0)"
        elif "threshold" in config:
            reads = (config["threshold"] or 0) > 0
            way = "" if name in ("F1Score", "FBetaScore") else f"{name}(threshold=0)"  # These two refuse 0.
        else:
            reads = "num_thresholds" in config  # All of them between 0 and 1.
        if reads:
            yield shown, way


def _named_metric(given: str, is_single: bool) -> tuple[str, dict]:
    """Return the class of a metric that is given by name or as a function, and its default arguments."""
    if given.lower() in ("accuracy", "acc"):
        given = "BinaryAccuracy" if is_single else "CategoricalAccuracy"
    for name in (given, given.upper(), _class_name(given)):
        kind = getattr(keras.metrics, name, None)
        if inspect.isclass(kind):  # Not made: Keras would count it in the names of later ones.
            return name, {key: value.default for key, value in inspect.signature(kind).parameters.items()}
    return "", {}


def _class_name(name: str) -> str:
    return "".join(map(str.capitalize, name.split("_")))
