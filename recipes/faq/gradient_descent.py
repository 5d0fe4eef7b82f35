"""Question 2: why gradient descent?

python -m recipes.faq.gradient_descent
"""

import numpy as np

from recipes.faq import _network, _run, _tuning
from recipes.faq._experiment import NATS, NUMBER, PERCENT, Claim, Curve, Experiment, Panel, Score, Words

ROWS = ("random", "climbing", "descent")
GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
PASSES = (30, 100, 300, 1000, 3000)
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.01)
STEPS = (10, 100, 300)
SIZES = (40, 32, 10)  # Inputs, hidden units, classes.


def measure(seed: int, choice: dict, *, limit: int = 1500, passes=PASSES, rows=ROWS) -> dict:
    """Return the training loss after some passes over the data, the test accuracy at the end, and the least squares."""
    from dlguide import data

    mnist1d = data.load("mnist1d", limit=limit, seed=seed)
    losses, accuracy = {}, {}
    for row in rows:
        setting = _tuning.best(choice[row], lower=True)
        losses[row], weights = trained(row, setting, mnist1d.train, passes, seed)
        accuracy[row] = scores(weights, mnist1d.test)[1]
    return {"loss": losses, "accuracy": accuracy, "least_squares": least_squares(seed)}


def choose(*, limit: int = 1500, passes=PASSES) -> dict:
    """Return the validation loss after the last pass, with each setting."""
    from dlguide import data

    mnist1d = data.load("mnist1d", limit=limit, seed=100)

    def validation_loss(row, setting):
        return scores(trained(row, setting, mnist1d.train, passes, seed=100)[1], mnist1d.valid)[0]

    return _tuning.search(ROWS, GRID, validation_loss)


def trained(row: str, setting: float, train, passes, seed: int) -> tuple[dict, np.ndarray]:
    """Return the training loss after each number of passes, and the weights at the end."""
    rng = np.random.default_rng(seed)
    weights = _network.new_weights(SIZES, rng)
    batch, lowest, losses = (train.x[..., 0], train.y), scores(weights, train)[0], {}
    cost = 3 if row == "descent" else 1  # A gradient takes the time of about three losses.
    for done in range(cost, passes[-1] + 1, cost):
        if row == "descent":
            _network.descend(weights, SIZES, [batch], setting)
        else:
            if row == "random":
                candidate = setting * _network.new_weights(SIZES, rng)
            else:
                candidate = weights + setting * rng.standard_normal(len(weights), "float32")
            if (found := scores(candidate, train)[0]) < lowest:
                weights, lowest = candidate, found
        for place in passes:
            if done <= place < done + cost:
                losses[str(place)] = scores(weights, train)[0]
    return losses, weights


def scores(weights: np.ndarray, part) -> tuple[float, float]:
    """Return the cross-entropy and the accuracy; at most a loss of 100, so that it is a number where it grew to infinity."""
    loss, accuracy = _network.scores(_network.layers(weights, SIZES), part.x[..., 0], part.y)
    return min(loss, 100.0), accuracy


def least_squares(seed: int) -> dict:
    """Return which share of the excess loss is left after some steps on auto_mpg, over the learning rate."""
    from dlguide import data

    train = data.load("auto_mpg", seed=seed).train
    x = train.x.astype("float64")
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = train.y - train.y.mean(dtype="float64")
    limit = 2 / np.linalg.eigvalsh(2 * x.T @ x / len(x)).max()
    best = np.linalg.solve(x.T @ x, x.T @ y)
    left = {str(steps): {} for steps in STEPS}
    for share in SHARES:
        w = np.zeros(x.shape[1])
        for step in range(1, STEPS[-1] + 1):
            w -= share * limit * 2 / len(x) * x.T @ (x @ w - y)
            if step in STEPS:
                left[str(step)][str(share)] = float(np.sum((x @ (w - best)) ** 2) / np.sum((x @ best) ** 2))
    return left


METHODS = {
    "random": Words("random search", "随机搜索"),
    "climbing": Words("hill climbing by random steps", "随机步爬山法"),
    "descent": Words("gradient descent", "梯度下降"),
}

EXPERIMENT = Experiment(
    question=Words("Why gradient descent?", "为什么需要使用梯度下降？"),
    measure=measure,
    choose=choose,
    chosen=Words("scale of the draws, scale of the steps, or learning rate", "采样尺度、步长尺度或学习率"),
    lower_is_chosen=True,
    quick={"limit": 50, "passes": (3, 9)},
    check={"rows": ("descent",)},
    seeds=tuple(range(10)),
    panels={
        "loss": Panel(
            score=Score(Words("training loss", "训练损失"), NATS, higher_is_better=False),
            rows=METHODS,
            reference="descent",
            curve=Curve(Words("passes over the training set", "遍历训练集的次数"), logarithmic=True),
            title=Words("A network on MNIST-1D", "神经网络，MNIST-1D 数据"),
        ),
        "accuracy": Panel(
            score=Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True),
            rows=METHODS,
            reference="descent",
            title=Words("The same networks after 3,000 passes", "同样的网络，遍历 3000 次之后"),
        ),
        "least_squares": Panel(
            score=Score(
                Words("share of the excess loss that is left", "剩余的超额损失比例"),
                NUMBER,
                higher_is_better=False,
                format=".2g",
                logarithmic=True,
            ),
            rows={
                "10": Words("after 10 steps", "10 步之后"),
                "100": Words("after 100 steps", "100 步之后"),
                "300": Words("after 300 steps", "300 步之后"),
            },
            curve=Curve(Words("learning rate as a share of 2/λmax", "学习率与 2/λmax 之比")),
            title=Words("Least squares on Auto MPG", "最小二乘，Auto MPG 数据"),
        ),
    },
    claims=(
        Claim(
            Words(
                "Does gradient descent reach a lower training loss than hill climbing (random steps that are kept if the loss falls) in 3,000 passes over the data?",
                "遍历数据 3000 次之后，梯度下降的训练损失是否低于爬山法（随机走一步，损失降低才保留）？",
            ),
            panel="loss",
            row="descent",
            reference="climbing",
            at="3000",
            known="yes",
        ),
        Claim(
            Words(
                "Does hill climbing reach a lower training loss than random search (new random weights each time, the best are kept)?",
                "此时爬山法的训练损失是否低于随机搜索（每次重新随机抽取权重，保留最好的一组）？",
            ),
            panel="loss",
            row="climbing",
            reference="random",
            at="3000",
        ),
        Claim(
            Words(
                "Least squares with 0.99 of the largest learning rate 2/λmax: is the excess loss (the loss minus its minimum, 1 at the start) smaller after 300 steps?",
                "最小二乘，学习率取上限 2/λmax 的 0.99 倍：300 步之后的超额损失（损失减去最小值，起点处记为 1）是否变小？",
            ),
            panel="least_squares",
            row="300",
            reference=1.0,
            at="0.99",
            known="yes",
        ),
        Claim(
            Words(
                "With 1.01 of it: is the excess loss larger than at the start (1)?",
                "取 1.01 倍：超额损失是否大于起点的值（1）？",
            ),
            panel="least_squares",
            row="300",
            reference=1.0,
            better=False,
            at="1.01",
            known="yes",
        ),
    ),
    summary=Words(
        "The gradient shows, for all weights at once, the direction in which the loss falls fastest. In the time of 3,000 passes over the data, gradient descent reaches a training loss 0.55 nats below that of hill climbing, while random search stays close to guessing (ln 10 ≈ 2.30 nats for ten classes; the nat is the unit of the cross-entropy with the natural logarithm). The learning rate must suit: slightly below a limit the loss falls, slightly above it grows without end.",
        "梯度一次给出所有权重的信息，指明损失下降最快的方向。在遍历数据 3000 次的时间内，梯度下降的训练损失比爬山法低 0.55 奈特，随机搜索则与随机猜测相差无几（十个类别时为 ln 10 ≈ 2.30 奈特；奈特是用自然对数计算交叉熵时的单位）。学习率必须合适：略低于上限时损失下降，略高于上限时损失不断增大。",
    ),
    outcomes=(
        "yes",
        "yes",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
The loss $L(w)$ is a function of all weights $w$ of the network, often of millions. The gradient $\nabla L(w)$ holds the derivative of the loss by each weight. It points in the direction in which the loss grows fastest, so gradient descent takes a small step in the opposite direction, again and again:

$$w_{t+1} = w_t - \eta\, \nabla L(w_t)$$

Here $w_t$ are the weights after $t$ steps, and $\eta > 0$ is the learning rate. Back-propagation computes all derivatives together: once forward, as for the loss, and once backward, which takes about twice as long. So a gradient takes about three times the time of a loss. A method that only compares losses learns a single number from a pass over the data. If the network has $d$ weights, a random direction has a slope of only about $1/\sqrt{d}$ of the steepest slope, so the more weights there are, the more tries such a method needs. For a related method, which estimates the slope in a random direction, theory gives up to about $d$ times as many steps as for gradient descent (Nesterov and Spokoiny, 2017).

The learning rate has an upper limit. For least squares, $L$ is a quadratic function with its minimum at $w^*$. Let $H$ be the matrix of its second derivatives, $\lambda_i$ an eigenvalue of $H$, and $e_{i,t}$ the part of the difference vector $w_t - w^*$ along the eigenvector of $\lambda_i$. Then

$$e_{i,t+1} = (1 - \eta \lambda_i)\, e_{i,t}$$

All parts shrink if each factor lies between $-1$ and $1$, that is, if $\eta < 2 / \lambda_{\max}$, where $\lambda_{\max}$ is the largest eigenvalue. With a larger learning rate the steps along the steepest direction jump over the minimum and end farther away each time: the loss grows without limit. With a learning rate far below the limit every part shrinks, but the parts with small eigenvalues shrink very slowly. So the learning rate cannot be chosen at will.
""".strip(),
        zh=r"""
损失 $L(w)$ 是网络全部权重 $w$ 的函数，权重常有数百万个。梯度 $\nabla L(w)$ 由损失对每个权重的偏导数组成，指向损失增长最快的方向。梯度下降反复沿相反方向走一小步：

$$w_{t+1} = w_t - \eta\, \nabla L(w_t)$$

其中 $w_t$ 是第 $t$ 步之后的权重， $\eta > 0$ 是学习率。反向传播可以一次求出全部偏导数：先前向计算一次损失，再反向计算一次，后者约需前者两倍的时间，合计约为计算一次损失的三倍。只比较损失大小的方法，每遍历一次数据只得到一个数。若网络有 $d$ 个权重，沿随机方向的斜率大约只有最陡方向斜率的 $1/\sqrt{d}$ ，因此权重越多，这类方法需要尝试的次数越多。对于一种相近的方法（估计随机方向上的斜率），理论给出的步数最多约为梯度下降的 $d$ 倍（Nesterov 与 Spokoiny，2017）。

学习率有上限。在最小二乘问题中， $L$ 是二次函数，设其最小值点为 $w^*$ 。记 $H$ 为二阶导数矩阵， $\lambda_i$ 为 $H$ 的一个特征值， $e_{i,t}$ 为差向量 $w_t - w^*$ 在 $\lambda_i$ 的特征向量方向上的分量，则

$$e_{i,t+1} = (1 - \eta \lambda_i)\, e_{i,t}$$

当每个因子都在 $-1$ 与 $1$ 之间，即 $\eta < 2 / \lambda_{\max}$ 时，所有分量都会缩小，其中 $\lambda_{\max}$ 是最大的特征值。学习率一旦超过这个上限，最陡方向上的每一步都会越过最小值点，而且离它越来越远，损失无限增大。学习率远低于上限时，所有分量都会缩小，但小特征值对应的分量缩小得很慢。所以学习率不能随意取值。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, linear_regression, training

mpg = data.load("auto_mpg")
x, y = mpg.train.x, mpg.train.y[:, None]
model = linear_regression(x.shape[1:])
model.get_layer("features").adapt(x)  # standardised and decorrelated: all eigenvalues are 2
model.compile(keras.optimizers.SGD(learning_rate=0.25), loss="mse")  # the limit 2/λmax is 1
training.fit(model, x, y, epochs=20, batch_size=len(x), verbose=0)  # one step an epoch
""",
        zh="""
import keras
from dlguide import data, linear_regression, training

mpg = data.load("auto_mpg")
x, y = mpg.train.x, mpg.train.y[:, None]
model = linear_regression(x.shape[1:])
model.get_layer("features").adapt(x)  # 标准化并去相关：所有特征值都为 2
model.compile(keras.optimizers.SGD(learning_rate=0.25), loss="mse")  # 上限 2/λmax 为 1
training.fit(model, x, y, epochs=20, batch_size=len(x), verbose=0)  # 每轮只走一步
""",
    ),
    setting=Words(
        "A network with one hidden layer of 32 ReLU units (1,642 weights), in NumPy, on 1,500 training examples of MNIST-1D (40 inputs, "
        "10 classes), with the cross-entropy (question 3) as its loss. Random search draws new weights in each pass and keeps the best ones. "
        "Hill climbing adds a normally distributed random number to each weight and keeps the result if the loss is lower. Both read the data once "
        "for each try. Gradient descent uses all examples in each step, and a step counts as three passes, since a gradient takes the "
        "time of about three losses. All three start from the same weights. The scale of the draws, the scale of the random steps and the learning rate come "
        "from one grid; the validation loss after 3,000 passes with seed 100 decides. "
        "Least squares: seven standardised inputs of Auto MPG, target miles per gallon, weights that start at zero; "
        "the excess loss is the mean squared error minus its minimum, as a share of its value at the start. The seed draws the weights, the steps and the validation set.",
        "网络有一个隐藏层，含 32 个 ReLU 单元（共 1642 个权重），用 NumPy 实现；数据为 MNIST-1D 的 1500 个训练样本（40 个输入，10 个类别），损失为交叉熵（见问题 3）。"
        "随机搜索每遍历一次数据就重新抽取一组权重，保留最好的一组。爬山法给每个权重加上一个服从正态分布的随机数，若损失降低则保留。两者每尝试一次都要遍历一次数据。"
        "梯度下降每一步使用全部样本；由于计算一次梯度约需计算三次损失的时间，一步按遍历三次计。三种方法从相同的权重出发。"
        "采样尺度、步长尺度与学习率取自同一组候选值，由种子 100 在遍历 3000 次之后的验证损失决定。"
        "最小二乘：输入为 Auto MPG 的七个标准化变量，目标为每加仑英里数，权重从零开始；超额损失为均方误差减去其最小值，以占起点值的比例表示。"
        "随机种子决定初始权重、随机步与验证集的划分。",
    ),
    limits=Words(
        "One small network. Better methods without gradients exist (evolution strategies that adapt the shape of their steps), and they are of use "
        "where there is no derivative. The grid means another quantity for each method, so only the number of tries is equal. The "
        "limit $2/\\lambda_{\\max}$ is exact for a quadratic loss alone: the second derivatives of a network change during training, "
        "and gradient descent often ends where $\\lambda_{\\max}$ is close to $2/\\eta$ (Cohen et al., 2021). Gradient descent finds a "
        "point where the gradient is small, which need not be the lowest minimum of a network's loss.",
        "只用了一个小网络。不用梯度的更好方法是存在的（例如能自适应步长形状的进化策略），在无法求导时很有用。"
        "同一组候选值对各方法含义不同，因此相等的只是尝试次数。上限 $2/\\lambda_{\\max}$ 只对二次损失严格成立：网络的二阶导数在训练中不断变化，"
        "梯度下降常常停留在 $\\lambda_{\\max}$ 接近 $2/\\eta$ 的区域（Cohen 等，2021）。梯度下降找到的是梯度很小的点，未必是网络损失的全局最小值点。",
    ),
    sources=(
        "Y. Nesterov, V. Spokoiny, [Random gradient-free minimization of convex functions]"
        "(https://doi.org/10.1007/s10208-015-9296-2), Foundations of Computational Mathematics 17 (2017).",
        "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, [Efficient BackProp]"
        "(https://doi.org/10.1007/978-3-642-35289-8_3), in: Neural Networks: Tricks of the Trade (2012; first in 1998).",
        "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
        "(https://doi.org/10.1038/323533a0), Nature 323 (1986).",
        "J. Cohen, S. Kaur, Y. Li, J. Z. Kolter, A. Talwalkar, [Gradient descent on neural networks typically occurs at the edge of "
        "stability](https://arxiv.org/abs/2103.00065), ICLR 2021.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
