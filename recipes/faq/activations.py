"""Question 1: why does a network need activation functions?

python -m recipes.faq.activations
"""

from recipes.faq import _experiment

NUMBER = 1
REFERENCE = "none"
TEXT = {
    "en": _experiment.Text(
        question="Why does a network need activation functions?",
        setting="Setting: `mlp` with hidden layers of 256 and 128 units on 10,000 MNIST images, 5 epochs of Adam (.001, "
        "batches of 128), scored on the test part; only the activation differs. Without one, the layers multiply out "
        "to a single linear map. |x| is the formula that the article prints as an activation function; it is an "
        "activation like others, though not the usual ReLU, max(x, 0).",
        score="test accuracy",
        rows={"none": "none", "relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "GELU", "abs": "|x|"},
    ),
    "zh": _experiment.Text(
        question="为什么需要使用激活函数？",
        setting="设置：`mlp`，隐藏层为 256 和 128 个单元，10,000 张 MNIST 图像，Adam（学习率 .001，批大小 128）训练 5 轮，"
        "在测试集上计分；只有激活函数不同。没有激活函数时，各层相乘仍是一个线性映射。|x| 是原文给出的激活函数公式："
        "它也是一种激活函数，但不是常用的 ReLU，即 max(x, 0)。",
        score="测试准确率",
        rows={"none": "无", "relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "GELU", "abs": "|x|"},
    ),
}


def experiment(seed: int, *, limit: int = 10_000, epochs: int = 5) -> dict[str, float]:
    """Return the test accuracy of each activation."""
    import keras

    from dlguide import data, mlp, training

    mnist = data.load("mnist", limit=limit, seed=seed)
    accuracy = {}
    for row in TEXT["en"].rows:
        activation = {"none": None, "abs": keras.ops.abs}.get(row, row)
        keras.utils.set_random_seed(seed)
        model = mlp(mnist.train.x.shape[1:], mnist.info.num_classes, activation=activation)
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        training.fit(model, *mnist.train, epochs=epochs, seed=seed, verbose=0)
        accuracy[row] = float(model.evaluate(*mnist.test, batch_size=500, verbose=0)[1])
    return accuracy


if __name__ == "__main__":
    _experiment.run(experiment)
