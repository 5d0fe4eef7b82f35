"""How many steps TensorFlow does in one call of its graph."""

import contextlib

import keras

from dlguide import _keras

LONG_RUN = 500  # Steps. Below this, tracing costs more than it saves.
VERY_LONG_RUN = 20_000  # Steps. Five of them unrolled save 20 µs each, and take up to a second more to trace.

STEP_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def looks_at_steps(callback) -> bool:
    """Tell whether a callback does something at single steps.

    `ModelCheckpoint` and `TensorBoard` have hooks for steps, which do nothing unless they are asked to.
    """
    if type(callback) in (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore):
        return callback.save_freq != "epoch"
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq != "epoch" or callback.write_steps_per_second or _keras.profiles(callback)
    hooks = [getattr(getattr(callback, name), "__func__", None) for name in STEP_HOOKS]
    return hooks != [getattr(keras.callbacks.Callback, name) for name in STEP_HOOKS]


@contextlib.contextmanager
def many_steps_a_call(model: keras.Model, callbacks: list, steps: int | None, batch_size: int):
    """Let TensorFlow run many steps in one call of its graph, in a long run; the model is as before afterwards.

    `steps` is the number of the whole run, None where it is not known.
    """
    is_free = keras.backend.backend() == "tensorflow" and model.steps_per_execution == 1 and not model.run_eagerly
    is_long = steps is None or steps >= LONG_RUN
    if not is_free or not is_long or any(map(looks_at_steps, callbacks)):
        yield
        return
    unrolled = model.unrolled_steps_per_execution
    model.steps_per_execution = 200 if batch_size <= 64 else 50
    if batch_size <= 64 and steps is not None and steps >= VERY_LONG_RUN:
        model.unrolled_steps_per_execution = 5
    _keras.forget_functions(model)
    try:
        yield
    finally:
        model.steps_per_execution, model.unrolled_steps_per_execution = 1, unrolled
        _keras.forget_functions(model)
