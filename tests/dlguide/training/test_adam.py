"""Adam's update by TensorFlow's kernel: the numbers of Keras's own update, for every option of the optimizer."""

import keras
import numpy as np
import pytest

from dlguide import training

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the kernel is TensorFlow's")
optimizers = keras.optimizers


class Still(keras.optimizers.Adam):
    """Changes nothing."""

    def update_step(self, gradient, variable, learning_rate):
        pass


def two():
    parts = optimizers.OptimizerMap(optimizers.Adam(0.01), {"embedding.*": optimizers.Adam(0.1)})
    return optimizers.MultiOptimizer(parts)


OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01),
    "adamw": lambda: optimizers.AdamW(0.01, weight_decay=0.1, beta_1=0.5, beta_2=0.9, epsilon=0.1),
    "schedule": lambda: optimizers.Adam(optimizers.schedules.CosineDecay(0.01, 8), clipnorm=0.1),
    "moving average": lambda: optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=3),
    "accumulated": lambda: optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "two": two,
    "two, by a function": lambda: optimizers.MultiOptimizer(lambda variable: optimizers.Adam(0.01)),
    # These are Keras's own all the same.
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "sgd": lambda: optimizers.SGD(0.1, momentum=0.9),
    "subclass": lambda: Still(0.01),
}
KERASS_OWN = ("amsgrad", "sgd", "subclass")
QUICK = [(name, {}) for name in ("adamw", "two")]
THOROUGH = [(name, {}) for name in OPTIMIZERS if (name, {}) not in QUICK]
THOROUGH += [("adamw", more) for more in ({"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 3})]
THOROUGH += [("adam", {"dtype": dtype}) for dtype in ("float64", "mixed_bfloat16", "mixed_float16")]
MARKS = pytest.mark.thorough, pytest.mark.each_backend


@pytest.fixture
def kernel_calls(monkeypatch):
    """Note each use of the kernel."""
    import tensorflow as tf

    calls, kernel = [], tf.raw_ops.ResourceApplyAdam
    monkeypatch.setattr(tf.raw_ops, "ResourceApplyAdam", lambda **all: calls.append(1) or kernel(**all))
    return calls


def trained(name, fit, dtype="float32", **options):
    """Train a model whose embedding has sparse gradients for 8 steps in an order that both ways of `fit` take."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(dtype)
    layers = [keras.layers.Embedding(9, 4), keras.layers.Flatten(), keras.layers.Dense(5), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((3,), dtype="int32"), *layers])
    keras.config.set_dtype_policy("float32")
    model.compile(OPTIMIZERS[name](), keras.losses.SparseCategoricalCrossentropy(from_logits=True), **options)
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (64, 3)).astype("int32"), rng.integers(0, 2, 64).astype("int32")
    fit(model, x, y, epochs=1, batch_size=8, verbose=0, shuffle=False)
    return model, [np.asarray(v, "float64") for v in (*model.trainable_variables, *model.optimizer.variables)]


@pytest.mark.parametrize(("name", "options"), [*QUICK, *(pytest.param(*row, marks=MARKS) for row in THOROUGH)])
def test_the_kernel_gives_kerass_update_where_it_is_used_and_the_optimizer_is_left_as_it_was(
    name, options, kernel_calls
):
    _, expected = trained(name, keras.Model.fit, **options)
    assert not kernel_calls
    model, seen = trained(name, training.fit, **options)
    assert bool(kernel_calls) == (name not in KERASS_OWN)
    for a, b in zip(seen, expected, strict=True):
        if name in KERASS_OWN:
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 if "dtype" in options else 1e-6)
    inner = getattr(model.optimizer, "optimizers", [model.optimizer])
    assert not any({"apply", "update_step"} & set(vars(each)) for each in inner)


@pytest.mark.thorough
def test_what_a_model_did_before_does_not_decide_about_the_kernel_and_an_update_of_the_callers_does(kernel_calls):
    model, _ = trained("adam", keras.Model.fit)
    x, y = np.ones((16, 3), "int32"), np.ones(16, "int32")
    for expected in (True, False):  # The second time the function is traced already.
        training.fit(model, x, y, epochs=1, batch_size=8, verbose=0)
        assert bool(kernel_calls) == expected
        kernel_calls.clear()
    model.compile(optimizers.Adam(0.01), model.loss)
    model.optimizer.update_step = own = lambda gradient, variable, learning_rate: None
    before = model.get_weights()
    training.fit(model, x, y, epochs=1, verbose=0)
    assert model.optimizer.update_step is own and not kernel_calls
    assert all(map(np.array_equal, model.get_weights(), before))
