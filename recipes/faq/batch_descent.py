"""Question 5: why batch gradient descent, with the whole training set in each step?

python -m recipes.faq.batch_descent
"""

import numpy as np

from recipes.faq import _network, _run, _steps, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Unit, Words

SMALL = 32
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = (1, 3, 10, 30)
STEPS = (10, 30, 100, 300, 1000)
CHOOSING_SEEDS = (100, 101, 102)


def measure(seed: int, choice: dict, *, limit=None, passes=PASSES, steps=STEPS, rounds: int = 5) -> dict:
    """Return the test accuracy after equal passes, equal times and equal steps, and the time of a pass."""
    mnist1d, sizes = loaded(seed, limit)
    seconds = pass_seconds(*mnist1d["train"], sizes, rounds) if rounds else {}
    found = {"passes": {}, "time": {}, "steps": {}, "seconds": seconds}
    for row, size in sizes.items():
        for panel, places in step_counts(row, mnist1d, sizes, seconds, passes, steps).items():
            found[panel][row] = {}
            for place, number in places.items():
                rate = _tuning.best(choice[f"{row}@{panel}, {place}"])
                found[panel][row][place] = accuracies(mnist1d, size, rate, seed, {number}, "test")[number]
    return found


def choose(*, limit=None, passes=PASSES, steps=STEPS, rounds: int = 5) -> dict:
    """Return the validation accuracy with each learning rate, the mean of three seeds, for each place of the panels."""
    tries: dict[str, dict] = {}
    seconds = None
    for seed in CHOOSING_SEEDS:
        mnist1d, sizes = loaded(seed, limit)
        seconds = seconds or pass_seconds(*mnist1d["train"], sizes, max(1, rounds))
        for row, size in sizes.items():
            counts = step_counts(row, mnist1d, sizes, seconds, passes, steps)
            numbers = {number for places in counts.values() for number in places.values()}
            for rate in GRID:
                found = accuracies(mnist1d, size, rate, seed, numbers, "valid")
                for panel, places in counts.items():
                    for place, number in places.items():
                        scores = tries.setdefault(
                            f"{row}@{panel}, {place}", dict.fromkeys(map("{:g}".format, GRID), 0.0)
                        )
                        scores[f"{rate:g}"] += found[number] / len(CHOOSING_SEEDS)
    return tries


def step_counts(row: str, mnist1d: dict, sizes: dict, seconds: dict, passes, steps) -> dict[str, dict[str, int]]:
    """Return the numbers of steps of a row at each place of each panel; `seconds` are those of a pass."""
    steps_a_pass = len(mnist1d["train"][0]) / sizes[row]
    counts = {
        "passes": {str(n): at_least_one(n * steps_a_pass) for n in passes},
        "steps": {str(n): n for n in steps},
    }
    if seconds:  # The time that batches of 32 take for so many passes.
        speed = steps_a_pass * seconds["small"] / seconds[row]
        counts["time"] = {str(n): at_least_one(n * speed) for n in passes}
    return counts


def loaded(seed: int, limit) -> tuple[dict, dict]:
    """Return inputs and classes of each set, and the batch size of each row."""
    from dlguide import data

    splits = data.load("mnist1d", limit=limit, seed=seed)
    parts = {name: (part.x[..., 0], part.y) for name, part in zip(("train", "valid", "test"), splits[:3], strict=True)}
    n = len(parts["train"][0])
    return parts, {"small": min(SMALL, n), "all": n}


def accuracies(mnist1d: dict, size: int, rate: float, seed: int, steps: set[int], part: str) -> dict[int, float]:
    """Return the accuracy after each number of steps of one training."""
    weights, done, found = _network.new_weights(SIZES, np.random.default_rng(seed)), 0, {}
    for number in sorted(steps):
        _network.descend(weights, SIZES, _network.batches(*mnist1d["train"], size, seed, done, number), rate)
        found[number] = _network.scores(_network.layers(weights, SIZES), *mnist1d[part])[1]
        done = number
    return found


def pass_seconds(x, y, sizes: dict[str, int], rounds: int) -> dict[str, float]:
    """Return the time that Keras takes for the steps of one pass, with the batch size of each row."""
    steps = {size: 40 if row == "all" else 2 * len(x) // size for row, size in sizes.items()}
    seconds = _steps.seconds_a_step(SIZES, x, y, steps, rounds)
    return {row: seconds[size] * len(x) / size for row, size in sizes.items()}


def at_least_one(steps: float) -> int:
    """Return a whole number of steps."""
    return max(1, round(steps))


ROWS = {"small": Words("batches of 32", "批大小 32"), "all": Words("the whole set", "整个训练集")}
ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
MILLISECONDS = Unit(Words("{} ms", "{} 毫秒"), Words("{} ms", "{} 毫秒"), Words("ms", "毫秒"), 1000.0)

EXPERIMENT = Experiment(
    question=Words("Why batch gradient descent?", "为什么需要使用批量梯度下降？"),
    measure=measure,
    choose=choose,
    quick={"limit": 60, "passes": (1,), "steps": (1, 2), "rounds": 1},
    check={"steps": (10, 30, 100), "rounds": 0},
    panels={
        "passes": Panel(
            score=ACCURACY,
            rows=ROWS,
            reference="all",
            curve=Curve(Words("passes over the training set (epochs)", "遍历训练集的次数（轮数）"), logarithmic=True),
            title=Words("Equal numbers of passes", "遍历次数相同"),
        ),
        "time": Panel(
            score=ACCURACY,
            rows=ROWS,
            reference="all",
            curve=Curve(
                Words("time, in passes with batches of 32", "时间，以批大小 32 遍历一次的时间为单位"), logarithmic=True
            ),
            title=Words("Equal times", "时间相同"),
        ),
        "steps": Panel(
            score=ACCURACY,
            rows=ROWS,
            reference="all",
            curve=Curve(Words("steps", "步数"), logarithmic=True),
            title=Words("Equal numbers of steps", "步数相同"),
        ),
        "seconds": Panel(
            score=Score(
                Words("time of a pass over the training set", "遍历一次训练集的时间"),
                MILLISECONDS,
                higher_is_better=False,
                format=".1f",
            ),
            rows=ROWS,
            reference="all",
            title=Words("Time of a pass", "遍历一次的时间"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Are batches of 32 more accurate than the whole set after 10 passes over the data?",
                "遍历数据 10 次之后，批大小 32 是否比使用整个训练集更准确？",
            ),
            panel="passes",
            row="small",
            reference="all",
            at="10",
            known="yes",
        ),
        Claim(
            Words("And in the time that these 10 passes take?", "若给两者相同的时间（即这 10 次遍历所需的时间）呢？"),
            panel="time",
            row="small",
            reference="all",
            at="10",
            known="yes",
        ),
        Claim(
            Words(
                "Does one pass take less time with the whole set in one step?",
                "把整个训练集放在一步里，遍历一次是否更快？",
            ),
            panel="seconds",
            row="all",
            reference="small",
        ),
        Claim(
            Words(
                "Is the whole set more accurate than batches of 32 after 100 steps, for which it reads 109 times as many examples?",
                "走 100 步之后，使用整个训练集是否比批大小 32 更准确？此时它读取的样本是后者的 109 倍。",
            ),
            panel="steps",
            row="all",
            reference="small",
            at="100",
        ),
    ),
    summary=Words(
        "Batch gradient descent uses the whole training set in each step; it suits few data, cheap steps, and methods that need the exact gradient. Otherwise small batches are mostly better: batches of 32 are more accurate by 34.28 points after 10 passes, and by 9.08 points in the time of these passes; in the time of 30 passes no difference is seen. At equal numbers of steps, from 30 on, the whole set is ahead, but it reads 109 times as many examples.",
        "批量梯度下降的每一步都使用整个训练集，适合数据少、每一步代价低，或方法需要精确梯度的情况。其他情况下多半是小批量更好：遍历 10 次之后，批大小 32 的准确率高 34.28 个百分点；在这 10 次遍历所需的时间内高 9.08 个百分点；时间延长到 30 次遍历时未见差异。步数相同（不少于 30 步）时，使用整个训练集更准确，但读取的样本是前者的 109 倍。",
    ),
    outcomes=(
        "yes",
        "yes",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
The loss of a training set is the mean of the losses $\ell_i(w)$ of its $n$ examples. Batch gradient descent takes all of them for each step:

$$\nabla L(w) = \frac{1}{n} \sum_{i=1}^{n} \nabla \ell_i(w), \qquad w_{t+1} = w_t - \eta\, \nabla L(w_t)$$

Here $w_t$ are the weights after $t$ steps, $\eta$ is the learning rate, and $\nabla L$ the gradient: the derivatives of the loss by each weight. This is the exact gradient. Nothing in a step is random, and the loss falls in each step if $\eta$ is small enough. But a pass over the data (an epoch) then is a single step.

A batch of 32 examples gives an estimate of the same gradient, which is right on average. Its error shrinks like $1/\sqrt{B}$ with the number of examples $B$: 100 times as many examples make it only 10 times more exact. Many examples resemble each other, so most of the work of an exact gradient repeats what a small part of the data says already. With $B = 32$ and $n = 3{,}500$, a pass is about 109 steps, and each of them starts from weights that are better already. That is why small batches need far fewer passes. The whole set has one advantage in time: one large matrix product uses a processor better than many small ones, so a pass is faster.

Batch gradient descent is the right choice where $n$ is small, where a step is cheap (linear models), or where a method needs exact gradients, such as L-BFGS, which estimates the curvature from the change of the gradient between steps. With a fixed learning rate it can converge to a minimum, while small batches keep moving around it.
""".strip(),
        zh=r"""
训练集的损失是其 $n$ 个样本的损失 $\ell_i(w)$ 的平均值。批量梯度下降的每一步都用到全部样本：

$$\nabla L(w) = \frac{1}{n} \sum_{i=1}^{n} \nabla \ell_i(w), \qquad w_{t+1} = w_t - \eta\, \nabla L(w_t)$$

其中 $w_t$ 是第 $t$ 步之后的权重， $\eta$ 是学习率， $\nabla L$ 是梯度，即损失对每个权重的偏导数。这样得到的是精确的梯度：每一步都没有随机性，只要 $\eta$ 足够小，每一步损失都会下降。但是，遍历一次数据（一轮）只走一步。

由 32 个样本组成的小批量给出同一梯度的估计，这个估计平均来说是正确的。估计的误差随样本数 $B$ 按 $1/\sqrt{B}$ 减小：样本增加到 100 倍，精度只提高到 10 倍。许多样本彼此相似，因此计算精确梯度的大部分工作，只是在重复一小部分数据已经给出的信息。当 $B = 32$ 、 $n = 3{,}500$ 时，遍历一次约走 109 步，而且每一步都从已经改进的权重出发，所以小批量需要的遍历次数少得多。使用整个训练集在时间上有一个好处：一次大的矩阵乘法比许多次小的矩阵乘法更能发挥处理器的效率，因此遍历一次更快。

当 $n$ 较小、每一步的代价很低（线性模型），或所用方法需要精确梯度时（例如 L-BFGS，它由相邻两步梯度的变化估计曲率），适合使用批量梯度下降。学习率固定时，它可以收敛到极小值点，而小批量会一直在极小值点附近摆动。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
x, y = mnist1d.train
model = mlp((40, 1), 10, hidden_units=(64, 64))
model.compile(keras.optimizers.SGD(0.3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(model, x, y, epochs=3, batch_size=len(x), verbose=0)  # the whole set: one step an epoch
training.fit(model, x, y, epochs=3, batch_size=32, verbose=0)  # batches of 32: 16 steps an epoch
""",
        zh="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
x, y = mnist1d.train
model = mlp((40, 1), 10, hidden_units=(64, 64))
model.compile(keras.optimizers.SGD(0.3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(model, x, y, epochs=3, batch_size=len(x), verbose=0)  # 整个训练集：每轮一步
training.fit(model, x, y, epochs=3, batch_size=32, verbose=0)  # 批大小 32：每轮 16 步
""",
    ),
    setting=Words(
        "A network with two hidden layers of 64 ReLU units on the 3,500 training examples of MNIST-1D, plain gradient descent with a fixed learning rate. "
        "Each row has its own learning rate for each number of passes, each time and each number of steps: the one with the best validation accuracy there, "
        "as a mean of the seeds 100, 101 and 102 (in brackets below, “time, 10” stands for the time of 10 passes). The trainings run in NumPy, which does the same steps as Keras's `SGD` (a test compares the weights) without compiling. The time of "
        "a step is processor time, measured with Keras: `mlp` of the same sizes, `model.fit` with 100 steps in one call, on one core, in the same process; the two batch sizes "
        "took turns, the median of five rounds counts, and compilation and evaluation are excluded; its spread over the seeds comes from the machine, not from the seed. "
        "For equal times, the whole set does as many steps as fit into the measured time.",
        "网络有两个隐藏层，各含 64 个 ReLU 单元，数据为 MNIST-1D 的 3500 个训练样本，使用学习率固定的普通梯度下降。"
        "每一行对每个遍历次数、每个时间和每个步数分别选择学习率，取此时验证准确率最高者（种子 100、101、102 的均值）；下文括号中的 passes、time、steps 依次表示遍历次数、时间和步数。训练用 NumPy 完成，每一步与 Keras 的 `SGD` 相同（有测试比较权重），且无需编译。"
        "每一步的时间为处理器时间，用 Keras 测量：同样大小的 `mlp`，`model.fit` 每次调用执行 100 步，单核，在同一进程中让两种批大小轮流运行，取五次的中位数，不含编译与评估；各种子之间的差别来自机器，与种子无关。"
        "比较相同时间时，整个训练集一行所走的步数，就是在测得的时间内能够完成的步数。",
    ),
    limits=Words(
        "One small network on one core. On a graphics card a large batch costs hardly more time than a small one, so there the whole set loses less time, "
        "and one machine with many cards favours larger batches. Keras's fixed time for each epoch is not in the times; it would add to the whole set, which has "
        "one step an epoch. The learning rates of the grid are a factor of about three apart, so a finer grid would move each point a little. Batches between 32 and the whole set stand in the next question.",
        "只用了一个小网络和单核处理器。在显卡上，大批量的一步几乎不比小批量慢，因此使用整个训练集在时间上吃亏较少；拥有多块显卡的机器适合更大的批。"
        "这里的时间不含 Keras 每一轮的固定开销；使用整个训练集时每轮只有一步，加上这一开销会更慢。相邻候选学习率约相差三倍，候选值更密时各点会略有移动。介于 32 与整个训练集之间的批大小见下一个问题。",
    ),
    sources=(
        "D. R. Wilson, T. R. Martinez, [The general inefficiency of batch training for gradient descent learning]"
        "(https://doi.org/10.1016/S0893-6080%2803%2900138-2), Neural Networks 16 (2003).",
        "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, [Efficient BackProp]"
        "(https://doi.org/10.1007/978-3-642-35289-8_3), in: Neural Networks: Tricks of the Trade (2012; first in 1998).",
        "L. Bottou, F. E. Curtis, J. Nocedal, [Optimization methods for large-scale machine learning]"
        "(https://doi.org/10.1137/16M1080173), SIAM Review 60 (2018).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
