"""Question 6: why stochastic gradient descent, and how large should a batch be?

python -m recipes.faq.stochastic_descent
"""

import numpy as np

from recipes.faq import _network, _run, _statistics, _steps, _tuning
from recipes.faq._experiment import PERCENT, SECONDS, Claim, Experiment, Panel, Score, Unit, Words

BATCH_SIZES = {"1": 1, "8": 8, "64": 64, "512": 512, "all": 3500}
MOST_STEPS = {"1": 40_000, "8": 12_000, "64": 4000, "512": 2000, "all": 1000}
"""A training ends after these where it has not reached the target loss."""
TIMED_STEPS = {"1": 1000, "8": 1000, "64": 500, "512": 100, "all": 40}
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
TARGETS = {"train": 1.1, "valid": 1.3}
"""Set to the loss at which a training has reached its target: the validation loss stays above the training loss."""
PASSES = 10
COMMON = 0.1  # Learning rate of all rows in the first panel: the middle of the grid.


def measure(seed: int, choice: dict, *, limit=None, most_steps=None, rows=tuple(BATCH_SIZES), rounds: int = 5) -> dict:
    """Return the test accuracy after ten passes and at the target loss, and what it takes to reach that loss."""
    train, _, test = loaded(seed, limit)
    found = {panel: {} for panel in ("common", "own", "at_target", "steps", "examples", "seconds")}
    for row in rows:
        size, rate = min(BATCH_SIZES[row], len(train[0])), _tuning.best(choice[row], lower=True)
        steps = min(max(1, round(PASSES * len(train[0]) / size)), most_steps or 10**9)
        found["common"][row] = accuracy_after(train, test, size, COMMON, seed, steps)
        found["own"][row] = accuracy_after(train, test, size, rate, seed, steps)
        settings = {"most": most_steps or MOST_STEPS[row], "batch_size": size, "seed": seed, "learning_rate": rate}
        sets = (train, train, test)
        steps, accuracy = _network.until_target(SIZES, *sets, target=TARGETS["train"], **settings)
        found["at_target"][row], found["steps"][row], found["examples"][row] = accuracy, steps, steps * size
    if rounds:
        sizes = {row: min(BATCH_SIZES[row], len(train[0])) for row in rows}
        timed = {size: min(TIMED_STEPS[row], most_steps or 10**9) for row, size in sizes.items()}
        seconds = _steps.seconds_a_step(SIZES, *train, timed, rounds)
        found["seconds"] = {row: found["steps"][row] * seconds[size] for row, size in sizes.items()}
    return found


def choose(*, limit=None, most_steps=None, rows=tuple(BATCH_SIZES), rounds: int = 5) -> dict:
    """Return the steps that each learning rate takes until the loss of the validation set is at the target."""
    train, valid, _ = loaded(100, limit)

    def steps(row, rate):
        size = min(BATCH_SIZES[row], len(train[0]))
        settings = {"most": most_steps or MOST_STEPS[row], "batch_size": size, "seed": 100, "learning_rate": rate}
        return _network.until_target(SIZES, train, valid, valid, target=TARGETS["valid"], **settings)[0]

    return _tuning.search(rows, GRID, steps)


def loaded(seed: int, limit) -> list[tuple]:
    """Return inputs and classes of the training, validation and test set."""
    from dlguide import data

    return [(part.x[..., 0], part.y) for part in data.load("mnist1d", limit=limit, seed=seed)[:3]]


def accuracy_after(train, test, size: int, rate: float, seed: int, steps: int) -> float:
    """Return the accuracy after some steps."""
    weights = _network.new_weights(SIZES, np.random.default_rng(seed))
    _network.descend(weights, SIZES, _network.batches(*train, size, seed, 0, steps), rate)
    return _network.scores(_network.layers(weights, SIZES), *test)[1]


def draw(seeds: dict, language: str):
    """Draw each score over the batch size."""
    from dlguide import plots

    with plots.new_figure(9.0, 8.6) as figure:
        for axes, (name, panel) in zip(figure.subplots(3, 2).flat, EXPERIMENT.panels.items(), strict=True):
            factor = panel.score.unit.factor
            found = [_statistics.mean_of(panel.score, _statistics.column(seeds, name, row)) for row in panel.rows]
            means, lows, highs = factor * np.transpose(found)
            sizes = list(BATCH_SIZES.values())
            axes.plot(sizes, means, ".-")
            axes.fill_between(sizes, lows, highs, alpha=0.2)
            axes.set_xscale("log")
            axes.set_xticks(sizes, [str(size) for size in sizes])
            axes.minorticks_off()
            axes.set_yscale("log" if panel.score.logarithmic else "linear")
            axes.set_title(panel.title.to(language), fontsize=10)
            axes.set_ylabel(panel.score.described(language))
            axes.grid(alpha=0.3)
        for axes in figure.axes[-2:]:
            axes.set_xlabel(Words("batch size (mean, 95 % interval)", "批大小（均值与 95% 置信区间）").to(language))
    return figure


ROWS = {
    "1": Words("batches of 1", "批大小 1"),
    "8": Words("batches of 8", "批大小 8"),
    "64": Words("batches of 64", "批大小 64"),
    "512": Words("batches of 512", "批大小 512"),
    "all": Words("the whole set (3,500)", "整个训练集（3500）"),
}
ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
STEPS = Score(
    Words("steps", "步数"),
    Unit(Words("{}", "{}"), Words("{} steps", "{} 步")),
    higher_is_better=False,
    format=",.0f",
    logarithmic=True,
)
EXAMPLES = STEPS._replace(
    name=Words("examples", "样本数"), unit=Unit(Words("{}", "{}"), Words("{} examples", "{} 个样本"))
)

EXPERIMENT = Experiment(
    question=Words(
        "Why stochastic gradient descent, and how large should a batch be?", "为什么需要使用随机梯度下降？批应取多大？"
    ),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    quick={"limit": 60, "most_steps": 3, "rounds": 1},
    check={"rows": ("64",), "rounds": 0},
    draw=draw,
    panels={
        "common": Panel(
            ACCURACY,
            ROWS,
            reference="64",
            title=Words("10 passes, learning rate 0.1 for all", "遍历 10 次，学习率都是 0.1"),
        ),
        "own": Panel(
            ACCURACY,
            ROWS,
            reference="64",
            title=Words("10 passes, each its own learning rate", "遍历 10 次，各用自己的学习率"),
        ),
        "at_target": Panel(
            ACCURACY,
            ROWS,
            reference="64",
            title=Words("At a training loss of 1.1, own learning rate", "训练损失降到 1.1 时，各用自己的学习率"),
        ),
        "steps": Panel(
            STEPS,
            ROWS,
            reference="64",
            title=Words("Steps to a training loss of 1.1", "训练损失降到 1.1 所需的步数"),
        ),
        "examples": Panel(
            EXAMPLES,
            ROWS,
            reference="64",
            title=Words("Examples to a training loss of 1.1", "训练损失降到 1.1 所需读取的样本数"),
        ),
        "seconds": Panel(
            Score(Words("time", "时间"), SECONDS, higher_is_better=False, format=".2f", logarithmic=True),
            ROWS,
            reference="64",
            title=Words("Time to a training loss of 1.1", "训练损失降到 1.1 所需的时间"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Ten passes at one learning rate: is the whole set less accurate than batches of 64?",
                "学习率相同，遍历 10 次：使用整个训练集是否不如批大小 64 准确？",
            ),
            panel="common",
            row="all",
            reference="64",
            better=False,
            known="yes",
        ),
        Claim(
            Words(
                "Each with its own learning rate, at the same training loss: is the whole set less accurate on the test set?",
                "各用自己的学习率，在训练损失相同时：使用整个训练集的测试准确率是否较低？",
            ),
            panel="at_target",
            row="all",
            reference="64",
            better=False,
        ),
        Claim(
            Words(
                "Does the whole set take fewer steps to reach that loss than batches of 64?",
                "降到这一损失，使用整个训练集所需的步数是否少于批大小 64？",
            ),
            panel="steps",
            row="all",
            reference="64",
            known="yes",
        ),
        Claim(
            Words(
                "Do batches of 64 read fewer examples until then than the whole set?",
                "批大小 64 所需读取的样本是否少于使用整个训练集？",
            ),
            panel="examples",
            row="64",
            reference="all",
            known="yes",
        ),
        Claim(
            Words("Do batches of 64 reach it sooner than batches of 1?", "批大小 64 所需的时间是否少于批大小 1？"),
            panel="seconds",
            row="64",
            reference="1",
        ),
        Claim(
            Words(
                "Do batches of 64 reach it sooner than the whole set?", "批大小 64 所需的时间是否少于使用整个训练集？"
            ),
            panel="seconds",
            row="64",
            reference="all",
        ),
    ),
    summary=Words(
        "Stochastic gradient descent estimates the gradient from a few examples, so it takes many cheap steps in the time of one exact step. Batches of medium size are the fastest: batches of 64 reach the training loss 1.52 s sooner than single examples and 0.53 s sooner than the whole set. At this early point (about 49 % right), no difference in test accuracy is seen between batches of 64 and the whole set.",
        "随机梯度下降只用少量样本估计梯度，因此在走一步精确梯度的时间里可以走许多步。中等大小的批最快：降到同一训练损失，批大小 64 比每次一个样本快 1.52 秒，比使用整个训练集快 0.53 秒。此时训练尚早（准确率约 49%），批大小 64 与整个训练集的测试准确率未见差异。",
    ),
    outcomes=(
        "yes",
        "same",
        "yes",
        "yes",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
Stochastic gradient descent takes each step with the gradient of a few examples, drawn at random:

$$g_B = \frac{1}{B} \sum_{i \in \mathcal{B}} \nabla \ell_i(w), \qquad \mathbb{E}[g_B] = \nabla L(w), \qquad \operatorname{Var}[g_B] \approx \frac{\Sigma}{B}, \qquad w \leftarrow w - \eta\, g_B$$

Here $\mathcal{B}$ is the batch and $B$ the number of its examples, $\ell_i(w)$ the loss of example $i$ with the weights $w$, $L$ the loss of the whole training set, and $\eta$ the learning rate. $\mathbb{E}$ is the mean over the random draws of the batch and $\operatorname{Var}$ the scatter around this mean; $\Sigma$ is this scatter for a batch of one example (the covariance matrix of the gradients). The estimate $g_B$ is right on average, and its noise shrinks as $B$ grows. With $B = 1$ it is stochastic gradient descent in the narrow sense, with a few to a few hundred examples mini-batch gradient descent, and with all examples batch gradient descent.

With a small batch, the noise limits the learning rate. Twice the batch then allows about twice the learning rate, so half the steps are enough, and the number of examples read stays about the same. With a large batch the noise is no longer the limit, but the curvature of the loss is: $\eta$ must stay below about $2 / \lambda_{\max}$, where $\lambda_{\max}$ is the largest eigenvalue of the matrix of second derivatives. More examples in a step then save hardly any steps, and the number of examples to read grows with the batch. The chosen learning rates show both: 0.01, 0.1 and 1 for batches of 1, 8 and 64, but again 1 for 512 and only 0.3 for the whole set, which even takes more steps (194) than batches of 512 (127), probably because its rate was chosen out of a coarse grid. So in examples a small batch is the most economical.

In time it is another matter. A step has a fixed cost, and a processor works on many examples at once almost as fast as on one. So the fastest batch is of medium size: large enough to use the processor well, small enough to make many steps. Since a larger batch wants a larger learning rate (here up to 64), a comparison at a single learning rate says more about that learning rate than about the batch.
""".strip(),
        zh=r"""
随机梯度下降的每一步只用随机抽取的少量样本来计算梯度：

$$g_B = \frac{1}{B} \sum_{i \in \mathcal{B}} \nabla \ell_i(w), \qquad \mathbb{E}[g_B] = \nabla L(w), \qquad \operatorname{Var}[g_B] \approx \frac{\Sigma}{B}, \qquad w \leftarrow w - \eta\, g_B$$

其中 $\mathcal{B}$ 是一个批， $B$ 是其中的样本数（批大小）， $\ell_i(w)$ 是权重为 $w$ 时第 $i$ 个样本的损失， $L$ 是整个训练集的损失， $\eta$ 是学习率。 $\mathbb{E}$ 表示对批的随机抽取求均值， $\operatorname{Var}$ 表示在这一均值附近的离散程度， $\Sigma$ 是批中只有一个样本时的离散程度，即单个样本梯度的协方差矩阵。估计值 $g_B$ 的均值等于整个训练集的梯度，其噪声随 $B$ 增大而减小。 $B = 1$ 时是狭义的随机梯度下降，几个到几百个样本时称为小批量梯度下降，使用全部样本时就是批量梯度下降。

批较小时，限制学习率的是噪声。批大小加倍，学习率大约也可以加倍，步数减半，读取的样本总数大致不变。批较大时，限制学习率的不再是噪声，而是损失的曲率： $\eta$ 大约必须小于 $2 / \lambda_{\max}$ ，其中 $\lambda_{\max}$ 是二阶导数矩阵的最大特征值。此时每一步用更多样本几乎不能减少步数，需要读取的样本数随批大小增长。选出的学习率体现了这两种情况：批大小为 1、8、64 时是 0.01、0.1、1；批大小为 512 时仍是 1，使用整个训练集时只有 0.3，所需步数（194）甚至多于批大小 512（127），可能是因为候选学习率间隔太大。因此，从读取的样本数来看，较小的批最节省。

从时间来看则不同。每一步都有固定的开销，而处理器同时处理许多样本，几乎与处理一个样本一样快。所以最快的是中等大小的批：既大到能充分利用处理器，又小到能走许多步。由于较大的批需要较大的学习率（这里直到 64），只用一个学习率来比较，得到的结论更多地反映了这个学习率，而不是批大小。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
for batch_size, learning_rate in ((8, 0.03), (64, 0.1)):  # a larger batch, a larger learning rate
    model = mlp((40, 1), 10, hidden_units=(64, 64))
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    training.fit(model, *mnist1d.train, epochs=2, batch_size=batch_size, verbose=0)
""",
        zh="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
for batch_size, learning_rate in ((8, 0.03), (64, 0.1)):  # 批越大，学习率越大
    model = mlp((40, 1), 10, hidden_units=(64, 64))
    model.compile(keras.optimizers.SGD(learning_rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    training.fit(model, *mnist1d.train, epochs=2, batch_size=batch_size, verbose=0)
""",
    ),
    setting=Words(
        "A network with two hidden layers of 64 ReLU units on the 3,500 training examples of MNIST-1D, gradient descent without momentum, with a fixed learning rate. "
        "Each batch size has its own learning rate: the one that needs the fewest steps to bring the validation loss to 1.3 with seed 100. "
        "The first panel gives all of them the learning rate 0.1, the middle of the grid. The last four panels count until the loss of the whole training set is 1.1: it is "
        "looked at after numbers of steps that grow by a factor of √2, and a straight line is drawn between them. The trainings run in NumPy, which "
        "does the same steps as Keras's `SGD` (a test compares the weights) without compiling. The time is the number of steps times the processor time of a step, measured with "
        "Keras: `mlp` of the same sizes, `model.fit` with 100 steps in one call, on one core, in the same process; the batch sizes took turns, the median of five "
        "rounds counts, and compilation and evaluation are excluded; the spread of this step time over the seeds comes from the machine.",
        "网络有两个隐藏层，各含 64 个 ReLU 单元，数据为 MNIST-1D 的 3500 个训练样本，使用不带动量、学习率固定的梯度下降。"
        "每种批大小有各自的学习率：种子 100 下使验证损失降到 1.3 所需步数最少者。第一幅图中各行的学习率都是 0.1，即候选值的中间值。后四幅图计到整个训练集的损失降到 1.1 为止："
        "在步数每增长 √2 倍时检查一次损失，其间按直线插值。训练用 NumPy 完成，每一步与 Keras 的 `SGD` 相同（有测试比较权重），且无需编译。"
        "时间等于步数乘以每一步的处理器时间；后者用 Keras 测量：同样大小的 `mlp`，`model.fit` 每次调用执行 100 步，单核，在同一进程中让各种批大小轮流运行，"
        "取五次的中位数，不含编译与评估；每一步的时间在各种子之间的差别来自机器。",
    ),
    limits=Words(
        "One small network, one core, one target. On a graphics card, or with a larger network, another batch size is the fastest. Keskar et al. (2017) saw large "
        "batches end in worse minima with settings that were the same for all; Shallue et al. (2019) found no evidence of that once each batch "
        "size was tuned. After ten passes the whole set has done ten steps only, so the first two panels show too few steps rather than a worse "
        "minimum; the panel at equal training loss compares test accuracies, interpolated between two checkpoints, at an early point of the training. Whether the minima differ was not tested. The optimizers of those papers were others too (Adam, momentum). The learning rates of the grid are a factor of about three apart, so a finer grid would move each point a little; during the choice, the whole set took about as many steps at 1 (211) as at 0.3 (185).",
        "只用了一个小网络、单核处理器和一个目标损失。换成显卡或更大的网络，最快的批大小会不同。Keskar 等（2017）在各批大小设置相同的条件下发现，较大的批会停在较差的极小值点；"
        "Shallue 等（2019）为每种批大小分别调参之后，没有发现这一现象的证据。遍历 10 次时，使用整个训练集只走了 10 步，因此前两幅图反映的是步数太少，而不是极小值点较差；"
        "训练损失相同时的那幅图比较的是训练早期的测试准确率，由前后两次检查插值得到；各自的极小值点是否不同，这里没有检验。此外，这些论文使用了其他优化器（Adam、动量）。相邻候选学习率约相差三倍，候选值更密时各点会略有移动；选择时，整个训练集在学习率 1 处所需的步数（211）与 0.3 处（185）相差不大。",
    ),
    sources=(
        "H. Robbins, S. Monro, [A stochastic approximation method](https://doi.org/10.1214/aoms/1177729586), "
        "The Annals of Mathematical Statistics 22 (1951).",
        "N. S. Keskar, D. Mudigere, J. Nocedal, M. Smelyanskiy, P. T. P. Tang, [On large-batch training for deep learning: generalization gap "
        "and sharp minima](https://arxiv.org/abs/1609.04836), ICLR 2017.",
        "C. J. Shallue et al., [Measuring the effects of data parallelism on neural network training]"
        "(https://jmlr.org/papers/v20/18-789.html), JMLR 20 (2019).",
        "S. McCandlish, J. Kaplan, D. Amodei, [An empirical model of large-batch training](https://arxiv.org/abs/1812.06162) (2018).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
