"""LSTMs that a transformer is compared with."""

import keras

from dlguide import data, rnn, training
from recipes._lib import muon_optimizer, schedules


def lstm_scores(text: data.Splits, epochs: int, seed: int) -> dict[str, float]:
    """Train an LSTM language model of 256 units, and return its test scores."""
    keras.utils.set_random_seed(seed)
    vocab_size, steps = len(text.info.vocabulary), epochs * -(-len(text.train.x) // 16)
    options = {"vocab_size": vocab_size, "return_sequences": True, "mask_zero": False}
    model = rnn((None,), vocab_size, cell="lstm", units=(256,), **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(muon_optimizer.muon(schedules.one_cycle(1e-2, steps)), loss)
    history = training.fit(model, *text.train, epochs=epochs, batch_size=16, seed=seed)
    nats = float(model.evaluate(*text.test, batch_size=256, verbose=0))
    return {"lstm_nats_per_character": nats, "lstm_seconds": history.seconds}


def lstm_recall_scores(splits: data.Splits, weights: int, epochs: int, batch_size: int, seed: int) -> dict[str, float]:
    """Train a bidirectional LSTM of about `weights` weights, and return its test scores."""
    keras.utils.set_random_seed(seed)
    vocab_size, num_outputs = len(splits.info.vocabulary), splits.info.num_classes
    linear = vocab_size + 8 + 2 * num_outputs  # The model has 16 units² + linear · units + num_outputs weights.
    units = round(((linear**2 + 64 * (weights - num_outputs)) ** 0.5 - linear) / 32)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    options = {"units": (units,), "vocab_size": vocab_size, "bidirectional": True}
    model = rnn(splits.train.x.shape[1:], num_outputs, cell="lstm", **options)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(schedules.one_cycle(3e-2, steps), global_clipnorm=1.0)
    model.compile(optimizer, loss, metrics=["accuracy"])
    history = training.fit(model, *splits.train, epochs=epochs, batch_size=batch_size, seed=seed)
    accuracy = float(model.evaluate(*splits.test, batch_size=500, verbose=0)[1])
    scores = {"baseline_accuracy": accuracy, "baseline_weights": model.count_params()}
    return scores | {"baseline_seconds": history.seconds}
