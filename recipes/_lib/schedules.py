"""Learning rate schedules."""

import keras


def one_cycle(learning_rate: float, steps: int, warmup: float = 0.15):
    """Return a schedule that rises to `learning_rate` in the first `warmup` of the steps, then falls to 0 as a cosine.

    Smith & Topin, "Super-convergence" (2018).
    """
    rising = max(1, int(warmup * steps))
    options = {"warmup_target": learning_rate, "warmup_steps": rising}
    return keras.optimizers.schedules.CosineDecay(learning_rate / 20, max(1, steps - rising), **options)
