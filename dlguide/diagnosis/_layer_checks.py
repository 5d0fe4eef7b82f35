"""Checks of the layers before the head: activations, depth, first weights, dropout, penalties."""

import keras
import numpy as np

from dlguide.diagnosis._layers import WEIGHTED, activation_of, flat_layers, hidden_layers
from dlguide.diagnosis._program import Program, take
from dlguide.diagnosis._report import Suspicion

L = keras.layers
SATURATING = ("sigmoid", "hard_sigmoid", "tanh", "softmax", "softsign")
LINEAR = (L.Dropout, L.Flatten, L.Reshape, L.Identity, L.AveragePooling1D, L.AveragePooling2D, L.GlobalAveragePooling1D,
          L.GlobalAveragePooling2D, L.UpSampling2D, L.MaxPooling1D, L.MaxPooling2D)  # fmt: skip
KEEPING = (L.BatchNormalization, L.LayerNormalization, L.Add)  # The size of a signal.
RATES = ("rate", "dropout", "recurrent_dropout")
DEEP, HIGH_DROPOUT, DEAD, MOST_PENALTY = 8, 0.7, 0.5, 0.3


def _other_activation(key: str, program: Program, layers: list, activation: str, **facts):
    """Suspect some layers, if there are any: they get another activation, and first weights that suit it."""
    if layers:
        names = ", ".join(f"`{layer.name}`" for layer in layers[:3]) + (" …" if len(layers) > 3 else "")
        facts |= {"layers": names, "count": len(layers), "activation": activation_of(layers[0])}
        change = {"activation": activation} | ({"kernel_initializer": "he_uniform"} if activation == "relu" else {})
        yield Suspicion(key, facts, program.with_model({layer.name: change for layer in layers}))


def check_linear(program: Program):
    """Layers whose numbers reach the next layer with weights without an activation between."""
    layers, found = flat_layers(program.model), []
    for place, layer in enumerate(layers):
        is_linear = isinstance(layer, WEIGHTED) and activation_of(layer) == "linear"
        others = (each for each in layers[place + 1 :] if not isinstance(each, LINEAR))
        found += [layer] if is_linear and isinstance(next(others, None), WEIGHTED) else []
    return _other_activation("linear", program, found, "relu")


def check_saturating(program: Program, fewest: int = 2, most: int = 10_000):
    """Hidden layers of a sigmoid, tanh or softmax, in the layer or behind it."""
    found = [each for each in flat_layers(program.model)[:-1] if isinstance(each, L.Activation)]
    found = [each for each in hidden_layers(program) + found if activation_of(each) in SATURATING]
    return _other_activation("saturating", program, found if fewest <= len(found) <= most else [], "relu")


def check_recurrent(program: Program):
    """Recurrent layers without the tanh that keeps what they repeat within bounds."""
    recurrent = [each for each in flat_layers(program.model) if isinstance(each, (L.SimpleRNN, L.LSTM, L.GRU))]
    found = [each for each in recurrent if activation_of(each) != "tanh"]
    return _other_activation("recurrent", program, found, "tanh")


def check_dead(program: Program):
    """Hidden units of ReLU that are 0 for each of 500 examples after the training: the layer with most of them."""
    model, found = program.model, [each for each in hidden_layers(program) if activation_of(each) == "relu"]
    if not found or not program.base or program.base.weights is None:
        return
    first = model.get_weights()
    try:
        model.set_weights(program.base.weights)
        inputs = model.inputs if len(model.inputs) > 1 else model.inputs[0]
        outputs = keras.Model(inputs, [layer.output for layer in found])(take(program.x, slice(0, 500)))
    except (AttributeError, ValueError):  # The layers are in a model within the model.
        return
    finally:
        model.set_weights(first)
    outputs = [np.asarray(keras.ops.convert_to_numpy(each)) for each in keras.tree.flatten(outputs)]
    share = float(max((each.reshape(-1, each.shape[-1]).max(0) <= 0).mean() for each in outputs))
    yield from _other_activation("dead", program, found if share >= DEAD else [], "leaky_relu", share=share)


def check_depth(program: Program):
    """Many layers in a row, without normalisation or skips."""
    hidden = hidden_layers(program)
    if len(hidden) < DEEP or any(isinstance(each, KEEPING) for each in flat_layers(program.model)):
        return
    kinds = [(getattr(each, "units", getattr(each, "filters", None)), activation_of(each)) for each in hidden]
    left_out = [each for each, kind, before in zip(hidden[1:], kinds[1:], kinds, strict=False) if kind == before]
    if len(left_out) >= 4:
        facts = {"count": len(hidden), "left": len(hidden) - len(left_out)}
        yield Suspicion("deep", facts, program.with_model({each.name: [L.Identity()] for each in left_out}))


def check_weights(program: Program):
    """First weights that are all the same, or far from the size that keeps a signal's."""
    found = {}
    for layer in [each for each in flat_layers(program.model) if isinstance(each, WEIGHTED) and each.built]:
        values = np.array(layer.get_weights()[0])
        usual, deviation = float(np.sqrt(2 / (np.prod(values.shape[:-1]) + values.shape[-1]))), float(values.std())
        if values.size > 1 and deviation < 1e-6 * max(1, abs(values.mean())):
            found[layer.name] = "constant_weights", float(values.mean()), usual
        elif values.size > 8 and not 1 / 30 < deviation / usual < 8:
            found[layer.name] = "odd_weights", deviation, usual
    if found:
        layer, (key, value, usual) = min(found.items(), key=lambda each: each[1][0])  # Constant ones first.
        first = {"kernel_initializer": "glorot_uniform", "bias_initializer": "zeros"}
        repaired = program.with_model(dict.fromkeys(found, first))
        yield Suspicion(key, {"layer": layer, "value": value, "usual": usual}, repaired)


def settings(program: Program, names: tuple) -> dict[str, dict]:
    """Return the rates or penalties of these names that each layer has, by its name."""
    given, kinds = {}, (float, keras.regularizers.Regularizer)
    for layer in flat_layers(program.model):
        named = {name: getattr(layer, name, None) for name in names}
        given[layer.name] = {name: value for name, value in named.items() if isinstance(value, kinds) and value}
    return {layer: named for layer, named in given.items() if named}


def check_dropout(program: Program):
    """Dropout that leaves few units."""
    rates = settings(program, RATES)
    highest = max((rate for named in rates.values() for rate in named.values()), default=0)
    if highest >= HIGH_DROPOUT:
        changes = {layer: {name: min(rate, 0.2) for name, rate in named.items()} for layer, named in rates.items()}
        facts = {"rate": highest, "count": len(rates), "kept": 1 / max(1 - highest, 1e-3)}
        yield Suspicion("dropout", facts, program.with_model(changes))


def check_penalty(program: Program):
    """A penalty of the weights that is larger than the loss can be."""
    given = settings(program, ("kernel_regularizer", "bias_regularizer", "activity_regularizer"))
    penalty = sum(float(keras.ops.convert_to_numpy(loss)) for loss in program.model.losses)
    loss = program.base.losses[0] if program.base and program.base.losses else 1
    if given and penalty >= min(1, MOST_PENALTY * abs(loss)):
        changes = {layer: dict.fromkeys(named) for layer, named in given.items()}
        yield Suspicion("penalty", {"penalty": penalty}, program.with_model(changes))


def check_frozen(program: Program):
    """No weights that a training changes."""
    if program.model.built and not program.model.trainable_weights:
        yield Suspicion("frozen", {}, None, True)
