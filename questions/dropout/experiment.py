"""Question 9: why dropout? `python -m questions dropout`"""

from typing import NamedTuple

from dlguide import mlp
from questions import _figure, _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score
from questions.regularisation import experiment as regularisation

RATES, COMPARED = ("0", "0.25", "0.5", "0.75"), ("0", "0.5")
LEARNING_RATES = (0.001, 0.003, 0.01, 0.03)  # A tenth of these where the loss decides: it is smallest at lower ones.
EXAMPLES, BATCH = regularisation.EXAMPLES, regularisation.BATCH
DRAWN = ("large", "small", "short")


class Place(NamedTuple):
    """A network with two hidden layers, and its training: how many passes, and over how many examples."""

    units: int
    epochs: int
    examples: int = EXAMPLES


PLACES = {"large": Place(256, 100), "small": Place(16, 100), "short": Place(256, 10), "loss": Place(256, 100)}
PLACES |= {f"amount, {n}": Place(256, 100 * EXAMPLES // n, n) for n in (100, 2500)}  # Equally many steps.
"""Where dropout is measured: of "loss" the loss is compared, of all others the accuracy."""


def network(rate: str, units: int):
    """Return a new network."""
    return mlp((40, 1), 10, hidden_units=(units, units), dropout=float(rate))


def score(key: str, place: Place, part: str, learning_rate: float, seed: int):
    """Train a network; return the score of each example of a part of the data.

    All epochs are one of Keras's, in which each example comes up as often as there are epochs.
    """
    rate, _, name = key.partition("@")
    examples = _retraining.loaded("mnist1d", place.examples, seed).train
    scored = getattr(_retraining.loaded("mnist1d", EXAMPLES, seed), part)  # A limit cuts each part.
    train = _retraining.trainer(network, rate, place.units, metrics=(), jit_compile=False)
    options = {"learning_rate": learning_rate, "epochs": 1, "batch_size": BATCH, "seed": seed}
    model = train(*_retraining.repeated(examples, place.epochs), **options)
    return (regularisation.losses if name == "loss" else _retraining.hits)(model, *scored)


def keys(places: dict, rates=RATES) -> dict[str, Place]:
    """Return each dropout rate in each place, where it is measured there."""
    pairs = [(rate, name) for name in places for rate in rates if "amount" not in name or rate in COMPARED]
    return {f"{rate}@{name}": places[name] for rate, name in pairs}


def choose(*, places: dict = PLACES, learning_rates=LEARNING_RATES) -> dict:
    """Return the validation accuracy of each dropout rate with each learning rate, in whole points: near ties tie.

    Where the loss is compared, it is the validation loss with a minus, rounded too.
    """
    tried = keys(places)
    losses = [key for key in tried if key.endswith("@loss")]

    def validated(key, learning_rate, seed):
        numbers = score(key, tried[key], "valid", learning_rate, seed)
        return -numbers if key in losses else numbers

    found = _tuning.search([key for key in tried if key not in losses], learning_rates, validated)
    found |= _tuning.search(losses, [rate / 10 for rate in learning_rates], validated)
    return {key: {rate: round(number, 2) for rate, number in tries.items()} for key, tries in found.items()}


def measure(seed: int, best: dict, *, places: dict = PLACES, rates=RATES, **_) -> dict:
    """Return the scores on the test set: accuracies in three places, the loss, and accuracies by the examples."""
    scores = {name: {} for name in EXPERIMENT.panels}
    for key, place in keys(places, rates).items():
        rate, _, name = key.partition("@")
        panel, _, n = name.partition(", ")
        found = score(key, place, "test", best[key], seed)
        if panel != "amount":
            scores[panel][rate] = found
        if n or (name == "large" and rate in COMPARED):
            scores["amount"].setdefault(rate, {})[n or str(EXAMPLES)] = found
    return scores


def on_one_scale(figure, panels: dict) -> None:
    """Let the accuracies share the range of the horizontal axis."""
    shared = [
        axes
        for axes, panel in zip(figure.axes, panels.values(), strict=True)
        if panel.score is SHARED and not panel.x_axis
    ]
    lows, highs = zip(*(axes.get_xlim() for axes in shared), strict=True)
    for axes in shared:
        axes.set_xlim(min(lows), max(highs))


@_figure.of_size(9, 2.3)
def draw(figure, seeds: dict, names) -> None:
    """Return the figure of the page: the accuracies beside each other, with the same horizontal axis."""
    all_axes = figure.subplots(1, len(DRAWN), sharex=True)
    for axes, letter, name in zip(all_axes, "abc", DRAWN, strict=True):
        _figure.draw_points(axes, name, EXPERIMENT.panels[name], seeds, names)
        axes.set_title(f"({letter}) {names.title(name)}", fontsize=10)
        axes.grid(axis="x", alpha=0.3)
    figure.supxlabel(names("sentence", "drawn"), fontsize=8, color="gray")


SHARED = ACCURACY._replace(format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        **{name: Panel(SHARED, RATES) for name in DRAWN},
        "loss": Panel(Score("test loss", NATS, higher_is_better=False), RATES),
        "amount": Panel(SHARED, COMPARED, x_axis="training examples", logarithmic=True),
    },
    claims=(
        Claim("large", "0.5", "0", "yes"),
        Claim("loss", "0.5", "0", "yes"),
        Claim("amount", "0.5", "0", "yes", at="100"),
        Claim("small", "0.5", "0", "no"),
        Claim("short", "0.5", "0", "no"),
        Claim("amount", "0.5", "0", "yes", at="2500"),
    ),
    # Tried on the same seeds, beyond the ends: losses of 1.70 (0.00003) and 2.08 (0.01), an accuracy of 0.11 (0.1).
    rows_allowed_at_grid_edge=("0@loss", "0.75@loss", "0@amount, 100"),
    seeds=tuple(range(10)),
    quick={"places": {name: place._replace(epochs=1, examples=100) for name, place in PLACES.items()}}
    | {"learning_rates": LEARNING_RATES[:1]},
    recheck_options={"rates": COMPARED, "places": {"large": PLACES["large"]}},
    draw=draw,
    adjust=on_one_scale,
)
