"""Adam's update on TensorFlow by TensorFlow's own kernel."""

import contextlib
import weakref

import keras

from dlguide import _keras

TRACED = weakref.WeakSet()
"""The training functions of models that were traced with the kernel."""


@contextlib.contextmanager
def by_one_kernel(model: keras.Model):
    """Let the kernel `ResourceApplyAdam` do what Adam and AdamW of Keras do in twelve operations for each variable.

    It computes the same formula in one pass over the memory, and there is less to trace. It takes 1 - beta_2 in the
    type of the weights, so that a step in float32 differs by about 1e-5 of its size. An embedding, whose gradient has
    the rows of a batch alone, keeps Keras's update. Afterwards the optimizer is as before.
    """
    changed = _changed(model)
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


def _changed(model) -> list:
    """Return the optimizers of a model whose update the kernel can do."""
    # A subclass, or a method of the caller's, may have an update of its own.
    return [
        each
        for each in single_optimizers(model)
        if type(each) in (keras.optimizers.Adam, keras.optimizers.AdamW)
        and not each.amsgrad
        and not {"apply", "update_step"} & set(vars(each))
    ]


def _with_kernel(optimizer):
    """Return `apply` and `update_step` of an optimizer as they are with the kernel."""
    import tensorflow as tf

    apply_as_before, update_as_before, shared = optimizer.apply, optimizer.update_step, {}

    def apply(grads, trainable_variables=None):
        shared.clear()  # The number of the step is another one.
        apply_as_before(grads, trainable_variables)

    def update_step(gradient, variable, learning_rate):
        if isinstance(gradient, tf.IndexedSlices):
            # Keras adds up the squares of a row's gradients, not their sum's square: another number.
            update_as_before(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        if dtype not in shared:
            step = keras.ops.cast(optimizer.iterations + 1, dtype)
            powers = [tf.pow(tf.constant(beta, dtype), step) for beta in (optimizer.beta_1, optimizer.beta_2)]
            shared[dtype] = (*powers, tf.cast(learning_rate, dtype))
        beta_1_power, beta_2_power, rate = shared[dtype]
        moments = [moment.value for moment in _keras.adam_moments(optimizer, variable)]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=moments[0].handle,
            v=moments[1].handle,
            beta1_power=beta_1_power,
            beta2_power=beta_2_power,
            lr=rate,
            beta1=tf.constant(optimizer.beta_1, dtype),
            beta2=tf.constant(optimizer.beta_2, dtype),
            epsilon=tf.constant(optimizer.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )

    return apply, update_step
