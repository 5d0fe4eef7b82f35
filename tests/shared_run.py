"""A run that several processes share: `python tests/shared_run.py FOLDER EPOCHS`; prints the losses of each epoch."""

import json
import sys
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from dlguide import mlp, training

folder, epochs, seconds_a_step = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0
rng = np.random.default_rng(0)
x = rng.normal(size=(410, 8)).astype("float32")
y = (x[:, 0] > 0).astype("int32")
weights = rng.random(410)
keras.utils.set_random_seed(0)
model = mlp((8,), 2, hidden_units=(16,), batch_norm=True)
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])


class Slow(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        import time

        time.sleep(seconds_a_step)


history = training.fit(
    model,
    x[:330],
    y[:330],
    sample_weight=weights[:330],
    validation_data=(x[330:], y[330:], weights[330:]),
    epochs=epochs,
    batch_size=32,
    run_dir=folder,
    checkpoint_seconds=1,
    callbacks=[Slow()],
    verbose=2,
)
print(json.dumps({"history": history.history, "predictions": model.predict(x[:3], verbose=0).tolist()}), flush=True)
