"""Train one compiled model many times: compiling takes longer than many of the short trainings of an experiment."""

from collections.abc import Callable


def trainer(
    build: Callable,
    optimizer="adam",
    loss=None,
    *,
    metrics=("accuracy",),
    steps_per_execution: int = 50,
    jit_compile="auto",
    run_eagerly: bool = False,
) -> Callable:
    """Compile a model, and return a function that trains it, each time from new weights.

    Args:
        build: Function without arguments that returns a new model; its weights follow the global seed.
        optimizer: As `model.compile` takes it, with a state that starts from zeros. Its learning rate is set in each call.
        loss: As `model.compile` takes it; None for a classifier with logits.
        metrics: As `model.compile` takes them.
        steps_per_execution: Steps in a call of the graph, set here so that nothing is traced again.
        jit_compile: As `model.compile` takes it.
        run_eagerly: As `model.compile` takes it: nothing is compiled, which is faster for a few steps.

    Returns:
        A function `train(x, y, *, learning_rate, epochs, batch_size, seed, **options)` that returns the trained model:
        the same object each time, so it is scored before the next call. `options` are those of `training.fit`; a loss
        that is not finite raises its `FloatingPointError`. Where the batch size divides the number of examples, nothing
        is compiled again.
    """
    import keras

    from dlguide import training

    model = build()
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        optimizer,
        loss,
        metrics=list(metrics),
        steps_per_execution=1 if run_eagerly else steps_per_execution,
        jit_compile=jit_compile,
        run_eagerly=run_eagerly,
    )
    model.optimizer.build(model.trainable_variables)

    def train(x, y, *, learning_rate: float, epochs: int, batch_size: int, seed: int, **options):
        keras.utils.set_random_seed(seed)
        for variable, new in zip(model.variables, build().variables, strict=True):
            variable.assign(new)
        for variable in model.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        model.optimizer.learning_rate.assign(learning_rate)
        training.fit(model, x, y, epochs=epochs, batch_size=batch_size, seed=seed, verbose=0, **options)
        return model

    return train


def accuracy(model, x, y) -> float:
    """Return a classifier's accuracy."""
    return float(model.evaluate(x, y, batch_size=500, verbose=0, return_dict=True)["accuracy"])
