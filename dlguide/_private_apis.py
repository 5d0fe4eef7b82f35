"""Every private Keras and TensorFlow API that this package uses; read in Keras 3.15.1, tested with 3.15.0 too.

A new version may take any of it away. Each hook then warns once, and training gives the same result without it, slower.
"""

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable

import keras
import numpy as np

HOOKS: dict[str, str] = {}
"""Name of each hook, and what happens without it."""
_ABSENT: set[str] = set()
_WARNED: set[str] = set()


def hook(consequence: str, otherwise=None):
    """Let a function of a private API return `otherwise`, with one warning, if the API is gone."""

    def decorate(function: Callable) -> Callable:
        name = function.__name__
        HOOKS[name] = consequence

        @functools.wraps(function)
        def call(*args):
            try:
                if name in _ABSENT:
                    raise AttributeError("absent")
                return function(*args)
            except (AttributeError, ImportError) as error:
                if name not in _WARNED:
                    _WARNED.add(name)
                    lacks = f"Keras {keras.__version__} has not what `{name}` of dlguide uses ({error})"
                    warnings.warn(f"{lacks}: {consequence}.", UserWarning, stacklevel=3)
                return otherwise

        return call

    return decorate


@contextlib.contextmanager
def without(name: str):
    """Inside, do as if the API that a hook uses had been taken away."""
    _ABSENT.add(name)
    _WARNED.discard(name)
    try:
        yield
    finally:
        _ABSENT.discard(name)


@hook("a resumed run draws other numbers in layers without a seed of their own")
def global_seed_state() -> keras.Variable | None:
    """Return the state that layers without a seed of their own draw from."""
    from keras.src.random import seed_generator

    return seed_generator.global_seed_generator().state


@hook("a resumed run draws other numbers in layers without a seed of their own")
def set_global_seed_state(value: np.ndarray) -> None:
    """Put a state that `global_seed_state` gave back."""
    from keras.src.random import seed_generator

    seed_generator.global_seed_generator().state.assign(value)


@hook("TensorFlow does one step a call")
def functions(model: keras.Model) -> tuple:
    """Return what a model calls for a step of training and of a test; None before the first use."""
    return model.train_function, model.test_function


def set_functions(model: keras.Model, train, test) -> None:
    """Let a model call other functions for a step; of None, Keras makes its own again."""
    model.train_function, model.test_function = train, test


def end_of_data() -> None:
    """End the epoch, in a function that Keras calls for a step, before Keras has counted all of them."""
    raise StopIteration  # `trainers/epoch_iterator.py`, `catch_stop_iteration`.


@hook("an optimizer that has made no step must be built before a run is resumed", otherwise=())
def optimized_variables(optimizer) -> list:
    """Return the weights for which an optimizer was built."""
    return optimizer._trainable_variables if optimizer.built else []


@hook("no warning if a metric takes logits for probabilities", otherwise=())
def compiled_metrics(model: keras.Model) -> list:
    """Return the metrics that a model was compiled with, as they were given: names and objects."""
    # `trainers/compile_utils.py`: `model.metrics` has none of them before the first step.
    given = model._compile_metrics
    found = [] if given is None else keras.tree.flatten([given._user_metrics, given._user_weighted_metrics])
    return [metric for metric in found if metric is not None]


@hook("token ids are not checked", otherwise=())
def inputs_of_calls(layer: keras.layers.Layer) -> list[list]:
    """Return the tensors that each symbolic call of a layer, or of a model within a model, has read."""
    # `ops/node.py`; `layer.input` has those of the first call.
    return [node.input_tensors for node in layer._inbound_nodes]


@hook("no warning if the loss takes logits for probabilities", otherwise=())
def layers_behind(model: keras.Model) -> list:
    """Return the layers that made a model's single output, the last one first, while each has one input."""

    def flat(layers):
        return [part for each in layers for part in (layers_behind(each) if isinstance(each, keras.Model) else [each])]

    if isinstance(model, keras.Sequential):
        return flat(reversed(model.layers))
    outputs = getattr(model, "outputs", None) or ()
    if len(outputs) != 1:
        return [model]
    # `ops/node.py`: the operation that made a tensor, and which of its calls it was.
    [tensor], found = outputs, []
    while tensor is not None:
        layer, call, _ = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            break
        found.append(layer)
        inputs = layer._inbound_nodes[call].input_tensors
        tensor = inputs[0] if len(inputs) == 1 else None
    return flat(found)


@hook("a step of your own gets `x` alone in a tuple of one")
def source_of_arrays(batches: keras.utils.PyDataset):
    """Return a source of the batches as they are: from a `PyDataset`, Keras makes a tuple of each array alone."""
    # `trainers/data_adapters/py_dataset_adapter.py`; `get_data_adapter` takes an adapter as it is.
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    class Arrays(PyDatasetAdapter):
        def _standardize_batch(self, batch):
            return batch

    return Arrays(batches)


@hook("Adam's update is Keras's own")
def adam_moments(optimizer: keras.optimizers.Adam, variable) -> tuple[keras.Variable, keras.Variable]:
    """Return the two moments that Adam keeps of a variable's gradient."""
    # `optimizers/adam.py`.
    i = optimizer._get_variable_index(variable)
    return optimizer._momentums[i], optimizer._velocities[i]


@hook("TensorFlow keeps the graphs of models that are gone", otherwise=False)
def skip_all_reduce(optimizer: keras.optimizers.Optimizer) -> bool:
    """Let an optimizer on TensorFlow, with one replica, leave out the sum over replicas; return whether that is new.

    TensorFlow registers a gradient function for each sum that it traces, and keeps its graph for ever.
    """
    # `backend/tensorflow/optimizer.py`.
    is_new = optimizer._all_reduce_sum_gradients is not list
    optimizer._all_reduce_sum_gradients = list
    return is_new


def use_all_reduce(optimizer: keras.optimizers.Optimizer) -> None:
    """Undo `skip_all_reduce`."""
    del optimizer._all_reduce_sum_gradients


@hook("TensorFlow keeps the graphs of models that are gone")
def forget_kernels() -> None:
    """Let TensorFlow give back the compiled functions of models that are gone; it makes others again when called."""
    # As `backend/common/global_state.py` does in `clear_session`.
    from tensorflow.python.eager import context

    context.context().clear_kernel_cache()


@hook("a model with this layer is not compiled by XLA")
def allow_jit(layer: keras.layers.Layer) -> None:
    """Let XLA compile a layer that Keras says it cannot."""
    # `layers/preprocessing/image_preprocessing`: true of TensorFlow alone, but it leaves the whole model uncompiled.
    if not layer.supports_jit:
        layer.supports_jit = True


@hook("losses are not weighted in the diagnosis", otherwise=None)
def loss_weights(model: keras.Model):
    """Return the weights of the losses that a model was compiled with."""
    # `trainers/compile_utils.py`; a model may be compiled without a loss.
    given = model._compile_loss
    return None if given is None else given._user_loss_weights


@hook("a diagnosis leaves other states of random numbers", otherwise=lambda: None)
def random_states() -> Callable:
    """Return a function that puts the states of Keras's and the backend's random numbers back.

    TensorFlow's numbers begin again from their seed: its state cannot be read.
    """
    from keras.src.backend.common import global_state

    names, (tf, torch) = ("global_random_seed", "global_seed_generator"), map(sys.modules.get, ("tensorflow", "torch"))
    kept = {name: global_state.get_global_attribute(name) for name in names}
    state = torch.get_rng_state() if torch else None

    def restore():
        if tf and kept[names[0]] not in (None, global_state.get_global_attribute(names[0])):
            tf.random.set_seed(kept[names[0]])
        for name, value in kept.items():
            global_state.set_global_attribute(name, value)
        if torch:
            torch.set_rng_state(state)

    return restore
