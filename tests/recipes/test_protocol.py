"""What holds for every recipe, present and to come: nothing is fitted or chosen on the test set, metrics, seeds.

A recipe is run on 60 examples of each set, and a likelihood is estimated from 20 codes an image. Where its training
does not matter, a stand-in for `training.fit` takes a note of what it is given, and trains nothing.
"""

import contextlib
import functools
import hashlib
import importlib.util
import inspect
import re
import warnings
from collections import defaultdict
from types import SimpleNamespace

import independent_metrics
import keras
import numpy as np
import pytest
import tensorflow as tf
from kill_search import in_this_process
from test_recipes import MODULES

from dlguide import data, evaluation, training
from recipes._lib.agents import q_learning
from recipes._lib.runs import statements
from recipes._lib.search import trial_process
from recipes._lib.search import trials as search

FITS = ("fit", "fit_predict", "fit_transform", "partial_fit")
READS = ("decision_function", "predict", "predict_log_proba", "predict_proba", "score", "score_samples", "transform")
# What metrics use to name classes and to find neighbours: it learns nothing.
TOOLS = ("LabelBinarizer", "LabelEncoder", "NearestNeighbors")
# Functions that choose, fit or search by themselves; what they are given, from this argument on, is noted like a fit.
CHOOSERS = {"anomaly_threshold": 0, "nearest_distances": 1}
# What is no mean over the examples of the test set, or not of the test set.
NO_MEAN = re.compile(
    "seconds|difference|r2_score|auroc|average_precision|^precision|^recall|_precision|_recall|threshold|classes|"
    "histogram|frechet|nearest|judge|clustering|k_means|_error$|^nll|elbo|log_weight|gain|kl$|pixels|unchanged"
)


def each(modules):
    return pytest.mark.parametrize("recipe", modules, ids=lambda module: module.__name__.removeprefix("recipes."))


each_recipe = each(MODULES)
# An agent has no test set: `test_dqn.py` tests that its test episodes are others, and drawn after the training.
each_recipe_with_data = each([m for m in MODULES if statements.data_set(m.__name__.removeprefix("recipes."))])


class Stopped(Exception):
    """Raised at the first training where what comes after it is of no interest."""


class Trace:
    """What a run of a recipe has loaded, fitted and read."""

    def __init__(self):
        self.loaded: list[dict] = []
        self.fits: list[tuple] = []
        self.reads: list[tuple] = []
        self.outermost = None
        self.fitted: dict[int, tuple] = {}
        self.estimators: list = []  # Kept alive, so that no `id` is used twice.
        self.depth = 0


def digest(value) -> str:
    """Return a short hash of an array, or of a list or a tuple of arrays, or of texts; what an object is, otherwise."""
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(digest, value)) + ")"
    if hasattr(value, "tocsr"):
        value = value.tocsr().data
    if keras.ops.is_tensor(value):
        value = keras.ops.convert_to_numpy(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return f"{value.shape}{hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()[:8]}"
    return repr(value) if isinstance(value, str | int | float | bool | None) else type(value).__name__


def described(estimator) -> str:
    """Return the class of an estimator of scikit-learn and its settings, those of a pipeline's steps too."""
    return re.sub(r"\s+", " ", repr(estimator))


@functools.cache
def classes_of_sklearn() -> list[type]:
    """Return all classes of scikit-learn that define what is watched."""
    from sklearn.pipeline import Pipeline
    from sklearn.utils import all_estimators

    found = {base for _, kind in all_estimators() for base in kind.__mro__} | set(Pipeline.__mro__)
    return sorted((kind for kind in found if kind.__module__.startswith("sklearn")), key=lambda kind: kind.__qualname__)


def watch_sklearn(patch, trace: Trace) -> None:
    """Note each outermost call that fits an estimator or reads data with it."""

    def watched(method, is_fit):
        def call(self, *args, **options):
            if type(self).__name__ in TOOLS:
                return method(self, *args, **options)
            trace.estimators.append(self)
            if trace.depth == 0:
                trace.outermost = self
                seen = digest([*args, *options.values()])
                if is_fit:
                    trace.fits.append((method.__name__, described(self), seen))
                    trace.fitted[id(self)] = id(self), (type(self).__name__, seen)
                else:
                    trace.reads.append((*trace.fitted.get(id(self), (id(self), None)), seen))
            elif is_fit and id(trace.outermost) in trace.fitted:  # A step of a pipeline is read by itself.
                trace.fitted[id(self)] = trace.fitted[id(trace.outermost)]
            trace.depth += 1
            try:
                return method(self, *args, **options)
            finally:
                trace.depth -= 1

        return call

    for kind in classes_of_sklearn():
        for name in (*FITS, *READS):
            method = vars(kind).get(name)
            if inspect.isfunction(method):
                patch.setattr(kind, name, watched(method, name in FITS))


def arrays_of(x):
    """Return the arrays of what `fit` is given; a data set is read once."""
    if isinstance(x, keras.utils.PyDataset):
        return [arrays_of(x[i]) for i in range(len(x))]
    return [arrays_of(part) for part in x] if type(x).__module__.startswith("tensorflow.python.data") else x


def stand_in(trace: Trace, stop: bool):
    """Return a function in place of `training.fit` that notes what it is given."""

    def fit(model, x, y=None, *, validation_data=None, epochs, batch_size=128, seed=0, run_dir=None, **options):
        arrays = digest([arrays_of(x), y, validation_data and tuple(validation_data), options.get("sample_weight")])
        weights = digest([np.asarray(weight) for weight in model.get_weights()])
        trace.fits.append(("training.fit", arrays, f"epochs={epochs}, batch_size={batch_size}, seed={seed}", weights))
        trace.seed = seed
        if stop:
            raise Stopped
        return SimpleNamespace(seconds=0.0, history={"loss": [1.0], "val_accuracy": [0.5]}, epoch=[0])

    return fit


def agent_stand_in(trace: Trace):
    """Return a function in place of `q_learning.fit` that notes what it is given, and stops."""

    def fit(model, network, env, *, epochs, batch_size, seed, run_dir=None):
        weights = digest([np.asarray(weight) for weight in network.get_weights()])
        trace.fits.append(("q_learning.fit", env, f"epochs={epochs}, batch_size={batch_size}, seed={seed}", weights))
        trace.seed = seed
        raise Stopped

    return fit


@contextlib.contextmanager
def without_graphs():
    """For time: a prediction of 60 examples takes less than the tracing of its graph."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though", UserWarning)  # `tf.data` still builds graphs.
            yield
    finally:
        tf.config.run_functions_eagerly(False)


def run(recipe, *, seed=0, part=slice(None), stop=False) -> tuple[Trace, dict]:
    """Run a recipe without its training, with a part of its test set; return what it did, and its metrics."""
    trace, real_load = Trace(), data.load
    trace.seed = None

    def load(name, **options):
        splits = real_load(name, **options)
        trace.loaded.append({"name": name, "train": digest(list(splits.train)), "options": options})
        x, y = (np.ascontiguousarray(array[part]) for array in splits.test)
        info = splits.info._replace(test_dates=splits.info.test_dates[part])
        return data.Splits(splits.train, splits.valid, data.Part(x, y), info)

    few = {"limit": 60, "samples": 20}
    quick = {**recipe.RECIPE["quick"], **{name: few[name] for name in options_of(recipe) if name in few}}
    with pytest.MonkeyPatch.context() as patch, without_graphs():
        patch.setattr(data, "load", load)
        patch.setattr(training, "fit", stand_in(trace, stop))
        patch.setattr(q_learning, "fit", agent_stand_in(trace))
        patch.setattr(trial_process, "opened", in_this_process)
        for name, first in CHOOSERS.items():
            patch.setattr(evaluation, name, noting(trace, name, getattr(evaluation, name), first))
        watch_sklearn(patch, trace)
        keras.utils.set_random_seed(99)  # Of the tests: a recipe must set its own.
        try:
            return trace, recipe.main(**quick, seed=seed)
        except Stopped:
            return trace, {}


def noting(trace, name, function, first):
    def call(*args, **options):
        trace.fits.append((name, digest([*args[first:], *options.values()])))
        return function(*args, **options)

    return call


def options_of(recipe) -> list[str]:
    return list(inspect.signature(recipe.main).parameters)


def check_the_test_set(recipe) -> None:
    """Fits are the same on each half of the test set, and a mean over the examples is the mean of both."""
    halves = [slice(0, 30), slice(30, 60)]
    (whole, metrics), *both = (run(recipe, part=part) for part in (slice(0, 60), *halves))
    for trace, _ in both:
        differing = [pair for pair in zip(whole.fits, trace.fits, strict=True) if pair[0] != pair[1]]
        assert not differing, f"fitted or chosen by the test set: {differing[0]}"
    # Out of several that were fitted on the same data, only the chosen one may read the test set.
    readers = defaultdict(set)
    for (reader, fitted_on, seen), (_, _, other) in zip(whole.reads, both[0][0].reads, strict=True):
        if seen != other:
            readers[fitted_on].add(reader)
    assert all(len(ids) == 1 for ids in readers.values()), "chosen by the test set"
    for name, value in metrics.items():
        if isinstance(value, float) and not NO_MEAN.search(name):
            mean = np.mean([half[name] for _, half in both])
            # A test set with noise of its own, or pixels drawn, differs a little.
            assert value == pytest.approx(mean, rel=0.02), f"{name}: {value} on the test set, {mean} on its halves"


def check_the_seed(recipe) -> None:
    """The seed reaches the data, the weights and the order."""
    first, again, other = (run(recipe, seed=seed, stop=True)[0] for seed in (3, 3, 4))
    for trace, seed in ((first, 3), (other, 4)):
        # A search gives each trial a seed of its own.
        expected_seed = search.trial_seed(seed, 0) if recipe.__name__ == "recipes.automl_mnist1d" else seed
        assert trace.seed == expected_seed, f"`fit` is given seed={trace.seed}"
        if not trace.loaded:  # The episodes of an agent follow the seed of its `fit`.
            continue
        loaded = trace.loaded[0]
        expected = data.load(loaded["name"], limit=60 if "limit" in options_of(recipe) else None, seed=seed)
        assert loaded["train"] == digest(list(expected.train)), "the data do not follow the seed"
    assert first.fits == again.fits, "the same seed, another run"
    assert first.fits[-1][-1] != other.fits[-1][-1], "the weights do not follow the seed"


@pytest.mark.thorough
@each_recipe_with_data
def test_nothing_is_fitted_or_chosen_on_the_test_set(recipe, no_download, capsys):
    check_the_test_set(recipe)


@each_recipe
def test_the_seed_reaches_the_data_the_weights_and_the_order(recipe, no_download, capsys):
    check_the_seed(recipe)


RECIPE_THAT_CHEATS = """
import keras
import numpy as np
from dlguide import data, evaluation, perceptron, training
from recipes._lib import baselines
from sklearn.neighbors import KNeighborsClassifier

RECIPE = {"data": "MNIST", "metric": "accuracy", "format": "{:.2%}", "higher_is_better": True,
          "baseline": "baseline_accuracy", "quick": {"epochs": 1, "limit": 2000}}


def main(*, epochs=1, seed=0, limit=None, run_dir=None):
    keras.utils.set_random_seed(seed)
    mnist = data.load("mnist", limit=limit, seed=seed)
    model = perceptron(mnist.train.x.shape[1:], 10)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = training.fit(model, *mnist.train, validation_data=mnist.valid, epochs=epochs, seed=seed, run_dir=run_dir)
    metrics = evaluation.evaluate(model, *mnist.test)
    metrics["baseline_accuracy"] = baselines.nearest_mean_accuracy(mnist)
    commonest = np.bincount(mnist.train.y).argmax()
    metrics["commonest_accuracy"] = float((mnist.test.y == commonest).mean())
    (x, y), valid, test = ((part.x.reshape(len(part.x), -1), part.y) for part in mnist[:3])
    models = [KNeighborsClassifier(k).fit(x, y) for k in (1, 3, 5)]
    metrics["neighbours_accuracy"] = float(max(models, key=lambda m: m.score(*valid)).score(*test))
    metrics["training_seconds"] = history.seconds
    return metrics
"""
CHEATS = {
    "validates on the test set": ("validation_data=mnist.valid", "validation_data=tuple(map(np.array, mnist.test))"),
    "fits its baseline on it": ("accuracy(mnist)", "accuracy(mnist._replace(train=mnist.test))"),
    "chooses a setting on it": ("m.score(*valid)", "m.score(*test)"),
    "takes the commonest class of it": ("bincount(mnist.train.y)", "bincount(mnist.test.y)"),
    "reports training metrics": ("evaluate(model, *mnist.test)", "evaluate(model, *mnist.train)"),
    "draws its weights without the seed": ("set_random_seed(seed)", "set_random_seed(0)"),
    "draws its data without the seed": ("limit=limit, seed=seed", "limit=limit"),
    "orders its batches without the seed": ("epochs=epochs, seed=seed", "epochs=epochs"),
}


TRIED_ALWAYS = (None, "validates on the test set", "reports training metrics")


@pytest.mark.parametrize(
    "cheat",
    [pytest.param(cheat, marks=[pytest.mark.thorough] * (cheat not in TRIED_ALWAYS)) for cheat in (None, *CHEATS)],
)
def test_a_recipe_that_cheats_is_caught_without_a_test_of_its_own(cheat, tmp_path):
    honest, dishonest = CHEATS.get(cheat, ("", ""))
    assert RECIPE_THAT_CHEATS.count(honest) == 1 or not cheat
    path = tmp_path / "cheat_mnist.py"
    path.write_text(RECIPE_THAT_CHEATS.replace(honest, dishonest) if cheat else RECIPE_THAT_CHEATS)
    spec = importlib.util.spec_from_file_location("cheat_mnist", path)
    recipe = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(recipe)

    def check_all():
        metrics = recipe.main(limit=60, run_dir=str(tmp_path / "run"))
        independent_metrics.check(recipe, metrics, tmp_path / "run" / "model.keras", 60)
        check_the_test_set(recipe)
        check_the_seed(recipe)

    if cheat:
        with pytest.raises(AssertionError):
            check_all()
    else:
        check_all()
