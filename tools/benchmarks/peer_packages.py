"""Other packages on the data of a recipe, each with the settings that it recommends; the networks are in another file.

Each function takes a seed, trains, reads the test set once, and returns the recipe's metric and the seconds that the
training took.
"""

import os
import tempfile
import time
from pathlib import Path

from dlguide import data, evaluation
from recipes._lib import anomalies
from recipes._lib.search import scaled_data
from tools.benchmarks.peer_networks import accuracy, flat, timed

SEARCH_SECONDS = 140  # The published training time of `automl`, on one core.


def stable_baselines_dqn(seed: int) -> tuple[float, float]:
    """Stable-Baselines3's `DQN` with the settings of its zoo for CartPole-v1: 50,000 steps.

    As in the recipe, 20 episodes choose the policy, here after each 2,500 steps.
    """
    mean, seconds, _ = _stable_baselines_run(seed)
    return mean, seconds


def stable_baselines_returns(seed: int) -> list[tuple[int, float, float]]:
    """Return the steps, the seconds and the mean return of 20 greedy episodes after each 2,500 steps of that agent."""
    return _stable_baselines_run(seed)[2]


def _stable_baselines_run(seed: int) -> tuple[float, float, list[tuple[int, float, float]]]:
    """Return the mean return of the best policy, the seconds of training, and what 20 episodes gave in between."""
    import gymnasium
    from stable_baselines3 import DQN
    from stable_baselines3.common.callbacks import EvalCallback
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.monitor import Monitor

    options = {"learning_rate": 2.3e-3, "batch_size": 64, "buffer_size": 100_000, "learning_starts": 1000}
    options |= {"gamma": 0.99, "target_update_interval": 10, "train_freq": 256, "gradient_steps": 128}
    options |= {"exploration_fraction": 0.16, "exploration_final_eps": 0.04, "policy_kwargs": {"net_arch": [256, 256]}}
    model, environment = (
        DQN("MlpPolicy", "CartPole-v1", seed=seed, device="cpu", **options),
        gymnasium.make("CartPole-v1"),
    )
    environment.reset(seed=seed + 1)
    environment = Monitor(environment)
    returns = []

    class Evaluation(EvalCallback):
        def _on_step(self) -> bool:
            goes_on = super()._on_step()
            if self.n_calls % self.eval_freq == 0:
                returns.append((self.n_calls, time.perf_counter() - start, float(self.last_mean_reward)))
            return goes_on

    with tempfile.TemporaryDirectory() as folder:
        settings = {"n_eval_episodes": 20, "eval_freq": 2500, "best_model_save_path": folder, "verbose": 0}
        start = time.perf_counter()
        model.learn(50_000, callback=Evaluation(environment, **settings))
        seconds = time.perf_counter() - start
        best = DQN.load(Path(folder, "best_model.zip"), device="cpu")
    mean, _ = evaluate_policy(best, environment, n_eval_episodes=100, deterministic=True)
    return float(mean), seconds, returns


def _bikeshare(seed: int) -> data.Splits:
    splits, scaled = scaled_data.load("bikeshare", seed=seed)
    return splits._replace(test=scaled(splits.test))


def flaml(seed: int) -> tuple[float, float]:
    """FLAML's `AutoML` of all its learners: boosted trees, forests and linear models."""
    from flaml import AutoML
    from sklearn.metrics import r2_score

    (x, y), (valid_x, valid_y), (test_x, test_y), _ = _bikeshare(seed)
    options = {"task": "regression", "metric": "r2", "time_budget": SEARCH_SECONDS, "seed": seed, "verbose": 0}
    search = AutoML()
    _, seconds = timed(search.fit, x, y.ravel(), X_val=valid_x, y_val=valid_y.ravel(), **options)
    return float(r2_score(test_y.ravel(), search.predict(test_x))), seconds


def keras_tuner(seed: int) -> tuple[float, float]:
    """keras-tuner's `BayesianOptimization`, 20 trials of 15 epochs over the networks that `automl` tries."""
    import keras
    import keras_tuner

    from recipes._lib.search import search_space

    splits = _bikeshare(seed)
    keras.utils.set_random_seed(seed)

    class Candidates(keras_tuner.HyperModel):
        def build(self, parameters):
            return search_space.candidate(_Trial(parameters), splits, 15)[0]

        def fit(self, parameters, model, *arguments, **options):
            return model.fit(*arguments, batch_size=parameters.get("batch_size"), **options)

    with tempfile.TemporaryDirectory() as folder:
        options = {"objective": "val_loss", "max_trials": 20, "seed": seed, "directory": folder}
        tuner = keras_tuner.BayesianOptimization(Candidates(), **options)
        start = time.perf_counter()
        tuner.search(*splits.train, validation_data=splits.valid, epochs=15, verbose=0)
        [model] = tuner.get_best_models()
        seconds = time.perf_counter() - start
    return evaluation.evaluate(model, *splits.test)["r2_score"], seconds


class _Trial:
    """The parameters of keras-tuner by the names that Optuna has for them."""

    def __init__(self, parameters):
        self._parameters = parameters

    def suggest_categorical(self, name, choices):
        return self._parameters.Choice(name, list(choices))

    def suggest_int(self, name, low, high, step=1, log=False):
        return self._parameters.Int(name, low, high, **({"sampling": "log"} if log else {"step": step}))

    def suggest_float(self, name, low, high, log=False):
        return self._parameters.Float(name, low, high, sampling="log" if log else "linear")


def _vowels(seed: int):
    """Return the vowels' parts as aeon takes them: channels before steps, padded with zeros."""
    vowels = data.load("vowels", seed=seed)
    return [(part.x.transpose(0, 2, 1), part.y) for part in (vowels.train, vowels.test)]


def aeon_lite_time(seed: int) -> tuple[float, float]:
    """aeon's deep classifier `LITETimeClassifier` with its defaults: five networks, 1500 epochs."""
    from aeon.classification.deep_learning import LITETimeClassifier

    train, (test_x, test_y) = _vowels(seed)
    with (
        tempfile.TemporaryDirectory() as folder
    ):  # It writes its best weights there, by default beside the user's files.
        model, seconds = timed(LITETimeClassifier(random_state=seed, file_path=f"{folder}/").fit, *train)
        return accuracy(model.predict(test_x), test_y), seconds


def aeon_hydra(seed: int) -> tuple[float, float]:
    """aeon's `MultiRocketHydraClassifier` with its defaults: random convolutions and a ridge classifier."""
    from aeon.classification.convolution_based import MultiRocketHydraClassifier

    train, (test_x, test_y) = _vowels(seed)
    model, seconds = timed(MultiRocketHydraClassifier(random_state=seed, n_jobs=os.cpu_count()).fit, *train)
    return accuracy(model.predict(test_x), test_y), seconds


def _detected(model, seed: int) -> tuple[float, float]:
    """Return the area under the ROC curve of a detector of PyOD, fitted to the normal rows."""
    shuttle = data.load("shuttle", seed=seed)
    _, seconds = timed(model.fit, shuttle.train.x)
    return anomalies.areas(model.decision_function(shuttle.test.x), shuttle.test.y)["auroc"], seconds


def pyod_ecod(seed: int) -> tuple[float, float]:
    """PyOD's `ECOD`, which has no parameters."""
    from pyod.models.ecod import ECOD

    return _detected(ECOD(), seed)


def pyod_forest(seed: int) -> tuple[float, float]:
    """PyOD's `IForest` with its defaults."""
    from pyod.models.iforest import IForest

    return _detected(IForest(random_state=seed), seed)


def pyod_autoencoder(seed: int) -> tuple[float, float]:
    """PyOD's `AutoEncoder` with its defaults."""
    from pyod.models.auto_encoder import AutoEncoder

    return _detected(AutoEncoder(random_state=seed, verbose=0), seed)


def umap_k_means(seed: int) -> tuple[float, float]:
    """UMAP with its settings for clusters (30 neighbours, distance 0), then k-means on its two numbers.

    UMAP gets no seed: with one it would use one core.
    """
    import umap
    from sklearn.cluster import KMeans

    mnist = data.load("mnist", seed=seed)
    start = time.perf_counter()
    reducer = umap.UMAP(n_neighbors=30, min_dist=0.0)
    k_means = KMeans(10, n_init=10, random_state=seed).fit(reducer.fit_transform(flat(mnist.train.x)))
    seconds = time.perf_counter() - start
    clusters = k_means.predict(reducer.transform(flat(mnist.test.x)))
    return evaluation.clustering_accuracy(mnist.test.y, clusters), seconds
