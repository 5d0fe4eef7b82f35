"""A model with a `train_step` of its own that is not built, and has two optimizers."""

import keras
import numpy as np
import pytest

from tests.helpers import training_runs as runs
from tests.helpers.training_runs import X, check_resumed, same, train

tf = pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.one_backend,
    pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the steps use TensorFlow's tape"),
]


class TwoPlayers(keras.Model):
    """Two networks, each with its optimizer, and no `call`, as a GAN in keras.io's examples."""

    def __init__(self):
        super().__init__()
        self.generator, self.critic = keras.layers.Dense(4), keras.layers.Dense(1)
        self.seeds = keras.random.SeedGenerator(1)

    def compile(self, generator_optimizer, critic_optimizer):
        super().compile()
        self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

    def train_step(self, data):
        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape(persistent=True) as tape:
            made = self.generator(keras.random.normal((8, 2), seed=self.seeds))
            loss = keras.ops.mean(self.critic(made)) - keras.ops.mean(self.critic(x))
            loss += 0.1 * keras.ops.mean(keras.ops.square(self.critic(x)))
            made_loss = -keras.ops.mean(self.critic(made))
        for network, its_loss, optimizer in (
            (self.critic, loss, self.critic_optimizer),
            (self.generator, made_loss, self.generator_optimizer),
        ):
            weights = network.trainable_variables
            optimizer.apply(tape.gradient(its_loss, weights), weights)
        return {"loss": loss, "made_loss": made_loss}


def two_players():
    keras.utils.set_random_seed(0)
    model = TwoPlayers()
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    return model


DATA = {"arrays": X, "Dataset": lambda: tf.data.Dataset.from_tensor_slices((X, runs.Y)).shuffle(60, seed=1).batch(10)}


# Keras warns where a model without `call` is saved, although its layers are built.
@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
@pytest.mark.parametrize("data", ["Dataset", pytest.param("arrays", marks=pytest.mark.thorough)])
def test_a_model_of_two_players_that_was_stopped_ends_in_the_same_bits(data, tmp_path):
    given = {"model": two_players, "x": DATA[data], "y": runs.Y if data == "arrays" else None}
    whole = check_resumed(tmp_path, ((0, 3), (2, 0), (2, 3)), **given)
    assert same(train(tmp_path / "run", **given), whole)
    assert len(np.unique(whole[0])) == 4  # It learns something in each epoch.
