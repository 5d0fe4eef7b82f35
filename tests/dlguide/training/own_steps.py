"""Models with a `train_step` of their own, as in Keras's guides (keras.io/guides/custom_train_step_in_tensorflow)."""

import keras
from keras import layers, ops

from tests.helpers.training_runs import X, Y


class CustomModel(keras.Model):
    def noted(self, loss, y, y_pred):
        for metric in self.metrics:
            metric.update_state(*((loss,) if metric.name == "loss" else (y, y_pred)))
        return {metric.name: metric.result() for metric in self.metrics}

    def train_step_of_tensorflow(self, data):
        import tensorflow as tf

        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return self.noted(loss, y, y_pred)

    def train_step_of_torch(self, data):
        import torch

        x, y = data
        self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        loss.backward()
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in self.trainable_weights], list(self.trainable_weights))
        return self.noted(loss, y, y_pred)

    def compute_loss_and_updates(self, trainable, non_trainable, x, y):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=True)
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable)

    def train_step_of_jax(self, state, data):
        import jax

        (trainable, non_trainable, optimizer, metrics), (x, y) = state, data
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), gradients = gradient(trainable, non_trainable, x, y)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        new_metrics, logs = [], {}
        for metric in self.metrics:
            its = metrics[len(new_metrics) :][: len(metric.variables)]
            its = metric.stateless_update_state(its, *((loss,) if metric.name == "loss" else (y, y_pred)))
            logs[metric.name] = metric.stateless_result(its)
            new_metrics += its
        return logs, (trainable, non_trainable, optimizer, new_metrics)


CustomModel.train_step = getattr(CustomModel, f"train_step_of_{keras.backend.backend()}")


class TwoPlayers(keras.Model):
    """Two networks, each with its optimizer, metrics of its own and no `call`, as a GAN in keras.io's examples."""

    def __init__(self, generator, critic):
        super().__init__()
        self.generator, self.critic, self.seeds = generator, critic, keras.random.SeedGenerator(1)
        self.trackers = [keras.metrics.Mean(name="loss"), keras.metrics.Mean(name="made_loss")]

    @property
    def metrics(self):
        return self.trackers

    def compile(self, generator_optimizer, critic_optimizer):
        super().compile()
        self.generator_optimizer, self.others = generator_optimizer, [critic_optimizer]

    def train_step(self, data):
        import tensorflow as tf

        x = keras.utils.unpack_x_y_sample_weight(data)[0]
        with tf.GradientTape(persistent=True) as tape:
            made = self.critic(self.generator(keras.random.normal((8, 2), seed=self.seeds)))
            real = self.critic(x)
            losses = ops.mean(made) - ops.mean(real) + 0.1 * ops.mean(ops.square(real)), -ops.mean(made)
        players = (self.critic, *self.others), (self.generator, self.generator_optimizer)
        for (network, optimizer), loss, tracker in zip(players, losses, self.trackers, strict=True):
            optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
            tracker.update_state(loss)
        return {tracker.name: tracker.result() for tracker in self.trackers}


def custom_model():
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape=(4,))
    model = CustomModel(inputs, layers.Dense(1)(layers.Dropout(0.5)(layers.Dense(6, "relu")(inputs))))
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def two_players():
    keras.utils.set_random_seed(0)
    model = TwoPlayers(layers.Dense(4), layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    return model


def data_set():
    import tensorflow as tf

    examples = tf.data.Dataset.from_tensor_slices((X, Y.astype("float32")))
    return lambda epoch: examples.shuffle(60, seed=epoch).batch(10)
