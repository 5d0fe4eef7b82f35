"""The strongest cheap rival of each recipe that was found, with the seeds of its published result.

`python -m tools.benchmarks rivals --recipes automl_leaves` measures those of some rows, and leaves the others.
"""

import functools
import statistics
import time

from recipes._lib.runs import arguments, recipe_list, results
from tools.benchmarks import rival_methods as methods
from tools.benchmarks import tables

DIGITS = {
    "svm": functools.partial(methods.support_vectors, by_hand=False),
    "svm_hog": functools.partial(methods.support_vectors, by_hand=True),
}
RIVALS = {
    "perceptron_mnist": {"neighbours": methods.three_neighbours, "svm": DIGITS["svm"]},
    "mlp_by_hand_mnist": DIGITS,
    "mlp_mnist": DIGITS,
    "simple_rnn_mnist_rows": DIGITS,
    "cnn_mnist": DIGITS,
    "contrastive_mnist": {
        "spread": functools.partial(methods.spread_labels, by_hand=False),
        "spread_hog": functools.partial(methods.spread_labels, by_hand=True),
    },
    "clustering_mnist": {
        "spectral": functools.partial(methods.spectral_clusters, by_hand=False),
        "spectral_hog": functools.partial(methods.spectral_clusters, by_hand=True),
    },
    "transformer_recall": {"counts": methods.counts},
    "transformer_shakespeare": {"counting_on": methods.counting_on},
    "bilstm_vowels": {"gaussians": methods.two_gaussians},
    "automl": {"boosted_root": methods.boosted_root},
    "automl_leaves": {"random_convolutions": methods.random_convolutions},
    "anomaly_shuttle": {"outlier_factor": methods.outlier_factor},
    "linear_regression_mpg": {"parabola": methods.parabola},
    "polynomial_regression_mpg": {"extra_trees": methods.extra_trees},
    "dqn_cartpole": {"pole_rule": functools.partial(methods.rule, name="CartPole-v1")},
    "dqn_acrobot": {"swing_rule": functools.partial(methods.rule, name="Acrobot-v1")},
    "denoising_autoencoder_mnist": {"ridge": methods.ridge_denoiser},
    "autoencoder_mnist": {"bent_components": methods.bent_components},
}


def main(*, recipes: tuple[str, ...] = ()) -> None:
    """Measure the rivals of recipes, and write each as it comes.

    Args:
        recipes: Published rows, such as mlp_mnist or automl_leaves. None: all that have rivals.
    """
    if not set(recipes) <= set(RIVALS):
        raise arguments.error("recipes", f"out of {', '.join(RIVALS)}", recipes)
    rows = tables.read("rivals")["rows"] if (tables.RESULTS / "rivals.json").exists() else {}
    done = {}  # Several recipes have the same rival.
    for name in recipes or RIVALS:
        seeds = results.result(name)["seeds"]
        for rival, score in RIVALS[name].items():
            for seed in seeds:
                if (score, seed) not in done:
                    start = time.process_time()
                    done[score, seed] = float(score(int(seed))), time.process_time() - start
            scores, seconds = ([done[score, seed][place] for seed in seeds] for place in (0, 1))
            found = {"seeds": dict(zip(seeds, scores, strict=True)), "seconds": statistics.fmean(seconds)}
            rows.setdefault(name, {})[rival] = found
            tables.save("rivals", {"rows": rows})
            print(name, rival, *scores, f"{found['seconds']:.1f} s a seed", flush=True)


def metric(name: str) -> str:
    """Return the metric by which a published row and its rivals are compared: for anomalies, one that shows more."""
    return "average_precision" if name == "anomaly_shuttle" else recipe_list.recipe(name).metric


def ahead(name: str, scores: dict[str, float]) -> int:
    """Return in how many seeds the published row is better than a rival."""
    published, key = results.result(name)["seeds"], metric(name)
    sign = 1 if recipe_list.recipe(name).higher_is_better else -1
    return sum(sign * published[seed][key] > sign * value for seed, value in scores.items())
