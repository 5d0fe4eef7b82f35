"""What is particular to the GAN: neither player moves the other."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from dlguide import adversarial, gan
from dlguide.adversarial import GAN, _losses
from tests.helpers.commands import python
from tests.helpers.contract import settled
from tests.helpers.switches import quick


def images(n=8, seed=0):
    return np.random.default_rng(seed).random((n, 8, 8, 1)).astype("float32")


def with_statistics():
    """Return a GAN whose discriminator has statistics of its batches."""
    judge = [layers.Flatten(), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)]
    judge = keras.Sequential([keras.Input((8, 8, 1)), *judge], name="discriminator")
    return GAN(gan((8, 8, 1), latent_dim=3, filters=(4,)).generator, judge)


@pytest.mark.parametrize("plays", quick(["discriminator", "generator"], "generator"))
def test_a_players_loss_moves_all_its_weights_and_none_of_the_other_player(plays, monkeypatch):
    def one_loss(logits):
        discriminator, generator = _losses(logits)
        return (discriminator, 0 * generator) if plays == "discriminator" else (0 * discriminator, generator)

    monkeypatch.setattr(adversarial, "_losses", one_loss)
    for model in (gan((8, 8, 1), filters=(4,)), with_statistics()):
        model.compile(keras.optimizers.SGD(1.0))
        before = {weight.path: ops.convert_to_numpy(weight).copy() for weight in model.trainable_weights}
        model.train_on_batch(images())
        for player in ("discriminator", "generator"):
            for weight in model.get_layer(player).trainable_weights:
                moved = np.abs(ops.convert_to_numpy(weight) - before[weight.path]).max()
                if player != plays:
                    assert moved == 0, weight.path
                elif len(weight.shape) > 1:  # Batch normalisation takes out what a bias before it adds.
                    assert moved > 1e-6, weight.path


def test_the_discriminators_statistics_are_those_of_real_and_generated_images_once_each():
    model, x = with_statistics(), images()
    codes = keras.random.normal((8, 3), seed=settled(model).seed_generator)
    judge = keras.models.clone_model(model.discriminator)
    judge.set_weights(model.discriminator.get_weights())
    judge(x, training=True)
    judge(model.generator(codes, training=True), training=True)
    settled(model)(x, training=True)
    for ours, expected in zip(model.discriminator.get_weights(), judge.get_weights(), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_its_loss_is_the_sum_of_both_players_and_its_metrics_say_which():
    model = gan((8, 8, 1), filters=(4,), dropout=0.0)
    model.compile("sgd")
    x = images()
    logits = ops.convert_to_numpy(settled(model)(x)).astype("float64")
    figures = settled(model).test_on_batch(x, return_dict=True)
    discriminator = (np.logaddexp(0, -logits[:, 0]) + np.logaddexp(0, logits[:, 1])).mean() / 2
    generator = np.logaddexp(0, -logits[:, 2]).mean()
    assert figures["discriminator_loss"] == pytest.approx(discriminator, rel=1e-4)
    assert figures["generator_loss"] == pytest.approx(generator, rel=1e-4)
    assert figures["loss"] == pytest.approx(discriminator + generator, rel=1e-4)
    assert figures["real_accuracy"] == (logits[:, 0] > 0).mean()
    assert figures["fake_accuracy"] == (logits[:, 1] < 0).mean()


def test_the_discriminator_adds_the_projection_of_the_features_on_the_class():
    judge = gan((4, 6, 1), filters=(1,), dropout=0.0, num_classes=2).get_layer("discriminator")
    rng = np.random.default_rng(0)
    judge.set_weights([rng.normal(size=w.shape) for w in judge.get_weights()])
    head, bias = judge.get_layer("discriminator_logit").get_weights()
    [classes] = judge.get_layer("discriminator_classes").get_weights()
    x, labels = rng.normal(size=(5, 4, 6, 1)).astype("float32"), np.array([0, 1, 1, 0, 1], "int32")
    features = keras.Model(judge.inputs, judge.get_layer("discriminator_logit").input).predict([x, labels], verbose=0)
    assert features.shape == (5, 6) and features.min() < 0 < features.max()  # Halved; a leaky ReLU.
    expected = features @ head[:, 0] + bias + (features * classes[labels]).sum(axis=1)
    np.testing.assert_allclose(judge.predict([x, labels], verbose=0)[:, 0], expected, rtol=1e-4)


def test_each_player_may_have_a_learning_rate_of_its_own_which_is_kept_in_the_file(tmp_path):
    model = gan((8, 8, 1), filters=(4,))
    rates = keras.optimizers.OptimizerMap(keras.optimizers.SGD(0.1), {"discriminator.*": keras.optimizers.SGD(0.0)})
    model.compile(keras.optimizers.MultiOptimizer(rates))
    model.save(tmp_path / "model.keras")
    for each in (model, keras.saving.load_model(tmp_path / "model.keras")):
        before = [player.get_weights()[0] for player in (each.discriminator, each.generator)]
        each.train_on_batch(images())
        np.testing.assert_array_equal(before[0], each.discriminator.get_weights()[0])
        assert not np.allclose(before[1], each.generator.get_weights()[0])


REPLICAS = """
import keras, numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import dlguide
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    model = dlguide.gan((8, 8, 1), filters=(4,))
    model.compile("adam")
metrics = model.evaluate(np.random.default_rng(0).random((8, 8, 8, 1)), batch_size=8, return_dict=True, verbose=0)
print(metrics["loss"] / (metrics["discriminator_loss"] + metrics["generator_loss"]))
"""


@pytest.mark.thorough(seconds=20)
@pytest.mark.one_backend
def test_the_loss_of_several_replicas_is_that_of_one():
    assert float(python("-c", REPLICAS)) == pytest.approx(1, rel=1e-5)
