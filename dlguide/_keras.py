"""Every private Keras API that this package uses; read in Keras 3.15.1, tested with 3.15.0 too.

A new version of Keras may change any of it. The tests of training then fail, and only this file must be mended.
"""

import contextlib
from collections.abc import Callable, Iterator

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

# `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` choose one of these, once, and keep it as an attribute.
COMPARISONS = {"less": keras.ops.less, "greater": keras.ops.greater}

# What a callback holds that is not its own: Keras sets these anew in each `fit`.
CALLBACK_ATTRIBUTES = ("_model", "_params", "model", "params")
# `CSVLogger`: whether its file needs a header; `TensorBoard`: its folders.
CALLBACK_ATTRIBUTES += ("append_header", "_log_write_dir", "_train_dir", "_val_dir")


def global_seed_state() -> keras.Variable | None:
    """Return the state that layers without a seed of their own draw from, None if nothing has drawn yet."""
    # `backend/common/global_state.py`; `global_seed_generator()` would make a generator.
    generator = global_state.get_global_attribute("global_seed_generator")
    return None if generator is None else generator.state


def set_global_seed_state(value: np.ndarray) -> None:
    """Put a state that `global_seed_state` gave back."""
    seed_generator.global_seed_generator().state.assign(value)


def synchronise(model: keras.Model) -> None:
    """Let a model's variables hold their newest values."""
    # `backend/jax/trainer.py`: in `fit` they live in a state outside the variables.
    if hasattr(model, "jax_state_sync"):
        model.jax_state_sync()


def forget_functions(model: keras.Model) -> None:
    """Let a model trace its functions again: for another number of steps in a call, or on other devices."""
    # `trainers/trainer.py`: `make_train_function` and its like do nothing if there is one.
    model.train_function = model.test_function = model.predict_function = None


def training_function(model: keras.Model) -> Callable | None:
    """Return the traced function of a training step, None before the first `fit`."""
    return model.train_function


def compiled_metrics(model: keras.Model) -> list:
    """Return the metrics that a model was compiled with, as they were given: names and objects."""
    # `trainers/compile_utils.py`: `model.metrics` has none of them before the first step.
    given = model._compile_metrics
    return [] if given is None else keras.tree.flatten([given._user_metrics, given._user_weighted_metrics])


def inputs_of_calls(layer: keras.layers.Layer) -> list[list]:
    """Return the tensors that each symbolic call of a layer, or of a model within a model, has read."""
    # `ops/node.py`; `layer.input` has those of the first call.
    return [node.input_tensors for node in layer._inbound_nodes]


def layers_behind(model: keras.Model) -> Iterator:
    """Yield the layers that made a model's single output, the last one first, while each has one input."""
    if isinstance(model, keras.Sequential):
        for layer in reversed(model.layers):
            yield from layers_behind(layer) if isinstance(layer, keras.Model) else [layer]
        return
    outputs = getattr(model, "outputs", None) or ()
    if len(outputs) != 1:
        yield model
        return
    # `ops/node.py`: the operation that made a tensor, and which of its calls it was.
    [tensor] = outputs
    while tensor is not None:
        layer, call, _ = tensor._keras_history
        if isinstance(layer, keras.layers.InputLayer):
            return
        yield from layers_behind(layer) if isinstance(layer, keras.Model) else [layer]
        inputs = layer._inbound_nodes[call].input_tensors
        tensor = inputs[0] if len(inputs) == 1 else None


def set_layout(variable: keras.Variable, layout: Callable) -> None:
    """Give a variable another layout: the devices over which it is spread."""
    # `backend/jax/core.py`: without the first line the layout that it has would be asked for.
    variable._layout = None
    variable._layout = layout(variable)


def set_cardinality(batches, like) -> None:
    """Tell Keras that a `tf.data.Dataset` has as many batches as another one."""
    # `trainers/data_adapters/tf_dataset_adapter.py` calls the method and believes it. TensorFlow's own
    # `assert_cardinality` would fail in an epoch that begins at a later step.
    batches.cardinality = like.cardinality


def source_of_arrays(batches: keras.utils.PyDataset):
    """Return a source of the batches as they are: from a `PyDataset`, Keras makes a tuple of each array alone."""
    # `trainers/data_adapters/py_dataset_adapter.py`; `get_data_adapter` takes an adapter as it is.
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    class Arrays(PyDatasetAdapter):
        def _standardize_batch(self, batch):
            return batch

    return Arrays(batches)


def adam_moments(optimizer: keras.optimizers.Adam, variable) -> tuple[keras.Variable, keras.Variable]:
    """Return the two moments that Adam keeps of a variable's gradient."""
    # `optimizers/adam.py`.
    i = optimizer._get_variable_index(variable)
    return optimizer._momentums[i], optimizer._velocities[i]


def end_epoch() -> None:
    """End the epoch in a callback, as if there were no more data."""
    # `trainers/epoch_iterator.py`: on TensorFlow and JAX, `catch_stop_iteration` is around the callbacks of a step too.
    # On PyTorch it is not, but there a batch is read before its callbacks, and the data end by themselves.
    raise StopIteration


@contextlib.contextmanager
def without_all_reduce(optimizer: keras.optimizers.Optimizer):
    """Let an optimizer on TensorFlow, with one replica, leave out the sum over replicas.

    TensorFlow registers a gradient function for each sum that it traces, and keeps its graph for ever.
    """
    # `backend/tensorflow/optimizer.py`.
    optimizer._all_reduce_sum_gradients = list
    try:
        yield
    finally:
        del optimizer._all_reduce_sum_gradients


def scaled_for_replicas(loss):
    """Divide a loss by the number of replicas of a `tf.distribute` strategy, whose gradients TensorFlow adds up."""
    # `losses/loss.py`; Keras does this for its own losses.
    from keras.src.losses.loss import scale_loss_for_distribution

    return scale_loss_for_distribution(loss)


def forget_kernels() -> None:
    """Let TensorFlow give back the compiled functions of models that are gone; it makes others again when called."""
    # As `backend/common/global_state.py` does in `clear_session`.
    from tensorflow.python.eager import context

    context.context().clear_kernel_cache()


def profiles(callback: keras.callbacks.TensorBoard) -> bool:
    """Tell whether a `TensorBoard` was asked to profile some batches."""
    # `callbacks/tensorboard.py` keeps no `profile_batch`.
    return callback._start_batch > 0


def allow_jit(layer: keras.layers.Layer) -> None:
    """Let XLA compile a layer that Keras says it cannot."""
    # `layers/preprocessing/image_preprocessing`: true of TensorFlow alone, but it leaves the whole model uncompiled.
    layer.supports_jit = True
