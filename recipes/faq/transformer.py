"""Question 15: why a Transformer?

python -m recipes.faq.transformer
"""

import functools
import math

import numpy as np

from recipes._lib import baselines
from recipes.faq import _retraining, _run, _tuning
from recipes.faq._experiment import PERCENT, Claim, Curve, Experiment, Panel, Score, Words

KEYS, VALUES, LENGTH = 16, 8, 32
PAIRS = (2, 4, 8, 16)
FIRST_QUESTION = 1 + KEYS * VALUES
VOCABULARY = FIRST_QUESTION + KEYS
BATCH, STEPS, ORDER_STEPS, TESTS = 64, 500, 300, 1000
GRID = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
RECALL_ROWS = {"transformer": Words("Transformer", "Transformer"), "lstm": Words("LSTM", "LSTM")}
ORDER_ROWS = {
    "positions": Words("with positions", "有位置编码"),
    "no_positions": Words("without positions", "无位置编码"),
}
NAME_ROWS = {
    "names_ngrams": Words("n-grams, logistic regression", "n-gram 与逻辑回归"),
    "names_lstm": Words("LSTM, names", "LSTM（地名）"),
    "names_transformer": Words("Transformer, names", "Transformer（地名）"),
}
EPOCHS_BY_NAMES = {1000: 40, 8000: 16, 64000: 8}
NAME_LENGTH, NAME_BATCH = 16, 100


def recall(number: int, pairs: int, rng):
    """Draw sequences of pairs of a key and a value, then questions for the values of keys, up to `LENGTH` symbols.

    A pair is one symbol, a question too. Returns the sequences, and the answers as 1 to `VALUES`, 0 where nothing is asked.
    """
    keys = rng.permuted(np.tile(np.arange(KEYS), (number, 1)), axis=1)[:, :pairs]
    values = rng.integers(VALUES, size=keys.shape)
    asked = rng.integers(pairs, size=(number, LENGTH - pairs))
    x = np.concatenate([1 + VALUES * keys + values, FIRST_QUESTION + np.take_along_axis(keys, asked, 1)], 1)
    y = np.concatenate([np.zeros_like(values), 1 + np.take_along_axis(values, asked, 1)], 1)
    return x, y


def mixed_recall(number: int, rng):
    """Draw equally many sequences with each number of pairs."""
    parts = [recall(number // len(PAIRS), pairs, rng) for pairs in PAIRS]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def order(number: int, rng):
    """Draw sequences of 16 symbols with one 1 and one 2 among others; the class says whether the 1 comes first."""
    x = rng.integers(3, 11, size=(number, 16))
    places = rng.permuted(np.tile(np.arange(16), (number, 1)), axis=1)[:, :2]
    np.put_along_axis(x, places, np.array([[1, 2]]), 1)
    return x, (places[:, 0] < places[:, 1]).astype(int)


@functools.cache
def places(seed: int):
    """Return the names of places, their first characters alone, as `data.load` splits them."""
    from dlguide import data

    splits, known = data.load("places", seed=seed), len(data.load("places").info.vocabulary)
    # A network has as many characters as the training set of seed 0: of others the last few may be unknown, which is 1.
    parts = [data.Part(np.where(part.x < known, part.x, 1)[:, :NAME_LENGTH], part.y) for part in splits[:3]]
    return data.Splits(*parts, splits.info)


def network(row: str):
    """Return a new model of a row."""
    from dlguide import rnn, transformer_classifier, transformer_language_model

    if row == "transformer":
        return transformer_language_model(
            VOCABULARY, LENGTH, embed_dim=32, num_heads=2, ff_dim=64, num_layers=2, dropout=0
        )
    if row == "lstm":
        return rnn((LENGTH,), 1 + VALUES, units=(50,), vocab_size=VOCABULARY, return_sequences=True)
    if row in NAME_ROWS:
        info = places(0).info
        characters, countries = len(info.vocabulary), info.num_classes
        if row == "names_lstm":
            return rnn((NAME_LENGTH,), countries, bidirectional=True, units=(64,), dropout=0.3, vocab_size=characters)
        return transformer_classifier(characters, NAME_LENGTH, countries, embed_dim=64, num_heads=4, ff_dim=128)
    model = transformer_classifier(11, 16, 2, embed_dim=32, num_heads=2, ff_dim=64, num_layers=2, dropout=0)
    if row == "no_positions":
        positions = model.get_layer("position_embedding")
        positions.embeddings.assign(0 * positions.embeddings)
        positions.trainable = False
    return model


@functools.cache
def trainer(row: str, is_quick: bool):
    """Return the function that trains a row's model, the same one for all seeds."""
    import keras

    ignored = 0 if row in RECALL_ROWS else None
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignored)
    build, optimizer = functools.partial(network, row), keras.optimizers.Adam(global_clipnorm=1.0)
    jit_compile = "auto" if row in NAME_ROWS else not is_quick
    return _retraining.trainer(build, optimizer, loss, metrics=(), jit_compile=jit_compile)


def trained(row: str, learning_rate: float, seed: int, steps: int, is_quick: bool):
    """Return a row's model after one pass over new sequences."""
    rng = np.random.default_rng((seed, 0))
    x, y = mixed_recall(BATCH * steps, rng) if row in RECALL_ROWS else order(BATCH * steps, rng)
    return trainer(row, is_quick)(x, y, learning_rate=learning_rate, epochs=1, batch_size=BATCH, seed=seed)


def right_answers(model, x, y) -> float:
    """Return the share of right answers; 0 in `y` is no question where there are several answers a sequence."""
    import keras

    answers = keras.ops.convert_to_numpy(model(x)).argmax(-1)
    return float((answers == y)[y > 0].mean() if y.ndim == 2 else (answers == y).mean())


def right_names(row: str, learning_rate: float | None, seed: int, names: int, part: str, is_quick: bool) -> float:
    """Return the share of names in a part of the data whose country is told, after training with so many names."""
    import keras

    from dlguide import data

    splits = places(seed)
    drawn = np.random.default_rng((seed, 2)).permutation(len(splits.train.x))[:names]
    train = data.Part(splits.train.x[drawn], splits.train.y[drawn])
    if row == "names_ngrams":
        return baselines.ngram_accuracy(splits._replace(train=train))
    epochs = EPOCHS_BY_NAMES.get(names, 1)
    falling = keras.callbacks.LearningRateScheduler(
        lambda epoch: learning_rate * (1 + math.cos(math.pi * epoch / epochs)) / 2
    )
    options = {"epochs": epochs, "batch_size": NAME_BATCH, "seed": seed, "callbacks": [falling]}
    model = trainer(row, is_quick)(*train, learning_rate=learning_rate, **options)
    return right_answers(model, *getattr(splits, part))


def scores(row: str, learning_rate: float | None, seed: int, steps: int, is_quick: bool) -> dict | float:
    """Return the scores of a row: for each number of names or of pairs, or on the order."""
    if row in NAME_ROWS:
        sizes = EPOCHS_BY_NAMES if not is_quick else [NAME_BATCH]
        return {str(names): right_names(row, learning_rate, seed, names, "test", is_quick) for names in sizes}
    if row in ORDER_ROWS:
        model = trained(row, learning_rate, seed, min(steps, ORDER_STEPS), is_quick)
        return right_answers(model, *order(2 * TESTS, np.random.default_rng((seed, 1))))
    model = trained(row, learning_rate, seed, steps, is_quick)
    return {str(n): right_answers(model, *recall(TESTS, n, np.random.default_rng((seed, 1, n)))) for n in PAIRS}


def choose(*, steps: int = STEPS, is_quick: bool = False) -> dict:
    """Try learning rates on a validation set: the mean over the numbers of pairs, the order, or 8,000 names."""

    def score(row, learning_rate):
        if row in NAME_ROWS:
            return right_names(row, learning_rate, 100, 8000 if not is_quick else NAME_BATCH, "valid", is_quick)
        found = scores(row, learning_rate, 100, steps, is_quick)
        return float(np.mean([*found.values()])) if row in RECALL_ROWS else found

    rows = [*RECALL_ROWS, *ORDER_ROWS, *list(NAME_ROWS)[1:]]
    return _tuning.search(rows, GRID if not is_quick else GRID[:1], score)


def measure(
    seed: int,
    choice: dict,
    *,
    steps: int = STEPS,
    rows: tuple[str, ...] = (*RECALL_ROWS, *ORDER_ROWS, *NAME_ROWS),
    is_quick: bool = False,
) -> dict:
    """Return the share of right answers in each task."""
    rates = {row: _tuning.best(tries) for row, tries in choice.items()}
    found = {row: scores(row, rates.get(row), seed, steps, is_quick) for row in rows}
    panels = {"recall": RECALL_ROWS, "order": ORDER_ROWS, "names": NAME_ROWS}
    return {panel: {row: found[row] for row in known if row in found} for panel, known in panels.items()}


ACCURACY = Score(Words("right answers", "正确率"), PERCENT, higher_is_better=True, format=".1f")

EXPERIMENT = Experiment(
    question=Words("Why a Transformer?", "为什么需要使用 Transformer？"),
    measure=measure,
    choose=choose,
    quick={"steps": 1, "is_quick": True},
    check={"rows": ("no_positions",)},
    panels={
        "recall": Panel(
            ACCURACY,
            RECALL_ROWS,
            reference="lstm",
            curve=Curve(Words("pairs to remember", "要记住的配对数")),
            title=Words("Recall of a value by its key", "由键回忆对应的值"),
        ),
        "order": Panel(
            ACCURACY,
            ORDER_ROWS,
            reference="no_positions",
            title=Words("Which of two symbols comes first? (Transformer)", "两个符号哪一个在前？（Transformer）"),
        ),
        "names": Panel(
            ACCURACY,
            NAME_ROWS,
            reference="names_ngrams",
            curve=Curve(Words("names in the training set", "训练集中的地名个数"), logarithmic=True),
            title=Words("The country of a place by its name", "由地名判断国家"),
        ),
    },
    claims=(
        Claim(
            Words(
                "With 16 pairs to remember, does a Transformer recall better than an LSTM with nearly as many weights?",
                "要记住 16 个配对时，Transformer 的回忆是否比权重个数相近的 LSTM 更准确？",
            ),
            panel="recall",
            row="transformer",
            reference="lstm",
            at="16",
            known="yes",
        ),
        Claim(
            Words(
                "Without positions, does a Transformer tell which of two symbols comes first better than guessing (50 %)?",
                "没有位置编码时，Transformer 判断两个符号的先后是否好于随机猜测（50%）？",
            ),
            panel="order",
            row="no_positions",
            reference=0.5,
            known="same",
        ),
        Claim(
            Words("Does it with positions?", "有位置编码时是否好于随机猜测？"),
            panel="order",
            row="positions",
            reference=0.5,
            known="yes",
        ),
        Claim(
            Words(
                "With 64,000 names, does the LSTM tell the country better than logistic regression on n-grams?",
                "用 64,000 个地名训练时，LSTM 判断国家是否比基于 n-gram 的逻辑回归更准确？",
            ),
            panel="names",
            row="names_lstm",
            reference="names_ngrams",
            at="64000",
        ),
        Claim(
            Words(
                "With 64,000 names, does the Transformer tell the country better than the LSTM?",
                "用 64,000 个地名训练时，Transformer 判断国家是否比 LSTM 更准确？",
            ),
            panel="names",
            row="names_transformer",
            reference="names_lstm",
            at="64000",
        ),
    ),
    summary=Words(
        "A Transformer keeps a vector for every position of a sequence and looks up by attention what it needs, so it "
        "suits tasks in which details must be found again. In the first task here a sequence lists pairs of a key and a "
        "value, such as `a3 f1 c8`, and then asks for the value of a key: the answer to `c?` is 8. With 16 pairs the "
        "Transformer was right more often than an LSTM (question 13), by 66.8 points. But the LSTM had not yet fully learned the task, "
        "not even with two pairs: this shows how fast the networks learn, not how much they can remember. Attention by itself does not see "
        "the order: without positions the Transformer could only guess which of two symbols came first (50.6 %). And a "
        "Transformer is not always the right choice. The third task is to tell the country of a place from the letters of its name: "
        "after training with 64,000 names the Transformer was right for 65.8 %, the LSTM for 73.6 % and logistic regression on "
        "n-grams, without any network, for 78.7 %. With 1,000 and 8,000 names, too, n-grams were ahead of both networks.",
        "Transformer 为序列的每个位置保留一个向量，并通过注意力查找所需的内容，因此适用于需要重新找到细节的任务。这里的第"
        "一个任务是：序列先给出若干“键与值”的配对，例如 `a3 f1 c8`，再询问某个键的值，例如 `c?` 的答案是 8。有 "
        "16 个配对时，Transformer 的正确率比 LSTM（见问题 13）高 66.8 个百分点。但 LSTM 此时连两个配对也还没有完全学会，所以这里比较的是学习的快慢，而不是记忆的容量。注意力本身并不知道次序："
        "没有位置编码时，Transformer 对两个符号的先后只能猜测（50.6%）。Transformer 也并非总是合适的选择。第三个任务是由地名的字母判断国家：用 64,000 个地名训练后，"
        "Transformer 的正确率为 65.8%，LSTM 为 73.6%，而不用任何网络、基于 n-gram 的逻辑回归为 78.7%；只有 1,000 或 8,000 个地名时，n-gram 同样领先于两种网络。",
    ),
    outcomes=("yes", "same", "yes", "no", "no"),
    explanation=Words(
        en=r"""
A recurrent network such as an LSTM reads a sequence one step at a time, and keeps what it has read in a state of fixed size. A Transformer keeps a vector for each position of the sequence, and lets every position read all the others by attention (question 19):

$$(h_t, c_t) = f(h_{t-1}, c_{t-1}, x_t) \qquad \operatorname{Attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$

On the left, $x_t$ is the input at step $t$, $h_t$ and $c_t$ are the output and the cell of the LSTM, and $f$ is the same learned function at each step. On the right, $Q$, $K$ and $V$ have a row for each position: its query, its key and its value, computed from the vector of the position with learned matrices. $d$ is the number of columns of $Q$, and the softmax makes the weights of each row positive with the sum 1. A position reads most from those positions whose keys fit its query. Without the division by $\sqrt{d}$ the products would grow with $d$; then the softmax gives nearly all weight to one position, and its gradient nearly vanishes. One such computation with its own matrices is called a head; a block is attention and a small dense network, each with a residual connection (its input is added to its output) and layer normalisation (the numbers of a position are scaled to mean 0 and variance 1).

**Memory.** In the first task everything that the LSTM knows of the pairs has to fit into its state, and it must have stored a pair before it knows whether the question for it will come. For the Transformer the question `c?` is a query that fits the key of `c8`, and the pair is still there. What it can look up grows with the sequence, and the number of weights does not. A network with a state of fixed size cannot copy a sequence that holds more information than the state (Jelassi et al., 2024). This limit is far away here: the values of 16 pairs hold 48 bits, and the state of the LSTM has 100 numbers.

**Training.** The LSTM needs $n$ steps one after the other for a sequence of length $n$. Attention treats all positions at once, which suits a GPU, and between any two positions lies a single step, so that gradients do not have to pass through many. The price: the matrix $Q K^\top$ has $n^2$ entries (Vaswani et al., 2017).

**Order.** Attention alone does not know the order of the positions. If the rows of $Q$, $K$ and $V$ are permuted in the same way, the rows of the result are permuted in that way and are otherwise the same; the mean over all positions does not change at all. So a vector for each position (position embedding) is added to the vector of the symbol that stands there. The second task asks which of two symbols comes first: without these vectors the classifier gives the same answer for both orders.

**Few examples.** An n-gram is a piece of $n$ characters that follow one another. Many names have one that nearly tells the country: *-wice* (Poland), *-dorf* (Germany), *ivka* (Ukraine). Logistic regression is given the n-grams of 1 to 4 characters of each word, with a space at both ends, and only has to learn their weights. A network that reads single characters has to learn from the examples which n-grams matter. This is a likely reason why it needs more examples, but it is not tested here, nor is the reason why the LSTM is ahead of the Transformer. For longer texts Zhang et al. (2015) found n-grams of words ahead of convolutional networks over characters up to several hundred thousand texts, and the networks ahead from some millions on.
""".strip(),
        zh=r"""
LSTM 等循环网络逐步读取序列，并把读到的内容保存在大小固定的状态中。Transformer 则为序列的每个位置保留一个向量，并通过注意力（见问题 19）让每个位置读取其他所有位置：

$$(h_t, c_t) = f(h_{t-1}, c_{t-1}, x_t) \qquad \operatorname{Attention}(Q, K, V) = \operatorname{softmax}\!\left(\frac{Q K^\top}{\sqrt{d}}\right) V$$

左式中， $x_t$ 是第 $t$ 步的输入， $h_t$ 与 $c_t$ 是 LSTM 的输出与记忆单元， $f$ 是每一步共用的、学得的函数。右式中， $Q$ 、 $K$ 、 $V$ 的每一行对应一个位置，分别是该位置的查询、键和值，由该位置的向量乘以学得的矩阵得到； $d$ 是 $Q$ 的列数；softmax 使每一行的权重均为正数且和为 1。一个位置主要读取那些键与自己的查询相匹配的位置。若不除以 $\sqrt{d}$ ，乘积会随 $d$ 增大，softmax 就会把几乎全部权重给一个位置，其梯度也几乎消失。用各自的矩阵做一次这样的计算，称为一个注意力头；一个块由注意力和一个小的全连接网络组成，二者各带残差连接（把输入加到输出上）和层归一化（把一个位置上的各数缩放为均值 0、方差 1）。

**记忆。** 第一个任务中，LSTM 对这些配对的全部记忆都必须放进它的状态，而且在存入一个配对时，还不知道后面是否会问到它。对 Transformer 来说，问题 `c?` 是一个查询，与 `c8` 的键相匹配，而这个配对一直都在。能查到的内容随序列增长，权重个数却不变。状态大小固定的网络无法复制信息量超过其状态的序列（Jelassi 等，2024）。这里远未达到这一极限：16 个配对的值共含 48 比特，而 LSTM 的状态有 100 个数。

**训练。** 对长度为 $n$ 的序列，LSTM 必须依次计算 $n$ 步。注意力同时处理所有位置，适合在 GPU 上计算；任意两个位置之间只隔一步，梯度不必穿过很多步。代价是矩阵 $Q K^\top$ 有 $n^2$ 个元素（Vaswani 等，2017）。

**次序。** 注意力本身并不知道各位置的次序。若以同样的方式重排 $Q$ 、 $K$ 、 $V$ 的各行，结果的各行也只是作同样的重排，其余不变；对所有位置取平均后则完全不变。因此要在每个位置的符号向量上加一个表示该位置的向量，即位置编码。第二个任务询问两个符号哪一个在前：没有位置编码时，分类器对两种次序给出相同的答案。

**样本较少时。** n-gram 是连续 $n$ 个字符组成的片段。许多地名含有几乎能确定国家的片段，例如 *-wice*（波兰）、*-dorf*（德国）、*ivka*（乌克兰）。逻辑回归以每个单词内（两端各加一个空格）1 至 4 个字符的片段为输入，只需学习它们的权重；而逐个读取字符的网络必须从样本中学会哪些片段重要。这很可能是它需要更多样本的原因，但这里没有检验，也没有检验 LSTM 为何优于 Transformer。对于较长的文本，Zhang 等（2015）发现：样本在数十万以内时，词的 n-gram 优于基于字符的卷积网络；达到数百万时，网络才更好。
""".strip(),
    ),
    keras_lines=Words(
        en="""
import numpy as np
from dlguide import rnn, transformer_classifier, transformer_language_model

model = transformer_language_model(145, max_length=32, embed_dim=32, num_heads=2, ff_dim=64, num_layers=2)
print(model.output_shape)  # (None, None, 145): at each position, a score for each symbol
lstm = rnn((32,), 9, units=(50,), vocab_size=145, return_sequences=True)

classifier = transformer_classifier(11, max_length=16, num_outputs=2)
positions = classifier.get_layer("position_embedding").embeddings  # a vector for each position
positions.assign(0 * positions)  # without them, the order of the symbols changes nothing
one, other = classifier.predict(np.array([[1, 2, 3, 4], [4, 3, 2, 1]]), verbose=0)
print(np.allclose(one, other, atol=1e-5))  # True
""",
        zh="""
import numpy as np
from dlguide import rnn, transformer_classifier, transformer_language_model

model = transformer_language_model(145, max_length=32, embed_dim=32, num_heads=2, ff_dim=64, num_layers=2)
print(model.output_shape)  # (None, None, 145)：在每个位置上，每个符号各有一个得分
lstm = rnn((32,), 9, units=(50,), vocab_size=145, return_sequences=True)

classifier = transformer_classifier(11, max_length=16, num_outputs=2)
positions = classifier.get_layer("position_embedding").embeddings  # 每个位置一个向量
positions.assign(0 * positions)  # 没有它们，符号的次序就不起作用
one, other = classifier.predict(np.array([[1, 2, 3, 4], [4, 3, 2, 1]]), verbose=0)
print(np.allclose(one, other, atol=1e-5))  # True
""",
    ),
    setting=Words(
        "All sequences are made by rule, with the seed. **Recall**: there are 16 keys and 8 values; a pair is one symbol, and so "
        "is a question, which makes 144 symbols. A sequence has 2, 4, 8 or 16 pairs with different keys, and then questions about "
        "these keys, until it has 32 symbols; a quarter of the sequences has each number of pairs. Guessing is right in 12.5 % of "
        "the cases. The Transformer is `transformer_language_model` with two blocks of width 32 and two heads (27,025 weights), the "
        "LSTM is `rnn` with 50 units (27,909 weights). **Order**: 16 symbols, and the two that the question is about stand at random "
        "places; the model is `transformer_classifier` with two blocks of width 32; without positions, their vectors are zero and "
        "are not trained. Adam (a gradient whose norm exceeds 1 is scaled down to the norm 1), batches of 64, 500 steps (300 for the order), and no "
        "sequence is used twice. A learning rate was chosen for each row, with a seed that the results do not use. Each score is of new "
        "sequences: 1,000 for each number of pairs, 2,000 for the order. **Names**: places in 20 countries (GeoNames), each name cut to "
        "16 characters; 1,000, 8,000 or 64,000 names are drawn from the training set with the seed. The n-grams have 1 to 4 characters, with tf-idf "
        "weights; the C of the logistic regression is chosen on validation data. The LSTM is a bidirectional `rnn` with 64 units (79,956 weights), the "
        "Transformer `transformer_classifier` with two blocks of width 64 and four heads (79,572 weights); both read characters. Adam as above, batches of "
        "100; 40, 16 and 8 epochs, in which the learning rate falls as a cosine. Its first value is chosen with 8,000 names on validation data; "
        "dropout is 0.3 in the LSTM and 0.1 in the Transformer. "
        "Scored on the 13,600 names of the test set.",
        "所有序列都按规则由随机种子生成。**回忆**：共有 16 个键和 8 个值；一个配对是一个符号，一个问题也是一个符号，因此共有 144 个符号。每个序列先有 2、4、8 "
        "或 16 个键各不相同的配对，然后是关于这些键的问题，总长 32 个符号；每种配对数各占四分之一。随机猜测的正确率为 12.5%。Transformer 为 "
        "`transformer_language_model`，两个宽度为 32 的块，两个注意力头（27,025 个权重）；LSTM 为 50 个单元的 `rnn`（27,909 个权重）。**次序**："
        "序列含 16 个符号，所问的两个符号位于随机位置；模型为 `transformer_classifier`，两个宽度为 32 的块；“无位置编码”一行中，位置编码取零且不参与训练。"
        "优化器为 Adam（梯度的范数超过 1 时按比例缩小到 1，即梯度裁剪），批大小 64，训练 500 步（次序任务为 300 步），每个序列只用一次。各行的学习率分别选择，所用种子与正式实验不同。"
        "成绩在新生成的序列上计算：每种配对数 1,000 个，次序任务 2,000 个。**地名**：20 个国家的地名（GeoNames），每个取前 16 个字符；由随机种子从训练集中抽取 1,000、8,000 或 64,000 个。"
        "n-gram 为 1 至 4 个字符，以 tf-idf 加权，逻辑回归的 C 在验证集上选择。LSTM 为 64 个单元的双向 `rnn`（79,956 个权重），Transformer 为 `transformer_classifier`，"
        "两个宽度为 64 的块，四个注意力头（79,572 个权重）；两者都读取单个字符。优化器同上，批大小 100，分别训练 40、16 和 8 轮，学习率按余弦下降，其初值用 8,000 个地名在验证集上选择；随机失活率在 LSTM 中为 0.3，在 Transformer 中为 0.1。成绩在测试集的 13,600 个地名上计算。",
    ),
    limits=Words(
        "Both networks get the same number of steps and nearly the same number of weights. After 500 steps the LSTM is right for only 90 % even with two pairs; "
        "a larger one, or one that is trained for longer, may get further. Recall is a task for which attention is made. "
        "Without positions only attention that "
        "looks in both directions, as here, cannot see the order: where each position sees only those before it, as in a language "
        "model, that alone tells the order (Haviv et al., 2022). The results on names hold only for these sizes and settings, which favour "
        "logistic regression: its C is chosen for each number of names, and with 64,000 names it has about 2 million weights. The networks' learning rate is "
        "chosen with 8,000 names only; their size, their epochs and their dropout are not chosen at all. In `lstm_places` an LSTM over characters with 128 units, "
        "trained on all 108,802 names for 12 epochs, was 2 points behind on the validation set. A Transformer that is pretrained on other text is not tested here.",
        "两个网络的训练步数相同，权重个数也几乎相同。训练 500 步之后，LSTM 在只有两个配对时的正确率也只有 90%；更大的 LSTM 或更长的训练可能得到更好的结果。回忆正是注意力所擅长的任务。"
        "此外，只有像这里这样双向的注意力，在没有位置编码时才无法分辨次序；若每个位置只能看到它之前的位置（如语言模型），仅凭这一点就能得知次序（Haviv 等，2022）。"
        "地名任务的结果只适用于这里的样本数与设置，而这些设置对逻辑回归有利：其 C 按每种地名个数分别选择，用 64,000 个地名时约有 200 万个权重；网络的学习率只用 8,000 个地名选择，网络的大小、训练轮数和随机失活率则完全没有选择。在 `lstm_places` 中，用全部 108,802 个地名把 128 个单元的字符 LSTM 训练 12 轮，在验证集上仍落后 2 个百分点。这里也没有考察在其他文本上预训练的 Transformer。",
    ),
    sources=(
        "A. Vaswani et al., [Attention is all you need](https://arxiv.org/abs/1706.03762), NeurIPS 2017.",
        "S. Jelassi, D. Brandfonbrener, S. M. Kakade, E. Malach, "
        "[Repeat after me: Transformers are better than state space models at copying](https://arxiv.org/abs/2402.01032), ICML 2024.",
        "S. Arora et al., [Zoology: Measuring and improving recall in efficient language models]"
        "(https://arxiv.org/abs/2312.04927), ICLR 2024.",
        "A. Haviv, O. Ram, O. Press, P. Izsak, O. Levy, "
        "[Transformer language models without positional encodings still learn positional information]"
        "(https://arxiv.org/abs/2203.16634), Findings of EMNLP 2022.",
        "X. Zhang, J. Zhao, Y. LeCun, "
        "[Character-level convolutional networks for text classification](https://arxiv.org/abs/1509.01626), NIPS 2015.",
    ),
)


if __name__ == "__main__":
    _run.command(EXPERIMENT)
