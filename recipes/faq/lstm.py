"""Question 13: why an LSTM?

python -m recipes.faq.lstm
"""

import functools
import math

import numpy as np

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import NUMBER, Claim, Curve, Experiment, Panel, Score, Unit, Words

LENGTHS = (10, 30, 100, 200)
BATCH, STEPS, TESTS = 50, 1000, 2000
WORST = 0.2  # An error counts as no more than this, a little above that of answering 1: else one diverged run would rule a mean.
RATES = (0.0001, 0.0004, 0.0016, 0.0064, 0.0256, 0.1)
ROWS = {
    "simple": Words("simple cell (tanh)", "简单循环单元（tanh）"),
    "identity": Words("ReLU cell, started at the identity", "ReLU 单元，以单位矩阵初始化"),
    "lstm": Words("LSTM", "LSTM"),
    "no_forget_bias": Words("LSTM without forget bias", "LSTM，遗忘门偏置为 0"),
}


def adding(number: int, length: int, rng, first: int | None = None):
    """Draw sequences of random numbers with two marks, one in each half; the target is the sum of the marked numbers.

    `first` is the place of the first mark, None for a random one.
    """
    x = np.zeros((number, length, 2), "float32")
    x[..., 0] = rng.random((number, length))
    marks = rng.integers(length // 2, size=number), rng.integers(length // 2, length, size=number)
    for places in (marks[0] if first is None else first, marks[1]):
        x[np.arange(number), places, 1] = 1
    return x, x.prod(axis=2).sum(axis=1, keepdims=True)


def cell(row: str):
    """Return a new recurrent layer; all have about 4,450 weights."""
    import keras

    if row == "simple":
        return keras.layers.SimpleRNN(65)
    if row == "identity":
        small = keras.initializers.RandomNormal(stddev=0.001)
        return keras.layers.SimpleRNN(65, activation="relu", recurrent_initializer="identity", kernel_initializer=small)
    return keras.layers.LSTM(32, unit_forget_bias=row == "lstm")


def network(row: str, length: int):
    """Return a new model that reads a sequence and gives one number."""
    import keras

    return keras.Sequential([keras.Input((length, 2)), cell(row), keras.layers.Dense(1)])


@functools.cache
def trainer(row: str, length: int, is_quick: bool):
    """Return the function that trains a row's model for a length, the same one for all seeds and learning rates."""
    import keras

    build, optimizer = functools.partial(network, row, length), keras.optimizers.Adam(global_clipnorm=1.0)
    return _retraining.trainer(build, optimizer, "mse", metrics=(), jit_compile=not is_quick, run_eagerly=is_quick)


def trained(row: str, length: int, learning_rate: float, seed: int, steps: int, is_quick: bool):
    """Return a row's weights after one pass over new sequences, and its error on others, `WORST` at most."""
    import keras

    x, y = adding(BATCH * steps, length, np.random.default_rng((seed, length, 0)))
    train = trainer(row, length, is_quick)
    try:
        model = train(x, y, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)
    except FloatingPointError:
        return None, WORST
    x, y = adding(TESTS, length, np.random.default_rng((seed, length, 1)))
    error = float(np.square(keras.ops.convert_to_numpy(model(x)) - y).mean())
    return model.get_weights(), error if error < WORST else WORST


def states(row: str, weights: list, x):
    """Yield the state after each step, in NumPy: Keras's cells, of which `weights` are the first three arrays."""
    kernel, recurrent, bias = weights[:3]
    h = c = np.zeros((len(x), len(recurrent)))
    for t in range(x.shape[1]):
        z = x[:, t] @ kernel + h @ recurrent + bias
        if row == "simple":
            h = np.tanh(z)
        elif row == "identity":
            h = np.where(z.real > 0, z, 0)
        else:
            i, f, g, o = np.split(z, 4, axis=1)
            i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
            c = f * c + i * np.tanh(g)
            h = o * np.tanh(c)
        yield h


def influence(row: str, weights: list, length: int, seed: int) -> float:
    """Return log10 of the norm of the derivative of the last state by the first number, relative to the first state's."""
    x = adding(100, length, np.random.default_rng((seed, length, 2)), first=0)[0].astype(complex)
    # The imaginary part of f(x + iε) is ε f′(x) for a tiny ε: exact, because nothing is subtracted.
    x[:, 0, 0] += 1e-20j
    sizes = [np.linalg.norm(h.imag) for h in states(row, weights, x)]
    return float(np.log10(sizes[-1] / sizes[0]))


def choose(*, lengths: tuple[int, ...] = LENGTHS, steps: int = STEPS, is_quick: bool = False) -> dict:
    """Return the validation error of each row at each length with each learning rate."""
    keys = [f"{row}@{length}" for row in ROWS for length in lengths]

    def score(key, learning_rate):
        row, length = key.split("@")
        return trained(row, int(length), learning_rate, 100, steps, is_quick)[1]

    return _tuning.search(keys, RATES[:1] if is_quick else RATES, score)


def measure(
    seed: int,
    choice: dict,
    *,
    lengths: tuple[int, ...] = LENGTHS,
    rows: tuple[str, ...] = tuple(ROWS),
    steps: int = STEPS,
    is_quick: bool = False,
) -> dict:
    """Return the test error of each row at each length, and how much of the first number's influence is left."""
    import keras

    errors, influences, after = {row: {} for row in rows}, {row: {} for row in rows}, {}
    for row in rows:
        keras.utils.set_random_seed(seed)
        new = network(row, max(lengths)).get_weights()
        for length in lengths:
            rate = _tuning.best(choice[f"{row}@{length}"], lower=True)
            weights, errors[row][str(length)] = trained(row, length, rate, seed, steps, is_quick)
            influences[row][str(length)] = influence(row, new, length, seed)
            if row == "lstm":
                after[str(length)] = influence(row, weights, length, seed)
    return {"error": errors, "influence": {**influences, **({"trained": after} if after else {})}}


POWERS = Unit(Words("{}", "{}"), Words("{} powers of ten", "{} 个数量级"), Words("log10", "log10"))

EXPERIMENT = Experiment(
    question=Words("Why an LSTM?", "为什么需要使用长短期记忆网络（LSTM）？"),
    measure=measure,
    choose=choose,
    lower_is_chosen=True,
    quick={"lengths": (4,), "steps": 1, "is_quick": True},
    check={"rows": ("lstm",), "lengths": (10, 30)},
    edge_reasons={
        "identity@100": "With the same seed, 0.00003 gives 0.161, more than the 0.150 with 0.0001.",
        "identity@200": "No rate learns: 0.00003 gives 0.166, within chance of the 0.167 with 0.0001.",
        "lstm@30": "With the same seed, 0.3 does not learn (0.166).",
        "lstm@200": "With the same seed, 0.3 does not learn (0.179).",
        "no_forget_bias@100": "With the same seed, 0.3 does not learn (0.220).",
        "no_forget_bias@200": "With the same seed, 0.3 does not learn (0.181).",
    },
    panels={
        "error": Panel(
            Score(
                Words("mean squared error", "均方误差"),
                NUMBER,
                higher_is_better=False,
                format=".4f",
                bounds=(0, math.inf),
            ),
            ROWS,
            reference="lstm",
            curve=Curve(Words("length of the sequences", "序列长度"), logarithmic=True),
            title=Words("Adding problem: test error after 1,000 steps", "加法问题：1,000 步训练之后的测试误差"),
        ),
        "influence": Panel(
            Score(
                Words("influence of the first number", "第一个数的影响"), POWERS, higher_is_better=True, format=".1f"
            ),
            {**ROWS, "trained": Words("LSTM after training", "训练之后的 LSTM")},
            reference="simple",
            curve=Curve(Words("length of the sequences", "序列长度"), logarithmic=True),
            title=Words(
                "Influence of the first number before training (0: all is left)",
                "训练之前第一个数的影响（0 表示完全保留）",
            ),
        ),
    },
    claims=(
        Claim(
            Words(
                "On sequences of 100 steps, is the error of an LSTM smaller than that of a simple cell?",
                "序列长度为 100 时，LSTM 的误差是否小于简单循环单元？",
            ),
            panel="error",
            row="lstm",
            reference="simple",
            at="100",
            known="yes",
        ),
        Claim(
            Words(
                "Is it smaller than that of a ReLU cell whose recurrent weights start as the identity matrix?",
                "是否小于循环权重以单位矩阵初始化的 ReLU 单元？",
            ),
            panel="error",
            row="lstm",
            reference="identity",
            at="100",
            known="same",
        ),
        Claim(
            Words(
                "On sequences of 200 steps, does the forget bias of 1 make the error of the LSTM smaller?",
                "序列长度为 200 时，把遗忘门偏置的初值设为 1，是否使 LSTM 的误差更小？",
            ),
            panel="error",
            row="lstm",
            reference="no_forget_bias",
            at="200",
        ),
        Claim(
            Words(
                "Before training, does the first number have more influence on the state after 30 steps in an LSTM than in a simple cell?",
                "训练之前，30 步之后第一个数对状态的影响，在 LSTM 中是否大于在简单循环单元中？",
            ),
            panel="influence",
            row="lstm",
            reference="simple",
            at="30",
        ),
    ),
    summary=Words(
        "An LSTM is for sequences in which something has to be kept for many steps. The task here: add the two numbers of a sequence that are marked. On sequences of 100 steps the LSTM learned it within 1,000 training steps; a simple cell and a ReLU cell that starts at the identity did not. Whether a forget bias of 1 helps was not settled by five seeds: on 200 steps, with it and without it, some seeds learned the task and some did not.",
        "LSTM 适用于需要在许多步之后仍记住某些内容的序列。这里的任务是：把序列中两个带标记的数相加。序列长度为 100 时，LSTM 在 1,000 个训练步之内学会了这项任务，而简单循环单元和以单位矩阵初始化的 ReLU 单元没有学会。遗忘门偏置取 1 是否有帮助，五个种子不足以回答：长度为 200 时，无论有无这一偏置，都是有的种子学会，有的没有学会。",
    ),
    outcomes=("yes", "yes", "same", "no"),
    explanation=Words(
        en=r"""
A recurrent cell reads a sequence one step at a time. Its state $h_t$ after step $t$ is all that later steps know of the earlier ones. The simple cell computes the whole state anew at each step:

$$h_t = \tanh(W x_t + U h_{t-1} + b)$$

Here $x_t$ is the input, $W$ and $U$ are weight matrices and $b$ is the bias. How much the state after step 1 changes the state after step $T$ is a product of $T - 1$ matrices, one for each step between, each of them a derivative of $h_t$ with respect to $h_{t-1}$. If these matrices shrink vectors, the product becomes smaller exponentially with the number of steps, and so does the gradient that has to go back the same way (vanishing gradient). If they stretch vectors, it can grow exponentially (Hochreiter, 1991; Bengio et al., 1994). A network whose gradient from far back is nearly zero cannot learn what to keep.

The LSTM has a second state, the memory cell $c_t$. It is not computed anew, but changed by addition:

$$c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t)$$

The sign $\odot$ multiplies element by element. $g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)$ is what may be written. The forget gate $f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$ says how much of the memory is kept; $\sigma(z) = 1 / (1 + e^{-z})$ lies between 0 and 1. The input gate $i_t$ says how much is written and the output gate $o_t$ how much is shown; they have the same form with weights of their own. While $f_t$ is 1 and $i_t$ is 0, the memory stays as it is for any number of steps, and the gradient along it does too. The adding problem needs just that: write at the two marks, and keep the memory at all other steps.

The gates have to be learned. At the start the weighted sums are near the bias, so with $b_f = 0$ the forget gate is about 0.5, and it leaves about $0.5^{29} \approx 2 \cdot 10^{-9}$ of a number 29 steps later. With $b_f = 1$ the gate is about 0.73, and it leaves about $0.73^{29} \approx 10^{-4}$. That is a reason for a positive bias at the start (Gers et al., 2000; Jozefowicz et al., 2015); Keras starts it at 1. What is measured below at length 30 is more, about 0.61 and 0.83 a step, because $h_{t-1}$ is a second way through the cell. It is less than what the simple cell of Keras keeps before training: the matrix $U$ of the simple cell starts orthogonal, and such a matrix keeps the length of a vector. The advantage of an LSTM is what it can learn: a larger bias is enough to bring the gate close to 1. After training, the first number has lost little of its influence where the LSTM has learned the task.

A ReLU cell $h_t = \max(W x_t + U h_{t-1} + b,\; 0)$ that starts with $U$ as the identity matrix and $b = 0$ also keeps its state at the start (Le et al., 2015). But no gate holds it there. If training changes $U$ so that it multiplies some direction by 1.05, then 200 steps multiply it by $1.05^{200} \approx 17{,}000$, and the training becomes unstable.
""".strip(),
        zh=r"""
循环单元逐步读取序列，第 $t$ 步之后的状态 $h_t$ 包含了后面各步所能知道的关于前面的全部内容。简单循环单元在每一步都重新计算整个状态：

$$h_t = \tanh(W x_t + U h_{t-1} + b)$$

其中 $x_t$ 为输入， $W$ 与 $U$ 为权重矩阵， $b$ 为偏置。第 1 步的状态对第 $T$ 步的状态有多大影响，由 $T - 1$ 个矩阵的乘积决定，每个矩阵是相邻两步之间 $h_t$ 对 $h_{t-1}$ 的导数。如果这些矩阵使向量缩短，乘积就随步数按指数减小，沿同一路径反向传播的梯度也是如此，即梯度消失；如果这些矩阵使向量伸长，乘积则可能按指数增大，即梯度爆炸（Hochreiter，1991；Bengio 等，1994）。来自很远处的梯度几乎为零时，网络就学不会应当保留什么。

LSTM 另有一个状态，即记忆单元 $c_t$ 。它不是重新计算的，而是通过加法来更新：

$$c_t = f_t \odot c_{t-1} + i_t \odot g_t, \qquad h_t = o_t \odot \tanh(c_t)$$

其中 $\odot$ 表示逐元素相乘， $g_t = \tanh(W_g x_t + U_g h_{t-1} + b_g)$ 是可供写入的内容。遗忘门 $f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f)$ 决定记忆保留多少，其中 $\sigma(z) = 1 / (1 + e^{-z})$ 介于 0 与 1 之间；输入门 $i_t$ 决定写入多少，输出门 $o_t$ 决定输出多少，二者形式相同，但各有自己的权重。只要 $f_t$ 为 1 且 $i_t$ 为 0，无论经过多少步，记忆都保持不变，沿记忆单元传播的梯度也保持不变。加法问题需要的正是这一点：在两个标记处写入，在其余各步保持。

门需要学习。训练开始时，加权和接近偏置，因此 $b_f = 0$ 时遗忘门约为 0.5，一个数经过 29 步后只剩下约 $0.5^{29} \approx 2 \cdot 10^{-9}$ ； $b_f = 1$ 时遗忘门约为 0.73，剩下约 $0.73^{29} \approx 10^{-4}$ 。这是让该偏置的初值为正的一个理由（Gers 等，2000；Jozefowicz 等，2015），Keras 取 1。下面在长度 30 时实测的值更大，平均每步约为 0.61 和 0.83，因为 $h_{t-1}$ 是信息通过单元的另一条路径。训练之前，LSTM 保留的比 Keras 的简单循环单元少，因为后者的矩阵 $U$ 以正交矩阵初始化，不改变向量的长度。LSTM 的优势在于它能学到什么：要使门接近 1，只需增大偏置。训练之后，凡是学会了这项任务的 LSTM，第一个数的影响大部分得以保留。

若 ReLU 单元 $h_t = \max(W x_t + U h_{t-1} + b,\; 0)$ 的 $U$ 以单位矩阵初始化，且初始时 $b = 0$ ，则训练开始时状态同样能够保持（Le 等，2015）。但没有门来维持这一点：训练一旦改变 $U$ ，使它在某个方向上每步乘以 1.05，那么 200 步就会乘以 $1.05^{200} \approx 17{,}000$ ，训练随之变得不稳定。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
import numpy as np
from dlguide import rnn, training

rng, number, length = np.random.default_rng(0), 10_000, 10
x = np.zeros((number, length, 2), "float32")
x[..., 0] = rng.random((number, length))
x[np.arange(number), rng.integers(length // 2, size=number), 1] = 1  # a mark in each half
x[np.arange(number), rng.integers(length // 2, length, size=number), 1] = 1
y = x.prod(axis=2).sum(axis=1, keepdims=True)  # the sum of the two marked numbers

keras.utils.set_random_seed(0)
model = rnn((length, 2), 1, cell="lstm", units=(32,))
model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), "mse")
history = training.fit(model, x, y, epochs=2, batch_size=50, verbose=0)
print(history.history["loss"])  # always answering 1 would give 0.167

plain = keras.layers.LSTM(32)  # unit_forget_bias=False would start the forget bias at 0
""",
        zh="""
import keras
import numpy as np
from dlguide import rnn, training

rng, number, length = np.random.default_rng(0), 10_000, 10
x = np.zeros((number, length, 2), "float32")
x[..., 0] = rng.random((number, length))
x[np.arange(number), rng.integers(length // 2, size=number), 1] = 1  # 前后两半各有一个标记
x[np.arange(number), rng.integers(length // 2, length, size=number), 1] = 1
y = x.prod(axis=2).sum(axis=1, keepdims=True)  # 两个被标记的数之和

keras.utils.set_random_seed(0)
model = rnn((length, 2), 1, cell="lstm", units=(32,))
model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), "mse")
history = training.fit(model, x, y, epochs=2, batch_size=50, verbose=0)
print(history.history["loss"])  # 总是回答 1 时为 0.167

plain = keras.layers.LSTM(32)  # 若 unit_forget_bias=False，则遗忘门偏置的初值为 0
""",
    ),
    setting=Words(
        "Adding problem (Hochreiter & Schmidhuber, 1997), in the form with one mark in each half of the sequence (Arjovsky et al., 2016): each step has a random number from 0 to 1 and a mark, which is 1 at two random places and 0 elsewhere. The target is the sum of the two marked numbers; always answering 1 has the mean squared error 1/6 = 0.167. Each network has one recurrent layer and a dense layer with one output, in plain Keras layers: 65 units in the simple cell and the ReLU cell (4,486 weights), 32 in the LSTM (4,513 weights). The first weights are those of Keras; the ReLU cell starts with recurrent weights equal to the identity matrix, biases 0 and input weights with standard deviation 0.001. Adam with the norm of the gradient clipped to 1, 1,000 steps, batches of 50, and no sequence is used twice. The learning rate was chosen for each row at each length, with a seed that is not published. The error is that on 2,000 new sequences; above 0.2, or where the training diverged, it counts as 0.2. Second table: the first number is marked, and its influence is the norm of the derivative of the last state $h_T$ with respect to it, over all units and 100 sequences, divided by the same for $h_1$; the table has the decimal logarithm, so −3 says that a thousandth is left. The first four columns are networks before training, the last column is the LSTM of the first table.",
        "加法问题（Hochreiter 与 Schmidhuber，1997），采用前后两半各有一个标记的形式（Arjovsky 等，2016）：每一步有一个 0 到 1 之间的随机数和一个标记，标记在两个随机位置为 1，其余为 0。目标是两个被标记的数之和；总是回答 1 时，均方误差为 1/6 = 0.167。每个网络由一个循环层和一个单输出的全连接层组成，直接使用 Keras 的层：简单循环单元与 ReLU 单元各取 65 个单元（4,486 个权重），LSTM 取 32 个（4,513 个权重）。初始权重采用 Keras 的默认设置；ReLU 单元的循环权重初始化为单位矩阵，偏置为 0，输入权重的标准差为 0.001。优化器为 Adam，梯度范数裁剪到 1，训练 1,000 步，批大小 50，每个序列只用一次。每一行在每种长度上的学习率用一个未公布的种子分别选择。误差在 2,000 个新序列上计算；超过 0.2 或训练发散时，记为 0.2。第二张表：第一个数带有标记，它的影响是末状态 $h_T$ 对它的导数的范数（取所有单元和 100 个序列），除以 $h_1$ 的相应值；表中为其常用对数，例如 −3 表示只剩千分之一。前四列为训练之前的网络，最后一列为第一张表中训练过的 LSTM。",
    ),
    limits=Words(
        "1,000 steps are few. Le et al. find the identity start about as good as an LSTM on this problem; they train with plain gradient descent for far more steps. On a seed that is not published, 4,000 steps bring the ReLU cell at length 100 to an error of 0.083 with the learning rate 0.0001 and of 0.048 with 0.0004, at length 200 to 0.082 with 0.0001, and leave the simple cell at length 100 at 0.165: the identity start does learn, more slowly than the LSTM. It is unstable: at length 30 it fails with one of the five seeds, and larger learning rates diverge. The sources report a benefit of the forget bias on other tasks. Here an LSTM without it learns lengths 10 and 30 equally well for practical purposes, and at lengths 100 and 200 a seed either learns the task or does not, so five seeds cannot settle the question: at length 200 the LSTM learns with four of them, and with two without the bias. With four other seeds the counts are three and two. Without the bias, more steps help: 3,000 steps with the rate 0.0256 reached an error of 0.0002 on a seed that is not published. For such split outcomes the intervals are only rough. The rate was chosen with a single seed; at length 200 the chosen 0.1 is close to where training fails (0.3 learned nothing). Equal numbers of weights give the LSTM a smaller state. In a first run of the same experiment an error counted as 1 at most, and the influence was written without the logarithm; all errors up to 0.2 and all answers were the same. A mark tells the network what to keep, which is rarely so in real data.",
        "1,000 步训练是很少的。Le 等人在这个问题上得出单位矩阵初始化与 LSTM 大致相当，但他们用普通的梯度下降训练了多得多的步数。另取一个未公布的种子训练 4,000 步：长度 100 时，ReLU 单元的误差在学习率 0.0001 下为 0.083，在 0.0004 下为 0.048；长度 200 时（学习率 0.0001）为 0.082；而简单循环单元在长度 100 时仍为 0.165。可见以单位矩阵初始化的网络能够学习，只是比 LSTM 慢。它并不稳定：长度 30 时五个种子中有一个失败，学习率再大就会发散。文献报告的遗忘门偏置的好处来自其他任务。这里，没有这一偏置的 LSTM 在长度 10 和 30 时实际上学得同样好；在长度 100 和 200 时，每个种子要么学会、要么学不会，五个种子不足以得出结论：长度 200 时，有偏置的 LSTM 有四个种子学会，没有偏置的有两个；另取四个种子，则分别为三个和两个。没有偏置时，增加步数有帮助：用一个未公布的种子，学习率 0.0256，训练 3,000 步后误差为 0.0002。对这种两极分化的结果，置信区间只是粗略的。学习率只用一个种子选择；长度 200 时选出的 0.1 已接近训练失败的边缘（0.3 什么也学不到）。权重个数相同，意味着 LSTM 的状态更小。本实验的第一次运行中，误差上限为 1，影响也没有取对数；不超过 0.2 的误差以及所有结论都与这里相同。此外，标记直接告诉网络应当保留什么，真实数据很少如此。",
    ),
    sources=(
        "S. Hochreiter, J. Schmidhuber, [Long short-term memory](https://doi.org/10.1162/neco.1997.9.8.1735), "
        "Neural Computation 9 (1997).",
        "Y. Bengio, P. Simard, P. Frasconi, [Learning long-term dependencies with gradient descent is difficult]"
        "(https://doi.org/10.1109/72.279181), IEEE Transactions on Neural Networks 5 (1994).",
        "F. A. Gers, J. Schmidhuber, F. Cummins, [Learning to forget: Continual prediction with LSTM]"
        "(https://doi.org/10.1162/089976600300015015), Neural Computation 12 (2000).",
        "R. Jozefowicz, W. Zaremba, I. Sutskever, [An empirical exploration of recurrent network architectures]"
        "(https://proceedings.mlr.press/v37/jozefowicz15.html), ICML 2015.",
        "Q. V. Le, N. Jaitly, G. E. Hinton, [A simple way to initialize recurrent networks of rectified linear units]"
        "(https://arxiv.org/abs/1504.00941) (2015).",
        "M. Arjovsky, A. Shah, Y. Bengio, [Unitary evolution recurrent neural networks](https://arxiv.org/abs/1511.06464), "
        "ICML 2016 (the adding problem with a mark in each half).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
