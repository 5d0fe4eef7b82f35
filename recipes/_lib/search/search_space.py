"""What `automl` searches: a builder, an optimizer, and their parameters."""

import keras

from dlguide import cnn, data, mlp, perceptron
from recipes._lib.search import scaled_data


def builders(splits: data.Splits) -> dict:
    """Return the builders that are tried, by name; the columns of a table have no order for a CNN."""
    is_table = splits.train.x.ndim == 2
    return {"perceptron": perceptron, "mlp": mlp} if is_table else {"mlp": mlp, "cnn": cnn}


def candidate(trial, splits: data.Splits, epochs: int) -> tuple[keras.Model, int]:
    """Return the compiled model that a trial suggests, and its batch size: this is what is searched."""
    shape, outputs = splits.train.x.shape[1:], splits.info.num_classes or 1
    match trial.suggest_categorical("builder", tuple(builders(splits))):
        case "perceptron":
            model = perceptron(shape, outputs)
        case "mlp":
            layers = trial.suggest_int("mlp_layers", 1, 3)
            units = trial.suggest_int("mlp_units", 32, 256, log=True)
            dropout = trial.suggest_float("mlp_dropout", 0, 0.5)
            model = mlp(shape, outputs, hidden_units=layers * [units], dropout=dropout, batch_norm=True)
        case "cnn":
            layers = trial.suggest_int("cnn_layers", 2, 3)
            filters = trial.suggest_int("cnn_filters", 16, 48, log=True)
            filters = [filters * 2**i for i in range(layers)]  # Each layer has twice as many as the one before.
            kernel_size = trial.suggest_int("cnn_kernel_size", 3, 15, step=2)
            dropout = trial.suggest_float("cnn_dropout", 0, 0.5)
            model = cnn(shape, outputs, filters=filters, kernel_size=kernel_size, dropout=dropout)

    batch_size = trial.suggest_categorical("batch_size", (10, 25, 50, 100))
    learning_rate = trial.suggest_float("learning_rate", 1e-3, 3e-2, log=True)
    steps = epochs * -(-len(splits.train.x) // batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    match trial.suggest_categorical("optimizer", ("sgd", "adam", "adamw", "rmsprop")):
        case "sgd":
            optimizer = keras.optimizers.SGD(schedule, momentum=0.9)
        case "adam":
            optimizer = keras.optimizers.Adam(schedule)
        case "adamw":
            weight_decay = trial.suggest_float("weight_decay", 1e-3, 1e-1, log=True)
            optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay)
        case "rmsprop":
            optimizer = keras.optimizers.RMSprop(schedule)

    return scaled_data.compiled(model, optimizer), batch_size
