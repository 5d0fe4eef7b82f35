"""What makes `fit` fast on TensorFlow: many steps in one call of its graph, Adam by one kernel, memory given back.

All of it is optional: the environment variable `DLGUIDE_TENSORFLOW_SPEED=0` switches it off. Many steps a call change
no bit; the kernel computes Adam's formula in another order, with differences of about 1e-5 relative.
"""

import contextlib
import gc
import itertools
import os
import time

import keras
import numpy as np

from dlguide import _private_apis

SECONDS = 0.5  # In one call: Ctrl-C, a checkpoint and the progress bar wait for its end.
STEP_HOOKS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
_NEW_MODELS = itertools.count(1)


@contextlib.contextmanager
def fast(model: keras.Model, callbacks: list):
    """Inside, train a model fast. Yield its `ManySteps` of training and of validation, or nothing."""
    backend = keras.backend.backend()
    is_fast = backend == "tensorflow" and os.environ.get("DLGUIDE_TENSORFLOW_SPEED") != "0"
    is_new = (is_fast or backend == "jax") and (_private_apis.functions(model) or (None,))[0] is None
    # What was compiled for earlier models is garbage. On TensorFlow there is little of each.
    if is_new and (backend == "jax" or next(_NEW_MODELS) % 8 == 0):
        gc.collect()
    if not is_fast or model.distribute_strategy.num_replicas_in_sync > 1:
        yield ()
        return
    with _fused_adam(model):
        found = () if any(map(looks_at_steps, callbacks)) else _many_steps(model)
        try:
            yield found
        finally:
            for each in found:
                each.end()
    _private_apis.forget_kernels()


class ManySteps:
    """A function that Keras calls for each step on TensorFlow: between `begin` and `end` it does many steps a call.

    Else it is `single`, Keras's own function. It stays with the model, so that a second `fit` traces nothing.
    """

    def __init__(self, step, jit_compile: bool, single):
        import tensorflow as tf

        # Without `autograph`, an error in a step is the user's own, as in Keras.
        step = tf.function(step, jit_compile=jit_compile, reduce_retracing=True, autograph=False)

        @tf.function(reduce_retracing=True, autograph=False)
        def steps(iterator, count):
            def one(done):
                step(iterator.get_next())
                return (done + 1,)

            tf.while_loop(lambda done: done < count - 1, one, [tf.constant(0)])
            return step(iterator.get_next())

        self._single, self._steps, self._size = single, steps, 1
        self.done, self.left = 0, None

    def begin(self, count: int) -> None:
        """Begin an epoch of `count` steps."""
        self.done, self.left = 0, count

    def end(self) -> None:
        self.left = None

    def __call__(self, iterator):
        if self.left is None:
            return self._single(iterator)
        if not self.left:
            _private_apis.end_of_data()
        count, begin = min(self._size, self.left), time.perf_counter()
        outputs = self._steps(iterator, np.int32(count))
        for value in keras.tree.flatten(outputs)[:1]:
            np.asarray(value)  # A graphics card works on when the call has returned.
        seconds = max(time.perf_counter() - begin, 1e-6) / count
        self._size = max(1, min(int(SECONDS / seconds), 10 * self._size))
        self.done, self.left = self.done + count, self.left - count
        return outputs


def _many_steps(model: keras.Model) -> tuple[ManySteps, ...]:
    """Return a model's `ManySteps`; none if it asks for another number of steps a call, or makes its own functions."""
    kind, names = type(model), ("make_train_function", "make_test_function")
    is_plain = all(getattr(kind, name) is getattr(keras.Model, name) for name in names)
    if model.steps_per_execution != 1 or model.run_eagerly or not is_plain or _private_apis.functions(model) is None:
        return ()
    model.make_train_function()
    model.make_test_function()
    pairs = zip(_private_apis.functions(model), (model.train_step, model.test_step), strict=True)
    made = [f if isinstance(f, ManySteps) else ManySteps(step, model.jit_compile, f) for f, step in pairs]
    _private_apis.set_functions(model, *made)
    return tuple(made)


def looks_at_steps(callback) -> bool:
    """Tell whether a callback does something at single steps."""
    if type(callback) is keras.callbacks.ModelCheckpoint:
        return callback.save_freq != "epoch"
    hooks = [getattr(getattr(callback, name), "__func__", None) for name in STEP_HOOKS]
    return hooks != [getattr(keras.callbacks.Callback, name) for name in STEP_HOOKS]


@contextlib.contextmanager
def _fused_adam(model: keras.Model):
    """Let the kernel `ResourceApplyAdam` do what Keras's Adam and AdamW do in twelve operations for each variable.

    It computes the same formula in one pass over the memory, and there is less to trace. 1 - beta_2 is computed in the
    weights' dtype. An embedding, whose gradient has only the rows of the batch, keeps Keras's update, and so does a
    subclass of Adam. Nor is anything traced that TensorFlow keeps for ever: 800 MB of 200 small models. Afterwards the
    optimizer is as before.
    """
    if model.built and model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # A `MultiOptimizer` may get its optimizers here.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # Of a `LossScaleOptimizer`.
    optimizers = optimizer.optimizers if isinstance(optimizer, keras.optimizers.MultiOptimizer) else [optimizer]
    without_sum = [each for each in optimizers if _private_apis.skip_all_reduce(each)]
    changed = [optimizer for optimizer in optimizers if _is_plain_adam(optimizer)]
    for each in changed:
        each.apply, each.update_step = _with_kernel(each)
    try:
        yield
    finally:
        for each in changed:
            del each.apply, each.update_step
        for each in without_sum:
            _private_apis.use_all_reduce(each)


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
        momentum, velocity = (moment.value.handle for moment in moments)
        constants = [tf.constant(value, dtype) for value in (optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)]
        tf.raw_ops.ResourceApplyAdam(
            **dict(zip(("beta1_power", "beta2_power", "lr"), shared[dtype], strict=True)),
            **dict(zip(("beta1", "beta2", "epsilon"), constants, strict=True)),
            **{"var": variable.handle, "m": momentum, "v": velocity, "grad": tf.cast(gradient, dtype)},
        )

    return apply, update_step
