"""Models with a `train_step` of their own, those of Keras's guides and examples, without their comments."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.helpers.training_runs import X, Y, check_resumed, same, train

BACKEND = keras.backend.backend()
pytestmark = pytest.mark.each_backend

if BACKEND == "tensorflow":
    import tensorflow as tf

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_tensorflow/"""

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            trainable_vars = self.trainable_variables
            gradients = tape.gradient(loss, trainable_vars)
            self.optimizer.apply(gradients, trainable_vars)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

elif BACKEND == "jax":
    import jax

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_jax/"""

        def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables, non_trainable_variables, x, training=training
            )
            loss = self.compute_loss(x, y, y_pred)
            return loss, (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables = state
            x, y = data
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable_variables)), grads = grad_fn(
                trainable_variables, non_trainable_variables, x, y, training=True
            )
            trainable_variables, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, grads, trainable_variables
            )
            new_metrics_vars = []
            logs = {}
            for metric in self.metrics:
                first = len(new_metrics_vars)
                this_metric_vars = metrics_variables[first : first + len(metric.variables)]
                if metric.name == "loss":
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, loss)
                else:
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, y, y_pred)
                logs[metric.name] = metric.stateless_result(this_metric_vars)
                new_metrics_vars += this_metric_vars
            return logs, (trainable_variables, non_trainable_variables, optimizer_variables, new_metrics_vars)

else:
    import torch

    class CustomModel(keras.Model):
        """https://keras.io/guides/custom_train_step_in_torch/"""

        def train_step(self, data):
            x, y = data
            self.zero_grad()
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            loss.backward()
            trainable_weights = list(self.trainable_weights)
            gradients = [v.value.grad for v in trainable_weights]
            with torch.no_grad():
                self.optimizer.apply(gradients, trainable_weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}


def custom_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape=(4,))
    outputs = layers.Dense(1)(layers.Dropout(0.5)(layers.Dense(6, "relu")(inputs)))
    model = CustomModel(inputs, outputs)
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def shuffled_batches():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X, TARGETS)).shuffle(60, seed=1).batch(10)


if BACKEND == "tensorflow":

    class TwoPlayers(keras.Model):
        """Two networks, each with its optimizer, metrics of its own and no `call`, as a GAN in keras.io's examples."""

        def __init__(self, generator, critic):
            super().__init__()
            self.generator, self.critic = generator, critic
            self.seeds = keras.random.SeedGenerator(1)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.made_loss_tracker = keras.metrics.Mean(name="made_loss")

        @property
        def metrics(self):
            return [self.loss_tracker, self.made_loss_tracker]

        def compile(self, generator_optimizer, critic_optimizer):
            super().compile()
            self.generator_optimizer, self.critic_optimizer = generator_optimizer, critic_optimizer

        def train_step(self, data):
            x = keras.utils.unpack_x_y_sample_weight(data)[0]
            with tf.GradientTape(persistent=True) as tape:
                made = self.generator(keras.random.normal((8, 2), seed=self.seeds))
                loss = ops.mean(self.critic(made)) - ops.mean(self.critic(x))
                loss += 0.1 * ops.mean(ops.square(self.critic(x)))
                made_loss = -ops.mean(self.critic(made))
            for network, its_loss, optimizer in (
                (self.critic, loss, self.critic_optimizer),
                (self.generator, made_loss, self.generator_optimizer),
            ):
                weights = network.trainable_variables
                optimizer.apply(tape.gradient(its_loss, weights), weights)
            self.loss_tracker.update_state(loss)
            self.made_loss_tracker.update_state(made_loss)
            return {metric.name: metric.result() for metric in self.metrics}


def two_players():
    keras.utils.set_random_seed(0)
    model = TwoPlayers(layers.Dense(4), layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    return model


TARGETS = Y.astype("float32")
ARRAYS, DATA_SET = {"x": X, "y": TARGETS}, {"x": shuffled_batches, "y": None}
ONE_BACKEND, THOROUGH = pytest.mark.one_backend, pytest.mark.thorough


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")  # The layers of it are.
@pytest.mark.parametrize(
    ("model", "data"),
    [
        pytest.param(custom_model, ARRAYS, id="guide-arrays"),
        pytest.param(custom_model, DATA_SET, id="guide-data set", marks=THOROUGH),
        pytest.param(two_players, ARRAYS, id="two players-arrays", marks=[ONE_BACKEND, THOROUGH]),
        pytest.param(two_players, DATA_SET, id="two players-data set", marks=ONE_BACKEND),
    ],
)
def test_a_model_with_a_step_of_its_own_is_resumed_and_extended(model, data, tmp_path):
    whole = check_resumed(tmp_path, ((0, 3), (2, 0)), model=model, **data)
    assert len(np.unique(whole[0])) == 4  # It learns something in each epoch.
    train(tmp_path / "short", epochs=2, model=model, **data)
    assert same(train(tmp_path / "short", model=model, **data), whole)
    # Two players have no `get_config` for a `model.keras`.
    name = "model.keras" if model is custom_model else "model.weights.h5"
    assert (tmp_path / "short" / name).exists()
