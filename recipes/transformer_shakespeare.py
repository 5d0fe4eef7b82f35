"""Write on in the manner of a text, one character after the other, with a transformer.

    python -m recipes.transformer_shakespeare                        # the result in the README
    python -m recipes.transformer_shakespeare --epochs 1 --limit 50  # a quick look
    python -m recipes.transformer_shakespeare --corpus my_text.txt   # a text of one's own

Data: Shakespeare, nine plays, 1.1 million characters, the last tenth as the test part (or the text of `--corpus`).
Baseline: an LSTM trained for as many seconds as the transformer, on the same split.
"""

import keras

from dlguide import attention, data, evaluation, plots, training, transformer_language_model
from recipes import _cli, _shared


def main(
    *,
    epochs: int = 3,
    batch_size: int = 32,
    learning_rate: float = 3e-3,
    corpus: str | None = None,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Train, then return the metrics on the test part."""
    keras.utils.set_random_seed(seed)
    text = data.load("shakespeare", limit=limit) if corpus is None else data.load_text(corpus, limit=limit)
    steps = epochs * -(-len(text.train.x) // batch_size)
    vocab_size, length = len(text.info.vocabulary), text.train.x.shape[1]

    model = transformer_language_model(vocab_size, length, dropout=0.0)
    model.compile(
        optimizer=keras.optimizers.AdamW(_shared.one_cycle(learning_rate, steps), weight_decay=0.05, clipnorm=1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.summary()

    history = training.fit(
        model,
        *text.train,
        validation_data=text.valid,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )

    metrics = {"nats_per_character": evaluation.evaluate(model, *text.test)["loss"]}
    metrics |= _shared.lstm_of_the_same_time(text, history.seconds, batch_size, seed)
    metrics["training_seconds"] = history.seconds
    if run_dir:
        prompt = data.decode(text.test.x[0, :40], text.info.vocabulary)
        ids = data.encode([prompt], text.info.vocabulary, len(prompt))[0]
        written = {t: attention.generate(model, ids, 300, temperature=t, seed=seed) for t in (0.5, 0.8, 1.0)}
        _shared.save_input(run_dir, "prompt", text)
        _shared.save_samples(run_dir, prompt, {t: data.decode(s, text.info.vocabulary) for t, s in written.items()})
        weights = attention.attention_weights(model, ids, layer=1)
        _cli.save_figures(
            run_dir, learning_curves=plots.learning_curves(history), attention=plots.attention(weights, prompt)
        )
    return metrics


if __name__ == "__main__":
    _cli.run(main)
