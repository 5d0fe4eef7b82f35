"""Question 35: why three sets, and what is leakage? `python -m questions leakage`"""

import numpy as np
from sklearn import ensemble, feature_selection, linear_model, neighbors, pipeline, preprocessing, svm
from sklearn import model_selection as validation

from questions import _network, _retraining
from questions._experiment import ACCURACY, PERCENT, Claim, Experiment, Panel, Score, Unit

NEAREST, GRID = neighbors.KNeighborsClassifier(1), {"C": [1, 10, 100, 1000], "gamma": [0.001, 0.01, 0.1, 1]}
LEAKS = tuple(f"{n}_{way}" for n in ("noise", "copies", "frames", "inputs", "scaling") for way in ("leak", "safe"))
SERIES = tuple(f"{model}_{way}" for model in ("trees", "line") for way in ("random", "later", "new"))
SIZES = {"small": 50, "middle": 200, "large": 1000, "second": 200}  # Examples by which the best network is chosen.


def validated(model, x, y, new, folds, groups=None) -> np.ndarray:
    """Return the accuracy that a validation reports, minus how often its models are right on each new example."""
    found = validation.cross_validate(model, x, y, groups=groups, cv=folds, return_estimator=True)
    return found["test_score"].mean() - np.mean([one.predict(new[0]) == new[1] for one in found["estimator"]], axis=0)


def prepared(name: str, step, model, x, y, new, folds) -> dict[str, np.ndarray]:
    """Validate with a step that is fitted on all examples, or on the training set of each fold."""
    seen, safe = step.fit(x, y).transform, pipeline.make_pipeline(step, model)
    leak = validated(model, seen(x), y, (seen(new[0]), new[1]), folds)
    return {f"{name}_leak": leak, f"{name}_safe": validated(safe, x, y, new, folds)}


def divided(name: str, model, x, y, groups, new, folds) -> dict[str, np.ndarray]:
    """Validate with folds that are drawn at random, or with folds that divide no group."""
    whole = validation.GroupKFold(5, shuffle=True, random_state=folds.random_state)
    leak, safe = (validated(model, x, y, new, *how) for how in ((folds,), (whole, groups)))
    return {f"{name}_leak": leak, f"{name}_safe": safe}


def gaps(seed: int, folds) -> dict[str, np.ndarray | float]:
    """Return by how much the reported accuracy is higher than that of each new example, with and without a leak."""
    (x, y), _, new = _network.mnist1d(seed)
    x, y, vowels, leaves = x[:500], y[:500], *(_retraining.loaded(name, None, seed) for name in ("vowels", "leaves"))
    each, speakers = np.arange(len(vowels.test.y)), vowels.train.y.repeat(7)  # Seven frames of each; of a new one, one.
    outlines, new_leaves = ((part.x[..., 0], part.y) for part in (leaves.train, leaves.test))
    noise, coins = np.random.default_rng(seed).normal(size=(2, 50, 10_000)), np.arange(50) % 2
    copies = np.concatenate([np.roll(x, places, axis=1) for places in (-1, 0, 1)]), np.tile(y, 3)
    heard, new_heard = vowels.train.x[:, :7].reshape(-1, 12), (vowels.test.x[each, each % 7], vowels.test.y)
    found = prepared("noise", feature_selection.SelectKBest(k=10), NEAREST, noise[0], coins, (noise[1], coins), folds)
    found |= divided("copies", svm.SVC(), *copies, np.tile(np.arange(len(y)), 3), new, folds)
    found |= divided("frames", NEAREST, heard, speakers, np.arange(len(heard)) // 7, new_heard, folds)
    found |= prepared("inputs", feature_selection.SelectKBest(k=10), NEAREST, *outlines, new_leaves, folds)
    found |= prepared("scaling", preprocessing.StandardScaler(), svm.SVC(), x, y, new, folds)
    return found | {row: float(found[row].mean()) for row in ("noise_leak", "noise_safe")}


def best_of(seed: int, counts, draws: int) -> dict[str, dict]:
    """Return by how much the accuracy of the best of several networks is reported too high."""
    (x, y), rng, found, hits = _network.mnist1d(seed)[0], np.random.default_rng(seed), {}, []
    for _ in range(max(counts)):
        sizes, rate, steps = (40, rng.integers(8, 129), 10), 10 ** rng.uniform(-2.5, -0.5), rng.integers(100, 1001)
        weights = _network.new_weights(sizes, rng)
        _network.descend(weights, sizes, _network.batches(x[:500], y[:500], 50, seed, 0, steps), rate, momentum=0.9)
        hits.append(_network.outputs(_network.layers(weights, sizes), x[500:])[-1].argmax(axis=1) == y[500:])
    for row, size in SIZES.items():
        differences = []
        for _ in range(40 * draws):
            order, parts = rng.permutation(len(hits)), np.split(rng.permutation(len(y) - 500), [size, size + 200])
            chosen_by, second, new = (np.array(hits)[order][:, own].mean(axis=1) for own in parts)
            best = [chosen_by[:count].argmax() for count in counts]
            differences.append((second if row == "second" else chosen_by)[best] - new[best])
        found[row] = dict(zip(map(str, counts), np.mean(differences, axis=0).tolist(), strict=True))
    return found


def series(seed: int) -> dict:
    """Return the error of the next week: of folds drawn at random, of folds in the order of time, of the test set."""
    splits, found = _retraining.loaded("co2", None, seed), {}
    (x, y), (new_x, new_y) = ((part.x[..., 0], part.y * splits.info.scale) for part in (splits.train, splits.test))
    ways = {"random": validation.KFold(5, shuffle=True, random_state=seed), "later": validation.TimeSeriesSplit(5)}
    models = {"trees": ensemble.ExtraTreesRegressor(30, random_state=seed), "line": linear_model.LinearRegression()}
    for name, model in models.items():
        for way, how in ways.items():
            scores = validation.cross_val_score(model, x, y, cv=how, scoring="neg_mean_absolute_error")
            found[f"{name}_{way}"] = float(-scores.mean())
        found[f"{name}_new"] = np.abs(model.fit(x, y).predict(new_x) - new_y)
    return found


def few(seed: int, folds, draws: int) -> dict[str, dict]:
    """Return, for 300 examples in all, the size of the gap, and the test accuracy with the setting that is chosen."""
    ((x, y), _, new), found = _network.mnist1d(seed), {"miss": {}, "chosen": {}}
    for name, how in {"one": validation.ShuffleSplit(1, test_size=0.2, random_state=seed), "folds": folds}.items():
        search, parts = validation.GridSearchCV(svm.SVC(), GRID, cv=how), np.arange(300 * draws).reshape(draws, 300)
        misses = [abs(validated(search, x[own], y[own], new, how).mean()) for own in parts]
        right = [search.fit(x[own], y[own]).predict(new[0]) == new[1] for own in parts]
        found["miss"][name], found["chosen"][name] = float(np.mean(misses)), np.mean(right, axis=0)
    return found


def measure(seed: int, *, counts=(1, 3, 10, 30, 100), draws: int = 5) -> dict:
    """Return what is reported with and without a leak, against examples that nothing has seen."""
    folds = validation.StratifiedKFold(5, shuffle=True, random_state=seed)
    best = best_of(seed, counts, draws)
    return {"gap": gaps(seed, folds), "best": best, "series": series(seed), **few(seed, folds, draws)}


GAP = Score("reported minus new", PERCENT, bounds=(-1, 1), margin=0.01, has_direction=False)
ERROR = Score("mean absolute error", Unit("ppm"), False, is_ratio=True, logarithmic=True, margin=0.1)
EXPERIMENT = Experiment(
    measure=measure,
    panels={
        "gap": Panel(GAP, LEAKS),
        "best": Panel(GAP, tuple(SIZES), x_axis="networks tried", logarithmic=True),
        "series": Panel(ERROR, SERIES),
        "miss": Panel(GAP._replace(name="size of the gap", higher_is_better=False, bounds=(0, 1)), ("one", "folds")),
        "chosen": Panel(ACCURACY, ("one", "folds")),
    },
    claims=(
        Claim("gap", "frames_leak", "frames_safe", "yes"),
        Claim("best", "middle", 0.0, "yes", at="100"),
        Claim("gap", "scaling_leak", "scaling_safe", "within"),
        Claim("gap", "noise_leak", "noise_safe", "yes"),
        Claim("gap", "inputs_leak", "inputs_safe", "undecided"),
        Claim("best", "large", 0.0, "yes within", at="10"),
        Claim("series", "trees_random", "trees_new", "yes"),
        Claim("miss", "folds", "one", "yes"),
        Claim("chosen", "folds", "one", "yes"),
    ),
    seeds=tuple(range(10)),
    quick={"counts": (1, 3), "draws": 1},
    recheck_options={},
    main_panels=("gap", "best"),
)
