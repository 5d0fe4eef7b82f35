"""Say how an English word is pronounced: from letters to sounds, by an encoder and a decoder with attention.

    python -m recipes.seq2seq_pronounce                          # the result in the README
    python -m recipes.seq2seq_pronounce --epochs 1 --limit 1000  # a quick look

Data: CMUdict, 123,848 English words with their pronunciations, without stress; the words of the test set are new.
Baseline: n-grams over units of letters and sounds (joint-sequence model), order 4, 6 or 8 chosen by validation.
Result: words_wrong 28.0% (lower is better), 95 % prediction interval 27.8% to 28.3%, baseline 29.7%.
Training: 1137.3 s on 1 core of Intel(R) Xeon(R) Processor.
"""

import keras

from dlguide import data, encoder_decoder, plots, training
from recipes._lib import schedules
from recipes._lib.baselines import joint_sequence_model
from recipes._lib.result import Result, describe_input
from recipes._lib.runs import command_line
from recipes._lib.texts import length_batches, pronunciation_pictures, pronunciations

BEAM = 5
METRIC_NAMES = {"loss": "cross-entropy (nats per sound)"}


def main(
    *,
    epochs: int = 7,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    dropout: float = 0.1,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the result on the test set."""
    keras.utils.set_random_seed(seed)
    words = data.load("pronunciations", limit=limit, seed=seed)
    options = {"batch_size": batch_size, "seed": seed}
    train = length_batches.PairBatches(*pronunciations.pairs(*words.train), **options)
    valid = length_batches.PairBatches(*pronunciations.pairs(*words.valid), **options, is_shuffled=False)

    vocabularies = words.info.vocabulary, words.info.target_vocabulary
    model = encoder_decoder(*map(len, vocabularies), ngram_buckets=2**14, dropout=dropout)
    rate = schedules.one_cycle(learning_rate, epochs * len(train), warmup=0.1)
    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    # XLA compiles again for each pair of lengths, about 50, but without it JAX compiles again in each step.
    model.compile(optimizer, loss, jit_compile=keras.backend.backend() == "jax")
    model.summary()

    history = training.fit(model, train, validation_data=valid, epochs=epochs, seed=seed, run_dir=run_dir)

    x, y = words.test
    written = pronunciations.transcribe(model, x)
    metrics = pronunciations.errors(written, y)
    metrics |= pronunciations.errors_of_new_stems(words, written)
    metrics["beam_words_wrong"] = pronunciations.errors(pronunciations.transcribe(model, x, BEAM), y)["words_wrong"]
    metrics["forced_sounds_wrong"] = pronunciations.forced_sounds_wrong(model, words.test)
    metrics |= joint_sequence_model.scores(words)
    nearest = pronunciations.errors(pronunciations.nearest_word_baseline(words.train, x), y)
    metrics["nearest_words_wrong"] = nearest["words_wrong"]
    mistakes = pronunciation_pictures.mistakes(words, written)
    figures = {
        "learning_curves": lambda: plots.learning_curves(history, metric_names=METRIC_NAMES),
        "letters_and_sounds": lambda: pronunciation_pictures.letters_and_sounds(model, words.info),
        "wrong_sounds": lambda: pronunciation_pictures.wrong_sounds(mistakes),
    }
    description = describe_input("word", words, target_vocabulary=words.info.target_vocabulary)
    texts = {"mistakes.txt": lambda: pronunciation_pictures.mistakes_text(mistakes)}
    return Result(metrics, history, figures, description, texts)


if __name__ == "__main__":
    command_line.run(main)
