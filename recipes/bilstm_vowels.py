"""Recognise the speaker of two Japanese vowels with bidirectional LSTMs, their logits averaged.

    python -m recipes.bilstm_vowels                                      # the result in the README
    python -m recipes.bilstm_vowels --epochs 2 --limit 100 --networks 2  # a quick look

Data: Japanese vowels, 640 utterances of 9 speakers, 7 to 29 frames of 12 cepstrum coefficients (Kudo et al., 1999).
Baseline: logistic regression on mean and spread of the frames (scikit-learn).
Result: accuracy 97.7% (higher is better), 95 % prediction interval 96.6% to 98.8%, baseline 96.1%.
Training: 91.4 s on 1 core of Intel(R) Xeon(R) Processor.
"""

import keras
import numpy as np
from keras import ops

from dlguide import data, evaluation, rnn, training
from recipes._lib import pictures, schedules
from recipes._lib.baselines import sequences
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line


def main(
    *,
    epochs: int = 40,
    batch_size: int = 16,
    learning_rate: float = 3e-3,
    dropout: float = 0.5,
    networks: int = 4,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the result on the test set."""
    keras.utils.set_random_seed(seed)
    vowels = data.load("vowels", limit=limit, seed=seed)
    steps = epochs * -(-len(vowels.train.x) // batch_size)

    shape = vowels.train.x.shape[1:]
    # Each coefficient in units of its spread; without a shift, so that padding stays zero.
    spread = vowels.train.x[vowels.train.x.any(axis=-1)].std(axis=0)
    inputs = keras.Input(shape)
    scaled = keras.layers.Rescaling((1 / spread).tolist())(inputs)
    options = {"cell": "lstm", "units": (64,), "bidirectional": True, "dropout": dropout}
    members = [rnn(shape, vowels.info.num_classes, **options, name=f"rnn_{i}") for i in range(networks)]
    logits = ops.stack([member(scaled) for member in members], axis=1)
    # Each network has its own loss: trained by the loss of their mean, they would rely on one another.
    ensemble = keras.Model(inputs, logits, name="networks")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.AdamW(schedules.one_cycle(learning_rate, steps), weight_decay=0.01)
    ensemble.compile(optimizer, loss, metrics=["accuracy"])
    ensemble.summary()

    train, valid = ((x, np.repeat(y[:, None], networks, axis=1)) for x, y in (vowels.train, vowels.valid))
    settings = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    history = training.fit(ensemble, *train, validation_data=valid, **settings)

    model = keras.Model(inputs, ops.mean(logits, axis=1), name="mean_of_networks")
    saved = keras.Model(model.input, model.output, name=model.name)  # Not compiled, since it is not trained.
    model.compile(loss=loss, metrics=["accuracy"])
    metrics = evaluation.evaluate(model, *vowels.test, class_names=vowels.info.class_names)
    metrics["baseline_accuracy"] = sequences.mean_and_spread_accuracy(vowels)
    figures = pictures.classifier_figures(history, metrics, vowels.info.class_names)
    description = describe_input("sequence", vowels, is_series=False, exact=False)
    return Result(metrics, history, figures, description, model=saved)


if __name__ == "__main__":
    command_line.run(main)
