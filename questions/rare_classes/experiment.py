"""Question 34: what to do with rare classes? `python -m questions rare_classes`"""

import functools

import numpy as np
from keras.losses import BinaryCrossentropy, BinaryFocalCrossentropy
from scipy.special import expit
from sklearn import ensemble, linear_model, metrics, svm

from dlguide import mlp
from questions import _retraining, _tuning
from questions._experiment import ACCURACY, NATS, Claim, Experiment, Panel, Score

RARE, COMMON = 100, 5000  # Training examples of digit 8, the rare class, and of all others.
WEIGHT = COMMON / RARE  # A rare example that is missed costs as much as so many false alarms.
CURVES, AMOUNTS = ("plain", "weights", "over", "under"), (10, 30, RARE, 300)
NETWORKS, RATES, STRENGTHS = (*CURVES, "focal"), (0.0003, 0.001, 0.003, 0.01, 0.03), (0.1, 1, 10, 100, 1000)
RIVALS = {  # Each with the settings that are tried.
    "logistic": (STRENGTHS, lambda C, _: linear_model.LogisticRegression(C=C, max_iter=1000)),
    "balanced": (STRENGTHS, lambda C, _: linear_model.LogisticRegression(C=C, max_iter=1000, class_weight="balanced")),
    "forest": ((2, 4, 7, 14, 28), lambda n, s: ensemble.RandomForestClassifier(max_features=int(n), random_state=s)),
    "svm": ((1, 3, 10, 30, 100), lambda C, _: svm.SVC(C=C)),
}
KEYS = (*NETWORKS, *RIVALS, *[f"{row}@{count}" for count in AMOUNTS if count != RARE for row in CURVES])
NETWORK = functools.partial(mlp, (49,), 1, hidden_units=(64, 64))  # A positive logit means rare.
LOSS, FOCAL = BinaryCrossentropy(from_logits=True), BinaryFocalCrossentropy(gamma=2, from_logits=True)


def drawn(part, rows) -> tuple:
    """Return some examples as flat images of 7x7 pixels, which are harder to tell apart; and whether each is rare."""
    return part.x[rows].reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49), part.y[rows] == 8


def training_set(part, row: str, count: int, common: int, seed: int) -> tuple:
    """Return examples that the seed draws, rare ones first: "over" repeats these, "under" has as few common ones."""
    rng, most = np.random.default_rng(seed), count if row == "under" else common
    rare, others = (rng.permutation(np.flatnonzero((part.y == 8) == kind)) for kind in (True, False))
    repeats = common // count if row == "over" else 1
    return drawn(part, np.concatenate([rare[:count].repeat(repeats), others[:most]]))


def made_rare(part) -> tuple:
    """Return a validation or test set with every fifth of its rare examples, 2 % of all; and whether each is rare."""
    return drawn(part, (part.y != 8) | (np.cumsum(part.y == 8) % 5 == 1))


def scored(key: str, setting: float, seed: int, *, cut: int = 1, steps: int = 1000) -> list[tuple]:
    """Train; return score (of networks the logit) and label of each validation example; then the test set."""
    row, _, count = key.partition("@")
    splits, graph = _retraining.loaded("mnist", None, seed), _retraining.graph(steps < 50, 50)
    x, y = training_set(splits.train, row, -(-int(count or RARE) // cut), COMMON // cut, seed)
    new = [made_rare(part) for part in splits[1:3]]
    if row in RIVALS:
        model = RIVALS[row][1](setting, seed).fit(x, y)
        return [(model.predict_proba(x)[:, 1] if row == "forest" else model.decision_function(x), y) for x, y in new]
    train = _retraining.trainer(NETWORK, loss=FOCAL if row == "focal" else LOSS, metrics=(), **graph)
    rows = np.resize(np.random.default_rng(seed).permutation(len(y)), 100 * steps)  # All passes in one epoch.
    options = {"learning_rate": setting, "epochs": 1, "batch_size": 100, "seed": seed}
    options["class_weight"] = {0: 1, 1: (~y).sum() / y.sum()} if row == "weights" else None
    model = train(x[rows], y[rows].astype("float32"), **options)
    return [(_retraining.outputs(model, x)[:, 0].astype(float), y) for x, y in new]


def cheapest(scores, y) -> float:
    """Return the threshold with the smallest cost."""
    levels = np.unique(scores)
    missed, passed = (np.searchsorted(np.sort(scores[kind]), levels) for kind in (y, ~y))
    return levels[np.argmin(WEIGHT * missed - passed)]


def choose(*, tries: int = 5, **options) -> dict:
    """Return the validation score of each row at each setting: average precision, from 0 to 1 like an accuracy."""
    grids = {key: RIVALS.get(key, (RATES,))[0][:tries] for key in KEYS}
    score = lambda *key, **options: SCORES["ranking"](*scored(*key, **options)[0])  # noqa: E731
    return {key: _tuning.search([key], grid, score, **options)[key] for key, grid in grids.items()}


def measure(seed: int, best: dict, *, tries: int = 5, **options) -> dict:
    """Return the scores on the test set: each row is a logit of each example, "rare" where it is not negative."""
    found, shift = {key: scored(key, best[key], seed, **options) for key in KEYS}, np.log(WEIGHT)
    logits, y = {key: test for key, (_, (test, _)) in found.items()}, found["plain"][1][1]
    logits |= {"never": np.full(len(y), -shift), "derived": logits["plain"] + shift}
    logits |= {f"{row}_corrected": logits[row] - shift for row in CURVES}
    logits |= {f"{row}_chosen": test - cheapest(*valid) for row, (valid, (test, _)) in found.items()}
    places = {row: {f"{n}": logits[f"{row}@{n}" if n != RARE else row] for n in AMOUNTS} for row in CURVES}
    curves = {row: {n: SCORES["ranking"](each, y) for n, each in at.items()} for row, at in places.items()}
    rows = {name: panel.rows for name, panel in EXPERIMENT.panels.items() if name in SCORES}
    return {name: {row: SCORES[name](logits[row], y) for row in rows[name]} for name in rows} | {"amount": curves}


SCORES = {
    "cost": lambda logits, y: 100 * np.where(y, WEIGHT * (logits < 0), logits >= 0),
    "ranking": lambda logits, y: float(metrics.average_precision_score(y, logits)),
    "accuracy": lambda logits, y: (logits >= 0) == y,
    "probability": lambda logits, y: expit(logits),
    "loss": lambda logits, y: np.logaddexp(0, np.where(y, -logits, logits)),
}
AT_HALF = ("never", *NETWORKS, "derived")
SOFT = (*NETWORKS, *[f"{row}_corrected" for row in CURVES[1:]])
COST, RANKING = Score("cost", higher_is_better=False, format=".1f"), ACCURACY._replace(name="ranking", format=".1f")
EXPERIMENT = Experiment(
    measure=measure,
    choose=choose,
    panels={
        "cost": Panel(COST, (*AT_HALF, *[f"{row}_chosen" for row in (*NETWORKS, "forest", "svm")])),
        "ranking": Panel(RANKING, (*NETWORKS, *RIVALS)),
        "amount": Panel(RANKING, CURVES, x_axis="rare training examples", logarithmic=True),
        "accuracy": Panel(ACCURACY, AT_HALF),
        "probability": Panel(RANKING._replace(name="mean probability", has_direction=False), SOFT),
        "loss": Panel(Score("test loss", NATS, higher_is_better=False, format=".3f"), SOFT),
    },
    claims=(
        Claim("ranking", "weights", "plain", "no"),
        Claim("cost", "derived", "plain", "yes"),
        Claim("cost", "weights", "derived", "no"),
        Claim("cost", "plain_chosen", "derived", "undecided"),
        Claim("ranking", "under", "plain", "no"),
        Claim("amount", "over", "plain", "undecided", at="10"),
        Claim("ranking", "focal", "plain", "undecided"),
        Claim("loss", "weights_corrected", "weights", "yes"),
        Claim("ranking", "svm", "plain", "yes"),
    ),
    # Smaller rates were tried: the order is worse, but for 10 rare examples, where it stays far below the other rows.
    rows_allowed_at_grid_edge=("under", "under@10", "under@30"),
    seeds=tuple(range(10)),
    quick={"cut": 25, "steps": 5, "tries": 1},
    recheck_options={},
    chosen="setting",
    main_panels=("cost", "ranking"),
)
