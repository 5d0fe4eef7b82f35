"""The published results: what `measure` writes, and `table`, the list and the tests read. Imports nothing heavy."""

import ast
import json
import statistics
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results"
BACKENDS = ("tensorflow", "jax", "torch")

# What a recipe's table row shows: the metric, its baseline, and how both are written.
HEADLINES = {
    "perceptron_mnist": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "mlp_mnist": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "linear_regression_mpg": ("mae", "baseline_mae", "{:.2f} mpg"),
    "cnn_mnist": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "cnn_fashion": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "simple_rnn_mnist_rows": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "lstm_names": ("accuracy", "baseline_accuracy", "{:.1%}"),
    "gru_sunspots": ("mae", "baseline_mae", "{:.2f} sunspots"),
    "bilstm_vowels": ("accuracy", "baseline_accuracy", "{:.1%}"),
    "transformer_names": ("accuracy", "baseline_accuracy", "{:.1%}"),
    "transformer_shakespeare": ("nats_per_character", "baseline_nats_per_character", "{:.3f}"),
    "autoencoder_mnist": ("squared_error", "baseline_squared_error", "{:.6f}"),
    "clustering_mnist": ("clustering_accuracy", "baseline_clustering_accuracy", "{:.2%}"),
    "contrastive_mnist": ("accuracy", "baseline_accuracy", "{:.2%}"),
    "gan_mnist": ("frechet_distance", "baseline_frechet_distance", "{:.2f}"),
    "vae_mnist": ("nll", "baseline_nll", "{:.2f} nats"),
    "denoising_autoencoder_mnist": ("binary_crossentropy", "baseline_binary_crossentropy", "{:.4f}"),
    "anomaly_shuttle": ("auroc", "baseline_auroc", "{:.4f}"),
    "polynomial_regression_mpg": ("r2_score", "baseline_r2_score", "{:.3f}"),
}


def recipe_names() -> list[str]:
    """Return the names of all recipes: every module here with a `main` of its own."""
    names = sorted(path.stem for path in HERE.glob("[a-z]*.py"))
    return [name for name in names if "_cli.run(main)" in (HERE / f"{name}.py").read_text(encoding="utf-8")]


def docstring(name: str) -> str:
    """Return a recipe's docstring without importing it."""
    return ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))) or ""


def field(name: str, key: str) -> str:
    """Return what stands behind `key:` in a recipe's docstring."""
    lines = [line for line in docstring(name).splitlines() if line.startswith(f"{key}:")]
    return lines[0].removeprefix(f"{key}:").strip() if lines else ""


def path(name: str, backend: str = "tensorflow") -> Path:
    """Return where a recipe's published result lies; TensorFlow's without a suffix."""
    return RESULTS / f"{name}{'' if backend == 'tensorflow' else f'_{backend}'}.json"


def result(name: str, backend: str = "tensorflow") -> dict | None:
    """Return a recipe's published result, None where there is none."""
    file = path(name, backend)
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def write_json(file: Path, content: dict) -> None:
    """Write a file whole or not at all."""
    beside = file.with_name(f"{file.name}.tmp")
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    beside.replace(file)


def summarised(seeds: dict[str, dict[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return mean and standard deviation of each metric over the seeds (0 where there is one seed)."""
    names = next(iter(seeds.values()))
    columns = {name: [metrics[name] for metrics in seeds.values()] for name in names}
    mean = {name: statistics.fmean(values) for name, values in columns.items()}
    std = {name: statistics.stdev(values) if len(values) > 1 else 0.0 for name, values in columns.items()}
    return mean, std


def title(recipe_file: str, metrics: dict, data_name: str | None = None) -> str:
    """Return what stands above each picture of a run: the recipe, its data and its result.

    `data_name` is the name of data that the recipe's docstring does not name.
    """
    name = Path(recipe_file).stem
    words = [name, data_name or field(name, "Data").split(",")[0]]
    metric, _, form = HEADLINES[name]
    if metric in metrics:  # Of few generated images there is no Fréchet distance.
        words.append(f"{metric.replace('_', ' ')} {form.format(metrics[metric]).replace('%', ' %')}")
    return " · ".join(words)


def headline(name: str, backend: str = "tensorflow") -> str:
    """Return a recipe's result in a few words, from its JSON."""
    published = result(name, backend)
    if published is None:
        return "not measured yet"
    metric, baseline, form = HEADLINES[name]
    mean, std = published["mean"], published["std"]
    return (
        f"{metric} {form.format(mean[metric])} ± {form.format(std[metric])}, baseline {form.format(mean[baseline])}, "
        f"{mean['training_seconds']:.1f} s"
    )
