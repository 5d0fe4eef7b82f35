"""Question 3: why does a network need a loss function, and which one?

python -m recipes.faq.loss_functions
"""

import functools

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Unit, Words

ROWS = ("cross_entropy", "squared", "squared_softmax", "absolute", "absolute_softmax")
HIDDEN_UNITS = {"mnist": (512,), "mnist1d": (256, 256)}
EPOCHS = {"mnist": 8, "mnist1d": 15}
RATES = (0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03)
SHARES = (0, 0.05, 0.1, 0.2, 0.3)


def choose(*, rates: tuple[float, ...] = RATES, limit: int = 5000, epochs: dict = EPOCHS, eager: bool = False) -> dict:
    """Choose the learning rate of each loss on the validation set of each data set."""
    choice = {}
    for name in HIDDEN_UNITS:
        score = functools.partial(accuracy, name, part="valid", seed=100, limit=limit, epochs=epochs[name], eager=eager)
        found = _tuning.search(ROWS, rates, score)
        choice |= {f"{row}@{TITLES[name]}": tries for row, tries in found.items()}
    return choice


def measure(
    seed: int,
    choice: dict,
    *,
    rates: tuple[float, ...] = RATES,
    limit: int = 5000,
    epochs: dict = EPOCHS,
    eager: bool = False,
    rows: tuple[str, ...] = ROWS,
    panels: tuple[str, ...] = ("mnist", "mnist1d", "spoiled"),
) -> dict:
    """Return the test accuracy with each loss, and the error of linear models where some targets are spoiled.

    `rates` are those of `choose`, which has the same options.
    """
    scores = {}
    for name in HIDDEN_UNITS:
        if name in panels:
            best = {row: _tuning.best(choice[f"{row}@{TITLES[name]}"]) for row in rows}
            options = {"part": "test", "seed": seed, "limit": limit, "epochs": epochs[name], "eager": eager}
            scores[name] = {row: accuracy(name, row, rate, **options) for row, rate in best.items()}
    if "spoiled" in panels:
        scores["spoiled"] = spoiled_errors(seed)
    return scores


def accuracy(name: str, row: str, rate: float, *, part: str, seed: int, limit: int, epochs: int, eager: bool) -> float:
    """Train on one-hot targets with one loss, and return the accuracy; one tenth where the loss diverges."""
    import keras

    splits = loaded(name, seed, limit)
    (x, y), (x_scored, y_scored) = splits.train, getattr(splits, part)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    try:
        model = trainer(name, row, eager)(x, keras.utils.to_categorical(y, 10), **options)
    except FloatingPointError:
        return 0.1
    return _retraining.accuracy(model, x_scored, keras.utils.to_categorical(y_scored, 10))


@functools.lru_cache(maxsize=2)
def loaded(name: str, seed: int, limit: int):
    """Return a data set; each seed reads it once."""
    from dlguide import data

    return data.load(name, limit=limit, seed=seed)


@functools.cache
def trainer(name: str, row: str, eager: bool):
    """Return what trains a network with the row's loss, after a softmax where the row's name says so."""
    import keras

    from dlguide import mlp

    def build():
        model = mlp({"mnist": (28, 28, 1), "mnist1d": (40, 1)}[name], 10, hidden_units=HIDDEN_UNITS[name])
        return keras.Sequential([model, keras.layers.Softmax()]) if row.endswith("softmax") else model

    losses = {"squared": "mse", "absolute": "mae"}
    loss = losses.get(row.split("_")[0], keras.losses.CategoricalCrossentropy(from_logits=True))
    metric = keras.metrics.CategoricalAccuracy(name="accuracy")
    return _retraining.trainer(build, "adam", loss, metrics=(metric,), run_eagerly=eager)


def spoiled_errors(seed: int) -> dict:
    """Return the test error of the linear model with the least loss, for each loss and share of spoiled targets."""
    import numpy as np

    from dlguide import data

    cars = data.load("auto_mpg", seed=seed)
    order = np.random.default_rng(seed).permutation(len(cars.train.y))
    errors = {row: {} for row in PULLS}
    for share in SHARES:
        y = cars.train.y.astype("float64")
        y[order[: round(share * len(y))]] *= 10
        for row, pull in PULLS.items():
            predicted = linear_model(cars.train.x, y, pull)(cars.test.x)
            errors[row][f"{share:g}"] = float(np.abs(predicted - cars.test.y).mean())
    return errors


PULLS = {
    "squared": lambda distance: 1 + 0 * distance,
    "huber": lambda distance: 1 / distance.clip(1),
    "absolute": lambda distance: 1 / distance.clip(1e-4),
}
"""Loss to the weight of an example in least squares: its derivative by the residual, divided by the residual."""


def linear_model(x, y, pull, steps: int = 300):
    """Return the linear model with the least loss: weighted least squares, weighted anew by each step's residuals."""
    import numpy as np

    mean, scale = x.mean(axis=0), x.std(axis=0)

    def columns(x):
        return np.column_stack([np.ones(len(x)), (x - mean) / scale]).astype("float64")

    z, weights = columns(x), np.ones(len(y))
    for _ in range(steps):
        root = np.sqrt(weights)
        coefficients = np.linalg.lstsq(z * root[:, None], y * root)[0]
        weights = pull(np.abs(y - z @ coefficients))
    return lambda x: columns(x) @ coefficients


TITLES = {"mnist": "MNIST", "mnist1d": "MNIST-1D"}
ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
MPG = Unit(Words("{} mpg", "{} mpg"), Words("{} mpg", "{} mpg"), Words("mpg", "mpg"))
NAMES = {
    "cross_entropy": Words("cross-entropy (with softmax)", "交叉熵（用 softmax）"),
    "squared": Words("squared error, no softmax", "平方误差，不用 softmax"),
    "squared_softmax": Words("squared error after softmax", "平方误差，用 softmax"),
    "absolute": Words("absolute error, no softmax", "绝对误差，不用 softmax"),
    "absolute_softmax": Words("absolute error after softmax", "绝对误差，用 softmax"),
}
EXPERIMENT = Experiment(
    question=Words("Why does a network need a loss function, and which one?", "为什么需要损失函数？该选哪一种？"),
    measure=measure,
    choose=choose,
    quick={"rates": (0.003,), "limit": 20, "epochs": {"mnist": 1, "mnist1d": 1}, "eager": True},
    check={"panels": ("mnist1d", "spoiled"), "rows": ("cross_entropy", "squared")},
    panels={
        "spoiled": Panel(
            score=Score(
                Words("mean absolute test error", "测试集平均绝对误差"),
                MPG,
                higher_is_better=False,
                logarithmic=True,
            ),
            rows={
                "squared": Words("squared error", "平方误差"),
                "huber": Words("Huber", "Huber 损失"),
                "absolute": Words("absolute error", "绝对误差"),
            },
            reference="squared",
            curve=Curve(
                Words("share of training targets that are spoiled (× 10)", "写错（乘以 10）的训练目标所占比例")
            ),
            title=Words("Auto MPG: some targets are ten times too large", "Auto MPG：部分目标值被放大十倍"),
        ),
        **{
            name: Panel(ACCURACY, NAMES, reference="cross_entropy", title=Words(title, title))
            for name, title in TITLES.items()
        },
    },
    claims=(
        Claim(
            Words(
                "Does squared error without softmax classify MNIST less accurately than cross-entropy?",
                "在 MNIST 上，不用 softmax 的平方误差是否不如交叉熵准确？",
            ),
            panel="mnist",
            row="squared",
            reference="cross_entropy",
            better=False,
            known="same",
        ),
        Claim(
            Words("And MNIST-1D?", "在 MNIST-1D 上呢？"),
            panel="mnist1d",
            row="squared",
            reference="cross_entropy",
            better=False,
            known="no same",
        ),
        Claim(
            Words(
                "Does absolute error after softmax classify MNIST-1D less accurately than cross-entropy?",
                "在 MNIST-1D 上，用 softmax 的绝对误差是否不如交叉熵准确？",
            ),
            panel="mnist1d",
            row="absolute_softmax",
            reference="cross_entropy",
            better=False,
            known="yes",
        ),
        Claim(
            Words(
                "With a tenth of the training targets spoiled (ten times too large), does absolute error predict better than squared error?",
                "十分之一的目标值写错时，用绝对误差训练是否比用平方误差预测得更准？",
            ),
            panel="spoiled",
            row="absolute",
            reference="squared",
            at="0.1",
            known="yes",
        ),
    ),
    summary=Words(
        "The loss function is the number that training makes small, so it decides what a network learns. For classes, cross-entropy is the usual choice; here squared error without softmax is slightly better on MNIST, no difference is seen on MNIST-1D, and absolute error is worse on both. For squared error this holds in the wide networks used here; with layers of 64 units it was several points behind on MNIST-1D. For numbers, squared error does well if the targets are right; with a tenth of them spoiled, absolute error predicts new cars better by 20.65 mpg.",
        "损失函数就是训练要使之变小的那个数，它决定网络学到什么。分类通常用交叉熵；这里不用 softmax 的平方误差在 MNIST 上略好，在 MNIST-1D 上未见差异；绝对误差在两者上都较差。平方误差的结果只适用于这里较宽的网络：每层 64 个单元时，它在 MNIST-1D 上低几个百分点。回归时，若目标值没有错误，平方误差就很好；若十分之一的目标值写错，则用绝对误差训练时，对新汽车的预测误差要低 20.65 mpg。",
    ),
    outcomes=(
        "no",
        "same",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
Training means: change the weights until a number gets small. This number is the loss, so the loss decides what the network learns. It must have a useful gradient. The accuracy has none: it does not change when a weight changes a little. For numbers $y$ and predictions $f$ with the residual $r = y - f$, the usual losses are

$$\ell_{\text{squared}} = r^2, \qquad \ell_{\text{absolute}} = |r|, \qquad \ell_{\text{Huber}} = \begin{cases} r^2 / 2 & |r| \le \delta \\ \delta\,(|r| - \delta/2) & |r| > \delta \end{cases}$$

Their derivatives show how hard an example pulls at the model. With the squared error the pull grows with $|r|$, so a few wrong targets can pull the model away from all the others. With the absolute error each example pulls equally hard. The Huber loss (Huber, 1964) is squared for small residuals and absolute for those above the threshold $\delta$. The best constant prediction is the mean of the targets for the squared error and their median for the absolute error, and a few wrong targets change a mean much more than a median.

For classes the network gives one output $z_k$ per class $k$, and $y$ is the number of the right class. Softmax turns the outputs into probabilities $p_k$, and the cross-entropy is the negative logarithm of the probability of the right class:

$$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \ell = -\log p_y, \qquad \frac{\partial \ell}{\partial z_k} = p_k - t_k$$

Here $t_k$ is 1 for the right class and 0 for the others (the one-hot target), and the sum runs over all classes $j$. The gradient is large exactly where the network is wrong. Without softmax, the squared error between outputs and one-hot targets, summed over the classes, has the gradient $2\,(z_k - t_k)$ (Keras's `mse` takes the mean over the classes). It does not vanish where the network is wrong either, but it also pulls back outputs that are too large in the right direction. Its best outputs are the means of the targets; the mean of zeros and ones is the share of ones, so they are the probabilities of the classes too. After a softmax, the gradients of the squared and of the absolute error contain the softmax's own derivatives, such as $p_k\,(1 - p_k)$. These are close to zero where the network is sure, even if it is wrong, so such examples teach it hardly anything. Without softmax, the best output for the absolute error is the median of the targets 0 and 1. It is 0 for every class whose probability is below one half, so where no class reaches one half the best outputs are all equal. This fits the low accuracy of this row on MNIST-1D (31 %), where the classes are hard to tell apart; on MNIST they are clear, and it reaches 93 %.
""".strip(),
        zh=r"""
训练就是不断调整权重，使某个数值变小。这个数值就是损失，因此损失函数决定了网络学到什么。损失函数还必须提供有用的梯度：准确率就做不到，因为权重有微小变化时，准确率保持不变。设目标为 $y$ ，预测为 $f$ ，残差为 $r = y - f$ ，回归任务常用的损失函数有

$$\ell_{\text{squared}} = r^2, \qquad \ell_{\text{absolute}} = |r|, \qquad \ell_{\text{Huber}} = \begin{cases} r^2 / 2 & |r| \le \delta \\ \delta\,(|r| - \delta/2) & |r| > \delta \end{cases}$$

三者依次为平方误差、绝对误差和 Huber 损失。它们的导数表示一个样本对模型的影响有多大。平方误差的影响随 $|r|$ 增大，少数错误的目标值就足以使模型偏离其余样本；绝对误差下每个样本的影响相同；Huber 损失（Huber，1964）在残差较小时取平方，超过阈值 $\delta$ 后取绝对值。若预测只能是一个常数，则平方误差下的最优值是目标的均值，绝对误差下的最优值是中位数；少数错误的目标值对均值的影响远大于对中位数的影响。

分类时，网络对每个类别 $k$ 给出一个输出 $z_k$ ， $y$ 表示正确类别的编号。softmax 把各输出变成概率 $p_k$ ，交叉熵是正确类别概率的负对数：

$$p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad \ell = -\log p_y, \qquad \frac{\partial \ell}{\partial z_k} = p_k - t_k$$

其中 $t_k$ 对正确类别取 1，对其他类别取 0（即独热编码），求和遍历所有类别 $j$ 。网络错得越多，梯度就越大。若不用 softmax，直接对输出与独热编码求平方误差（对各类别求和），其梯度为 $2\,(z_k - t_k)$ （Keras 的 `mse` 对各类别取平均）：网络出错时它同样不会消失，但也会把方向正确而数值过大的输出拉回来。其最优输出是目标的均值，而目标只取 0 和 1，均值就是 1 所占的比例，因此也是各类别的概率。若在 softmax 之后使用平方误差或绝对误差，梯度中还包含 softmax 自身的导数，例如 $p_k\,(1 - p_k)$ ；当网络非常确信时，即使判断错误，这些导数也接近零，这样的样本几乎不起作用。若不用 softmax 而使用绝对误差，最优输出是目标值 0 与 1 的中位数：凡是概率低于二分之一的类别，最优输出都是 0；如果没有任何类别的概率达到二分之一，各类别的最优输出就完全相同，无法区分。这与表中的结果相符：MNIST-1D 的类别较难分辨，这一行只有 31%；MNIST 的类别比较分明，这一行达到 93%。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import linear_regression, mlp

classifier = mlp((28, 28, 1), 10)  # ten outputs without softmax (logits)
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # the softmax is part of the loss
classifier.compile("adam", cross_entropy, metrics=["accuracy"])

classifier.compile("adam", "mse")  # squared error: y must be one-hot, keras.utils.to_categorical(y, 10)

regression = linear_regression((7,))
regression.compile("adam", "mae")  # absolute error
regression.compile("adam", keras.losses.Huber(delta=1.0))  # delta has the unit of the target
""",
        zh="""
import keras
from dlguide import linear_regression, mlp

classifier = mlp((28, 28, 1), 10)  # 十个输出，不含 softmax（即 logits）
cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # softmax 包含在损失函数中
classifier.compile("adam", cross_entropy, metrics=["accuracy"])

classifier.compile("adam", "mse")  # 平方误差：y 须为独热编码，即 keras.utils.to_categorical(y, 10)

regression = linear_regression((7,))
regression.compile("adam", "mae")  # 绝对误差
regression.compile("adam", keras.losses.Huber(delta=1.0))  # delta 的单位与目标相同
""",
    ),
    setting=Words(
        "Classes: `mlp` with one hidden layer of 512 units on 5,000 MNIST images (8 epochs, scored on 5,000 test images), and "
        "with two of 256 units on all 3,500 MNIST-1D series (15 epochs, 1,000 test series); Adam, batches of 125. "
        "Each loss gets its own learning rate, chosen with seed 100. Numbers: a linear model of a car's miles per gallon from its "
        "seven features (Auto MPG, 236 cars for training). A share of the training targets, drawn by the seed, is multiplied by 10, as with "
        "a lost decimal point; the test targets are not. The linear model with the least loss is computed by 300 steps of "
        "reweighted least squares (each step weights the cars anew by their residuals), so nothing but the loss differs. Huber has δ = 1 mpg, Keras's default.",
        "分类：在 5,000 张 MNIST 图像上训练含一个 512 单元隐藏层的 `mlp`（8 轮，在 5,000 张测试图像上评估），"
        "在全部 3,500 条 MNIST-1D 序列上训练含两个 256 单元隐藏层的 `mlp`（15 轮，在 1,000 条测试序列上评估）；优化器为 Adam，批大小 125。"
        "每种损失函数各自选择学习率，所用种子为 100。回归：用线性模型由汽车的七个特征预测每加仑英里数（Auto MPG，236 辆用于训练）。"
        "按种子随机抽取一定比例的训练目标乘以 10（相当于漏写小数点），测试目标不变。"
        "用 300 步迭代重加权最小二乘（每一步按当前残差给样本重新加权）求出损失最小的线性模型，因此各行只有损失函数不同。Huber 损失取 δ = 1 mpg，即 Keras 的默认值。",
    ),
    limits=Words(
        "Two small networks, ten classes, few epochs. The width matters: in trials with two layers of 64 units, squared error "
        "was several points behind cross-entropy on MNIST-1D, also after 60 epochs, and with 128 units a little behind on MNIST. "
        "The networks here are wider, as those of Hui & Belkin are. Hui & Belkin (2020) compare large networks and also rescale the squared "
        "error where there are many classes; on images they see little difference, with a slight edge of cross-entropy. Here squared error has a slight edge on MNIST, with one small network. The outliers are all too "
        "large, in the targets only: against wrong inputs the absolute error and the Huber loss help little. The cars "
        "are scored by the mean absolute error, which the absolute error minimises on the training set.",
        "只用了两个小网络，十个类别，训练轮数较少。网络宽度有影响：在试验中使用两个 64 单元的隐藏层时，平方误差在 MNIST-1D 上比交叉熵低几个百分点，"
        "训练 60 轮也是如此；在 MNIST 上使用 128 个单元时，平方误差也略低于交叉熵。这里采用较宽的网络，与 Hui 和 Belkin 的做法接近。Hui 与 Belkin（2020）比较的是大型网络，类别很多时还对平方误差重新缩放；"
        "他们发现，在图像任务上两者相差不大，交叉熵略好；这里用一个小网络在 MNIST 上得到的则是平方误差略好。这里的异常值都偏大，且只出现在目标中；如果是输入有误，绝对误差与 Huber 损失的作用有限。"
        "汽车数据以平均绝对误差评分，而以绝对误差训练时，在训练集上最小化的正是这个量。",
    ),
    sources=(
        "L. Hui, M. Belkin, [Evaluation of neural architectures trained with square loss vs cross-entropy in classification "
        "tasks](https://arxiv.org/abs/2006.07322), ICLR 2021.",
        "Z. Zhang, M. R. Sabuncu, [Generalized cross entropy loss for training deep neural networks with noisy labels]"
        "(https://arxiv.org/abs/1805.07836), NeurIPS 2018 (on the absolute error after softmax).",
        "P. J. Huber, [Robust estimation of a location parameter](https://doi.org/10.1214/aoms/1177703732), Annals of "
        "Mathematical Statistics 35 (1964).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
