"""Question 7: why momentum?

python -m recipes.faq.momentum
"""

import math

import numpy as np

from recipes.faq import _network, _run, _tuning
from recipes.faq._experiment import NUMBER, Claim, Curve, Experiment, Panel, Score, Unit, Words

QUADRATIC_ROWS = ("plain", "fixed", "best", "nesterov")
CONDITIONS = (10, 100, 1000, 10_000)
NETWORK_ROWS = {"plain": (0.0, False), "fixed": (0.9, False), "nesterov_fixed": (0.9, True)}
BATCH_SIZES = (2, 32, 512)
SIZES = (40, 64, 64, 10)  # Inputs, hidden units, classes.
GRID = (0.001, 0.0018, 0.003, 0.0056, 0.01, 0.018, 0.03, 0.056, 0.1, 0.18, 0.3, 0.56, 1, 1.8, 3, 5.6)
TARGETS = {"train": 1.1, "valid": 1.3}
"""Set to the loss at which a training has reached its target: the validation loss stays above the training loss."""
MOST = {2: 14_000, 32: 2000, 512: 600}
"""Batch size to the steps after which a training ends that has not reached the target loss."""


def measure(seed: int, choice: dict, *, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that least squares takes, their growth with the condition number, and the steps of a network."""
    taken = {row: {str(k): quadratic_steps(row, k, seed) for k in conditions} for row in QUADRATIC_ROWS}
    low, high = conditions[-3::2] if len(conditions) > 2 else conditions
    growth = {row: math.log(n[str(high)] / n[str(low)]) / math.log(high / low) for row, n in taken.items()}
    network = {}
    for row in NETWORK_ROWS if batch_sizes else ():
        rates = {size: _tuning.best(choice[f"{row}@{size}"], lower=True) for size in batch_sizes}
        network[row] = {str(n): network_steps(row, n, rate, seed, most, limit, "train") for n, rate in rates.items()}
    return {"steps": taken, "growth": growth, "network": network}


def choose(*, conditions=CONDITIONS, batch_sizes=BATCH_SIZES, most=MOST, limit=None) -> dict:
    """Return the steps that each learning rate takes until the loss of the validation set is at the target."""

    def steps(key, rate):
        row, size = key.split("@")
        return sum(network_steps(row, int(size), rate, seed, most, limit, "valid") for seed in (100, 101)) / 2

    return _tuning.search([f"{row}@{size}" for row in NETWORK_ROWS for size in batch_sizes], GRID, steps)


def quadratic_steps(row: str, condition: int, seed: int, dimensions: int = 20) -> int:
    """Return how many steps bring the weights of least squares a thousand times closer to the minimum."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((dimensions, dimensions)))[0]
    matrix = rotation * np.geomspace(1 / condition, 1, dimensions) @ rotation.T  # X.T @ X of the examples.
    minimum = rng.standard_normal(dimensions)
    rate, momentum, is_nesterov = settings(row, 1 / condition, 1.0)
    w, velocity, steps = np.zeros(dimensions), np.zeros(dimensions), 0
    while np.sum((w - minimum) ** 2) > 1e-6 * np.sum(minimum**2):
        ahead = w + momentum * velocity if is_nesterov else w
        velocity = momentum * velocity - rate * matrix @ (ahead - minimum)
        w, steps = w + velocity, steps + 1
    return steps


def settings(row: str, smallest: float, largest: float) -> tuple[float, float, bool]:
    """Return the learning rate and the momentum with the best guarantee, from the eigenvalues (Lessard et al., 2016)."""
    root = math.sqrt(largest / smallest)
    if row == "plain":
        return 2 / (largest + smallest), 0.0, False
    if row == "nesterov":
        root = math.sqrt(3 * largest / smallest + 1)
        return 4 / (3 * largest + smallest), (root - 2) / (root + 2), True
    momentum = 0.9 if row == "fixed" else ((root - 1) / (root + 1)) ** 2
    return (1 + math.sqrt(momentum)) ** 2 / largest, momentum, False


def network_steps(row: str, batch_size: int, rate: float, seed: int, most: dict, limit, watched: str) -> float:
    """Return the steps until the loss of the training or the validation set is at the target."""
    from dlguide import data

    mnist1d, (momentum, is_nesterov) = data.load("mnist1d", limit=limit, seed=seed), NETWORK_ROWS[row]
    train, other = ((part.x[..., 0], part.y) for part in (mnist1d.train, getattr(mnist1d, watched)))
    settings = {"learning_rate": rate, "momentum": momentum, "nesterov": is_nesterov}
    run = {
        "target": TARGETS[watched],
        "most": most[batch_size],
        "batch_size": min(batch_size, len(train[0])),
        "seed": seed,
    }
    return _network.until_target(SIZES, train, other, other, **run, **settings)[0]


STEPS = Unit(Words("{}", "{}"), Words("{} steps", "{} 步"))
PLAIN, FIXED = Words("no momentum", "无动量"), Words("momentum 0.9", "动量 0.9")

EXPERIMENT = Experiment(
    question=Words("Why momentum?", "为什么需要使用动量？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    quick={"conditions": (4, 9), "batch_sizes": (32,), "most": {32: 2}, "limit": 50},
    check={"batch_sizes": ()},
    seeds=tuple(range(10)),
    panels={
        "steps": Panel(
            score=Score(
                Words("steps", "步数"),
                STEPS,
                higher_is_better=False,
                format=",.0f",
                logarithmic=True,
            ),
            rows={
                "plain": PLAIN,
                "fixed": FIXED,
                "best": Words("momentum, best value", "动量，取最优值"),
                "nesterov": Words("Nesterov momentum, best value", "Nesterov 动量，取最优值"),
            },
            reference="plain",
            curve=Curve(Words("condition number κ", "条件数 κ"), logarithmic=True),
            title=Words(
                "Least squares, to a thousandth of the distance",
                "最小二乘：到最小值点的距离缩小到千分之一为止",
            ),
        ),
        "growth": Panel(
            score=Score(Words("exponent p", "指数 p"), NUMBER, higher_is_better=False),
            rows={
                "plain": PLAIN,
                "fixed": FIXED,
                "best": Words("momentum, best value", "动量，取最优值"),
                "nesterov": Words("Nesterov momentum, best value", "Nesterov 动量，取最优值"),
            },
            reference="plain",
            title=Words("The steps grow like κ^p (from κ = 100 to 10,000)", "步数按 κ^p 增长（κ 从 100 到 10000）"),
        ),
        "network": Panel(
            score=Score(
                Words("steps", "步数"),
                STEPS,
                higher_is_better=False,
                format=",.0f",
                logarithmic=True,
            ),
            rows={
                "plain": PLAIN,
                "fixed": FIXED,
                "nesterov_fixed": Words("Nesterov momentum 0.9", "Nesterov 动量 0.9"),
            },
            reference="plain",
            curve=Curve(Words("batch size", "批大小"), logarithmic=True),
            title=Words(
                "A network on MNIST-1D: until the training loss is 1.1",
                "神经网络，MNIST-1D 数据：训练损失降到 1.1 为止",
            ),
        ),
    },
    claims=(
        Claim(
            Words(
                "Least squares with κ = 10,000: does momentum take fewer steps than plain gradient descent, each with its best settings?",
                "最小二乘，κ = 10000，各取最优设置：使用动量所需的步数是否少于普通梯度下降？",
            ),
            panel="steps",
            row="best",
            reference="plain",
            at="10000",
            known="yes",
        ),
        Claim(
            Words(
                "Does the number of steps grow about like √κ with momentum (an exponent below 0.75, the middle between 0.5 and 1)?",
                "使用动量时，步数是否大致按 √κ 增长（指数小于 0.75，即 0.5 与 1 的中点）？",
            ),
            panel="growth",
            row="best",
            reference=0.75,
            known="yes",
        ),
        Claim(
            Words(
                "Does it grow about like κ without momentum (an exponent above 0.75)?",
                "不用动量时，步数是否大致按 κ 增长（指数大于 0.75）？",
            ),
            panel="growth",
            row="plain",
            reference=0.75,
            better=False,
            known="yes",
        ),
        Claim(
            Words(
                "A network in batches of 512: does it take fewer steps to a training loss of 1.1 with momentum 0.9?",
                "神经网络，批大小 512：使用动量 0.9，训练损失降到 1.1 所需的步数是否更少？",
            ),
            panel="network",
            row="fixed",
            reference="plain",
            at="512",
            known="yes",
        ),
        Claim(
            Words("And in batches of 2?", "批大小 2 时呢？"),
            panel="network",
            row="fixed",
            reference="plain",
            at="2",
            known="same",
        ),
    ),
    summary=Words(
        "Momentum adds up past gradients. It helps where the loss is a long, narrow valley, with a large condition number κ (the largest curvature divided by the smallest), since plain gradient descent makes very short steps along the bottom. With batches of 512 the network needs 68 steps fewer; with batches of 2, where the noise of the gradient limits the learning rate, no difference is seen.",
        "动量法累积以往的梯度。当损失的形状像狭长的山谷，即条件数 κ（最大曲率与最小曲率之比）很大时，普通梯度下降沿谷底的步子很小，动量就有帮助。批大小 512 时，神经网络所需的步数减少 68 步；批大小 2 时，限制学习率的是梯度的噪声，未见差异。",
    ),
    outcomes=(
        "yes",
        "yes",
        "yes",
        "yes",
        "same",
    ),
    explanation=Words(
        en=r"""
Momentum adds up the past gradients in a velocity $v$ and moves the weights $w$ by it:

$$v_{t+1} = \beta\, v_t - \eta\, \nabla L(w_t), \qquad w_{t+1} = w_t + v_{t+1}$$

Here $\nabla L(w_t)$ is the gradient of the loss after $t$ steps, $\eta$ the learning rate, and $\beta$ the momentum, between 0 and 1; $\beta = 0$ is plain gradient descent. Where the gradient keeps its direction, the velocity grows up to $1 / (1 - \beta)$ times the plain step: ten times with $\beta = 0.9$. Where the gradient changes its sign from step to step, its contributions cancel.

This helps where the loss is a long, narrow valley. Let $\lambda_{\max}$ and $\lambda_{\min}$ be the largest and the smallest eigenvalue of the matrix of second derivatives, and $\kappa = \lambda_{\max} / \lambda_{\min}$ the condition number. The steep walls limit the learning rate to $2 / \lambda_{\max}$ (with momentum to $2 (1 + \beta) / \lambda_{\max}$), which makes the steps along the flat bottom very short. On a quadratic loss, with the best settings, the distance to the minimum is in the long run multiplied in each step by

$$\rho_{\text{plain}} = \frac{\kappa - 1}{\kappa + 1}, \qquad \rho_{\text{momentum}} = \frac{\sqrt{\kappa} - 1}{\sqrt{\kappa} + 1}$$

So the number of steps grows like $\kappa$ without momentum, and like $\sqrt{\kappa}$ with it (Polyak, 1964): in the long run about a hundredth of the steps for $\kappa = 10{,}000$. The table counts only until the distance is a thousandth, and momentum gains less in its first steps; there it is a 44th (608 steps against 26,997). Nesterov's momentum takes the gradient at the point to which the velocity leads, $w_t + \beta v_t$. On small batches the gradient is noisy, and it is the noise rather than the valley that limits the learning rate. Momentum $\beta$ with the learning rate $\eta$ then does about the same as no momentum with $\eta / (1 - \beta)$.
""".strip(),
        zh=r"""
动量法把以往的梯度累积为速度 $v$ ，再用速度更新权重 $w$ ：

$$v_{t+1} = \beta\, v_t - \eta\, \nabla L(w_t), \qquad w_{t+1} = w_t + v_{t+1}$$

其中 $\nabla L(w_t)$ 是第 $t$ 步之后损失的梯度， $\eta$ 是学习率， $\beta$ 是动量系数，取值在 0 与 1 之间； $\beta = 0$ 即普通梯度下降。若梯度方向保持不变，速度会逐渐增大，最多为普通步长的 $1 / (1 - \beta)$ 倍， $\beta = 0.9$ 时为十倍；若梯度的符号逐步交替，各步的贡献就相互抵消。

当损失的形状像一条狭长的山谷时，动量很有帮助。设 $\lambda_{\max}$ 与 $\lambda_{\min}$ 为二阶导数矩阵的最大与最小特征值，条件数 $\kappa = \lambda_{\max} / \lambda_{\min}$ 。陡峭的谷壁要求学习率小于 $2 / \lambda_{\max}$ （使用动量时为 $2 (1 + \beta) / \lambda_{\max}$ ），于是沿平坦谷底的步子非常小。对于二次损失，若取最优设置，经过足够多步之后，到最小值点的距离每一步乘以

$$\rho_{\text{plain}} = \frac{\kappa - 1}{\kappa + 1}, \qquad \rho_{\text{momentum}} = \frac{\sqrt{\kappa} - 1}{\sqrt{\kappa} + 1}$$

因此，不用动量时步数随 $\kappa$ 成正比增长，使用动量时随 $\sqrt{\kappa}$ 成正比增长（Polyak，1964）：当 $\kappa = 10{,}000$ 时，长期来看步数约为原来的百分之一。表中只计到距离缩小到千分之一为止，而动量在最初若干步中收益较小，所以是四十四分之一（608 步与 26,997 步）。Nesterov 动量在速度将要到达的点 $w_t + \beta v_t$ 处计算梯度。批较小时梯度含有噪声，限制学习率的是噪声而不是山谷的形状；此时动量系数 $\beta$ 配合学习率 $\eta$ ，与不用动量而学习率取 $\eta / (1 - \beta)$ 的效果大致相同。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
model = mlp((40, 1), 10)
model.compile(
    keras.optimizers.SGD(learning_rate=0.03, momentum=0.9, nesterov=True),  # the default is momentum=0.0
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
training.fit(model, *mnist1d.train, epochs=2, verbose=0)
""",
        zh="""
import keras
from dlguide import data, mlp, training

mnist1d = data.load("mnist1d", limit=500)
model = mlp((40, 1), 10)
model.compile(
    keras.optimizers.SGD(learning_rate=0.03, momentum=0.9, nesterov=True),  # 默认为 momentum=0.0
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
training.fit(model, *mnist1d.train, epochs=2, verbose=0)
""",
    ),
    setting=Words(
        "Least squares with 20 weights, in NumPy: the eigenvalues of the matrix of second derivatives run from $1/\\kappa$ to 1 in equal ratios, "
        "their directions and the minimum are random, the weights start at zero, and the steps are counted until their distance to the minimum is a thousandth of that at the start. Learning rate and momentum are computed from the largest and the "
        "smallest eigenvalue, with the formulas of Lessard et al. (2016) for each method; momentum 0.9 has the learning rate $(1 + \\sqrt{0.9})^2 / \\lambda_{\\max}$, just below its limit. "
        "Network: two hidden layers of 64 ReLU units on the 3,500 training examples of MNIST-1D, in NumPy, which does the same steps as Keras's `SGD` with momentum "
        "(a test compares the weights). The steps are counted until the loss of the whole training set is 1.1: it is looked at after numbers of steps that grow by a factor of √2, "
        "and a straight line is drawn between them. Each row has, for each batch size, its own learning rate: the one that needs the fewest steps to bring the validation loss to 1.3 "
        "(mean of seeds 100 and 101).",
        "最小二乘问题有 20 个权重，用 NumPy 实现：二阶导数矩阵的特征值从 $1/\\kappa$ 到 1 按等比排列，特征向量与最小值点随机抽取，权重从零开始，步数计到与最小值点的距离缩小到起点的千分之一为止。"
        "学习率与动量系数由最大和最小特征值算出，各方法采用 Lessard 等（2016）的公式；动量 0.9 的学习率为 $(1 + \\sqrt{0.9})^2 / \\lambda_{\\max}$ ，略低于其上限。"
        "神经网络有两个隐藏层，各含 64 个 ReLU 单元，数据为 MNIST-1D 的 3500 个训练样本，用 NumPy 训练，每一步与 Keras 带动量的 `SGD` 相同（有测试比较权重）。"
        "步数计到整个训练集的损失降到 1.1 为止：在步数每增长 √2 倍时检查一次损失，其间按直线插值。"
        "每一行对每种批大小分别选择学习率，取使验证损失降到 1.3 所需步数最少者（种子 100 与 101 的均值）。",
    ),
    limits=Words(
        "The best settings of least squares need the eigenvalues, which are not known for a network. A fixed momentum of 0.9 has no better "
        "growth than plain gradient descent when $\\kappa$ becomes very large: it is then about twenty times faster, but not more. "
        "Its exponent in the second panel is low because its steps stay the same up to $\\kappa \\approx 1400$ and grow only then. "
        "The factors $\\rho$ hold for quadratic losses and exact gradients. With a small $\\kappa$, a momentum of 0.9 is too large: plain gradient descent is faster there. "
        "Which batch is small enough for momentum to make no difference depends on the network and the data. One small network and one target loss. Only the learning rate of the network was tuned, with the momentum fixed at 0.9. The grid must be fine: in a first run with learning rates a factor of √10 apart, the row without momentum missed its best value, and momentum seemed to help with batches of 2 too.",
        "最小二乘的最优设置要用到特征值，而网络的特征值通常未知。动量固定为 0.9 时，若 $\\kappa$ 非常大，步数的增长并不比普通梯度下降慢，"
        "只是快一个固定的倍数（约二十倍）。第二幅图中它的指数较小，是因为在 $\\kappa \\approx 1400$ 以前步数不变，之后才增长。因子 $\\rho$ 只适用于二次损失和精确梯度。当 $\\kappa$ 较小时，0.9 的动量过大，普通梯度下降反而更快。"
        "批小到什么程度动量才不起作用，取决于网络和数据。这里只用了一个小网络和一个目标损失；网络只调了学习率，动量固定为 0.9。候选值必须足够密：第一次运行时，相邻学习率相差 √10 倍，“无动量”一行错过了最优值，于是批大小为 2 时动量看起来也有帮助。",
    ),
    sources=(
        "B. T. Polyak, [Some methods of speeding up the convergence of iteration methods]"
        "(https://doi.org/10.1016/0041-5553%2864%2990137-5), USSR Computational Mathematics and Mathematical Physics 4 (1964).",
        "L. Lessard, B. Recht, A. Packard, [Analysis and design of optimization algorithms via integral quadratic constraints]"
        "(https://doi.org/10.1137/15M1009597), SIAM Journal on Optimization 26 (2016).",
        "I. Sutskever, J. Martens, G. Dahl, G. Hinton, [On the importance of initialization and momentum in deep learning]"
        "(https://proceedings.mlr.press/v28/sutskever13.html), ICML 2013.",
        "C. J. Shallue et al., [Measuring the effects of data parallelism on neural network training]"
        "(https://jmlr.org/papers/v20/18-789.html), JMLR 20 (2019).",
        "G. Goh, [Why momentum really works](https://doi.org/10.23915/distill.00006), Distill (2017).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
