"""The training of a GAN in pictures."""

import keras
import numpy as np

from dlguide import generation, plots

METRIC_NAMES = {
    "loss": "sum of both losses (nats)",
    "discriminator_loss": "discriminator's loss (nats)",
    "generator_loss": "generator's loss (nats)",
    "real_accuracy": "share of real images\nthat are called real",
    "fake_accuracy": "share of generated images\nthat are called generated",
}


class SamplesByEpoch(keras.callbacks.Callback):
    """After each epoch, keeps the images that the generator makes of the same codes."""

    def __init__(self, count: int = 12):
        super().__init__()
        self.count, self.images = count, {}

    def get_state(self) -> dict:
        return {}

    def set_state(self, state: dict) -> None:
        """Do nothing: a resumed run shows the epochs of this process."""

    def on_epoch_end(self, epoch, logs=None):
        self.images[epoch + 1] = generation.sample(self.model, self.count)

    def figure(self, model, epochs: int, rows: int = 8):
        """Draw the samples of up to `rows` of the epochs that this process trained, and those of the final model."""
        shown = {**self.images, epochs: generation.sample(model, self.count)}
        numbers = sorted(shown)
        chosen = [numbers[i] for i in np.unique(np.linspace(0, len(numbers) - 1, rows).astype(int))]
        return plots.image_grid(np.stack([shown[e] for e in chosen]), [f"epoch {e}" for e in chosen])
