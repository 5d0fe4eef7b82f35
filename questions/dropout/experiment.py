"""Question 9: why dropout? `python -m questions dropout`"""

from typing import NamedTuple

from dlguide import mlp
from questions import _figure, _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score
from questions.regularisation import experiment as regularisation

RATES = ("0", "0.25", "0.5", "0.75")
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)
EXAMPLES, BATCH = regularisation.EXAMPLES, regularisation.BATCH


class Place(NamedTuple):
    """A network with two hidden layers, and how long it is trained."""

    units: int
    epochs: int


PLACES = {"large": Place(256, 100), "small": Place(16, 100), "short": Place(256, 10)}


def network(rate: str, units: int):
    """Return a new network."""
    return mlp((40, 1), 10, hidden_units=(units, units), dropout=float(rate))


def trained(rate: str, place: Place, part, learning_rate: float, seed: int):
    """Train a network: all epochs are one of Keras's, in which each example comes up as often as there are epochs."""
    train = _retraining.trainer(network, rate, place.units, metrics=(), jit_compile=False)
    options = {"learning_rate": learning_rate, "epochs": 1, "batch_size": BATCH, "seed": seed}
    return train(*_retraining.repeated(part, place.epochs), **options)


def choose(*, limit: int = EXAMPLES, places: dict = PLACES, learning_rates=LEARNING_RATES) -> dict:
    """Return the validation accuracy of each dropout rate with each learning rate, in whole points: near ties tie."""
    trainings = {f"{rate}@{name}": (rate, place) for name, place in places.items() for rate in RATES}

    def score(key, learning_rate, seed):
        splits = _retraining.loaded("mnist1d", limit, seed)
        return _retraining.hits(trained(*trainings[key], splits.train, learning_rate, seed), *splits.valid)

    found = _tuning.search(trainings, learning_rates, score)
    return {key: {rate: round(number, 2) for rate, number in tries.items()} for key, tries in found.items()}


def measure(seed: int, best: dict, *, limit: int = EXAMPLES, places: dict = PLACES, rates=RATES, **_) -> dict:
    """Return the accuracies on the test set, and the loss there of the large network after the long training."""
    splits = _retraining.loaded("mnist1d", limit, seed)
    scores = {name: {} for name in (*places, "loss")}
    for name, place in places.items():
        for rate in rates:
            model = trained(rate, place, splits.train, best[f"{rate}@{name}"], seed)
            scores[name][rate] = _retraining.hits(model, *splits.test)
            if name == "large":
                scores["loss"][rate] = regularisation.losses(model, *splits.test)
    return scores


def on_one_scale(figure, panels: dict) -> None:
    """Let the accuracies share the range of the horizontal axis."""
    shared = [axes for axes, panel in zip(figure.axes, panels.values(), strict=True) if panel.score is SHARED]
    lows, highs = zip(*(axes.get_xlim() for axes in shared), strict=True)
    for axes in shared:
        axes.set_xlim(min(lows), max(highs))


@_figure.of_size(9, 2.3)
def draw(figure, seeds: dict, names) -> None:
    """Return the figure of the page: the accuracies beside each other, with the same horizontal axis."""
    all_axes = figure.subplots(1, len(PLACES), sharex=True)
    for axes, letter, name in zip(all_axes, "abc", PLACES, strict=True):
        _figure.draw_points(axes, name, EXPERIMENT.panels[name], seeds, names)
        axes.set_title(f"({letter}) {names.title(name)}", fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    figure.supxlabel(names("sentence", "drawn"), fontsize=8, color="gray")


SHARED = ACCURACY._replace(format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        **{name: Panel(SHARED, RATES) for name in PLACES},
        "loss": Panel(Score("test loss", NATS, higher_is_better=False), RATES),
    },
    claims=(
        Claim("large", "0.5", "0", "yes"),
        Claim("loss", "0.5", "0", "yes"),
        Claim("small", "0.5", "0", "no"),
        Claim("short", "0.5", "0", "no"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "places": {name: place._replace(epochs=1) for name, place in PLACES.items()}}
    | {"learning_rates": LEARNING_RATES[:1]},
    recheck_options={"rates": ("0", "0.5")},
    draw=draw,
    adjust=on_one_scale,
)
