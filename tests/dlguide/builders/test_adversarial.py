"""What is particular to the GAN: neither player moves the other."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from dlguide import gan, generation, training
from dlguide.adversarial import GAN
from tests.helpers.calls import python
from tests.helpers.contract import settled


def images(n=8, seed=0):
    return np.random.default_rng(seed).random((n, 8, 8, 1)).astype("float32")


def players():
    """Return two players that both have dropout and batch normalisation."""
    keras.utils.set_random_seed(0)

    def network(shape, name, units, activation, output_shape):
        hidden = [layers.Dense(12, name=f"{name}_hidden"), layers.BatchNormalization(name=f"{name}_norm")]
        hidden += [layers.Activation("tanh"), layers.Dropout(0.4)]
        last = [layers.Dense(units, activation, name=f"{name}_output"), layers.Reshape(output_shape)]
        return keras.Sequential([keras.Input(shape), layers.Flatten(), *hidden, *last], name=name)

    generator = network((3,), "generator", 64, "sigmoid", (8, 8, 1))
    return generator, network((8, 8, 1), "discriminator", 1, None, (1,))


class OnePlayer(keras.Model):
    """One player's loss by itself; its effect on the other player is not looked at."""

    def __init__(self, generator, discriminator, plays):
        super().__init__()
        self.generator, self.discriminator, self.plays = generator, discriminator, plays
        self.seed_generator = keras.random.SeedGenerator(0)
        self.built = True

    def call(self, x, training=None):
        code = keras.random.normal((ops.shape(x)[0], 3), seed=self.seed_generator)
        fake = self.generator(code, training=training)
        logits = [self.discriminator(x, training=training), self.discriminator(fake, training=training)]
        if self.plays == "generator":
            logits.append(self.discriminator(fake, training=training))
        return ops.concatenate(logits, axis=1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        target = [1.0, 0.0] if self.plays == "discriminator" else [1.0]
        logits = y_pred if self.plays == "discriminator" else y_pred[:, 2:]
        targets = ops.broadcast_to(ops.convert_to_tensor(target), ops.shape(logits))
        return ops.mean(keras.losses.binary_crossentropy(targets, logits, from_logits=True))


def arrays(model):
    return {w.path: ops.convert_to_numpy(w).copy() for w in model.weights}


def after_a_step(model, x):
    """Return all weights after one step down the gradient itself."""
    model.compile(keras.optimizers.SGD(1.0), run_eagerly=keras.backend.backend() == "tensorflow")
    settled(model).train_on_batch(x)
    return arrays(model.generator) | arrays(model.discriminator)


def test_each_players_gradient_is_the_one_of_its_own_loss_alone():
    x = images()
    together = after_a_step(GAN(*players()), x)
    before = {path: value for player in players() for path, value in arrays(player).items()}
    alone = {}
    for plays in ("discriminator", "generator"):
        generator, discriminator = players()
        weights = {w.path for w in (discriminator if plays == "discriminator" else generator).weights}
        moved = after_a_step(OnePlayer(generator, discriminator, plays), x)
        alone |= {path: moved[path] for path in weights}
    assert set(alone) == set(together)
    for path, value in alone.items():
        # Batch normalisation takes out what the bias before it adds.
        if not path.endswith("_hidden/bias"):
            assert not np.allclose(value, before[path], atol=1e-4), f"{path} did not move"
        np.testing.assert_allclose(together[path], value, atol=1e-5, err_msg=path)


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


@pytest.mark.thorough
def test_it_learns_what_images_of_each_class_look_like():
    labels = np.arange(256) % 2
    noise = 0.1 * np.random.default_rng(0).random((256, 8, 8, 1))
    x = np.clip(labels[:, None, None, None] * 0.8 + noise, 0, 1).astype("float32")
    model = gan((8, 8, 1), latent_dim=4, num_classes=2, filters=(8,), dropout=0.0)
    model.compile(keras.optimizers.Adam(5e-3, beta_1=0.5))
    training.fit(model, (x, labels), epochs=25, batch_size=32, verbose=0)
    drawn = generation.sample(model, 40, labels=np.repeat([0, 1], 20), seed=3)
    assert drawn[20:].mean() - drawn[:20].mean() > 0.4


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


@pytest.mark.thorough
@pytest.mark.one_backend
def test_the_loss_of_several_replicas_is_that_of_one():
    assert float(python("-c", REPLICAS)) == pytest.approx(1, rel=1e-5)
