"""What several recipes print or draw: baselines and the pictures of an image classifier."""

import warnings
from pathlib import Path

from dlguide import _example_plots, data, plots
from recipes import _calibration, _cli

CROSS_ENTROPY = "cross-entropy (nats)"
PIXEL_CROSS_ENTROPY = "cross-entropy (nats per pixel)"


def nearest_mean_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of the class whose mean image is nearest."""
    import numpy as np
    from sklearn.neighbors import KNeighborsClassifier

    x, y = _flat(splits.train.x), splits.train.y
    classes = np.unique(y)
    means = np.stack([x[y == label].mean(axis=0) for label in classes])
    baseline = KNeighborsClassifier(n_neighbors=1).fit(means, classes)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def softmax_regression_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of softmax regression on the pixels, 60 steps of L-BFGS."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    baseline = LogisticRegression(max_iter=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 60 steps are enough for a baseline.
        baseline.fit(_flat(splits.train.x), splits.train.y)
    return float(baseline.score(_flat(splits.test.x), splits.test.y))


def scaled(history, factor: float) -> dict[str, list[float]]:
    """Return the losses and metrics of each epoch in another unit."""
    return {name: [factor * value for value in values] for name, values in history.history.items()}


def save_image_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the curves, the confusion matrix, the first and the worst examples of the test set."""
    names, scores = splits.info.class_names, model.predict(splits.test.x, batch_size=256, verbose=0)
    save_classifier_figures(run_dir, title, history, metrics, names)
    _cli.save_figures(
        run_dir,
        title,
        examples=plots.examples(*splits.test, scores, names),
        worst_examples=plots.examples(*splits.test, scores, names, worst=True),
    )


def _flat(x):
    return x.reshape(len(x), -1)


def one_cycle(learning_rate: float, steps: int, warmup: float = 0.15):
    """Return a schedule that climbs to `learning_rate` in the first share of the steps and falls to 0 as a cosine.

    Smith & Topin, "Super-convergence" (2018).
    """
    import keras

    rising = max(1, int(warmup * steps))
    return keras.optimizers.schedules.CosineDecay(
        learning_rate / 20, max(1, steps - rising), warmup_target=learning_rate, warmup_steps=rising
    )


def save_input(run_dir, kind: str, splits: data.Splits, *, model=None, x=None, feature_names=None, **more) -> None:
    """Leave in the run folder what `recipes.predict` needs to know of the input.

    `kind` is one of

    - "digit" and "image", a photo of a digit and a picture of a thing: with the `model`, for its temperature, and
      `margin`, the black pixels around what is shown;
    - "reconstruction", a photo of a digit for an autoencoder, with `margin`;
    - "text" and "prompt";
    - "numbers", with the training set's `x` and `feature_names` where it has some of the features alone;
    - "sequence" of numbers, with `is_series` (of a longer one the end counts) and `exact` (no shorter one);
    - "anomaly", numbers, with `threshold`.
    """
    info = splits.info
    x = splits.train.x if x is None else x
    content = {
        "kind": kind,
        "shape": x.shape[1:],
        "class_names": info.class_names,
        "feature_names": info.feature_names if feature_names is None else feature_names,
        "vocabulary": info.vocabulary,
        "target_name": info.target_name,
        "mean": info.mean,
        "scale": info.scale,
        "feature_mean": info.feature_mean,
        "feature_scale": info.feature_scale,
        **more,
    }
    if kind in ("digit", "image"):
        content["temperature"] = _calibration.image_temperature(model, kind, splits, more["margin"])
    if kind in ("numbers", "sequence"):
        rows = x.reshape(-1, x.shape[-1])
        rows = rows * (info.feature_scale or 1) + (info.feature_mean or 0)
        # Rounded: what was scaled and scaled back is off in the last digits.
        ends = {"lowest": rows.min(axis=0), "highest": rows.max(axis=0)}
        content |= {name: (values.astype("float64").round(4) + 0.0).tolist() for name, values in ends.items()}
    _cli.write_json(Path(run_dir) / "input.json", content)


def texts(part: data.Part, info: data.Info) -> list[str]:
    """Return the texts of a part of a data set of token ids."""
    return [data.decode(row, info.vocabulary) for row in part.x]


def ngram_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on tf-idf of 1 to 4 characters, its C chosen by validation."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train, valid, test = (texts(part, splits.info) for part in splits[:3])
    models = []
    for c in (1, 3, 10):
        features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
        models.append(make_pipeline(features, LogisticRegression(C=c, max_iter=200)).fit(train, splits.train.y))
    best = max(models, key=lambda model: model.score(valid, splits.valid.y))
    return float(best.score(test, splits.test.y))


def mean_and_spread_accuracy(splits: data.Splits) -> float:
    """Return the test accuracy of logistic regression on the mean and the spread of each sequence's frames."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def features(x):
        frames = np.ma.masked_array(x, np.repeat(~x.any(axis=-1, keepdims=True), x.shape[-1], axis=-1))
        return np.concatenate([frames.mean(axis=1), frames.std(axis=1)], axis=-1).filled(0)

    baseline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    baseline.fit(features(splits.train.x), splits.train.y)
    return float(baseline.score(features(splits.test.x), splits.test.y))


def ridge_forecast(splits: data.Splits):
    """Return ridge regression's forecasts for the test set from the same windows, chosen by validation."""
    import numpy as np
    from sklearn.linear_model import Ridge

    models = [Ridge(alpha).fit(_flat(splits.train.x), splits.train.y) for alpha in np.logspace(-2, 3, 11)]
    best = min(models, key=lambda m: np.abs(m.predict(_flat(splits.valid.x)) - splits.valid.y).mean())
    return best.predict(_flat(splits.test.x))


def save_text_classifier_figures(run_dir, title: str, model, splits: data.Splits, history, metrics: dict) -> None:
    """Save the curves, the confusion matrix and, in `mistakes.txt`, the names with the largest cross-entropy."""
    names, y = splits.info.class_names, splits.test.y
    logs = _example_plots.log_probabilities(model.predict(splits.test.x, batch_size=256, verbose=0))
    save_classifier_figures(run_dir, title, history, metrics, names)
    words, predicted = texts(splits.test, splits.info), logs.argmax(axis=1)
    lines = [
        f"{words[i]}: {_example_plots.mistake(names, predicted[i], logs[i], y[i])}"
        for i in _example_plots.largest_cross_entropy(logs, y, 40)
        if predicted[i] != y[i]
    ]
    (Path(run_dir) / "mistakes.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def save_classifier_figures(run_dir, title: str, history, metrics: dict, class_names) -> None:
    """Save the curves and the confusion matrix."""
    _cli.save_figures(
        run_dir,
        title,
        learning_curves=plots.learning_curves(history, metric_names={"loss": CROSS_ENTROPY}),
        confusion_matrix=plots.confusion_matrix(metrics["confusion_matrix"], class_names),
    )


def save_feature_maps(run_dir, title: str, model, splits: data.Splits) -> None:
    """Save what the first two convolutions make of the first test image."""
    import keras

    figures = {}
    for i in range(2):
        layer = keras.Model(model.input, model.get_layer(f"features_{i}").output)
        maps = layer.predict(splits.test.x[:1], verbose=0)[0]
        figures[f"feature_maps_{i}"] = plots.feature_maps(splits.test.x[0], maps)
    _cli.save_figures(run_dir, title, **figures)


def lstm_figures(text: data.Splits, epochs: int, seed: int) -> dict[str, float]:
    """Train an LSTM language model of 256 units, and return its test figures."""
    import keras

    from dlguide import rnn, training

    keras.utils.set_random_seed(seed)
    vocab_size, batch_size = len(text.info.vocabulary), 16
    steps = epochs * -(-len(text.train.x) // batch_size)
    model = rnn((None,), vocab_size, cell="lstm", units=(256,), vocab_size=vocab_size, return_sequences=True)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(one_cycle(1e-2, steps)), loss)
    history = training.fit(model, *text.train, epochs=epochs, batch_size=batch_size, seed=seed)
    return {
        "baseline_nats_per_character": float(model.evaluate(*text.test, batch_size=256, verbose=0)),
        "baseline_seconds": history.seconds,
    }


def save_samples(run_dir, model, text: data.Splits) -> None:
    """Save what the model writes after the beginning of the test part, at four temperatures, as `samples.txt`."""
    from dlguide import attention

    prompt = text.test.x[0][:32]
    parts = []
    for temperature in (0.0, 0.5, 0.8, 1.0):
        written = attention.generate(model, prompt, 300, temperature=temperature)
        both = data.decode(prompt, text.info.vocabulary) + "|" + data.decode(written, text.info.vocabulary)
        parts.append(f"--- temperature {temperature}; the prompt ends at the bar\n{both}\n")
    (Path(run_dir) / "samples.txt").write_text("\n".join(parts), encoding="utf-8")
