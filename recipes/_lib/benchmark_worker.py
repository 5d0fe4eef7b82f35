"""One process of `recipes.benchmark`, for one backend: reads what to time from its input, a line of JSON each."""

import gc
import json
import sys
import time

from recipes._lib import benchmark_models

EPOCHS = 3  # The first one, with compilation, counts for itself; of the others the mean.


def main() -> None:
    """Answer each request with a line of JSON."""
    for line in sys.stdin:
        print("result " + json.dumps(_timed(**json.loads(line))), flush=True)


def _timed(row: str, how: str, one_epoch: bool = False) -> dict[str, float]:
    """Return the seconds of a run up to the end of its first epoch, and of an epoch after it."""
    chosen = benchmark_models.ROWS[row]
    x, y = benchmark_models.arrays(chosen)
    if how.startswith("loop"):
        return _timed_loop(chosen, x, y, threads=int(how[-1]))
    return _timed_keras(chosen, x, y, how, epochs=1 if one_epoch else EPOCHS)


def _timed_keras(row, x, y, how: str, epochs: int) -> dict[str, float]:
    import keras

    from dlguide import training

    class Timer(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.ends = []

        def on_epoch_end(self, epoch, logs=None):
            self.ends.append(time.perf_counter())
            if len(self.ends) == epochs:
                self.model.stop_training = True

    keras.utils.clear_session()
    gc.collect()
    keras.utils.set_random_seed(0)
    model, timer = benchmark_models.keras_model(row), Timer()
    options = {"batch_size": row.batch_size, "callbacks": [timer], "verbose": 0}
    start = time.perf_counter()
    # `training.fit` is told of a long run, which is what an epoch after the first one stands for.
    if how == "fit":
        training.fit(model, x, y, epochs=1 if epochs == 1 else 1000, **options)
    else:
        model.fit(x, y, epochs=epochs, **options)
    if epochs == 1:
        return {"one_epoch_seconds": time.perf_counter() - start}
    return {
        "first_epoch_seconds": timer.ends[0] - start,
        "epoch_seconds": (timer.ends[-1] - timer.ends[0]) / (epochs - 1),
    }


def _timed_loop(row, x, y, threads: int) -> dict[str, float]:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = torch.from_numpy(x), torch.from_numpy(y).long()
    if row.kind == "cnn":
        x = x.squeeze(-1)
    model = benchmark_models.torch_model(row)
    optimizer = torch.optim.Adam(model.parameters())
    start, ends = time.perf_counter(), []
    for _ in range(EPOCHS):
        model.train()
        total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
        for rows in torch.randperm(len(x)).split(row.batch_size):
            images, labels = x[rows], y[rows]
            logits = model(images)
            loss = torch.nn.functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
            correct += (logits.argmax(1) == labels).sum()
        float(total / len(x)), float(correct / len(x))
        ends.append(time.perf_counter())
    return {"first_epoch_seconds": ends[0] - start, "epoch_seconds": (ends[-1] - ends[0]) / (EPOCHS - 1)}


if __name__ == "__main__":
    main()
