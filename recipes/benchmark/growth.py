"""How a training step of `training.fit` grows with batch, width and length, beside the least time it can take."""

import json
from collections.abc import Callable
from typing import NamedTuple

from recipes._lib.runs import machine_facts, results
from recipes.benchmark import models as benchmark_models
from recipes.benchmark import tables as benchmark_tables
from recipes.benchmark import worker as benchmark_worker

PATH = results.RESULTS / "benchmark_growth.json"
LANGUAGES = {"en": "", "zh": ".zh"}
WORDS = {
    "en": {"measured": "measured", "limit": "limit: operations / sgemm", "step": "training step (ms)"},
    "zh": {"measured": "实测", "limit": "下限：运算次数 / sgemm 速度", "step": "每个训练步的时间（毫秒）"},
}


class Curve(NamedTuple):
    """A model whose size varies in one way: its words, what varies, and its row for a size."""

    title: dict[str, str]
    axis: dict[str, str]
    sizes: tuple[int, ...]
    row: Callable[[int], benchmark_models.Row]


def _mlp(batch_size: int, width: int):
    return benchmark_models.Row("MLP", batch_size, batch_size, "mlp", {"hidden_units": (width, width)})


def _sequence(kind: str, length: int):
    return benchmark_models.Row(kind, 128, 128, kind, {"length": length})


CURVES = {
    "batch": Curve(
        {"en": "MLP 784-512-512-10", "zh": "多层感知机 784-512-512-10"},
        {"en": "batch (examples)", "zh": "批大小（样本数）"},
        (16, 32, 64, 128, 256, 512, 1024),
        lambda size: _mlp(size, 512),
    ),
    "width": Curve(
        {"en": "MLP 784-width-width-10, batch 128", "zh": "多层感知机 784-宽度-宽度-10，批大小 128"},
        {"en": "width (units)", "zh": "宽度（单元数）"},
        (64, 128, 256, 512, 1024, 2048),
        lambda size: _mlp(128, size),
    ),
    "transformer": Curve(
        {"en": "transformer, 2 blocks of width 64, batch 128", "zh": "Transformer，2 层，宽度 64，批大小 128"},
        {"en": "length (tokens)", "zh": "长度（词元数）"},
        (16, 32, 64, 128, 256),
        lambda size: _sequence("transformer", size),
    ),
    "lstm": Curve(
        {"en": "LSTM, 128 units, batch 128", "zh": "LSTM，128 个单元，批大小 128"},
        {"en": "length (steps)", "zh": "长度（时间步数）"},
        (16, 32, 64, 128, 256),
        lambda size: _sequence("lstm", size),
    ),
}


def main(curves: dict[str, Curve] | None = None, epoch_flops: float = 5e10) -> dict:
    """Measure each size once and, where all curves are asked for, write the JSON and the figures.

    Args:
        curves: The curves; None for all.
        epoch_flops: Operations of an epoch, about; it has 10 to 500 steps.
    """
    asked = CURVES if curves is None else curves
    content = {"command": "python -m recipes.benchmark growth", "sgemm_gflops": {}, "curves": {}}
    workers = {backend: benchmark_worker.start(backend) for backend in ("tensorflow", "torch")}
    try:
        for library, backend in benchmark_worker.LIBRARIES.items():
            speed = benchmark_worker.ask(workers[backend], "sgemm_gflops", library=library)
            content["sgemm_gflops"][library] = [speed]
        for name, curve in asked.items():
            points = content["curves"][name] = []
            for size in curve.sizes:
                points.append({"size": size, **_measured(curve.row(size), epoch_flops, workers)})
                print(name, json.dumps(points[-1]), flush=True)
    finally:
        for worker in workers.values():
            worker.kill()
    content |= machine_facts.machine()
    if curves is None:
        results.write_json(PATH, content)
        save_figures()
    return content


def save_figures() -> None:
    """Draw the figures from the JSON; `python -m recipes.benchmark.growth` does so without measuring."""
    content = json.loads(PATH.read_text(encoding="utf-8"))
    for language, suffix in LANGUAGES.items():
        draw(content, language).savefig(PATH.with_suffix(f"{suffix}.png"))


def _measured(row: benchmark_models.Row, epoch_flops: float, workers: dict) -> dict[str, float]:
    """Return the operations and the seconds of a step."""
    flops = benchmark_worker.ask(workers["torch"], "flops", row=row)
    steps = int(min(max(epoch_flops / flops, 10), 500))
    row = row._replace(examples=steps * row.batch_size)
    seconds = benchmark_worker.ask(workers["tensorflow"], "timed", row=row, how="fit")["epoch_seconds"]
    return {"flops_per_step": flops, "step_seconds": seconds / steps}


def draw(content: dict, language: str):
    """Return the figure: a panel for each curve, both axes logarithmic."""
    from matplotlib import ticker

    from dlguide import plots

    words, (_, peak) = WORDS[language], benchmark_tables.fastest_sgemm(content)
    with plots.new_figure(9, 6.4) as figure:
        for axes, (name, points) in zip(figure.subplots(2, 2).flat, content["curves"].items(), strict=True):
            sizes = [point["size"] for point in points]
            axes.loglog(sizes, [1e3 * point["step_seconds"] for point in points], "o-", label=words["measured"])
            limits = [point["flops_per_step"] / peak / 1e6 for point in points]
            axes.loglog(sizes, limits, "--", color="gray", label=words["limit"])
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
            axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter("{x:g}")
            axes.set_title(CURVES[name].title[language], fontsize=10)
            axes.set(xlabel=CURVES[name].axis[language], ylabel=words["step"])
            axes.grid(alpha=0.3)
            axes.legend(fontsize=8)
    return figure


def published(language: str) -> str:
    """Return the part of recipes/README.md, in a language, that the JSON gives."""
    if not PATH.exists():
        return {"en": "not measured yet", "zh": "尚未测量"}[language]
    content = json.loads(PATH.read_text(encoding="utf-8"))
    (library, peak), image = benchmark_tables.fastest_sgemm(content), f"results/{PATH.stem}{LANGUAGES[language]}.png"
    points = {name: {point["size"]: point for point in curve} for name, curve in content["curves"].items()}
    small, large = points["batch"][16]["step_seconds"], points["batch"][1024]["step_seconds"]
    if language == "zh":
        return (
            f"![每个训练步的时间随批大小、宽度和长度的变化]({image})\n\n"
            f"批大小从 16 增至 1024（64 倍），每步时间增至 {large / small:.0f} 倍：批小时，时间主要是每步的固定开销。"
            f"要估计自己的训练时间，先在图中找到同类模型、相近大小的一步，再乘以步数（样本数 / 批大小 × 轮数）；"
            f"图中没有的大小，按“下限”的比例换算。"
            f"下限为矩阵乘积与卷积的运算次数除以 sgemm 的速度（{library}，{peak:.0f} GFLOP/s）；"
            f"{content['cores']} 核 {content['cpu']}，{content['date']}。"
        )
    return (
        f"![How a training step grows with batch, width and length]({image})\n\n"
        f"A batch of 64 times the size (16 to 1024) takes {large / small:.0f} times as long: the step of a small batch "
        f"is mostly its fixed cost. To estimate the time of your own run, take the step of the same model at the "
        f"nearest size, and multiply it by the number of steps (examples / batch × epochs); for a size that is not in "
        f"the figure, scale it as the limit grows. The limit is the operations in matrix products and convolutions "
        f"divided by the speed of sgemm ({library}, {peak:.0f} GFLOP/s); {content['cores']} cores {content['cpu']}, "
        f"{content['date']}."
    )


if __name__ == "__main__":
    save_figures()
