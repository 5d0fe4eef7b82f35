"""Every builder trains in mixed precision: variables and losses in float32, the rest in 16 bits."""

import keras
import numpy as np
import pytest

from dlguide import contrastive, evaluation, generation, mlp, vae
from tests.helpers.contract import build, inputs, settled, training_case
from tests.helpers.switches import quick

THOROUGH = pytest.mark.thorough


@pytest.fixture(params=["mixed_float16", pytest.param("mixed_bfloat16", marks=THOROUGH)])
def policy(request):
    keras.config.set_dtype_policy(request.param)  # The tests' settings put it back.
    return request.param


EACH_BACKEND = ("rnn", "vae", "gan", "contrastive")
NAMES = ("cnn", "encoder_decoder", "transformer_language_model", "diffusion", "conv_autoencoder", *EACH_BACKEND)
"""Of each kind of layers and losses one."""
ROWS = [("mixed_float16", name) for name in ("cnn", "rnn", "transformer_classifier", "vae")]
ROWS += [pytest.param("mixed_bfloat16", n, marks=[pytest.mark.each_backend] * (n in EACH_BACKEND)) for n in NAMES]


@pytest.mark.parametrize(("dtype", "name"), ROWS)
@pytest.mark.thorough
def test_a_builder_trains_by_plain_fit(dtype, name):
    keras.config.set_dtype_policy(dtype)
    model, x, y = training_case(name)
    history = model.fit(x, y, batch_size=4, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}


@pytest.mark.parametrize("name", quick(["vae", "gan", "contrastive", "diffusion"], "vae"))
def test_a_loss_of_the_models_own_is_near_the_one_in_float32(policy, name):
    losses = []
    for dtype in ("float32", policy):
        keras.config.set_dtype_policy(dtype)
        model, x, y = training_case(name)
        losses.append(settled(model).test_on_batch(x, y, return_dict=True)["loss"])
    assert losses[0] != losses[1] == pytest.approx(losses[0], rel=0.2)  # JAX draws other noise in 16 bits.


def test_the_divergence_of_a_vae_and_its_likelihood_are_computed_in_float32(policy):
    model, x = vae((4, 3), latent_dim=3, hidden_units=(5,)), np.zeros((8, 4, 3), "float32")
    assert model.get_layer("encoder").output[0].dtype == policy.removeprefix("mixed_")
    assert generation.sample(model, 3).dtype == "float32"
    model.get_layer("encoder").get_layer("z_mean").bias.assign([300.0] * 3)  # Its square is above 65504.
    assert evaluation.log_likelihood(model, x, samples=5)["kl"] == pytest.approx(3 * 300**2 / 2, rel=1e-3)
    model.get_layer("sampling")([np.full((1, 3), 300, "float16"), np.zeros((1, 3), "float16")])
    assert float(model.get_layer("sampling").losses[0]) == pytest.approx(3 * 300**2 / 2 / 12)


@pytest.mark.one_backend  # TensorFlow alone refuses to add numbers of two types; JAX has no float64.
@pytest.mark.parametrize("policy", ["float64", *(pytest.param(d, marks=THOROUGH) for d in ("bfloat16", "float16"))])
@pytest.mark.parametrize("name", ["vae", "contrastive"])
def test_losses_of_layers_are_added_in_any_single_precision(name, policy):
    keras.config.set_dtype_policy(policy)
    model = build(name) if name == "vae" else contrastive(mlp((6, 6, 1), 4, l2=1e-4), augment={"shift": 0.2})
    model.compile("sgd", "mse" if name == "vae" else None)
    x = inputs(name, model)
    assert np.isfinite(model.fit(x, x if name == "vae" else None, batch_size=4, verbose=0).history["loss"]).all()
