"""Question 10: why batch normalisation?

python -m recipes.faq.batch_normalisation
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
DEPTHS = {"two": 2, "eight": 8}
CHOOSING_SEEDS = (100, 101, 102)
ROWS = ("plain_two", "normalised_two", "plain_eight", "normalised_eight", "noisy_eight")


def choose(*, rates: tuple[float, ...] = RATES, limit: int | None = None, epochs: int = 8, eager: bool = False) -> dict:
    """Return the validation accuracy of each network with each learning rate, the mean of three seeds."""
    options = {"part": "valid", "limit": limit, "epochs": epochs, "eager": eager}

    def score(row, rate):
        return sum(accuracy(row, rate, seed=seed, **options) for seed in CHOOSING_SEEDS) / len(CHOOSING_SEEDS)

    return _tuning.search(ROWS, rates, score)


def measure(
    seed: int,
    choice: dict,
    *,
    rates: tuple[float, ...] = RATES,
    limit: int | None = None,
    epochs: int = 8,
    eager: bool = False,
    rows: tuple[str, ...] = ROWS,
) -> dict:
    """Return the test accuracy of each network over the learning rates, and at the one that was chosen."""
    options = {"part": "test", "seed": seed, "limit": limit, "epochs": epochs, "eager": eager}
    curves = {row: {f"{rate:g}": accuracy(row, rate, **options) for rate in rates} for row in rows}
    scores = {depth: {row: curve for row, curve in curves.items() if row.endswith(depth)} for depth in DEPTHS}
    scores["chosen"] = {
        row: curve[at] for row, curve in curves.items() if (at := f"{_tuning.best(choice[row]):g}") in curve
    }
    return scores


def accuracy(row: str, rate: float, *, part: str, seed: int, limit: int | None, epochs: int, eager: bool) -> float:
    """Train with a learning rate and return the accuracy; one tenth where the loss diverges."""
    splits = loaded(seed, limit)
    try:
        model = trainer(row, eager)(*splits.train, learning_rate=rate, epochs=epochs, batch_size=125, seed=seed)
    except FloatingPointError:
        return 0.1
    return _retraining.accuracy(model, *getattr(splits, part))


@functools.lru_cache(maxsize=3)
def loaded(seed: int, limit: int | None):
    """Return the data set; each seed reads it once."""
    from dlguide import data

    return data.load("mnist1d", limit=limit, seed=seed)


@functools.cache
def trainer(row: str, eager: bool):
    """Return what trains a network by plain gradient descent."""
    return _retraining.trainer(functools.partial(network, row), "sgd", run_eagerly=eager)


def network(row: str):
    """Return a new network: layers of 64 units, then for some rows batch normalisation, for some of these noise."""
    import keras

    kind, depth = row.split("_")
    inputs = keras.Input((40, 1))
    x = keras.layers.Flatten()(inputs)
    for _ in range(DEPTHS[depth]):
        x = keras.layers.Dense(64, use_bias=kind == "plain")(x)
        if kind != "plain":
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        if kind == "noisy":
            x = moving_distribution()(x)
        x = keras.layers.Activation("relu")(x)
    return keras.Model(inputs, keras.layers.Dense(10)(x))


def moving_distribution():
    """Return a layer that gives each unit another random scale and shift at every step of the training."""
    import keras

    class MovingDistribution(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator()

        def call(self, x, training=False):
            if not training:
                return x
            numbers = keras.random.uniform((2, x.shape[-1]), -0.5, 0.5, seed=self.seeds)
            return (1 + numbers[0]) * x + numbers[1]

    return MovingDistribution()


ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
RATE = Curve(Words("learning rate", "学习率"), logarithmic=True)
KINDS = {
    "plain": Words("no batch norm", "不用归一化"),
    "normalised": Words("batch norm", "批归一化"),
    "noisy": Words("batch norm + noise", "批归一化后加噪声"),
}
LAYERS = {"two": Words("2 layers", "2 个隐藏层"), "eight": Words("8 layers", "8 个隐藏层")}
ROW_KINDS = {row: KINDS[row.split("_")[0]] for row in ROWS}
ROW_LAYERS = {row: LAYERS[row.split("_")[1]] for row in ROWS}
EXPERIMENT = Experiment(
    question=Words("Why use batch normalisation?", "为什么需要使用批归一化？"),
    measure=measure,
    choose=choose,
    quick={"rates": (0.1,), "limit": 20, "epochs": 1, "eager": True},
    check={"rows": ("plain_two", "normalised_two"), "rates": (0.1, 1)},
    panels={
        **{
            depth: Panel(
                ACCURACY,
                {row: name for row, name in ROW_KINDS.items() if row.endswith(depth)},
                reference=f"plain_{depth}",
                curve=RATE,
                title=layers,
            )
            for depth, layers in LAYERS.items()
        },
        "chosen": Panel(
            ACCURACY,
            {
                row: Words(f"{kind.en} ({ROW_LAYERS[row].en})", f"{kind.zh}（{ROW_LAYERS[row].zh}）")
                for row, kind in ROW_KINDS.items()
            },
            title=Words("Each network at its own learning rate", "各网络使用各自选定的学习率"),
        ),
    },
    claims=(
        Claim(
            Words(
                "With 8 hidden layers, each network at its own learning rate: does batch normalisation help?",
                "8 个隐藏层、各自选择学习率时，批归一化是否提高准确率？",
            ),
            panel="chosen",
            row="normalised_eight",
            reference="plain_eight",
            known="yes",
        ),
        Claim(
            Words("With 2 hidden layers?", "2 个隐藏层时呢？"),
            panel="chosen",
            row="normalised_two",
            reference="plain_two",
        ),
        Claim(
            Words(
                "Does it help with 8 layers at the learning rate 1, which is a large one?",
                "8 个隐藏层、学习率取较大的 1 时，批归一化是否提高准确率？",
            ),
            panel="eight",
            row="normalised_eight",
            reference="plain_eight",
            at="1",
            known="yes",
        ),
        Claim(
            Words(
                "If noise after the normalisation changes the distribution of every unit at every step, does the network of 8 "
                "layers still classify better than the one without normalisation?",
                "若在批归一化之后加入噪声，使每个单元的分布在每一步都改变，8 层网络是否仍优于不用归一化的网络？",
            ),
            panel="chosen",
            row="noisy_eight",
            reference="plain_eight",
            known="yes",
        ),
    ),
    summary=Words(
        "Batch normalisation gives the sums of each unit a fixed mean and spread, so that deep networks train well, and with large steps. With 8 layers it helps by 17.72 points at the learning rates that were chosen (by 11 points from peak to peak of the curves), and at the rate 1 the network without it is no better than guessing. With 2 layers it helps at most learning rates, but at the chosen ones no difference is seen.",
        "批归一化使每个单元的加权和具有固定的均值与离散程度，深层网络因此容易训练，也能使用较大的步长。8 个隐藏层时，在各自选定的学习率下，它使准确率提高 17.72 个百分点（比较两条曲线的峰值则为 11 个百分点）；学习率为 1 时，不用归一化的网络与随机猜测相差无几。2 个隐藏层时，它在大多数学习率下有帮助，但在选定的学习率下未见差异。",
    ),
    outcomes=(
        "yes",
        "same",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
Batch normalisation (Ioffe & Szegedy, 2015) stands between the weighted sums of a layer and its activation function. In training it looks at one unit at a time: $z_i$ is the unit's weighted sum for example $i$ of the batch, $\mu$ the mean and $s^2$ the variance of these numbers over the batch. It gives

$$\hat z_i = \frac{z_i - \mu}{\sqrt{s^2 + \varepsilon}}, \qquad y_i = \gamma\, \hat z_i + \beta$$

The small number $\varepsilon$ prevents a division by zero; the scale $\gamma$ and the shift $\beta$ (not the momentum of question 7) are learned, one of each per unit. So each unit has a mean and a spread of its own that do not depend on the layers before it. In a deep network without normalisation, the size of the signals and of the gradients is multiplied at every layer, and may vanish or explode with the number of layers.

The authors' explanation was that training suffers when the distribution of a layer's inputs moves from step to step ("internal covariate shift"). Santurkar et al. (2018) tested it: they put noise behind the normalisation, so that the distributions move more than before, and training was still about as good. The row with noise is a simpler and milder version of this test; it stays 3 points below the row without noise. Their own explanation is that the loss becomes smoother: the gradient changes less within a step, so larger steps are possible.

One part of it can be seen from the formula. If the weights $w$ of a unit are multiplied by $a > 0$, then $z_i$, $\mu$ and $s$ are too, and (apart from $\varepsilon$) the output stays the same. So the loss $L$ stays the same, and differentiating both sides of $L(a\,w) = L(w)$ by $w$ gives $a\, \nabla L(a\,w) = \nabla L(w)$:

$$L(a\,w) = L(w), \qquad \nabla L(a\,w) = \frac{1}{a}\, \nabla L(w)$$

The loss does not change along $w$, so the gradient is perpendicular to $w$, and each step makes $w$ longer. A step that is too large makes it much longer. Then the gradient is smaller, and so is the next step relative to the weights: the step size corrects itself, and training goes on where a network without normalisation diverges. After training there is no batch: the layer then uses running averages of $\mu$ and $s^2$ that it collected in training.
""".strip(),
        zh=r"""
批归一化（Ioffe 与 Szegedy，2015）位于一层的加权和与激活函数之间。训练时，它分别处理每个单元：设 $z_i$ 为该单元对批中第 $i$ 个样本的加权和， $\mu$ 与 $s^2$ 为这些数在一批样本上的均值与方差，则

$$\hat z_i = \frac{z_i - \mu}{\sqrt{s^2 + \varepsilon}}, \qquad y_i = \gamma\, \hat z_i + \beta$$

其中很小的数 $\varepsilon$ 用来避免除以零，缩放系数 $\gamma$ 与平移系数 $\beta$ （不是问题 7 中的动量系数）由学习得到，每个单元各有一个。这样，每个单元的均值与离散程度不再取决于前面各层。在没有归一化的深层网络中，信号与梯度的大小每经过一层就乘上一个因子，层数多时可能消失，也可能爆炸。

原作者的解释是：若一层输入的分布在训练中不断变动（“内部协变量偏移”），训练就会变得困难。Santurkar 等（2018）检验了这一解释：他们在归一化之后加入噪声，使分布的变动比原来更大，训练效果却几乎不变。本实验中加噪声的一行是这一检验的简化版，噪声较弱；它比不加噪声的一行低 3 个百分点。他们自己的解释是损失函数变得更平滑：更新一步前后，梯度的变化较小，因此可以使用更大的步长。

其中一部分原因可以从公式看出。若把一个单元的权重 $w$ 乘以 $a > 0$ ，则 $z_i$ 、 $\mu$ 与 $s$ 也都乘以 $a$ ，输出（忽略 $\varepsilon$ ）保持不变。因此损失 $L$ 也不变；在 $L(a\,w) = L(w)$ 两边对 $w$ 求导，得 $a\, \nabla L(a\,w) = \nabla L(w)$ ，即

$$L(a\,w) = L(w), \qquad \nabla L(a\,w) = \frac{1}{a}\, \nabla L(w)$$

沿 $w$ 的方向损失不变，所以梯度与 $w$ 垂直，每一步都使 $w$ 变长。步长过大时， $w$ 会变得很长；于是梯度变小，下一步相对于权重的变化也随之变小。步长就这样自行得到修正，在不用归一化的网络已经发散时，训练仍能继续。训练结束后不再有批，此时该层使用训练过程中累积的 $\mu$ 与 $s^2$ 的滑动平均值。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import cnn, mlp

model = mlp((28, 28, 1), 10, batch_norm=True)  # after each hidden layer, before its activation
model = cnn((28, 28, 1), 10, batch_norm=True)

layers = keras.Sequential(
    [  # the same in plain Keras
        keras.Input((784,)),
        keras.layers.Dense(128, use_bias=False),  # the normalisation would subtract a bias again
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Dense(10),
    ]
)
""",
        zh="""
import keras
from dlguide import cnn, mlp

model = mlp((28, 28, 1), 10, batch_norm=True)  # 位于每个隐藏层之后、激活函数之前
model = cnn((28, 28, 1), 10, batch_norm=True)

layers = keras.Sequential(
    [  # 直接用 Keras 编写
        keras.Input((784,)),
        keras.layers.Dense(128, use_bias=False),  # 归一化会减去均值，偏置不起作用
        keras.layers.BatchNormalization(),
        keras.layers.Activation("relu"),
        keras.layers.Dense(10),
    ]
)
""",
    ),
    setting=Words(
        "Networks with 2 or 8 hidden layers of 64 units (ReLU) on MNIST-1D, 3,500 training series, 8 epochs of plain stochastic "
        "gradient descent (no momentum), batches of 125, scored on 1,000 test series. The moving averages have a `momentum` of 0.9, the share of the old average that is kept at each step, which is not the momentum of question 7 "
        "(Keras's default of 0.99 would need more steps than these 224). The noise acts in training only: at every step each unit is "
        "multiplied by a random number from 0.5 to 1.5, and another one from -0.5 to 0.5 is added, the same two numbers for the whole batch. A run whose loss is no longer a finite number counts as guessing, 10 %. The learning rates of the last "
        "table have the best validation accuracy, as a mean of the seeds 100, 101 and 102.",
        "在 MNIST-1D 上训练含 2 个或 8 个隐藏层（每层 64 个单元，激活函数为 ReLU）的网络：3,500 条训练序列，普通的随机梯度下降（无动量）训练 8 轮，"
        "批大小 125，在 1,000 条测试序列上评估。滑动平均的系数（参数 `momentum`，即每一步保留旧平均值的比例，不是问题 7 的动量）取 0.9（训练只有 224 步，Keras 的默认值 0.99 需要更多步数）。"
        "噪声只在训练时加入：每一步中，每个单元的输出乘以 0.5 至 1.5 之间的一个随机数，"
        "再加上 -0.5 至 0.5 之间的一个随机数，同一批的样本共用这两个数。若损失不再是有限的数，则按随机猜测（10%）计。最后一张表的学习率取验证准确率最高者（种子 100、101、102 的均值）。",
    ),
    limits=Words(
        "One small data set, 8 epochs, plain gradient descent: with Adam, with more epochs, or with residual connections and a "
        "careful initialisation the gain may be smaller. Each learning rate is chosen on 500 validation series of each of three seeds and need not "
        "be the best on the test set, so compare the peaks of the curves too: with 8 layers the network without normalisation got 0.1, while 0.3 was nearly as good on the validation sets (37.3 % against 38.1 %) and is better on the test set. From peak to peak (50.02 % against 38.82 %) the gain is smaller, but still seen. Each example's output depends on the others of its batch, so batches of "
        "a few examples give noisy means; layer normalisation avoids this. Noise is also a regulariser, so a higher test "
        "accuracy with noise would not mean that moving distributions are good for training. Why batch normalisation works is "
        "still discussed: Bjorck et al. (2018) stress that it permits larger learning rates.",
        "只用了一个小数据集，用普通梯度下降训练 8 轮；若使用 Adam、训练更久，或采用残差连接与精心设计的初始化，提升可能较小。每个学习率用三个种子、各 500 条验证序列选择，在测试集上未必最优，因此还应比较各曲线的峰值：8 个隐藏层、不用归一化的网络选中了 0.1，而 0.3 在验证集上几乎同样好（37.3% 与 38.1%），在测试集上更好；比较两条曲线的峰值（50.02% 与 38.82%），提升较小，但仍可见。"
        "每个样本的输出与同批的其他样本有关，因此批很小时均值的噪声较大，层归一化可避免这一问题。噪声本身也有正则化作用，"
        "所以即使加噪声后测试准确率更高，也不能说明分布的变动有利于训练。批归一化为何有效仍有争论：Bjorck 等（2018）强调它允许使用更大的学习率。",
    ),
    sources=(
        "S. Ioffe, C. Szegedy, [Batch normalization: accelerating deep network training by reducing internal covariate shift]"
        "(https://arxiv.org/abs/1502.03167), ICML 2015.",
        "S. Santurkar, D. Tsipras, A. Ilyas, A. Mądry, [How does batch normalization help optimization?]"
        "(https://arxiv.org/abs/1805.11604), NeurIPS 2018.",
        "J. Bjorck, C. Gomes, B. Selman, K. Q. Weinberger, [Understanding batch normalization]"
        "(https://arxiv.org/abs/1806.02375), NeurIPS 2018.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
