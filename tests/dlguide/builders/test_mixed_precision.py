"""Every builder trains in mixed precision: variables and losses in float32, the rest in 16 bits."""

import keras
import numpy as np
import pytest

from dlguide import contrastive, evaluation, gan, generation, mlp, training, vae
from tests.helpers.cases import CASES
from tests.helpers.contract import build, compiled, inputs, targets


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.thorough
@pytest.mark.each_backend
def test_a_builder_trains_by_plain_fit(policy, name):
    if (keras.backend.backend(), policy, name) == ("torch", "mixed_float16", "conv_autoencoder"):
        pytest.skip("PyTorch on a CPU lacks the gradient of a transposed convolution in float16")
    model = compiled(CASES[name].kind, build(name))
    x = inputs(name, model)
    y = targets(CASES[name].kind, model, x)
    history = model.fit(x, y, batch_size=4, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}


def test_a_vae_trains_with_its_divergence_in_float32(policy):
    x = np.random.default_rng(0).random((8, 4, 3)).round().astype("float32")
    models = []
    for dtype in (policy, "float32"):
        keras.config.set_dtype_policy(dtype)
        keras.utils.set_random_seed(0)
        model = compiled("autoencoder", vae((4, 3), latent_dim=3, hidden_units=(5,)))
        history = training.fit(model, x, x, epochs=2, batch_size=4, verbose=0).history
        models.append((model, history["loss"]))
    (half, losses), (whole, expected) = models
    assert losses != expected and losses == pytest.approx(expected, rel=0.1)  # JAX draws other noise in 16 bits.
    half(x)
    assert half.get_layer("encoder").output[0].dtype == policy.removeprefix("mixed_")
    assert "float32" in str(half.losses[0].dtype)
    whole.set_weights(half.get_weights())
    figures, others = (evaluation.log_likelihood(model, x, samples=50) for model in (half, whole))
    assert figures == pytest.approx(others, rel=0.05, abs=0.05)
    assert generation.sample(half, 3).dtype == "float32"
    half.get_layer("encoder").get_layer("z_mean").bias.assign([300.0] * 3)  # Its square is above 65504.
    assert evaluation.log_likelihood(half, x, samples=5)["kl"] == pytest.approx(3 * 300**2 / 2, rel=0.01)
    mean = np.full((1, 3), 300, "float16")
    half.get_layer("sampling")([mean, np.zeros((1, 3), "float16")])
    assert float(half.get_layer("sampling").losses[0]) == pytest.approx(3 * 300**2 / 2 / 12)


THOROUGH = pytest.mark.thorough
REGULARISED = {"hidden_units": (5,), "l2": 1e-4}
PURE = {
    "vae": lambda: vae((6, 6, 1), latent_dim=3, hidden_units=(5,)),
    "contrastive": lambda: contrastive(mlp((6, 6, 1), 4, **REGULARISED), augment={"shift": 0.2}),
}


@pytest.mark.one_backend  # TensorFlow alone refuses to add numbers of two types; JAX has no float64.
@pytest.mark.parametrize("dtype", ["float64", *(pytest.param(d, marks=THOROUGH) for d in ("bfloat16", "float16"))])
@pytest.mark.parametrize("name", PURE)
def test_losses_of_layers_are_added_in_any_single_precision(name, dtype):
    images = np.random.default_rng(0).random((8, 6, 6, 1)).round()
    try:
        keras.config.set_dtype_policy(dtype)
        keras.utils.set_random_seed(0)
        model = PURE[name]()
        model.compile("sgd", "mse" if name == "vae" else None)
        x = images.astype("float32")
        loss = model.fit(x, x if name == "vae" else None, batch_size=4, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(loss).all()


def test_the_losses_of_two_players_are_whole_numbers_of_float32(policy):
    model = gan((8, 8, 1), filters=(4,))
    model.compile("adam")
    outputs = model(np.zeros((4, 8, 8, 1), "float32"))
    assert keras.backend.standardize_dtype(model.compute_loss(y_pred=outputs).dtype) == "float32"
