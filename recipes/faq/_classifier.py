"""Train a classifier and score it: the steps that many experiments share."""

from typing import Any


def accuracy(
    model, splits, *, optimizer, epochs: int, batch_size: int = 128, seed: int, part: str = "test", **options: Any
) -> float:
    """Compile a classifier with logits, train it, and return its accuracy on the validation or the test set.

    Args:
        model: A new model that nothing has trained.
        splits: What `data.load` returns.
        optimizer: As `model.compile` takes it.
        epochs: Passes over the training set.
        batch_size: Examples a step.
        seed: Seed of the order of the examples; that of the weights is set where the model is built.
        part: "valid" while settings are chosen, "test" for a published score.
        options: For `training.fit`, such as `callbacks`.
    """
    import keras

    from dlguide import training

    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    training.fit(model, *splits.train, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0, **options)
    return float(model.evaluate(*getattr(splits, part), batch_size=500, verbose=0)[1])
