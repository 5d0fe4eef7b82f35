"""Question 19: why self-attention?

python -m recipes.faq.self_attention
"""

import functools

import numpy as np

from recipes.faq import _figure, _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

SYMBOLS = 8
LENGTH = 2 * SYMBOLS
BATCH, STEPS, TESTS = 64, 1000, 2000
GRID = (1e-3, 2e-3, 4e-3, 8e-3, 16e-3, 32e-3)
DISTANCES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14)
ROWS = {
    "two": Words("self-attention, two blocks", "自注意力，两个块"),
    "one": Words("self-attention, one wider block", "自注意力，一个更宽的块"),
    "mean": Words("mean pooling", "平均池化"),
    "convolution": Words("convolution, 4 symbols", "卷积，核宽 4"),
    "wide": Words("convolution, 9 symbols", "卷积，核宽 9"),
}


def sequences(number: int, rng):
    """Draw sequences: all symbols in random order, then again in another one.

    Returns the sequences, the symbol that followed each symbol of the second half in the first one (0 for no question,
    in the first half), and how many places back the answer stands.
    """
    orders = rng.permuted(np.tile(np.arange(1, SYMBOLS + 1), (number, 2, 1)), axis=2)
    x = orders.reshape(number, LENGTH)
    answer_places = np.take_along_axis(orders[:, 0].argsort(1), orders[:, 1] - 1, 1) + 1
    y = np.concatenate([np.zeros_like(answer_places), np.take_along_axis(x, answer_places, 1)], 1)
    return x, y, np.arange(SYMBOLS, LENGTH) - answer_places


def network(row: str):
    """Return a new model of a row."""
    from dlguide import transformer_language_model

    if row in ("convolution", "wide"):
        return convolutional(kernel_size=4 if row == "convolution" else 9)
    width, heads, blocks = (48, 2, 1) if row == "one" else (32, 1, 2)
    model = transformer_language_model(
        SYMBOLS + 1, LENGTH, embed_dim=width, num_heads=heads, ff_dim=2 * width, num_layers=blocks, dropout=0
    )
    for block in range(blocks if row == "mean" else 0):
        query = model.get_layer(f"attention_{block}").query
        query.kernel.assign(0 * query.kernel)  # All products with the keys are 0, and all weights equal.
        query.trainable = False
    return model


def convolutional(kernel_size: int, width: int = 32, blocks: int = 2):
    """Return the transformer with a convolution in the place of each attention; it sees no later symbol either."""
    import keras

    from dlguide.attention_layers import PositionEmbedding

    inputs = keras.Input((None,), dtype="int32")
    x = PositionEmbedding(LENGTH)(keras.layers.Embedding(SYMBOLS + 1, width)(inputs))

    def normalised(x):
        return keras.layers.LayerNormalization(center=False, scale=False)(x)

    for _ in range(blocks):
        x = x + keras.layers.Conv1D(width, kernel_size, padding="causal", use_bias=False)(normalised(x))
        hidden = keras.layers.Dense(2 * width, activation="relu")(normalised(x))
        x = x + keras.layers.Dense(width)(hidden)
    return keras.Model(inputs, keras.layers.Dense(SYMBOLS + 1)(normalised(x)))


@functools.cache
def trainer(row: str, is_quick: bool):
    """Return the function that trains a row's model, the same one for all seeds."""
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    build, optimizer = functools.partial(network, row), keras.optimizers.Adam(global_clipnorm=1.0)
    return _retraining.trainer(build, optimizer, loss, metrics=(), jit_compile=not is_quick)


def trained(row: str, learning_rate: float, seed: int, steps: int, is_quick: bool):
    """Return a row's model after one pass over new sequences."""
    x, y, _ = sequences(BATCH * steps, np.random.default_rng((seed, 0)))
    return trainer(row, is_quick)(x, y, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)


def right_answers(model, x, y) -> np.ndarray:
    """Return whether the model is right at each place of the second half."""
    import keras

    logits = keras.ops.convert_to_numpy(model(x))
    return logits[:, SYMBOLS:].argmax(2) == y[:, SYMBOLS:]


def choose(*, steps: int = STEPS, is_quick: bool = False) -> dict:
    """Try learning rates on a validation set."""
    x, y, _ = sequences(TESTS, np.random.default_rng((100, 1)))

    def score(row, learning_rate):
        return float(right_answers(trained(row, learning_rate, 100, steps, is_quick), x, y).mean())

    return _tuning.search(ROWS, GRID if not is_quick else GRID[:1], score)


def measure(
    seed: int, choice: dict, *, steps: int = STEPS, rows: tuple[str, ...] = tuple(ROWS), is_quick: bool = False
) -> dict:
    """Return the share of right answers, in all and by the distance of the answer."""
    x, y, distances = sequences(TESTS, np.random.default_rng((seed, 1)))
    accuracy, by_distance, more = {}, {}, {}
    for row in rows:
        model = trained(row, _tuning.best(choice[row]), seed, steps, is_quick)
        right = right_answers(model, x, y)
        accuracy[row] = float(right.mean())
        by_distance[row] = {str(distance): float(right[distances == distance].mean()) for distance in DISTANCES}
        if (row, seed) == ("two", 0):
            more["picture"] = picture(model, x[0])
    return {"accuracy": accuracy, "by_distance": by_distance, **more}


def picture(model, tokens) -> dict:
    """Return what `draw` needs of one sequence: its symbols as letters, and the attention in hundredths."""
    from dlguide.attention import attention_weights

    weights = [attention_weights(model, tokens, layer=layer)[0] for layer in range(2)]
    rows = [[" ".join(f"{100 * value:.0f}" for value in row) for row in block] for block in weights]
    return {"symbols": "".join(chr(96 + token) for token in tokens), "attention": rows}


PICTURE_WORDS = {
    "en": ("looks at", "symbol", "first block", "second block"),
    "zh": ("所关注的符号", "当前符号", "第一个块", "第二个块"),
}


def draw(seeds: dict, language: str):
    """Draw the two panels and, below them, the attention of the network with two blocks in one sequence."""
    from dlguide import plots

    looks_at, symbol, *blocks = PICTURE_WORDS[language]
    shown = seeds["0"]["picture"]
    with plots.new_figure(6.8, 9.8) as figure:
        axes = figure.subplot_mosaic([["top", "top"], ["middle", "middle"], [0, 1]], height_ratios=[2.8, 3.6, 3.4])
        _figure.draw_points(axes["top"], "accuracy", PANELS["accuracy"], seeds, language)
        _figure.draw_curves(axes["middle"], "by_distance", PANELS["by_distance"], seeds, language)
        axes["top"].grid(axis="x", alpha=0.3)
        axes["middle"].grid(alpha=0.3)
        axes["middle"].legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=8)
        for block, title in enumerate(blocks):
            weights = [[int(number) for number in row.split()] for row in shown["attention"][block]]
            axes[block].imshow(weights, cmap="Blues", vmin=0, vmax=100)
            for set_ticks in (axes[block].set_xticks, axes[block].set_yticks):
                set_ticks(range(LENGTH), list(shown["symbols"]), fontsize=7)
            axes[block].tick_params(length=1, pad=1)
            axes[block].axhline(SYMBOLS - 0.5, color="gray", linewidth=0.6)
            axes[block].set_title(title, fontsize=10)
            axes[block].set(xlabel=looks_at, ylabel="" if block else symbol)
    return figure


ACCURACY = Score(Words("right answers", "正确率"), PERCENT, higher_is_better=True, format=".1f")
PANELS = {
    "accuracy": Panel(ACCURACY, ROWS, reference="two"),
    "by_distance": Panel(
        ACCURACY,
        ROWS,
        curve=Curve(Words("distance of the answer (symbols back)", "答案在多少个符号之前")),
        title=Words("By the distance of the answer", "按答案的距离"),
    ),
}

EXPERIMENT = Experiment(
    question=Words("Why self-attention?", "为什么需要使用自注意力机制？"),
    measure=measure,
    choose=choose,
    draw=draw,
    seeds=tuple(range(10)),
    quick={"steps": 1, "is_quick": True},
    check={"rows": ("convolution",)},
    panels=PANELS,
    claims=(
        Claim(
            Words(
                "Does a network with two blocks of self-attention recall the symbols better than one with a single, wider block?",
                "有两个自注意力块的网络是否比只有一个更宽的块的网络更准确？",
            ),
            panel="accuracy",
            row="two",
            reference="one",
        ),
        Claim(
            Words(
                "Does it recall better than the same network with mean pooling in the place of attention?",
                "它是否比把注意力换成平均池化的同一网络更准确？",
            ),
            panel="accuracy",
            row="two",
            reference="mean",
        ),
        Claim(
            Words(
                "Does it recall better than a convolution that has as many weights?",
                "它是否比权重个数相同的卷积更准确？",
            ),
            panel="accuracy",
            row="two",
            reference="convolution",
        ),
        Claim(
            Words(
                "Does it recall better than a convolution that reaches all symbols and has more weights?",
                "它是否比覆盖全部符号、权重更多的卷积更准确？",
            ),
            panel="accuracy",
            row="two",
            reference="wide",
        ),
    ),
    summary=Words(
        "With self-attention each position of a sequence finds what it needs by what stands there, at any distance. The "
        "task here: eight symbols in random order, then the same symbols in another order; at each symbol of the second "
        "half the network says which symbol followed it in the first half. Two blocks of self-attention were right more "
        "often than a convolution that reaches all symbols (by 43.7 points), a narrow one and mean pooling. A single wider "
        "block did as well in this small task. The nearer the answer stood, the smaller was the lead.",
        "利用自注意力，序列中的每个位置都能根据内容找到所需的信息，不论相距多远。这里的任务是：8 个符号先按随机次序排一遍，再按另一"
        "种次序排一遍；对后半段的每个符号，网络要回答它在前半段中后面跟着哪个符号。两个自注意力块的正确率比覆盖全部符号的卷积高 43.7 "
        "个百分点，也高于窄的卷积和平均池化。在这个小任务上，一个更宽的块同样准确。答案离得越近，差距越小。",
    ),
    outcomes=("same", "yes", "yes", "yes"),
    explanation=Words(
        en=r"""
For example, in `c a d b | d c ...` the answer at the second `d` is `b`, which stood after the first `d`. The place of the answer is different in every sequence, so the network must find it by what stands there.

Self-attention does this. From the vector $x_i$ at position $i$ it computes a query $q_i = W_Q x_i$, a key $k_i = W_K x_i$ and a value $v_i = W_V x_i$, with three matrices that are learned. The output at position $i$ is a weighted mean of the values:

$$a_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{d})}{\sum_{l \le i} \exp(q_i^\top k_l / \sqrt{d})}, \qquad z_i = \sum_{j \le i} a_{ij}\, v_j$$

Here $d$ is the number of entries of a query, $a_{ij}$ is the weight with which position $i$ reads position $j$, and $z_i$ is the output (before a last matrix). The weights at one position are positive and have the sum 1. Only positions up to $i$ are read, because the network must not see what comes later. The weight depends on what stands at $i$ and $j$, at any distance, and the number of learned weights does not grow with the length. Mean pooling gives all positions the same weight $a_{ij} = 1/i$. In a convolution the weights depend on the distance $i - j$ alone, and are zero beyond the width of its kernel: longer reach costs more weights. To see the answer is not to find it: with a kernel of 9 symbols the convolution sees the whole sequence, and still more than half of its answers are wrong; at a distance of 14 it is right less often than by guessing (why was not investigated). At a distance of 1 the answer always stands directly before the question, and there mean pooling (65.8 %) and the narrow convolution (55.2 %) are much better than at large distances.

Why two blocks (a block is attention and a small dense network, question 15)? The answer stands behind the earlier `d`, but the vector there knows only its own symbol and position, so its key cannot match the question `d`. Two blocks can do it in two steps: in the first, each position of the first half reads the position before it and adds that symbol to its own vector; in the second, the question `d` finds the position that says "before me stood `d`", and reads its symbol. Such a pair is called an induction head (Olsson et al., 2022). The picture shows the weights of both blocks in one network; a dark cell is a large weight, the rows above the line are the first half of the sequence, and those below it are the questions. This network did not learn an induction head: its second block looks at the first symbol only. A single block can also do it in principle, but its size (heads × width × bits of a number) must then grow in proportion to the length of the sequence, while for two blocks a size that grows like the logarithm of the length is enough (Sanford et al., 2024).
""".strip(),
        zh=r"""
例如在 `c a d b | d c ...` 中，第二个 `d` 处的答案是 `b`，因为第一个 `d` 后面是 `b`。答案的位置每个序列都不同，因此网络只能根据内容去寻找。

自注意力正是这样做的。它用三个学得的矩阵，由位置 $i$ 的向量 $x_i$ 算出查询 $q_i = W_Q x_i$ 、键 $k_i = W_K x_i$ 和值 $v_i = W_V x_i$ ；位置 $i$ 的输出是各个值的加权平均：

$$a_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{d})}{\sum_{l \le i} \exp(q_i^\top k_l / \sqrt{d})}, \qquad z_i = \sum_{j \le i} a_{ij}\, v_j$$

其中 $d$ 是查询向量的维数， $a_{ij}$ 是位置 $i$ 读取位置 $j$ 时的权重， $z_i$ 是输出（之后还要乘一个矩阵）。同一位置上的各权重均为正数，且和为 1。只读取不晚于 $i$ 的位置，因为网络不应看到后面的内容。权重由 $i$ 与 $j$ 处的内容决定，不论两者相距多远；要学习的参数个数也不随序列长度增加。平均池化给所有位置相同的权重 $a_{ij} = 1/i$ 。卷积的权重只取决于距离 $i - j$ ，超出卷积核的宽度即为零，因此要看得更远就需要更多参数。看得到答案不等于找得到答案：核宽为 9 的卷积能看到整个序列，仍有一半以上答错，答案在 14 个符号之前时，正确率甚至低于随机猜测（原因没有查明）。答案在 1 个符号之前时，它总是紧靠在问题之前，平均池化（65.8%）和窄的卷积（55.2%）的正确率远高于距离较大时。

为什么需要两个块（一个块由注意力和一个小的全连接网络组成，见问题 15）？答案紧跟在前面那个 `d` 之后，但该处的向量只含有自己的符号与位置，它的键无法与查询 `d` 匹配。两个块可以分两步完成：在第一个块中，前半段的每个位置读取前一个位置，把那里的符号记入自己的向量；在第二个块中，查询 `d` 找到记着“我前面是 `d`”的位置，并读出那里的符号。这样的一对注意力头称为归纳头（induction head；Olsson 等，2022）。图中是一个网络两个块的权重：颜色越深，权重越大；横线以上各行是序列的前半段，横线以下各行是问题。这个网络没有学到归纳头：它的第二个块只看第一个符号。理论上单个块也能完成这一任务，但它的规模（头数 × 宽度 × 每个数的比特数）必须与序列长度成正比地增大，而两个块的规模只需随长度的对数增长（Sanford 等，2024）。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import keras
import numpy as np
from dlguide import transformer_language_model
from dlguide.attention import attention_weights

x = np.random.default_rng(0).normal(size=(1, 10, 32)).astype("float32")  # a sequence of ten vectors
layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=32)
z, weights = layer(x, x, use_causal_mask=True, return_attention_scores=True)  # queries and values from the same x
print(weights.shape)  # (1, 1, 10, 10): sequence, head, position that reads, position that is read

model = transformer_language_model(17, max_length=32, embed_dim=32, num_heads=1, ff_dim=64, num_layers=2)
print(attention_weights(model, np.arange(1, 17), layer=1).shape)  # (1, 16, 16): of the second block
""",
        zh="""
import keras
import numpy as np
from dlguide import transformer_language_model
from dlguide.attention import attention_weights

x = np.random.default_rng(0).normal(size=(1, 10, 32)).astype("float32")  # 一个由十个向量组成的序列
layer = keras.layers.MultiHeadAttention(num_heads=1, key_dim=32)
z, weights = layer(x, x, use_causal_mask=True, return_attention_scores=True)  # 查询与值来自同一个 x
print(weights.shape)  # (1, 1, 10, 10)：序列、注意力头、读取的位置、被读取的位置

model = transformer_language_model(17, max_length=32, embed_dim=32, num_heads=1, ff_dim=64, num_layers=2)
print(attention_weights(model, np.arange(1, 17), layer=1).shape)  # (1, 16, 16)：第二个块
""",
    ),
    setting=Words(
        "The sequences are made by rule, with the seed: eight symbols in random order, and again in another random order. The answer "
        "at each symbol of the second half is the symbol that followed it in the first half (for the last one of the first half: the "
        "first one of the second). Guessing among the seven other symbols is right in 14 % of the cases (in one of 64 questions the answer is the symbol itself). The network with two blocks "
        "is `transformer_language_model` of width 32 with one head (17,673 weights). The single block has width 48 and two heads "
        "(20,217 weights). For mean pooling the query matrices are zero and are not trained, so that all attention weights are equal. "
        "For the convolutions a causal `Conv1D` stands in the place of each attention: with a kernel of 4 symbols it has as many "
        "weights as the attention, and the two blocks see 7 symbols; with 9 symbols they see the whole sequence (27,913 weights). "
        "Adam (a gradient whose norm exceeds 1 is scaled down to the norm 1), 1,000 steps of 64 sequences, no sequence used twice. A learning rate was "
        "chosen for each row, with a seed that the results do not use. The scores are of 2,000 new sequences for each seed; the picture "
        "shows one of them, for seed 0.",
        "序列按规则由随机种子生成：8 个符号按随机次序排一遍，再按另一种随机次序排一遍。后半段每个符号处的答案，是它在前半段中后面的那个符号（对前半段的最后一个"
        "符号，则为后半段的第一个符号）。在其余 7 个符号中随机猜测，正确率为 14%（每 64 个问题中平均有一个，答案就是该符号本身）。两个块的网络为 `transformer_language_model`，宽度 32，一个注意力头"
        "（17,673 个权重）；单个块的网络宽度为 48，有两个注意力头（20,217 个权重）。平均池化一行把查询矩阵取零且不训练，因此所有注意力权重相等。卷积两行把每个"
        "注意力换成因果卷积 `Conv1D`：核宽为 4 时，权重个数与注意力相同，两个块能看到 7 个符号；核宽为 9 时能看到整个序列（27,913 个权重）。优化器为 Adam"
        "（梯度的范数超过 1 时按比例缩小到 1，即梯度裁剪），每批 64 个序列，训练 1,000 步，每个序列只用一次。各行的学习率分别选择，所用种子与正式实验不同。每个种子在 2,000 个新序列上计算成绩；"
        "图中是种子 0 的其中一个序列。",
    ),
    limits=Words(
        "The task is made for attention, the sequences are short, and the networks small. All rows have the same number of steps: a "
        "row that is behind here is slower to learn, which is not a proof that it cannot learn the task. The proof for a single block "
        "forbids nothing at length 16 and width 48, where one vector may be able to hold the whole sequence: "
        "in nine of ten seeds the single block had more than 80 % right. "
        "Where the neighbours matter most, as in images or in sound, a convolution needs less computation, and attention needs "
        "$n^2$ weights $a_{ij}$ for $n$ positions.",
        "这一任务正适合注意力，序列很短，网络也很小。各行训练步数相同：某一行在这里落后，说明它学得较慢，并不证明它学不会。关于单个块的证明在长度为 16、宽度为 48 时并不排除它学会，"
        "因为这时一个向量也许就能存下整个序列：十个种子中，单个块有九个的正确率超过 80%。在邻近内容最重要的数据上（如图像和声音），卷积所需的计算更少；而注意力对 $n$ 个位置要计算 "
        "$n^2$ 个权重 $a_{ij}$ 。",
    ),
    sources=(
        "A. Vaswani et al., [Attention is all you need](https://arxiv.org/abs/1706.03762), NeurIPS 2017.",
        "C. Olsson et al., [In-context learning and induction heads](https://arxiv.org/abs/2209.11895) (2022).",
        "C. Sanford, D. Hsu, M. Telgarsky, "
        "[One-layer transformers fail to solve the induction heads task](https://arxiv.org/abs/2408.14332) (2024).",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
