"""Checks of the layers before the head: activations, depth, first weights, dropout, penalties."""

import keras
import numpy as np

from dlguide.diagnosis import _repairs
from dlguide.diagnosis._layers import WEIGHTED, activation_of, flat_layers, hidden_layers, names_of
from dlguide.diagnosis._program import Program, take
from dlguide.diagnosis._report import Suspicion

L = keras.layers
SATURATING = ("sigmoid", "hard_sigmoid", "tanh", "softmax", "softsign")
LINEAR = (L.Dropout, L.Flatten, L.Reshape, L.Identity, L.AveragePooling1D, L.AveragePooling2D, L.GlobalAveragePooling1D,
          L.GlobalAveragePooling2D, L.UpSampling2D, L.MaxPooling1D, L.MaxPooling2D)  # fmt: skip
NORMALISING = (L.BatchNormalization, L.LayerNormalization, L.Add)
DROPOUT = (L.Dropout, L.SpatialDropout1D, L.SpatialDropout2D)
RATES = ("rate", "dropout", "recurrent_dropout")
PENALTIES = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
DEEP, HIGH_DROPOUT, DEAD, MOST_PENALTY = 8, 0.7, 0.5, 0.3


def check_linear(program: Program):
    """Layers whose numbers reach the next layer with weights without an activation between."""
    layers, found = flat_layers(program.model), []
    for place, layer in enumerate(layers):
        for after in layers[place + 1 :] if isinstance(layer, WEIGHTED) and activation_of(layer) == "linear" else ():
            if isinstance(after, WEIGHTED):
                found.append(layer)
            if activation_of(after) != "linear" or not isinstance(after, LINEAR):
                break
    if found:
        facts = {"layers": names_of(found), "count": len(found)}
        yield Suspicion("linear", facts, _repairs.with_hidden(program, found, "relu"))


def check_saturating(program: Program, fewest: int = 2, most: int = 10_000):
    """Hidden layers of a sigmoid, tanh or softmax, in the layer or behind it."""
    found = [each for each in flat_layers(program.model)[:-1] if isinstance(each, L.Activation)]
    found = [each for each in hidden_layers(program) + found if activation_of(each) in SATURATING]
    if fewest <= len(found) <= most:
        facts = {"layers": names_of(found), "count": len(found), "activation": activation_of(found[0])}
        yield Suspicion("saturating", facts, _repairs.with_hidden(program, found, "relu"))


def check_recurrent(program: Program):
    """Recurrent layers without the tanh that keeps what they repeat within bounds."""
    recurrent = [each for each in flat_layers(program.model) if isinstance(each, (L.SimpleRNN, L.LSTM, L.GRU))]
    found = [each for each in recurrent if activation_of(each) != "tanh"]
    if found:
        facts = {"layers": names_of(found), "activation": activation_of(found[0])}
        yield Suspicion("recurrent", facts, _repairs.with_hidden(program, found, "tanh"))


def check_one_saturating(program: Program):
    """A single hidden layer that saturates: it learns slowly, but short steps explain that before it does."""
    return check_saturating(program, 1, 1)


def check_dead(program: Program):
    """Hidden units of ReLU that are 0 for every example after the training."""
    found = [each for each in hidden_layers(program) if activation_of(each) == "relu"]
    if not found or program.base is None or program.base.weights is None:
        return
    share = share_of_dead_units(program, found)
    if share >= DEAD:
        facts = {"layers": names_of(found), "share": share}
        yield Suspicion("dead", facts, _repairs.with_hidden(program, found, "leaky_relu"))


def share_of_dead_units(program: Program, layers: list) -> float:
    """Return the largest share, over some layers, of units that are 0 for each of 500 examples after the training."""
    weights = program.model.get_weights()
    try:
        program.model.set_weights(program.base.weights)
        inputs = program.model.inputs if len(program.model.inputs) > 1 else program.model.inputs[0]
        outputs = keras.Model(inputs, [layer.output for layer in layers])(take(program.x, slice(0, 500)))
    except (AttributeError, ValueError):  # The layers are in a model within the model.
        return 0.0
    finally:
        program.model.set_weights(weights)
    outputs = [np.asarray(keras.ops.convert_to_numpy(each)) for each in keras.tree.flatten(outputs)]
    return float(max((each.reshape(-1, each.shape[-1]).max(0) <= 0).mean() for each in outputs))


def check_depth(program: Program):
    """Many layers in a row, without normalisation or skips."""
    hidden = hidden_layers(program)
    if len(hidden) < DEEP or any(isinstance(each, NORMALISING) for each in flat_layers(program.model)):
        return
    kinds = [(getattr(each, "units", getattr(each, "filters", None)), activation_of(each)) for each in hidden]
    left_out = [each for each, kind, before in zip(hidden[1:], kinds[1:], kinds, strict=False) if kind == before]
    if len(left_out) >= 4:
        facts = {"count": len(hidden), "left": len(hidden) - len(left_out)}
        yield Suspicion("deep", facts, _repairs.with_model(program, {each.name: [L.Identity()] for each in left_out}))


def check_weights(program: Program):
    """First weights that are all the same, or far from the size that keeps a signal's."""
    constant, odd, facts = [], [], {}
    for layer in flat_layers(program.model):
        if not isinstance(layer, WEIGHTED) or not layer.built:
            continue
        values = np.array(layer.get_weights()[0])
        usual, deviation = float(np.sqrt(2 / (np.prod(values.shape[:-1]) + values.shape[-1]))), float(values.std())
        if values.size > 1 and deviation < 1e-6 * max(1, abs(values.mean())):
            constant.append(layer)
            facts = {"layer": layer.name, "value": float(values.mean())}
        elif not 1 / 30 < deviation / usual < 8 and values.size > 8:
            odd.append(layer)
            facts = facts if constant else {"layer": layer.name, "value": deviation, "usual": usual}
    if constant or odd:
        first = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
        repaired = _repairs.with_model(program, {layer.name: first for layer in constant + odd})
        yield Suspicion("constant_weights" if constant else "odd_weights", facts, repaired)


def check_dropout(program: Program):
    """Dropout that leaves few units."""
    rates = {}
    for layer in flat_layers(program.model):
        named = {name: getattr(layer, name, None) for name in RATES}
        rates[layer.name] = {name: rate for name, rate in named.items() if isinstance(rate, float) and rate}
    rates = {layer: named for layer, named in rates.items() if named}
    highest = max((rate for named in rates.values() for rate in named.values()), default=0)
    if highest >= HIGH_DROPOUT:
        changes = {layer: {name: min(rate, 0.2) for name, rate in named.items()} for layer, named in rates.items()}
        facts = {"rate": highest, "count": len(rates), "kept": 1 / max(1 - highest, 1e-3)}
        yield Suspicion("dropout", facts, _repairs.with_model(program, changes))


def check_penalty(program: Program):
    """A penalty of the weights that is larger than the loss can be."""
    penalty = sum(float(keras.ops.convert_to_numpy(loss)) for loss in program.model.losses)
    given = {
        layer.name: [name for name in PENALTIES if getattr(layer, name, None)] for layer in flat_layers(program.model)
    }
    changes = {layer: dict.fromkeys(names) for layer, names in given.items() if names}
    loss = program.base.losses[0] if program.base and program.base.losses else 1
    if changes and penalty >= min(1, MOST_PENALTY * abs(loss)):
        yield Suspicion("penalty", {"penalty": penalty}, _repairs.with_model(program, changes))


def check_frozen(program: Program):
    """No weights that a training changes."""
    if program.model.built and not program.model.trainable_weights:
        yield Suspicion("frozen", {}, None, True)
