"""All that Keras keeps private and that this package needs; read in Keras 3.15.1, tested with 3.15.0 too.

A new version of Keras may change any of it. The tests of runs, kills and processes then fail, and this is
the place to mend.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.random import seed_generator

# `EarlyStopping`, `ModelCheckpoint` and `ReduceLROnPlateau` choose one of these, once, and keep it as an attribute.
COMPARISONS = {"less": keras.ops.less, "greater": keras.ops.greater}

# What a callback holds that is not its own: Keras sets these anew in each `fit`.
CALLBACK_ATTRIBUTES = ("_model", "_params", "model", "params")


def global_seed_state() -> keras.Variable | None:
    """Return the state that layers without a seed of their own draw from, None where nothing has drawn yet."""
    # `backend/common/global_state.py`: asking for the attribute does not make it, `global_seed_generator()` does.
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
    # `trainers/trainer.py`: `make_train_function` and its like do nothing where one is there.
    model.train_function = model.test_function = model.predict_function = None


def training_function(model: keras.Model):
    """Return the function that a model has traced for its steps of training, None where it has none."""
    return model.train_function


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


def adam_moments(optimizer: keras.optimizers.Adam, variable) -> tuple[keras.Variable, keras.Variable]:
    """Return the two moments that Adam keeps of a variable's gradient."""
    # `optimizers/adam.py`.
    i = optimizer._get_variable_index(variable)
    return optimizer._momentums[i], optimizer._velocities[i]


def end_epoch() -> None:
    """End the epoch in a callback, as if the data had come to their end."""
    # `trainers/epoch_iterator.py`: on TensorFlow and JAX, `catch_stop_iteration` is around the callbacks of a step too.
    # On PyTorch it is not, but there a batch is read before its callbacks: the data come to their end by themselves.
    raise StopIteration


def allow_jit(layer: keras.layers.Layer) -> None:
    """Let XLA compile a layer that Keras says it cannot."""
    # `layers/preprocessing/image_preprocessing`: true of TensorFlow alone, but it leaves the whole model uncompiled.
    layer.supports_jit = True
