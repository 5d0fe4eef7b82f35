"""Adam's update on TensorFlow by TensorFlow's own kernel. A subclass of Adam keeps Keras's update."""

import contextlib
import weakref

import keras

from dlguide import _keras

TRACED = weakref.WeakSet()
"""The training functions of models that were traced with the kernel."""


@contextlib.contextmanager
def by_one_kernel(model: keras.Model):
    """Let the kernel `ResourceApplyAdam` do what Keras's Adam and AdamW do in twelve operations for each variable.

    It computes the same formula in one pass over the memory, and there is less to trace. 1 - beta_2 is computed in the
    weights' dtype, so float32 steps differ by about 1e-5 relative. An embedding, whose gradient has only the rows of
    the batch, keeps Keras's update. Afterwards the optimizer is as before.
    """
    changed = [optimizer for optimizer in single_optimizers(model) if _is_plain_adam(optimizer)]
    if changed and _keras.training_function(model) not in (None, *TRACED):
        _keras.forget_functions(model)
    for each in changed:
        each.apply, each.update_step = _with_kernel(each)
    try:
        yield
    finally:
        for each in changed:
            del each.apply, each.update_step
        if changed and _keras.training_function(model):
            TRACED.add(_keras.training_function(model))


def single_optimizers(model) -> list:
    """Return the optimizers that update a model on TensorFlow, with one replica."""
    if keras.backend.backend() != "tensorflow" or model.distribute_strategy.num_replicas_in_sync > 1:
        return []
    if model.built and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # A `MultiOptimizer` may get its optimizers here.
    optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)  # Of a `LossScaleOptimizer`.
    return list(optimizer.optimizers) if isinstance(optimizer, keras.optimizers.MultiOptimizer) else [optimizer]


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
        if isinstance(gradient, tf.IndexedSlices):
            # Keras adds up the squares of a row's gradients, the kernel squares their sum.
            update_as_before(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        if dtype not in shared:
            step = keras.ops.cast(optimizer.iterations + 1, dtype)
            powers = [tf.pow(tf.constant(beta, dtype), step) for beta in (optimizer.beta_1, optimizer.beta_2)]
            shared[dtype] = (*powers, tf.cast(learning_rate, dtype))
        beta_1_power, beta_2_power, rate = shared[dtype]
        momentum, velocity = _keras.adam_moments(optimizer, variable)
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
