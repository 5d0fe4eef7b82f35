"""Question 14: why a GRU?

python -m recipes.faq.gru
"""

import functools
import time
from typing import NamedTuple

import numpy as np

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Unit, Words

GRID = (0.00015, 0.0005, 0.0015, 0.005, 0.015, 0.05, 0.15)
WIDTHS = (16, 64, 256, 1024)
CELLS = {"gru": Words("GRU", "GRU"), "lstm": Words("LSTM", "LSTM"), "simple": Words("simple cell", "简单循环单元")}


class Task(NamedTuple):
    """A data set, and how the networks learn it."""

    shape: tuple[int, int]
    """Steps of a sequence, and numbers of a step."""
    outputs: int
    units: dict[str, int]
    """Of each cell: with these, the networks have equally many weights, up to 1.3 %."""
    batch_size: int
    """A divisor of the number of examples, so that nothing is compiled twice."""
    passes: int
    """Over the training set in an epoch: short epochs of Keras cost more than their steps."""
    epochs: int
    tuning_seeds: tuple[int, ...]


TASKS = {
    # 54 validation utterances are few, so three seeds choose: each of them draws others.
    "vowels": Task((29, 12), 9, {"gru": 29, "lstm": 25, "simple": 53}, 24, 5, 8, (100, 101, 102)),
    "mnist1d": Task((10, 4), 10, {"gru": 32, "lstm": 28, "simple": 56}, 100, 6, 8, (100,)),
    "sunspots": Task((36, 1), 1, {"gru": 32, "lstm": 28, "simple": 57}, 53, 2, 8, (100,)),
}


def loaded(task: str, seed: int, limit: int | None) -> list[tuple]:
    """Return inputs and answers of the training, the validation and the test set, as the networks read them."""
    from dlguide import data

    splits = data.load(task, limit=limit, seed=seed)
    info, x = splits.info, splits.train.x
    if task == "vowels":  # Each coefficient in units of its spread; without a shift, so that padding stays zero.
        spread = x[x.any(axis=2)].std(axis=0)
        return [(x / spread, y) for x, y in splits[:3]]
    if task == "mnist1d":
        return [(x.reshape(-1, *TASKS[task].shape), y) for x, y in splits[:3]]
    # Square roots, as in `recipes/gru_sunspots.py`: the spread of a count grows with its root. Answers in hundreds.
    return [
        (np.sqrt(np.maximum(x * info.scale + info.mean, 0)) / 4 - 2, (y * info.scale + info.mean) / 100)
        for x, y in splits[:3]
    ]


def network(task: str, cell: str):
    """Return a new model; the one for sunspots says how the root of the next number differs from the last one."""
    import keras

    from dlguide import rnn

    shape, outputs, units, *_ = TASKS[task]
    model = rnn(shape, outputs, cell=cell, units=(units[cell],))
    if task != "sunspots":
        return model
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.ops.square(4 * (inputs[:, -1] + 2 + model(inputs))) / 100)


@functools.cache
def trainer(task: str, cell: str, is_quick: bool):
    """Compile a network once for all seeds and learning rates."""
    import keras

    return _retraining.trainer(
        functools.partial(network, task, cell),
        keras.optimizers.Adam(global_clipnorm=1.0),
        "mae" if task == "sunspots" else None,
        metrics=(),
        jit_compile=False,
        run_eagerly=is_quick,
    )


def trained(task: str, cell: str, part, learning_rate: float, seed: int, is_quick: bool):
    """Return a network after its passes over the training set; the learning rate falls in equal parts from epoch to epoch."""
    import keras

    stated, (x, y) = TASKS[task], part
    passes, epochs = (1, 1) if is_quick else (stated.passes, stated.epochs)
    decay = keras.callbacks.LearningRateScheduler(lambda epoch: learning_rate * (1 - epoch / epochs))
    return trainer(task, cell, is_quick)(
        x.repeat(passes, axis=0),
        y.repeat(passes, axis=0),
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=min(stated.batch_size, len(x)),
        seed=seed,
        callbacks=[decay],
    )


def error(model, x, y) -> float:
    """Return the share of wrong answers, or the mean absolute error of the forecasts in sunspots."""
    import keras

    answers = keras.ops.convert_to_numpy(model(x))
    if answers.shape[1] > 1:
        return float((answers.argmax(axis=1) != y).mean())
    return float(100 * np.abs(answers[:, 0] - y).mean())


def choose(*, limit: int | None = None, grid: tuple[float, ...] = GRID, is_quick: bool = False, **_) -> dict:
    """Return the validation error of each network with each learning rate."""

    def score(row, learning_rate):
        task, _, cell = row.partition("_")
        errors = []
        for seed in TASKS[task].tuning_seeds[: 1 if is_quick else None]:
            train, valid, _ = loaded(task, seed, limit)
            errors.append(error(trained(task, cell, train, learning_rate, seed, is_quick), *valid))
        return float(np.mean(errors))

    return _tuning.search([f"{task}_{cell}" for task in TASKS for cell in CELLS], grid, score)


@functools.cache
def timed_network(cell: str, units: int, steps: int, is_quick: bool):
    """Return a compiled network for MNIST-1D that does all steps of a measurement in one call."""
    import keras

    from dlguide import rnn

    model = rnn(TASKS["mnist1d"].shape, 10, cell=cell, units=(units,))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    options = {"run_eagerly": True} if is_quick else {"steps_per_execution": steps, "jit_compile": False}
    model.compile("adam", loss, **options)
    return model


def step_seconds(x, y, units: int, rounds: int, is_quick: bool) -> dict[str, float]:
    """Return the processor time of a training step of each cell: the cells take turns, the median of the rounds counts.

    As in `_steps.py`, it is taken within the epoch, and the first round, which may trace a network, does not count.
    """
    import keras

    steps = 1 if is_quick else 1280 // units
    x, y = (np.resize(array, (100 * steps, *array.shape[1:])) for array in (x, y))
    times, seconds = [], {cell: [] for cell in CELLS}
    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: times.append(time.process_time()),
        on_epoch_end=lambda epoch, logs: times.append(time.process_time()),
    )
    for turn in range(rounds + 1):
        for cell, found in seconds.items():
            timed_network(cell, units, steps, is_quick).fit(
                x, y, batch_size=100, shuffle=False, verbose=0, callbacks=[watch]
            )
            if turn:
                found.append((times[-1] - times[-2]) / steps)
    return {cell: float(np.median(found)) for cell, found in seconds.items()}


def measure(
    seed: int,
    choice: dict,
    *,
    limit: int | None = None,
    tasks: tuple[str, ...] = tuple(TASKS),
    widths: tuple[int, ...] = WIDTHS,
    rounds: int = 3,
    is_quick: bool = False,
    **_,
) -> dict:
    """Return the test scores at equal numbers of weights, and the time of a step at equal numbers of units."""
    scores: dict[str, dict] = {"accuracy": {}, "forecast": {}, "time": {}, "training_seconds": {}}
    for task in tasks:
        train, _, test = loaded(task, seed, limit)
        for cell in CELLS:
            row, start = f"{task}_{cell}", time.process_time()
            rate = _tuning.best(choice[row], lower=True)
            found = error(trained(task, cell, train, rate, seed, is_quick), *test)
            scores["training_seconds"][row] = time.process_time() - start
            if task == "sunspots":
                scores["forecast"][row] = found
            else:
                scores["accuracy"][row] = 1 - found
    for units in widths:
        for cell, seconds in step_seconds(*loaded("mnist1d", seed, limit)[0], units, rounds, is_quick).items():
            scores["time"].setdefault(cell, {})[str(units)] = seconds
    return scores


def rows_of(task: str, en: str, zh: str) -> dict[str, Words]:
    """Return the rows of a data set, with the units of each cell in their names."""
    units = TASKS[task].units
    return {
        f"{task}_{cell}": Words(f"{en}{name.en}, {units[cell]} units", f"{zh}{name.zh}，{units[cell]} 个单元")
        for cell, name in CELLS.items()
    }


SUNSPOTS = Unit(Words("{} sunspots", "{}"), Words("{} sunspots", "{}"), Words("sunspots", "黑子数"))
MILLISECONDS = Unit(Words("{} ms", "{} 毫秒"), Words("{} ms", "{} 毫秒"), Words("ms", "毫秒"), 1000.0)

EXPERIMENT = Experiment(
    question=Words("Why a GRU?", "为什么需要使用门控循环单元（GRU）？"),
    measure=measure,
    choose=choose,
    quick={"limit": 20, "grid": (0.005,), "widths": (4,), "rounds": 1, "is_quick": True},
    check={"tasks": ("vowels",), "widths": ()},
    lower_is_chosen=True,
    seeds=tuple(range(10)),
    panels={
        "accuracy": Panel(
            score=Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True),
            rows={**rows_of("vowels", "vowels: ", "元音："), **rows_of("mnist1d", "MNIST-1D: ", "MNIST-1D：")},
            title=Words("Vowels and MNIST-1D, about 4,000 weights", "日语元音与 MNIST-1D（权重约 4,000 个）"),
        ),
        "forecast": Panel(
            score=Score(Words("absolute error", "绝对误差"), SUNSPOTS, higher_is_better=False),
            rows=rows_of("sunspots", "", ""),
            reference="sunspots_gru",
            title=Words("Sunspots of the next month, about 3,400 weights", "预测下个月的太阳黑子数（权重约 3,400 个）"),
        ),
        "time": Panel(
            score=Score(
                Words("time of a training step", "每个训练步的时间"),
                MILLISECONDS,
                higher_is_better=False,
                logarithmic=True,
            ),
            rows=CELLS,
            reference="lstm",
            curve=Curve(Words("units", "单元数"), logarithmic=True),
            title=Words("Time of a step, equally many units (MNIST-1D)", "单元数相同时每步的时间（MNIST-1D）"),
        ),
    },
    claims=(
        *(
            Claim(
                Words(
                    f"With equally many weights, {en} than an LSTM?",
                    f"权重个数相同时，{zh}？",
                ),
                panel=panel,
                row=f"{task}_gru",
                reference=f"{task}_lstm",
                known="same",
            )
            for task, panel, en, zh in (
                (
                    "vowels",
                    "accuracy",
                    "does a GRU tell the speakers of Japanese vowels apart more accurately",
                    "GRU 区分日语元音的说话人是否比 LSTM 更准确",
                ),
                ("mnist1d", "accuracy", "is a GRU more accurate on MNIST-1D", "GRU 在 MNIST-1D 上是否比 LSTM 更准确"),
                (
                    "sunspots",
                    "forecast",
                    "does a GRU forecast sunspots with a smaller error",
                    "GRU 预测太阳黑子数的误差是否小于 LSTM",
                ),
            )
        ),
        Claim(
            Words(
                "Is a GRU more accurate on MNIST-1D than a simple cell with equally many weights?",
                "在 MNIST-1D 上，GRU 是否比权重个数相同的简单循环单元更准确？",
            ),
            panel="accuracy",
            row="mnist1d_gru",
            reference="mnist1d_simple",
            known="yes",
        ),
    ),
    summary=Words(
        "A GRU has two gates in place of the LSTM's three and no separate memory cell, so that with equally many units it needs about three quarters of the weights. "
        "With equally many weights, it is as good as the LSTM on the vowels and the sunspots, and slightly better on MNIST-1D, where both are far better than a simple cell. "
        "A step takes less time than with the LSTM only in wide layers.",
        "GRU 只有两个门（LSTM 有三个），也没有单独的记忆单元，因此单元数相同时，权重个数约为 LSTM 的四分之三。权重个数相同时，GRU 在元音和太阳黑子数据上与 LSTM 相当，"
        "在 MNIST-1D 上则略好，且二者在该数据上都远好于简单循环单元。只有在较宽的层中，GRU 每一步才比 LSTM 快。",
    ),
    outcomes=("same", "yes", "same", "yes"),
    explanation=Words(
        en=r"""
A recurrent network reads a sequence step by step and keeps a state $h_t$ of $n$ numbers, one for each unit. The simple cell computes the whole state anew in every step: $h_t = \tanh(W x_t + U h_{t-1} + b)$, where $x_t$ holds the $m$ numbers of step $t$, $W$ and $U$ are weight matrices and $b$ is a bias. On its way back to an early step, the gradient is multiplied by $U$ and by the slope of tanh, which is at most 1, once for each step between. Over many steps it often vanishes. A gated recurrent unit (GRU; Cho et al., 2014) can keep its old state instead:

$$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r), \qquad z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$

$$\tilde h_t = \tanh\!\big(W x_t + U (r_t \odot h_{t-1}) + b\big), \qquad h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$

Here $\sigma$ is the sigmoid, with values between 0 and 1, and $\odot$ multiplies number by number. The update gate $z_t$ says how much of the old state stays: where it is near 1, the number is copied, and the gradient passes back through the copy almost unchanged. The reset gate $r_t$ says how much of the old state enters the candidate $\tilde h_t$.

An LSTM (question 13) reaches the same aim with three gates and a second vector, its memory cell. The GRU has a single gate where the LSTM has separate ones for keeping and for writing, and it has no output gate. This makes it cheaper. The simple cell has one matrix for the input, one for the state and one bias, with $n(m + n + 1)$ weights together. Each gate needs as many again:

$$\text{simple: } n(m + n + 1), \qquad \text{GRU: } 3n(m + n + 1), \qquad \text{LSTM: } 4n(m + n + 1)$$

With as many units, a GRU has three quarters of the weights and of the multiplications of an LSTM. With as many weights, it has more units. Keras by default applies the reset gate after the matrix product, $r_t \odot (U h_{t-1} + b')$, so that one product with $h_{t-1}$ serves both gates and the candidate (`reset_after=True`, the form of NVIDIA's fast cuDNN kernel). This form has two biases, so that Keras counts $3n(m + n + 2)$ weights.
""".strip(),
        zh=r"""
循环网络逐步读取序列，并保持一个状态 $h_t$ ，其中有 $n$ 个数，每个单元一个。简单循环单元在每一步都重新计算整个状态： $h_t = \tanh(W x_t + U h_{t-1} + b)$ ，其中 $x_t$ 是第 $t$ 步输入的 $m$ 个数， $W$ 与 $U$ 为权重矩阵， $b$ 为偏置向量。梯度传回较早的步时，每经过一步都要乘以 $U$ 和 tanh 的导数（不超过 1），步数较多时常常消失。门控循环单元（GRU；Cho 等，2014）则可以保留原来的状态：

$$r_t = \sigma(W_r x_t + U_r h_{t-1} + b_r), \qquad z_t = \sigma(W_z x_t + U_z h_{t-1} + b_z)$$

$$\tilde h_t = \tanh\!\big(W x_t + U (r_t \odot h_{t-1}) + b\big), \qquad h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$

其中 $\sigma$ 是 sigmoid 函数，取值在 0 与 1 之间， $\odot$ 表示逐元素相乘。更新门 $z_t$ 决定保留多少旧状态：它接近 1 时，旧的数值被复制下来，梯度经由这一复制几乎不变地传回。重置门 $r_t$ 决定旧状态有多少进入候选状态 $\tilde h_t$ 。

LSTM（见问题 13）用三个门和另一个向量（记忆单元）达到同样的目的。LSTM 用两个门分别控制保留与写入，GRU 只用一个门，而且没有输出门，因此代价更低。简单循环单元有一个输入矩阵、一个状态矩阵和一个偏置向量，共 $n(m + n + 1)$ 个权重；每增加一个门，就再增加同样多的权重：

$$\text{simple: } n(m + n + 1), \qquad \text{GRU: } 3n(m + n + 1), \qquad \text{LSTM: } 4n(m + n + 1)$$

（simple 指简单循环单元。）单元数相同时，GRU 的权重个数与乘法次数是 LSTM 的四分之三；权重个数相同时，GRU 的单元更多。Keras 默认在矩阵乘法之后才施加重置门，即 $r_t \odot (U h_{t-1} + b')$ ，这样两个门和候选状态与 $h_{t-1}$ 的乘积可以合并为一次矩阵乘法（`reset_after=True`，也是 NVIDIA cuDNN 快速实现所用的形式）。这种形式有两个偏置向量，所以 Keras 中的权重为 $3n(m + n + 2)$ 个。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import data, rnn, training

for cell, units in (("gru", 32), ("lstm", 32), ("lstm", 28), ("simple", 56)):
    print(cell, units, rnn((10, 4), 10, cell=cell, units=(units,)).count_params())  # 3978, 5066, 3986, 3986

x, y = data.load("mnist1d", limit=500).train
x = x.reshape(-1, 10, 4)  # 10 steps of 4 numbers
model = rnn((10, 4), 10, cell="gru", units=(32,))
model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(model, x, y, epochs=2, batch_size=100, verbose=0)

layer = keras.layers.GRU(32)  # in plain Keras; reset_after=False gives the formula above, with one bias
""",
        zh="""
import keras
from dlguide import data, rnn, training

for cell, units in (("gru", 32), ("lstm", 32), ("lstm", 28), ("simple", 56)):
    print(cell, units, rnn((10, 4), 10, cell=cell, units=(units,)).count_params())  # 3978, 5066, 3986, 3986

x, y = data.load("mnist1d", limit=500).train
x = x.reshape(-1, 10, 4)  # 10 步，每步 4 个数
model = rnn((10, 4), 10, cell="gru", units=(32,))
model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
training.fit(model, x, y, epochs=2, batch_size=100, verbose=0)

layer = keras.layers.GRU(32)  # 普通的 Keras 层；reset_after=False 即上面的公式，只有一个偏置
""",
    ),
    setting=Words(
        "Each network is one recurrent layer that reads the sequence in one direction (`rnn`, no dropout), and a dense layer on its last state. "
        "**Japanese vowels**: the class is one of 9 speakers; an utterance has 7 to 29 steps of 12 numbers, each divided by its standard deviation. There are 216 training and 370 test utterances, and "
        "40 passes over the training set. The networks have 4,011 (GRU), 4,034 (LSTM) and 3,984 (simple cell) weights. **MNIST-1D**: each series of 40 numbers is read as 10 steps of 4 numbers; 3,500 training and "
        "1,000 test series, 48 passes; 3,978, 3,986 and 3,986 weights. **Sunspots**: from 36 months to the next one, as in the recipe `gru_sunspots`: the network reads square roots, and says by how much "
        "the next root differs from the last one; the loss is the absolute error; 1,961 training and 624 test windows, 16 passes; 3,393, 3,389 and 3,421 weights. Adam, with the norm of the gradient clipped to 1; "
        "batches of 24, 100 and 53. The training has eight equal parts, and after each part the learning rate is lowered by an eighth of its first value. The first value was chosen for each network on each data set, from the same seven, by the validation error "
        "with a seed that is not published; on the vowels, with only 54 validation utterances, by the mean error of three such seeds. **Time**: processor time of a step of `model.fit` (TensorFlow, without XLA) with a batch of 100 "
        "series of MNIST-1D, on one core; the cells take turns, and the median of three rounds counts.",
        "每个网络由一个单向的循环层（`rnn`，不用随机失活）和接在其最后状态上的全连接层组成。**日语元音**：类别为 9 位说话人之一；每段语音有 7 到 29 步，每步 12 个数，各除以其标准差。训练集有 216 段，测试集有 370 段，"
        "训练遍历 40 遍。GRU、LSTM、简单循环单元的网络分别有 4,011、4,034、3,984 个权重。**MNIST-1D**：把每条 40 个数的序列读作 10 步，每步 4 个数；训练序列 3,500 条，测试序列 1,000 条，遍历 48 遍；权重分别为 3,978、3,986、3,986 个。"
        "**太阳黑子**：由 36 个月预测下一个月，做法与示例 `gru_sunspots` 相同：网络读入平方根，输出下一个月的平方根与最后一个月之差，损失为绝对误差；训练窗口 1,961 个，测试窗口 624 个，遍历 16 遍；权重分别为 3,393、3,389、3,421 个。"
        "优化器为 Adam，梯度范数裁剪到 1，批大小依次为 24、100、53。训练分为八段，每段的学习率比前一段低，降幅为初值的八分之一。初值对每个网络和每个数据集分别选择，候选值都是同样的七个，用一个未公布的种子取验证误差最小者；"
        "元音的验证集只有 54 段，因此取三个未公布种子的平均误差。**时间**：`model.fit` 每一步的处理器时间（TensorFlow，不用 XLA），批为 100 条 MNIST-1D 序列，单核；三种单元轮流运行，取三轮的中位数。",
    ),
    limits=Words(
        "On MNIST-1D the GRU is more accurate than the LSTM, while Chung et al. (2014), who also compared nearly equal numbers of weights, found the two comparable. "
        "Six other seeds gave the same on the validation set: 89.2 % for the GRU, 87.2 % for the LSTM. Three times as many passes did not change it (90.3 % and 88.5 %), so the training is not too short. "
        "An LSTM with 32 units like the GRU, which has 27 % more weights, reached 88.3 % with the same learning rate, and its difference from the GRU was within the error. A part of the GRU's lead may come from its additional units; six seeds are too few to tell. "
        "Jozefowicz et al. (2015) found that a bias of 1 at the forget gate closes the gap between LSTM and GRU; Keras's LSTM has this bias by default. Greff et al. (2017) found that an LSTM whose input and forget gates are coupled, as in the GRU, "
        "is not significantly worse. In Chung et al. (2014), gated cells were clearly better than the simple cell on speech, but close to it on music. In the same way the simple cell is good enough for the vowels and the sunspots here. "
        "All this holds for small networks and for sequences of at most 36 steps. On the sunspots, rates from 0.0015 to 0.05 gave the LSTM nearly the same validation error, so its chosen rate is uncertain. "
        "The times hold for TensorFlow on one processor core, without XLA. In a narrow network, most of the time is not spent on multiplications, and the GRU takes longer than the LSTM; with 1,024 units it takes 0.83 times as long, and the multiplications alone would be 0.75. "
        "With equally many weights, a training takes longer with the GRU (processor time): 2.7 s on MNIST-1D, against 2.3 s with the LSTM and 1.8 s with the simple cell; 1.3, 1.2 and 0.9 s on the vowels; 2.4, 2.1 and 1.6 s on the sunspots.",
        "在 MNIST-1D 上，GRU 比 LSTM 更准确；Chung 等（2014）同样在权重个数相近的条件下比较，得到的结论则是二者相当。另用六个种子在验证集上检验，结果相同：GRU 为 89.2%，LSTM 为 87.2%。"
        "遍历次数增加到三倍，差距依旧（90.3% 与 88.5%），因此不是训练不足所致。LSTM 若与 GRU 一样用 32 个单元（权重多 27%），学习率不变，则达到 88.3%，与 GRU 之差在误差范围之内。GRU 的优势可能有一部分来自较多的单元，但六个种子不足以断定。"
        "Jozefowicz 等（2015）发现，把遗忘门的偏置初始化为 1 可以消除 LSTM 与 GRU 的差距；Keras 的 LSTM 默认使用这一偏置。Greff 等（2017）发现，像 GRU 那样把输入门与遗忘门合为一个，LSTM 并不会明显变差。"
        "在 Chung 等（2014）的实验中，门控单元在语音上明显优于简单循环单元，在音乐上则相差不大；与此类似，这里的元音与太阳黑子数据用简单循环单元就够了。以上结果只针对小网络和不超过 36 步的序列。"
        "在太阳黑子数据上，学习率从 0.0015 到 0.05，LSTM 的验证误差几乎相同，因此所选的学习率并不确定。时间是用 TensorFlow 在单个处理器核上测得的，不用 XLA。网络较窄时，大部分时间并不用于乘法，GRU 反而比 LSTM 慢；"
        "有 1,024 个单元时，GRU 的用时是 LSTM 的 0.83 倍，若只算乘法则为 0.75 倍。权重个数相同时，用 GRU 训练一次所需的处理器时间更长：MNIST-1D 上为 2.7 秒，LSTM 为 2.3 秒，简单循环单元为 1.8 秒；元音上依次为 1.3、1.2、0.9 秒；太阳黑子上依次为 2.4、2.1、1.6 秒。",
    ),
    sources=(
        "K. Cho et al., [Learning phrase representations using RNN encoder–decoder for statistical machine translation]"
        "(https://arxiv.org/abs/1406.1078), EMNLP 2014.",
        "J. Chung, C. Gulcehre, K. Cho, Y. Bengio, [Empirical evaluation of gated recurrent neural networks on sequence modeling]"
        "(https://arxiv.org/abs/1412.3555), NIPS 2014 Deep Learning Workshop.",
        "R. Jozefowicz, W. Zaremba, I. Sutskever, [An empirical exploration of recurrent network architectures]"
        "(https://proceedings.mlr.press/v37/jozefowicz15.html), ICML 2015.",
        "K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink, J. Schmidhuber, [LSTM: A search space odyssey]"
        "(https://doi.org/10.1109/TNNLS.2016.2582924), IEEE Transactions on Neural Networks and Learning Systems 28 (2017).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
