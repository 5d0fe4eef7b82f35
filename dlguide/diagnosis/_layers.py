"""The layers of a model: its head, its hidden layers, their activations, and copies with other ones."""

import inspect
from typing import NamedTuple

import keras

from dlguide import _private_apis

L = keras.layers
WEIGHTED = (L.Dense, L.Conv1D, L.Conv2D, L.Conv3D)
WITHOUT_NUMBERS = (L.InputLayer, L.Flatten, L.Reshape, L.Dropout, L.Permute, L.Identity)
ACTIVATIONS = (L.Activation, L.Softmax, L.ReLU, L.LeakyReLU, L.ELU, L.PReLU)


def flat_layers(model) -> list[keras.layers.Layer]:
    """Return the layers of a model and of the models within it, from the input to the output; [] if this is unknown."""
    layers = []
    for layer in model.layers if is_chain(model) else ():
        layers += flat_layers(layer) if is_chain(layer) else [layer]
    return layers


def is_chain(model) -> bool:
    """Return whether the layers of a model are known, as those of one with a `call` of your own are not."""
    return isinstance(model, keras.Sequential) or hasattr(model, "operations")


def activation_of(layer) -> str:
    """Return the name of a layer's activation, "linear" if it has none, "unknown" if it is not Keras's."""
    if isinstance(layer, ACTIVATIONS) and not isinstance(layer, L.Activation):
        return type(layer).__name__.lower()
    activation = getattr(layer, "activation", None) or keras.activations.linear
    name = getattr(activation, "__name__", "")
    return name if getattr(keras.activations, name, None) is activation else "unknown"


class Head(NamedTuple):
    """The last layer with weights, and what follows it."""

    layer: keras.layers.Layer
    activation: str  # That of the output, "linear" if there is none.
    inner: str  # An activation between the last layer's numbers and that of the output.
    after: list


def head_of(program) -> Head | None:
    """Return the head of a model with one output; None if its layers do not show it."""
    after, found = [], []
    for layer in _private_apis.layers_behind(program.model) if program.units else ():
        if not isinstance(layer, keras.layers.Layer):
            return None  # A function of `keras.ops`.
        if activation_of(layer) != "linear":
            found.append(activation_of(layer))
        if layer.weights or not isinstance(layer, (*WITHOUT_NUMBERS, *ACTIVATIONS)):
            last, inner = [*found, *("linear", "")[len(found) :]][:2]
            is_known = isinstance(layer, WEIGHTED) and "unknown" not in found
            return Head(layer, last, inner, after) if is_known else None
        after.append(layer)
    return None


def hidden_layers(program) -> list:
    """Return the dense and convolutional layers before the head."""
    head = head_of(program)
    weighted = [each for each in flat_layers(program.model) if isinstance(each, WEIGHTED)]
    return [each for each in weighted if not head or each is not head.layer]


def copied(model, changes: dict | None = None, loss=None, rate: float | None = None, **options):
    """Return a compiled copy of a model with its weights; the layers that change begin with new ones.

    Args:
        changes: By name of a layer, new values of its config, or a list of layers in its place.
        loss: Another loss.
        rate: Another learning rate.
        options: Further ones of `compile`.
    """
    new, changes = {}, changes or {}

    def made(layer):
        change = changes.get(layer.name, {})
        config = layer.get_config()
        if "activation" in config and not isinstance(layer.activation, keras.layers.Layer):
            config["activation"] = layer.activation  # The function, which may be your own.
        if hasattr(layer, "get_vocabulary"):
            config["vocabulary"] = layer.get_vocabulary(include_special_tokens=False)
        if getattr(layer, "bin_boundaries", None) is not None:
            config |= {"bin_boundaries": layer.bin_boundaries, "num_bins": None}
        if isinstance(change, list):
            new[layer.name] = keras.Sequential(change, name=f"changed_{layer.name}")
        elif isinstance(layer, L.Lambda):  # Its config has the code without what it refers to.
            new[layer.name] = L.Lambda(layer.function, arguments=layer.arguments, name=layer.name)
        else:
            new[layer.name] = type(layer).from_config({**config, **change})
        return new[layer.name]

    clone, was_compiled = keras.models.clone_model, model.compiled
    model.compiled = False  # Else own losses and metrics would be looked for by name.
    try:
        copy = clone(model, clone_function=made, recursive=True) if is_chain(model) else _made_again(model)
    finally:
        model.compiled = was_compiled
    if model.built and not copy.built:
        copy.build_from_config(model.get_build_config())
    if model.built and not changes:
        copy.set_weights(model.get_weights())
    for old in flat_layers(model) if changes else ():
        shapes = [weight.shape for weight in old.weights]
        if old.name not in changes and old.name in new and [w.shape for w in new[old.name].weights] == shapes:
            new[old.name].set_weights(old.get_weights())
    for layer in flat_layers(copy):
        if hasattr(layer, "finalize_state"):  # `Normalization` reads its weights here alone.
            layer.finalize_state()
    old = optimizer_of(model)
    optimizer = type(old).from_config(old.get_config() | ({} if rate is None else {"learning_rate": rate}))
    copy.compile(optimizer, loss or model.loss, _private_apis.loss_weights(model), **options)
    return copy


def optimizer_of(model):
    """Return the optimizer of a model, the one within that which scales the loss for float16."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def _made_again(model):
    """Return a new model of a class with a `call` of its own, from its config."""
    names, config = inspect.signature(type(model).__init__).parameters, model.get_config()
    try:
        return type(model).from_config(config)
    except TypeError:  # Keras gives `trainable` and `dtype` too, which an `__init__` without `**kwargs` refuses.
        return type(model)(**{name: value for name, value in config.items() if name in names})
