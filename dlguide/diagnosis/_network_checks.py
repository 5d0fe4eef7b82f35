"""Checks of the layers before the head: activations, depth, first weights, dropout, penalties."""

import keras
import numpy as np

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._finding import Suspicion
from dlguide.diagnosis._program import Program, activation_of, flat_layers, head_of

LINEAR = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
SATURATING = ("sigmoid", "hard_sigmoid", "tanh", "softmax", "softsign")
KEEPING_LINEAR = (keras.layers.Dropout, keras.layers.Flatten, keras.layers.Reshape, keras.layers.Identity,
                  keras.layers.MaxPooling1D, keras.layers.MaxPooling2D, keras.layers.AveragePooling1D,
                  keras.layers.AveragePooling2D, keras.layers.GlobalAveragePooling1D,
                  keras.layers.GlobalAveragePooling2D, keras.layers.UpSampling2D)  # fmt: skip
NORMALISING = (keras.layers.BatchNormalization, keras.layers.LayerNormalization, keras.layers.Add)
DEEP, HIGH_DROPOUT = 8, 0.7


def hidden_layers(program: Program) -> list:
    """Return the dense and convolutional layers before the head."""
    head = head_of(program.model)
    return [
        each for each in flat_layers(program.model) if isinstance(each, LINEAR) and not (head and each is head.layer)
    ]


def check_linear(program: Program) -> list[Suspicion]:
    """Layers whose numbers reach the next layer with weights without an activation between."""
    layers, found = flat_layers(program.model), []
    for place, layer in enumerate(layers):
        if not isinstance(layer, LINEAR) or activation_of(layer) != "linear":
            continue
        for after in layers[place + 1 :]:
            if isinstance(after, LINEAR):
                found.append(layer)
            if activation_of(after) != "linear" or not isinstance(after, KEEPING_LINEAR):
                break
    if not found:
        return []
    facts = {"layers": _names(found), "count": len(found)}
    return [Suspicion("missing_nonlinearity", "linear", facts, _repairs.with_hidden(program, found, "relu"))]


def check_saturating(program: Program) -> list[Suspicion]:
    """Hidden layers of a sigmoid, tanh or softmax."""
    found = [each for each in hidden_layers(program) if activation_of(each) in SATURATING]
    if not found:
        return []
    facts = {"layers": _names(found), "count": len(found), "activation": activation_of(found[0])}
    return [Suspicion("hidden_activation", "saturating", facts, _repairs.with_hidden(program, found, "relu"))]


def check_dead(program: Program) -> list[Suspicion]:
    """Hidden units of ReLU that are 0 for every example."""
    found = [each for each in hidden_layers(program) if activation_of(each) == "relu"]
    if not found:
        return []
    return [
        Suspicion(
            "hidden_activation", "dead", {"layers": _names(found)}, _repairs.with_hidden(program, found, "leaky_relu")
        )
    ]


def check_depth(program: Program) -> list[Suspicion]:
    """Many layers in a row, without normalisation or skips."""
    hidden = hidden_layers(program)
    if len(hidden) < DEEP or any(isinstance(each, NORMALISING) for each in flat_layers(program.model)):
        return []
    left_out = {}
    for before, layer in zip(hidden, hidden[1:], strict=False):
        is_same = layer.get_config().get("units", 0) == before.get_config().get("units", 1)
        if is_same and activation_of(layer) == activation_of(before):
            left_out[layer.name] = keras.layers.Identity(name=layer.name)
    if len(left_out) < 4:
        return []
    facts = {"count": len(hidden), "left": len(hidden) - len(left_out)}
    return [Suspicion("too_deep", "deep", facts, _repairs.with_layers(program, left_out))]


def check_weights(program: Program) -> list[Suspicion]:
    """First weights that are all the same, or far from the size that keeps a signal's."""
    constant, odd, facts = {}, {}, {}
    for layer in flat_layers(program.model):
        kernel = getattr(layer, "kernel", None)
        if not isinstance(layer, LINEAR) or kernel is None:
            continue
        values = np.array(keras.ops.convert_to_numpy(kernel))
        usual = np.sqrt(2 / (np.prod(values.shape[:-1]) + values.shape[-1]))
        config = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
        if values.size > 1 and values.std() < 1e-6 * max(1, abs(values.mean())):
            constant[layer.name] = config
            facts = {"layer": layer.name, "value": float(values.mean())}
        elif not 1 / 30 < values.std() / usual < 8 and values.size > 8:
            odd[layer.name] = config
            facts = facts or {"layer": layer.name, "value": float(values.std()), "usual": float(usual)}
    if not constant and not odd:
        return []
    repaired = _repairs.with_layers(program, constant | odd)
    return [Suspicion("initial_weights", "constant_weights" if constant else "odd_weights", facts, repaired)]


def check_dropout(program: Program) -> list[Suspicion]:
    """Dropout that leaves few units."""
    kinds = (keras.layers.Dropout, keras.layers.SpatialDropout1D, keras.layers.SpatialDropout2D)
    found = [each for each in flat_layers(program.model) if isinstance(each, kinds)]
    highest = max((each.rate for each in found), default=0)
    if highest < HIGH_DROPOUT:
        return []
    changes = {each.name: {"rate": min(each.rate, 0.2)} for each in found}
    return [
        Suspicion(
            "dropout_too_high",
            "dropout",
            {"rate": highest, "count": len(found), "kept": 1 / (1 - highest)},
            _repairs.with_layers(program, changes),
        )
    ]


def check_penalty(program: Program) -> list[Suspicion]:
    """A penalty of the weights that is larger than the loss can be."""
    penalty = sum(float(keras.ops.convert_to_numpy(loss)) for loss in program.model.losses)
    if penalty < 1:
        return []
    names = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    changes = {}
    for layer in flat_layers(program.model):
        config = layer.get_config()
        without = {name: None for name in names if config.get(name)}
        if without:
            changes[layer.name] = without
    return [
        Suspicion("regularization_too_strong", "penalty", {"penalty": penalty}, _repairs.with_layers(program, changes))
    ]


def check_frozen(program: Program) -> list[Suspicion]:
    """No weights that a training changes."""
    if program.model.trainable_weights:
        return []
    return [Suspicion("frozen_weights", "frozen", {}, None, True)]


def _names(layers) -> str:
    names = [f"`{layer.name}`" for layer in layers]
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
