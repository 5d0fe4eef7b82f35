"""Question 30: which learning rate, and why warm up and decay? `python -m questions learning_rate`"""

import functools
from typing import NamedTuple

import numpy as np

from questions import _network, _post_norm, _retraining, _schedules, _tuning
from questions._experiment import ACCURACY, Claim, Experiment, Panel

RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1)


class Run(NamedTuple):
    """What a row trains."""

    optimizer: str
    schedule: str
    blocks: int = 0  # Of the deep network; without any, there are two hidden layers.
    passes: int = 20
    batch_size: int = 50


BOTH, SCHEDULES = ("momentum", "adam"), ("constant", "warm", "cosine", "warm_cosine", "stairs", "plateau", "average")
SHALLOW = {f"{one}_{name}": Run(one, name) for one in BOTH for name in SCHEDULES}
DEEP = {f"deep_{one}_{name}": Run(one, name, 6, 10) for one in BOTH for name in ("cosine", "warm_cosine")}
SHORT = {f"{one}_tenth": Run(one, "cosine", passes=2) for one in BOTH}
HALF = {f"{one}_half": Run(one, "cosine", batch_size=25) for one in BOTH}
RUNS = {**SHALLOW, **DEEP, **SHORT, **HALF}  # Of the last two only the learning rate is chosen, and not scored.
CURVES = {"rates": [f"{one}_{name}" for one in BOTH for name in ("constant", "cosine")], "deep": [*DEEP][2:]}


def choose(*, rates=RATES, **options) -> dict:
    """Return the validation accuracy of each training with each learning rate."""
    return _tuning.search(RUNS, rates, hits, "valid", **options)


def measure(seed: int, best: dict, *, rates=RATES, rows=(*SHALLOW, *DEEP), **options) -> dict:
    """Return the hits of each training with the rate that was chosen, and with each rate."""
    found = functools.cache(lambda row, rate: hits(row, rate, seed, "test", **options))
    scores = {
        panel: {row: {f"{rate:g}": found(row, rate) for rate in rates} for row in curves if rates}
        for panel, curves in CURVES.items()
    }
    for panel, own in (("chosen", SHALLOW), ("deep_chosen", DEEP)):
        scores[panel] = {row: found(row, best[row]) for row in rows if row in own}
    return scores


def hits(row: str, rate: float, seed: int, part: str, *, limit: int | None = None) -> np.ndarray:
    """Train, and return which examples of a part are right; where the weights are not finite, none but class 0."""
    run, splits = RUNS[row], _retraining.loaded("mnist1d", limit, seed)
    network, widths = (_post_norm, [64] * (1 + 2 * run.blocks)) if run.blocks else (_network, [64, 64])
    weights = _network.new_weights((40, *widths, 10), np.random.default_rng(seed))
    layers = _network.layers(weights, (40, *widths, 10))
    train, valid, (x, y) = ((one.x[..., 0], one.y) for one in (splits.train, splits.valid, getattr(splits, part)))
    options = {name: value for name, value in run._asdict().items() if name != "blocks"}
    _schedules.train(weights, layers, network.gradient, (train, valid), rate=rate, seed=seed, **options)
    with np.errstate(all="ignore"):
        return network.outputs(layers, x)[-1].argmax(axis=1) == y


SCORE = ACCURACY._replace(format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        **{name: Panel(SCORE, tuple(CURVES[name]), "learning rate", logarithmic=True) for name in CURVES},
        "chosen": Panel(SCORE, tuple(SHALLOW)),
        "deep_chosen": Panel(SCORE, tuple(DEEP)),
    },
    claims=(
        Claim("chosen", "momentum_cosine", "momentum_constant", "yes"),
        Claim("chosen", "adam_cosine", "adam_constant", "undecided"),
        Claim("deep", "deep_adam_warm_cosine", "deep_adam_cosine", "yes", at="0.01"),
        Claim("deep_chosen", "deep_adam_warm_cosine", "deep_adam_cosine", "yes"),
        Claim("deep_chosen", "deep_momentum_warm_cosine", "deep_momentum_cosine", "yes"),
        Claim("chosen", "adam_warm_cosine", "adam_cosine", "undecided"),
        Claim("chosen", "adam_average", "adam_cosine", "yes"),
        Claim("chosen", "momentum_average", "momentum_cosine", "undecided"),
    ),
    seeds=tuple(range(10)),
    quick={"limit": 100, "rates": (0.003,)},
    recheck_options={"rows": ("momentum_constant", "momentum_cosine"), "rates": ()},
    main_panels=("rates", "deep"),
)
