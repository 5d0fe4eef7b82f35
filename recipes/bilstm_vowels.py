"""Recognise the speaker of two Japanese vowels with a bidirectional LSTM.

    python -m recipes.bilstm_vowels                         # the result in the README
    python -m recipes.bilstm_vowels --epochs 2 --limit 100  # a quick look

Data: Japanese vowels, 640 utterances of 9 speakers, 7 to 29 frames of 12 cepstrum coefficients (Kudo et al., 1999).
Baseline: logistic regression on mean and spread of the frames (scikit-learn).
Result: accuracy 97.3% (higher is better), 95 % prediction interval 95.4% to 99.2%, baseline 96.1%.
Training: 7.4 s on 2 cores of AMD EPYC.

Tried, mean of four seeds (validation sets of 54 utterances), then of six seeds:

    setting                                             accuracy
    dropout 0.3                                         0.968
    dropout 0.5 (chosen)                                0.977
    dropout 0.6, more epochs                            0.963
    dropout 0.5, 32 units                               0.944
    dropout 0.5, 128 units                              0.968
    dropout 0.5, batches of 32                          0.949
    dropout 0.5, also on the input                      0.977, with a higher loss
    dropout 0.5, stronger weight decay                  0.972
    six seeds: coefficients unchanged                   0.963, loss 0.127
    six seeds: divided by their spread (chosen)         0.975, loss 0.086
    six seeds: mean subtracted, divided by the spread   0.975, loss 0.093
"""

import keras

from dlguide import data, evaluation, rnn, training
from recipes._lib import baselines, pictures, schedules
from recipes._lib.inputs import input_description
from recipes._lib.runs import command_line


def main(
    *,
    epochs: int = 40,
    batch_size: int = 16,
    learning_rate: float = 3e-3,
    dropout: float = 0.5,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Train, then return the metrics on the test set."""
    keras.utils.set_random_seed(seed)
    vowels = data.load("vowels", limit=limit, seed=seed)
    steps = epochs * -(-len(vowels.train.x) // batch_size)

    shape = vowels.train.x.shape[1:]
    # Each coefficient in units of its spread; without a shift, so that padding stays zero.
    spread = vowels.train.x[vowels.train.x.any(axis=-1)].std(axis=0)
    model = keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling((1 / spread).tolist()),
            rnn(shape, vowels.info.num_classes, cell="lstm", units=(64,), bidirectional=True, dropout=dropout),
        ],
        name="scaled_rnn",
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(schedules.one_cycle(learning_rate, steps), weight_decay=0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.summary()

    history = training.fit(
        model,
        *vowels.train,
        validation_data=vowels.valid,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )

    metrics = evaluation.evaluate(model, *vowels.test, class_names=vowels.info.class_names)
    metrics["baseline_accuracy"] = baselines.mean_and_spread_accuracy(vowels)
    metrics["training_seconds"] = history.seconds
    if run_dir:
        title = pictures.title(__file__, metrics)
        input_description.save_input(run_dir, "sequence", vowels, is_series=False, exact=False)
        pictures.save_classifier_figures(run_dir, title, history, metrics, vowels.info.class_names)
    return metrics


if __name__ == "__main__":
    command_line.run(main)
