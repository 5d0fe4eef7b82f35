"""The article's two programs as they run on Keras 3, with each changed line explained."""

from typing import NamedTuple

from recipes.faq._experiment import Words


class Change(NamedTuple):
    """What was changed in the lines of a program that bear its number, and why."""

    was: str
    """The article's line, empty where it has none."""
    why: Words


class Listing(NamedTuple):
    """A program of the article."""

    title: Words
    code: Words
    """The program; a changed line ends in the number of its change, such as `# (1)`. The same in both languages but for comments."""
    changes: tuple[Change, ...]


WORDS = {
    "en": {
        "title": "The article's two programs on Keras 3",
        "intro": "Neither program runs as it is printed. Here are both as they run today; a changed line ends in a number, and the "
        "list below says what was changed and why. All other lines are the article's own, with double quotes for its single ones.",
        "change": "{number}. The article: `{was}`. {why}",
        "new": "{number}. New. {why}",
    },
    "zh": {
        "title": "在 Keras 3 上运行原文的两段程序",
        "intro": "原文的两段程序都不能直接运行。下面是今天可以运行的版本：改动过的行末有编号，代码之后按编号说明改了什么、为什么改。"
        "其余各行与原文相同，只把单引号换成了双引号。",
        "change": "{number}. 原文：`{was}`。{why}",
        "new": "{number}. 新增。{why}",
    },
}

INPUT = Change(
    "model.add(Dense(32, input_dim=784, activation='relu'))",
    Words(
        "In Keras 3 the shape of the input is a line of its own, `keras.Input`. `input_dim` still works, with a warning.",
        "在 Keras 3 中，输入的形状单独写成一行 `keras.Input`。`input_dim` 仍然可用，但会给出警告。",
    ),
)
DATA = Words(
    "The article never says what `x_train` is. Here it is MNIST: `data.load` gives images with pixels between 0 and 1. "
    "With `limit=2000` there are 2,000 images for training and 2,000 for the test; without it, all of them. The network takes rows of 784 numbers, "
    "so each image of 28 × 28 pixels is made flat by `reshape`.",
    "原文没有说明 `x_train` 是什么。这里使用 MNIST：`data.load` 给出像素值在 0 与 1 之间的图像。"
    "`limit=2000` 表示训练和测试各用 2,000 张，去掉它就使用全部图像。网络的输入是长度为 784 的行向量，因此用 `reshape` 把 28 × 28 的图像展平。",
)
ONE_HOT = Words(
    "`categorical_crossentropy` compares the ten outputs with ten numbers: a 1 at the right class and 0 elsewhere (one-hot encoding). "
    "MNIST's labels are the digits 0 to 9, and with them `fit` ends in an error. Another way is to keep the digits and to take the loss "
    "`sparse_categorical_crossentropy`.",
    "`categorical_crossentropy` 把十个输出与十个数比较：正确的类别为 1，其余为 0（独热编码）。MNIST 的标签是数字 0 至 9，直接使用会使 `fit` 报错。"
    "另一种做法是保留数字标签，改用损失 `sparse_categorical_crossentropy`。",
)

LISTINGS = (
    Listing(
        Words("Section 4.1: building a network", "第 4.1 节：构建神经网络"),
        Words(
            """
import keras
from dlguide import data  # (1)
from keras.models import Sequential
from keras.layers import Dense

# The data
mnist = data.load("mnist", limit=2000)  # (1)
x_train = mnist.train.x.reshape(-1, 784)  # (1)
x_test = mnist.test.x.reshape(-1, 784)  # (1)
y_train = keras.utils.to_categorical(mnist.train.y, 10)  # (2)
y_test = keras.utils.to_categorical(mnist.test.y, 10)  # (2)

# Build the network
model = Sequential()
model.add(keras.Input((784,)))  # (3)
model.add(Dense(32, activation="relu"))  # (3)
model.add(Dense(10, activation="softmax"))

# Compile it
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# Train it
model.fit(x_train, y_train, epochs=10, batch_size=32)

# Evaluate it
loss, accuracy = model.evaluate(x_test, y_test)
print("Loss:", loss)
print("Accuracy:", accuracy)
""",
            """
import keras
from dlguide import data  # (1)
from keras.models import Sequential
from keras.layers import Dense

# 准备数据
mnist = data.load("mnist", limit=2000)  # (1)
x_train = mnist.train.x.reshape(-1, 784)  # (1)
x_test = mnist.test.x.reshape(-1, 784)  # (1)
y_train = keras.utils.to_categorical(mnist.train.y, 10)  # (2)
y_test = keras.utils.to_categorical(mnist.test.y, 10)  # (2)

# 创建神经网络模型
model = Sequential()
model.add(keras.Input((784,)))  # (3)
model.add(Dense(32, activation="relu"))  # (3)
model.add(Dense(10, activation="softmax"))

# 编译神经网络模型
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

# 训练神经网络模型
model.fit(x_train, y_train, epochs=10, batch_size=32)

# 评估神经网络模型
loss, accuracy = model.evaluate(x_test, y_test)
print("Loss:", loss)
print("Accuracy:", accuracy)
""",
        ),
        (Change("", DATA), Change("", ONE_HOT), INPUT),
    ),
    Listing(
        Words("Section 4.2: training a network", "第 4.2 节：训练神经网络"),
        Words(
            """
import keras  # (1)
from dlguide import data  # (1)
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam

# Build the network
model = Sequential()
model.add(keras.Input((784,)))  # (2)
model.add(Dense(32, activation="relu"))  # (2)
model.add(Dense(10, activation="softmax"))

# Compile it
model.compile(optimizer=Adam(learning_rate=0.001), loss="categorical_crossentropy", metrics=["accuracy"])  # (3)

# The training data
mnist = data.load("mnist", limit=2000)  # (1)
x_train = mnist.train.x.reshape(-1, 784)  # (1)
y_train = keras.utils.to_categorical(mnist.train.y, 10)  # (1)

# The test data
x_test = mnist.test.x.reshape(-1, 784)  # (1)
y_test = keras.utils.to_categorical(mnist.test.y, 10)  # (1)

# Train the network with fit
model.fit(x_train, y_train, epochs=10, batch_size=32)

# Evaluate it
loss, accuracy = model.evaluate(x_test, y_test)
print("Loss:", loss)
print("Accuracy:", accuracy)
""",
            """
import keras  # (1)
from dlguide import data  # (1)
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam

# 创建神经网络模型
model = Sequential()
model.add(keras.Input((784,)))  # (2)
model.add(Dense(32, activation="relu"))  # (2)
model.add(Dense(10, activation="softmax"))

# 编译神经网络模型
model.compile(optimizer=Adam(learning_rate=0.001), loss="categorical_crossentropy", metrics=["accuracy"])  # (3)

# 准备训练数据
mnist = data.load("mnist", limit=2000)  # (1)
x_train = mnist.train.x.reshape(-1, 784)  # (1)
y_train = keras.utils.to_categorical(mnist.train.y, 10)  # (1)

# 准备测试数据
x_test = mnist.test.x.reshape(-1, 784)  # (1)
y_test = keras.utils.to_categorical(mnist.test.y, 10)  # (1)

# 使用fit方法训练神经网络模型
model.fit(x_train, y_train, epochs=10, batch_size=32)

# 评估神经网络模型
loss, accuracy = model.evaluate(x_test, y_test)
print("Loss:", loss)
print("Accuracy:", accuracy)
""",
        ),
        (
            Change(
                "x_train = ...",
                Words(
                    "The article leaves the data open. They are the same here as in the first program.",
                    "原文没有给出数据。这里的数据与第一段程序相同。",
                ),
            ),
            INPUT._replace(why=Words("As in the first program.", "与第一段程序相同。")),
            Change(
                "Adam(lr=0.001)",
                Words(
                    "The option was renamed to `learning_rate` in Keras 2.3 (2019). Keras 3 refuses `lr`: "
                    "“Argument(s) not recognized: {'lr': 0.001}”.",
                    "该参数自 Keras 2.3（2019 年）起改名为 `learning_rate`。Keras 3 不再接受 `lr`，会报错"
                    "“Argument(s) not recognized: {'lr': 0.001}”。",
                ),
            ),
        ),
    ),
)


def section(language: str) -> list[str]:
    """Return the paragraphs of the section."""
    words = WORDS[language]
    paragraphs = [words["intro"]]
    for listing in LISTINGS:
        changes = [
            words["change" if change.was else "new"].format(number=number, was=change.was, why=change.why.to(language))
            for number, change in enumerate(listing.changes, 1)
        ]
        code = listing.code.to(language).strip()
        paragraphs += [f"### {listing.title.to(language)}", f"```python\n{code}\n```", "\n".join(changes)]
    return paragraphs
