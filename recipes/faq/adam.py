"""Question 8: why Adam?

python -m recipes.faq.adam
"""

import functools
import math
import re

from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import NATS, NUMBER, PERCENT, Claim, Curve, Experiment, Panel, Score, Words

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)
DEFAULTS = {"sgd": "0.01", "momentum": "0.01", "rmsprop": "0.001", "adam": "0.001"}
"""Optimizer to its learning rate in Keras where none is given."""
VOCABULARY, COMMONEST = 1000, 50  # Words.


def choose(
    *,
    rates: tuple[float, ...] = RATES,
    limit: int | None = None,
    pairs: int = 10_000,
    eager: bool = False,
    epochs: int = 8,
) -> dict:
    """Choose the learning rate of each optimizer on the validation set of each task."""

    def series(row, rate):
        return accuracy(row, rate, part="valid", seed=100, limit=limit, epochs=epochs, eager=eager)

    def words(row, rate):
        return -word_losses(row.removesuffix("_words"), rate, part="valid", seed=100, pairs=pairs, eager=eager)[0]

    return _tuning.search(DEFAULTS, rates, series) | _tuning.search([f"{row}_words" for row in DEFAULTS], rates, words)


def measure(
    seed: int,
    choice: dict,
    *,
    rates: tuple[float, ...] = RATES,
    limit: int | None = None,
    pairs: int = 10_000,
    epochs: int = 8,
    eager: bool = False,
    panels: tuple[str, ...] = ("curves", "words"),
) -> dict:
    """Return the test accuracy of each optimizer over the learning rates, what follows from it, and the loss on words."""
    scores = {}
    if "curves" in panels:
        options = {"part": "test", "seed": seed, "limit": limit, "epochs": epochs, "eager": eager}
        curves = {row: {f"{rate:g}": accuracy(row, rate, **options) for rate in rates} for row in DEFAULTS}
        scores["curves"] = curves
        scores["width"] = {
            row: sum(value >= max(curve.values()) - 0.05 for value in curve.values()) for row, curve in curves.items()
        }
        scores["chosen"] = compared_settings(curves, choice)
    if "words" in panels:
        losses = {
            f"{row}_words": word_losses(
                row, _tuning.best(choice[f"{row}_words"]), part="train", seed=seed, pairs=pairs, eager=eager
            )
            for row in DEFAULTS
        }
        scores["words"] = {row: loss for row, (loss, _) in losses.items()}
        scores["rare"] = {row: loss for row, (_, loss) in losses.items()}
    return scores


def compared_settings(curves: dict, choice: dict) -> dict:
    """Return the accuracy at the default, at the chosen learning rate, and of the default that validates best."""
    chosen = {}
    for row, curve in curves.items():
        chosen[f"{row}_default"] = curve[DEFAULTS[row]]
        chosen[f"{row}_chosen"] = curve[f"{_tuning.best(choice[row]):g}"]
    best = max(DEFAULTS, key=lambda row: choice[row][DEFAULTS[row]])
    return {**chosen, "best_default": curves[best][DEFAULTS[best]]}


def accuracy(row: str, rate: float, *, part: str, seed: int, limit: int | None, epochs: int, eager: bool) -> float:
    """Train on MNIST-1D and return the accuracy; one tenth where the loss diverges."""
    splits = series(seed, limit)
    options = {"learning_rate": rate, "epochs": epochs, "batch_size": 125, "seed": seed}
    try:
        model = trainer("series", row, eager)(*splits.train, **options)
    except FloatingPointError:
        return 0.1
    return _retraining.accuracy(model, *getattr(splits, part))


def word_losses(row: str, rate: float, *, part: str, seed: int, pairs: int, eager: bool) -> tuple[float, float]:
    """Train on pairs of words; return the training loss of the next word, and that of the next words that are rare.

    A loss that is not finite counts as guessing.
    """
    x, y = word_pairs(pairs)[part]
    guess = math.log(VOCABULARY)
    try:
        model = trainer("words", row, eager)(x, y, learning_rate=rate, epochs=4, batch_size=125, seed=seed)
    except FloatingPointError:
        return guess, guess
    rare = y >= COMMONEST
    all_words, rare_words = (
        float(model.evaluate(*these, batch_size=500, verbose=0, return_dict=True)["loss"])
        for these in ((x, y), (x[rare], y[rare]))
    )
    return (all_words, rare_words) if math.isfinite(all_words) and math.isfinite(rare_words) else (guess, guess)


@functools.lru_cache(maxsize=1)
def series(seed: int, limit: int | None):
    """Return MNIST-1D; each seed reads it once."""
    from dlguide import data

    return data.load("mnist1d", limit=limit, seed=seed)


@functools.lru_cache(maxsize=1)
def word_pairs(pairs: int) -> dict:
    """Return words of Shakespeare's plays with the word after each, both among the commonest; 0 is the commonest."""
    from collections import Counter

    import numpy as np

    from dlguide import data

    plays = data.load("shakespeare")
    words = {
        part: re.findall("[a-z']+", data.decode(getattr(plays, part).x.ravel(), plays.info.vocabulary).lower())
        for part in ("train", "valid")
    }
    common = {word: i for i, (word, _) in enumerate(Counter(words["train"]).most_common(VOCABULARY))}
    parts = {}
    for part, text in words.items():
        ids = np.array([common.get(word, -1) for word in text], "int32")
        both = np.flatnonzero((ids[:-1] >= 0) & (ids[1:] >= 0))[:pairs]
        parts[part] = data.Part(ids[both][:, None], ids[both + 1])
    return parts


@functools.cache
def trainer(task: str, row: str, eager: bool):
    """Return what trains the network of a task with an optimizer."""
    import keras

    optimizers = {"momentum": keras.optimizers.SGD(momentum=0.9)}
    return _retraining.trainer(functools.partial(network, task), optimizers.get(row, row), run_eagerly=eager)


def network(task: str):
    """Return a new network: an `mlp` for the series, a bigram model with vectors of 32 numbers for the words."""
    import keras

    from dlguide import mlp

    if task == "series":
        return mlp((40, 1), 10, hidden_units=(128, 128))
    return keras.Sequential(
        [
            keras.Input((1,), dtype="int32"),
            keras.layers.Embedding(VOCABULARY, 32),
            keras.layers.Flatten(),
            keras.layers.Dense(VOCABULARY),
        ]
    )


NAMES = {
    "sgd": Words("SGD", "SGD"),
    "momentum": Words("momentum", "动量"),
    "rmsprop": Words("RMSprop", "RMSprop"),
    "adam": Words("Adam", "Adam"),
}
ACCURACY = Score(Words("test accuracy", "测试准确率"), PERCENT, higher_is_better=True)
LOSS = Score(Words("training loss", "训练损失"), NATS, higher_is_better=False, format=".3f")
SETTINGS = {"default": Words("{} (default)", "{}（默认值）"), "chosen": Words("{} (chosen)", "{}（选定值）")}
WORD_ROWS = {
    f"{row}_words": Words(f"{name.en} (words)", f"{name.zh}（词语）") for row, name in NAMES.items()
}  # The page names the chosen learning rates by them.
EXPERIMENT = Experiment(
    question=Words("Why use Adam?", "为什么需要使用 Adam 优化器？"),
    measure=measure,
    choose=choose,
    quick={"rates": (0.001, 0.01), "limit": 20, "pairs": 100, "epochs": 1, "eager": True},
    check={"panels": ("words",)},
    edge_reasons={
        "sgd_words": "The losses at 10 and at 30 are nearly equal, and with 20,000 pairs 30 was worse than 10: the best is between them."
    },
    panels={
        "curves": Panel(
            ACCURACY,
            NAMES,
            reference="momentum",
            curve=Curve(Words("learning rate", "学习率"), logarithmic=True),
            title=Words("MNIST-1D", "MNIST-1D"),
        ),
        "width": Panel(
            Score(
                Words("good learning rates, of 11", "11 个学习率中合适的个数"),
                NUMBER,
                higher_is_better=True,
                format=".1f",
                bounds=(0, len(RATES)),
            ),
            NAMES,
            reference="momentum",
            title=Words("MNIST-1D: width of the good range", "MNIST-1D：合适学习率的范围"),
        ),
        "chosen": Panel(
            ACCURACY,
            {
                **{
                    f"{row}_{setting}": Words(words.en.format(name.en), words.zh.format(name.zh))
                    for row, name in NAMES.items()
                    for setting, words in SETTINGS.items()
                },
                "best_default": Words("default that is best on validation data", "验证集上最好的默认值"),
            },
            title=Words("MNIST-1D: default and chosen learning rate", "MNIST-1D：默认学习率与选定的学习率"),
        ),
        "words": Panel(
            LOSS,
            WORD_ROWS,
            reference="momentum_words",
            title=Words("Shakespeare: the next word", "莎士比亚剧本：预测下一个词"),
        ),
        "rare": Panel(
            LOSS,
            WORD_ROWS,
            reference="momentum_words",
            title=Words(
                "The same, next words that are not among the 50 commonest", "同上，只计不属于最常见 50 个词的下一个词"
            ),
        ),
    },
    claims=(
        Claim(
            Words(
                "On MNIST-1D, each at its own learning rate: is Adam less accurate than momentum?",
                "在 MNIST-1D 上各自选择学习率时，Adam 的准确率是否低于动量法？",
            ),
            panel="chosen",
            row="adam_chosen",
            reference="momentum_chosen",
            better=False,
        ),
        Claim(
            Words(
                "Is Adam's range of good learning rates wider than that of momentum?",
                "Adam 的合适学习率范围是否比动量法更宽？",
            ),
            panel="width",
            row="adam",
            reference="momentum",
        ),
        Claim(
            Words(
                "At Keras's default learning rates, is Adam more accurate than SGD?",
                "使用 Keras 的默认学习率时，Adam 是否比 SGD 更准确？",
            ),
            panel="chosen",
            row="adam_default",
            reference="sgd_default",
        ),
        Claim(
            Words(
                "Is the best of the four defaults (chosen on validation data) less accurate than Adam with a chosen learning rate?",
                "四个默认值中最好的一个（在验证集上选出）是否不如选定学习率的 Adam 准确？",
            ),
            panel="chosen",
            row="best_default",
            reference="adam_chosen",
            better=False,
            known="same",
        ),
        Claim(
            Words(
                "On words, most of which are rare, does Adam reach a lower training loss than momentum?",
                "词语中大多数很少出现：Adam 的训练损失是否比动量法更低？",
            ),
            panel="words",
            row="adam_words",
            reference="momentum_words",
            known="yes",
        ),
        Claim(
            Words(
                "And a lower one than SGD, where the next word is a rare one?",
                "下一个词是少见词时，Adam 的训练损失是否比 SGD 更低？",
            ),
            panel="rare",
            row="adam_words",
            reference="sgd_words",
            known="yes",
        ),
    ),
    summary=Words(
        "Adam gives each weight a step of its own, which helps where gradients differ widely in size. In predicting the next word, where most words are rare, its training loss is 0.689 nats below that of momentum. On MNIST-1D, at chosen learning rates, it is ahead of momentum by 2.30 points; a wider range of good learning rates is not seen, but the grid is coarse. All four default rates are too small for the 224 steps here, and Adam's, too, is far behind its chosen one.",
        "Adam 为每个权重分别确定步长，在各权重的梯度大小相差悬殊时有帮助。预测下一个词时，大多数词很少出现，Adam 的训练损失比动量法低 0.689 奈特。在 MNIST-1D 上各用选定的学习率时，它比动量法高 2.30 个百分点；未见它的合适学习率范围更宽，但候选值较稀。这里只训练 224 步，四个默认学习率都太小，Adam 用默认学习率也远不如用选定的学习率。",
    ),
    outcomes=(
        "no",
        "same",
        "yes",
        "yes",
        "yes",
        "yes",
    ),
    explanation=Words(
        en=r"""
Stochastic gradient descent (SGD) moves every weight by the learning rate times its gradient. One learning rate serves all weights, although their gradients may differ by orders of magnitude. Adam (Kingma & Ba, 2015) gives each weight a step of its own. At step $t$, with the gradient $g_t$ of a weight $w$, it keeps two moving averages:

$$m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2$$

$$w_{t+1} = w_t - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}, \qquad \hat m_t = \frac{m_t}{1 - \beta_1^t}, \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t}$$

Here $m_t$ is the mean of the latest gradients, which is a kind of momentum, and $v_t$ the mean of their squares (not the velocity of question 7); $\beta_1 = 0.9$ and $\beta_2 = 0.999$ say how slowly they forget, $\eta$ is the learning rate, and the small number $\epsilon$ prevents a division by zero. Both averages start at zero and are too small at first; $\hat m_t$ and $\hat v_t$ correct that, where $\beta_1^t$ is the $t$-th power: at $t = 1$, $m_1 = 0.1\, g_1$ is divided by $1 - 0.9$, which gives $g_1$. RMSprop divides by the root of the mean square too, but it has neither the mean of the gradients nor the correction.

If all gradients are multiplied by 100, the quotient stays the same (apart from $\epsilon$). So a weight moves by about $\eta$ a step whatever the size of its gradients, as long as they agree in their sign; where the sign changes from step to step, the mean is small and so is the step. This is why good learning rates of Adam differ less from network to network, while those of SGD depend on the scale of the loss and of the inputs. $\eta = 0.001$ is a usual start, not always the best value: in the short training here 0.01 is better by 15 points.

Words show where this matters most. A few words make up much of a text, and most words are rare. The weights that belong to a rare word get a gradient only now and then, so with SGD they hardly move while the common words are learned already. Adam divides by the size of the gradient, which is small for them too (Kunstner et al., 2024).
""".strip(),
        zh=r"""
随机梯度下降（SGD）把每个权重移动“学习率乘以梯度”那么多。所有权重共用一个学习率，而它们的梯度可能相差几个数量级。Adam（Kingma 与 Ba，2015）为每个权重分别确定步长。设第 $t$ 步时权重 $w$ 的梯度为 $g_t$ ，Adam 保存两个滑动平均：

$$m_t = \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad v_t = \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2$$

$$w_{t+1} = w_t - \eta\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}, \qquad \hat m_t = \frac{m_t}{1 - \beta_1^t}, \qquad \hat v_t = \frac{v_t}{1 - \beta_2^t}$$

其中 $m_t$ 是近期梯度的均值，作用类似动量； $v_t$ 是近期梯度平方的均值（不是问题 7 中的速度）； $\beta_1 = 0.9$ 与 $\beta_2 = 0.999$ 决定遗忘的快慢， $\eta$ 为学习率，很小的数 $\epsilon$ 用来避免除以零。两个平均值都从零开始，起初偏小， $\hat m_t$ 与 $\hat v_t$ 对此作了修正。其中 $\beta_1^t$ 是 $t$ 次幂：当 $t = 1$ 时， $m_1 = 0.1\, g_1$ 除以 $1 - 0.9$ ，得到 $g_1$ 。RMSprop 同样除以均方根，但没有梯度均值，也不作修正。

若所有梯度都乘以 100，上式中的商（忽略 $\epsilon$ ）不变。因此，只要梯度的符号一致，无论梯度大小，权重每步大约移动 $\eta$ ；若符号时正时负，均值就小，步长也小。所以对不同的网络，Adam 的合适学习率相差较小，而 SGD 的合适学习率取决于损失与输入的尺度。通常从 $\eta = 0.001$ 开始尝试，但它未必最好：这里训练步数很少，0.01 高 15 个百分点。

这一点在词语上最为明显。少数词占了文本的很大一部分，而大多数词很少出现。与少见词对应的权重只是偶尔得到梯度，用 SGD 训练时，常见词已经学会，这些权重却几乎没有移动。Adam 除以梯度的大小，而这些权重的梯度本来就小，因此步长并不会随之变小（Kunstner 等，2024）。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
from dlguide import mlp

model = mlp((40, 1), 10)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=["accuracy"])  # learning rate 0.001
model.compile(keras.optimizers.Adam(learning_rate=0.003), loss)

keras.optimizers.SGD(learning_rate=0.1)  # the other three
keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)
keras.optimizers.RMSprop(learning_rate=0.001)
""",
        zh="""
import keras
from dlguide import mlp

model = mlp((40, 1), 10)
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=["accuracy"])  # 学习率为 0.001
model.compile(keras.optimizers.Adam(learning_rate=0.003), loss)

keras.optimizers.SGD(learning_rate=0.1)  # 另外三种优化器
keras.optimizers.SGD(learning_rate=0.1, momentum=0.9)
keras.optimizers.RMSprop(learning_rate=0.001)
""",
    ),
    setting=Words(
        "MNIST-1D: `mlp` with two hidden layers of 128 units, 3,500 training series, 8 epochs, batches of 125, 1,000 test series. "
        "A run whose loss is no longer a finite number counts as guessing, 10 %. The good range counts those of the 11 learning rates "
        "whose test accuracy is at most 5 points below the highest of the same optimizer and seed; "
        "neighbours differ by a factor of about 3. Keras's default learning rates are 0.01 for SGD (also with a momentum of 0.9) and 0.001 "
        "for RMSprop and Adam. Words: an embedding of 32 numbers and a dense layer predict the next word from the word before it, "
        "among the 1,000 commonest words of Shakespeare's plays; 10,000 pairs, 4 epochs, batches of 125. The score is the loss on "
        "these pairs themselves, since the question is how well an optimizer minimises. The learning rates are chosen with seed "
        "100 on the validation set; for words that means the loss after the same training on 10,000 pairs of the validation plays.",
        "MNIST-1D：`mlp`，两个隐藏层各 128 个单元，3,500 条训练序列，训练 8 轮，批大小 125，1,000 条测试序列。"
        "若损失不再是有限的数，则按随机猜测（10%）计。“合适的学习率”指 11 个候选学习率中，测试准确率与同一优化器、同一种子的最高值相差不超过 5 个百分点的那些；"
        "相邻两个学习率约差 3 倍。Keras 的默认学习率：SGD（包括动量为 0.9 时）为 0.01，RMSprop 与 Adam 为 0.001。"
        "词语：用 32 维嵌入层和一个全连接层，由前一个词预测下一个词，只考虑莎士比亚剧本中最常见的 1,000 个词；"
        "用 10,000 个词对训练 4 轮，批大小 125。评分用的是这些词对自身的损失，因为这里考察的是优化器使损失下降的能力。"
        "学习率用种子 100 在验证集上选择；词语任务则是用验证集剧本中的 10,000 个词对作同样的训练，取损失最小者。",
    ),
    limits=Words(
        "Small networks and short runs; only the learning rate is chosen, and it stays constant. Choi et al. (2019) choose all "
        "settings of an optimizer, $\\epsilon$ too, and then Adam can imitate momentum, so it cannot be worse; here only the learning rate is tuned. Wilson et al. (2017) found adaptive methods such as Adam worse than momentum on test data. The 11 rates are too far apart to tell whether a range of good ones is wider. On the validation set the best default is that of RMSprop (47.8 % against 47.4 % with Adam); on the test set no difference is seen between the two. With so few steps (224), "
        "the default learning rates are too small, so the best of them comes out worse than in Schmidt et al. (2021). They "
        "compare fifteen optimizers on eight tasks, with four learning rate schedules. A lower training loss is not a better prediction: in a trial on plays "
        "that were not trained on, Adam predicted words no better than momentum. SGD on words chose 30, the largest learning rate of the grid; 10 was nearly as good.",
        "网络小、训练时间短；只选择学习率，且学习率保持不变。Choi 等（2019）对优化器的所有超参数（包括 $\\epsilon$ ）都作选择，"
        "这时 Adam 可以模仿动量法，因此不会更差；这里只选择学习率。Wilson 等（2017）则发现，Adam 等自适应方法在测试数据上不如动量法。11 个学习率间隔太大，不足以判断哪一个的合适范围更宽。验证集上最好的默认值是 RMSprop 的（47.8%，Adam 为 47.4%），在测试集上两者未见差异。这里只训练 224 步，各默认学习率都偏小，"
        "因此其中最好的一个也比 Schmidt 等（2021）报告的差；他们在八个任务上比较了十五种优化器和四种学习率调度。"
        "训练损失更低并不等于预测更好：在未用于训练的剧本上试验时，Adam 对词语的预测并不优于动量法。SGD 在词语任务上选中了候选值中最大的学习率 30，而 10 几乎同样好。",
    ),
    sources=(
        "D. P. Kingma, J. Ba, [Adam: a method for stochastic optimization](https://arxiv.org/abs/1412.6980), ICLR 2015.",
        "D. Choi, C. J. Shallue, Z. Nado, J. Lee, C. J. Maddison, G. E. Dahl, [On empirical comparisons of optimizers for deep "
        "learning](https://arxiv.org/abs/1910.05446), 2019.",
        "A. C. Wilson, R. Roelofs, M. Stern, N. Srebro, B. Recht, [The marginal value of adaptive gradient methods in machine learning]"
        "(https://arxiv.org/abs/1705.08292), NeurIPS 2017.",
        "R. M. Schmidt, F. Schneider, P. Hennig, [Descending through a crowded valley: benchmarking deep learning optimizers]"
        "(https://arxiv.org/abs/2007.01547), ICML 2021.",
        "F. Kunstner, R. Yadav, A. Milligan, M. Schmidt, A. Bietti, [Heavy-tailed class imbalance and why Adam outperforms "
        "gradient descent on language models](https://arxiv.org/abs/2402.19449), NeurIPS 2024.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
