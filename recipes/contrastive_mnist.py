"""Learn from digits without labels, then classify them with 100 labels.

    python -m recipes.contrastive_mnist                          # the result in the README
    python -m recipes.contrastive_mnist --epochs 1 --limit 2000  # a quick look

Data: MNIST, 28x28 grey images, only ten labels per class (LeCun et al., 1998).
Baseline: the same network trained on the 100 labels only, with the same augmentation.
Result: accuracy 95.65% (higher is better), 95 % prediction interval 95.19% to 96.11%, baseline 92.00%.
Training: 224.9 s on 1 core of Intel(R) Xeon(R) Processor.
"""

import keras

from dlguide import cnn, contrastive, data, plots, training
from recipes._lib import representation_scores, schedules
from recipes._lib.images import few_labels
from recipes._lib.result import Result
from recipes._lib.runs import command_line

METRIC_NAMES = {
    "loss": "cross-entropy of finding\nthe other view (nats)",
    "retrieval_accuracy": "share of views whose\nother view was found",
}


def main(
    *,
    epochs: int = 8,
    batch_size: int = 512,
    learning_rate: float = 8e-3,
    temperature: float = 1.0,
    seed: int = 0,
    limit: int | None = None,
    run_dir: str | None = None,
) -> Result:
    """Train, then return the result on the test set."""
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    steps = epochs * -(-len(mnist.train.x) // batch_size)

    encoder = few_labels.without_head(cnn(mnist.train.x.shape[1:], mnist.info.num_classes, **few_labels.NETWORK))
    model = contrastive(encoder, augment=few_labels.AUGMENT, temperature=temperature)
    model.compile(optimizer=keras.optimizers.AdamW(schedules.one_cycle(learning_rate, steps), weight_decay=1e-3))
    encoder.summary()

    settings = {"epochs": epochs, "batch_size": batch_size, "seed": seed, "run_dir": run_dir}
    history = training.fit(model, mnist.train.x, validation_data=(mnist.valid.x,), **settings)

    chosen = few_labels.draw_rows_per_class(mnist.train.y, 10, seed)
    few, codes = (encoder.predict(x, batch_size=256, verbose=0) for x in (mnist.train.x[chosen], mnist.test.x))
    metrics = {"accuracy": representation_scores.linear_probe(few, mnist.train.y[chosen], codes, mnist.test.y)}
    metrics |= few_labels.baselines(mnist, chosen, few_labels.AUGMENT, seed, 25 * epochs)
    figures = {
        "learning_curves": lambda: plots.learning_curves(history, metric_names=METRIC_NAMES),
        "codes": lambda: plots.codes(codes[:3000], mnist.test.y[:3000], label_name="digit"),
    }
    return Result(metrics, history, figures)


if __name__ == "__main__":
    command_line.run(main)
