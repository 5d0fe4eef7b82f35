"""Learn from digits without labels, then tell them apart with 100 labels.

    python -m recipes.contrastive_mnist                          # the result in the README
    python -m recipes.contrastive_mnist --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, ten labels of each class and no others (LeCun et al., 1998).
Baseline: the same network trained on the 100 labels alone, with the same changes of the images.
Result: accuracy 95.99% ± 0.36%, baseline 92.67%, 208.9 s on 2 cores of AMD EPYC.

Beside it: logistic regression on the pixels of the 100 images, and the network on them without changes. The penalty of
both regressions is scikit-learn's default: cross-validation on 100 labels chooses badly.

Tried, the probe's accuracy on the validation part, mean of six draws of 100 labels, one pre-training each. Four epochs,
the penalty by cross-validation: temperature .2 91.2 %, .5 93.2 %, 1 93.5 %; twice the filters 93.7 %. Five epochs in
batches of 512, the default penalty: 93.2 %, with slants 94.2 %, with more of them and less rotation 94.6 %. The
baseline, one seed: batches of 20 88.3 % to 89.2 %, trained longer 86.4 %, all 100 in one batch 76.4 %; batches of 10
with a higher learning rate and penalty 91.3 %, and with dropout 90.3 %, with weaker changes 89.9 %.
"""

import keras

from dlguide import cnn, contrastive, data, evaluation, plots, training
from recipes import _cli, _few_labels, _results, _shared

AUGMENT = {"shift": 0.15, "rotation": 10, "zoom": 0.3, "shear": 0.3}
METRIC_NAMES = {
    "loss": "cross-entropy of finding\nthe other view (nats)",
    "found": "share of views whose\nother view was found",
}


def main(
    *,
    epochs: int = 20,
    batch_size: int = 512,
    learning_rate: float = 8e-3,
    temperature: float = 1.0,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> dict:
    """Train, then return the metrics on the test part."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    encoder = _few_labels.without_head(cnn(mnist.train.x.shape[1:], mnist.info.num_classes, **_few_labels.NETWORK))
    model = contrastive(encoder, augment=AUGMENT, temperature=temperature)
    model.compile(optimizer=keras.optimizers.AdamW(_shared.one_cycle(learning_rate, steps), weight_decay=1e-3))
    encoder.summary()

    history = training.fit(
        model,
        mnist.train.x,
        validation_data=(mnist.valid.x,),
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
        run_dir=run_dir,
    )

    chosen = _few_labels.rows(mnist.train.y, 10, seed)
    few, codes = (encoder.predict(x, batch_size=256, verbose=0) for x in (mnist.train.x[chosen], mnist.test.x))
    metrics = {"accuracy": evaluation.linear_probe(few, mnist.train.y[chosen], codes, mnist.test.y, c=1.0)}
    metrics |= _few_labels.baselines(mnist, chosen, AUGMENT, seed, 10 * epochs)
    metrics["training_seconds"] = history.seconds
    if run_dir:
        title = _results.title(__file__, metrics)
        _cli.save_figures(
            run_dir,
            title,
            learning_curves=plots.learning_curves(history, metric_names=METRIC_NAMES),
            codes=plots.codes(codes[:3000], mnist.test.y[:3000], label_name="digit"),
        )
    return metrics


if __name__ == "__main__":
    _cli.run(main)
