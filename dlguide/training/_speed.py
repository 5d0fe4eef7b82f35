"""What makes `fit` fast on TensorFlow: many steps in one call of its graph, Adam by one kernel, memory given back.

All of it is optional: the environment variable `DLGUIDE_TENSORFLOW_SPEED=0` switches it off. Many steps a call change
no bit; the kernel computes Adam's formula in another order, with differences of about 1e-5 relative.
"""

import contextlib
import gc
import itertools
import os
import weakref

import keras

from dlguide import _private_apis

LONG_RUN = 500  # Steps. Below this, tracing costs more than it saves.
VERY_LONG_RUN = 20_000  # Steps. Five of them unrolled save 20 µs each, and take up to a second more to trace.
STEP_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")

_NEW_MODELS = itertools.count(1)
TRACED = weakref.WeakSet()
"""The training functions of models that were traced with the kernel."""


@contextlib.contextmanager
def fast(model: keras.Model, callbacks: list, steps: int | None, batch_size: int):
    """Inside, train a model fast; afterwards it is as before. `steps` is the number of the run, if it is known."""
    backend = keras.backend.backend()
    is_fast = backend == "tensorflow" and os.environ.get("DLGUIDE_TENSORFLOW_SPEED") != "0"
    is_new = (is_fast or backend == "jax") and (_private_apis.functions(model) or (None,))[0] is None
    # What was compiled for earlier models is garbage. On TensorFlow there is little of each.
    if is_new and (backend == "jax" or next(_NEW_MODELS) % 8 == 0):
        gc.collect()
    if not is_fast:
        yield
        return
    with many_steps_a_call(model, callbacks, steps, batch_size), fused_adam(model), lasting_graphs_left_out(model):
        yield
    _private_apis.forget_kernels()


@contextlib.contextmanager
def many_steps_a_call(model: keras.Model, callbacks: list, steps: int | None, batch_size: int):
    """Let TensorFlow run many steps in one call of its graph, in a long run; the model is as before afterwards."""
    is_free = model.steps_per_execution == 1 and not model.run_eagerly and not any(map(looks_at_steps, callbacks))
    is_long = steps is None or steps >= LONG_RUN
    before = _private_apis.functions(model) if is_free and is_long else None
    if before is None:
        yield
        return
    unrolled = model.unrolled_steps_per_execution
    model.steps_per_execution = 200 if batch_size <= 64 else 50
    if batch_size <= 64 and steps is not None and steps >= VERY_LONG_RUN:
        model.unrolled_steps_per_execution = 5
    _private_apis.set_functions(model)
    try:
        yield
    finally:
        model.steps_per_execution, model.unrolled_steps_per_execution = 1, unrolled
        _private_apis.set_functions(model, before)


def looks_at_steps(callback) -> bool:
    """Tell whether a callback does something at single steps; some hooks of Keras's own do nothing unless asked to."""
    if type(callback) in (keras.callbacks.ModelCheckpoint, keras.callbacks.BackupAndRestore):
        return callback.save_freq != "epoch"
    if type(callback) is keras.callbacks.TensorBoard:
        return callback.update_freq != "epoch" or callback.write_steps_per_second or _private_apis.profiles(callback)
    hooks = [getattr(getattr(callback, name), "__func__", None) for name in STEP_HOOKS]
    return hooks != [getattr(keras.callbacks.Callback, name) for name in STEP_HOOKS]


def optimizers_of_one_replica(model) -> list:
    """Return the optimizers that update a model with one replica."""
    if model.distribute_strategy.num_replicas_in_sync > 1:
        return []
    if model.built and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # A `MultiOptimizer` may get its optimizers here.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # Of a `LossScaleOptimizer`.
    return list(optimizer.optimizers) if isinstance(optimizer, keras.optimizers.MultiOptimizer) else [optimizer]


@contextlib.contextmanager
def lasting_graphs_left_out(model):
    """Trace nothing inside that TensorFlow keeps for ever: 800 MB of 200 small models."""
    optimizers = [each for each in optimizers_of_one_replica(model) if _private_apis.skip_all_reduce(each)]
    try:
        yield
    finally:
        for each in optimizers:
            _private_apis.use_all_reduce(each)


@contextlib.contextmanager
def fused_adam(model: keras.Model):
    """Let the kernel `ResourceApplyAdam` do what Keras's Adam and AdamW do in twelve operations for each variable.

    It computes the same formula in one pass over the memory, and there is less to trace. 1 - beta_2 is computed in the
    weights' dtype. An embedding, whose gradient has only the rows of the batch, keeps Keras's update, and so does a
    subclass of Adam. Afterwards the optimizer is as before.
    """
    changed = [optimizer for optimizer in optimizers_of_one_replica(model) if _is_plain_adam(optimizer)]
    train, *others = _private_apis.functions(model) or (None, None, None)
    if changed and train not in (None, *TRACED):
        _private_apis.set_functions(model, (None, *others))
    for each in changed:
        each.apply, each.update_step = _with_kernel(each)
    try:
        yield
    finally:
        for each in changed:
            del each.apply, each.update_step
        traced = (_private_apis.functions(model) or (None,))[0] if changed else None
        if traced is not None:
            TRACED.add(traced)


def _is_plain_adam(optimizer) -> bool:
    """Tell whether the kernel computes an optimizer's update; a subclass, or the caller's method, may do another."""
    is_adam = type(optimizer) in (keras.optimizers.Adam, keras.optimizers.AdamW) and not optimizer.amsgrad
    return is_adam and not {"apply", "update_step"} & set(vars(optimizer))


def _with_kernel(optimizer):
    """Return an optimizer's methods `apply` and `update_step` with the kernel."""
    import tensorflow as tf

    apply_as_before, update_as_before, shared = optimizer.apply, optimizer.update_step, {}

    def apply(grads, trainable_variables=None):
        shared.clear()  # They depend on the step.
        apply_as_before(grads, trainable_variables)

    def update_step(gradient, variable, learning_rate):
        moments = None if isinstance(gradient, tf.IndexedSlices) else _private_apis.adam_moments(optimizer, variable)
        if moments is None:
            # Of a row's gradients Keras adds up the squares, the kernel squares their sum.
            update_as_before(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        if dtype not in shared:
            step = keras.ops.cast(optimizer.iterations + 1, dtype)
            powers = [tf.pow(tf.constant(beta, dtype), step) for beta in (optimizer.beta_1, optimizer.beta_2)]
            shared[dtype] = (*powers, tf.cast(learning_rate, dtype))
        beta_1_power, beta_2_power, rate = shared[dtype]
        momentum, velocity = moments
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=rate,
            beta1=tf.constant(optimizer.beta_1, dtype),
            beta2=tf.constant(optimizer.beta_2, dtype),
            epsilon=tf.constant(optimizer.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )

    return apply, update_step
