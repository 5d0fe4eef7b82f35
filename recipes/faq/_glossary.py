"""The glossary of the pages: English to Chinese and Chinese to English, each with a short meaning in the page's language."""

import unicodedata
from typing import NamedTuple

from recipes.faq._experiment import Words


class Term(NamedTuple):
    """A term of the field in both languages."""

    en: str
    zh: str
    pinyin: str
    """One syllable a character, with its tone; what is written in Latin letters stays as it is."""
    meaning: Words


# fmt: off
TERMS = (
    Term("accuracy", "准确率", "zhǔn què lǜ", Words("share of the examples that are classified right", "分类正确的样本所占的比例")),
    Term("activation function", "激活函数", "jī huó hán shù", Words("function applied to the weighted sum of a neuron", "施加在神经元加权和上的函数")),
    Term("anomaly detection", "异常检测", "yì cháng jiǎn cè", Words("finding examples that differ from the usual ones", "找出与正常样本不同的样本")),
    Term("attention", "注意力", "zhù yì lì", Words("weighted mean over positions, with weights computed from their contents", "对各位置的加权平均，权重由其内容算出")),
    Term("attention head", "注意力头", "zhù yì lì tóu", Words("one of several attentions side by side in a layer, each with weights of its own", "一层中并列的多个注意力之一，各有自己的权重")),
    Term("autoencoder", "自编码器", "zì biān mǎ qì", Words("network that reproduces its input through a short code", "经由较短的编码重建自身输入的网络")),
    Term("back-propagation", "反向传播", "fǎn xiàng chuán bō", Words("computing the gradient layer by layer, from the loss back to the input", "从损失向输入逐层计算梯度")),
    Term("backend", "后端", "hòu duān", Words("library that computes for Keras: TensorFlow, JAX or PyTorch", "替 Keras 执行计算的库：TensorFlow、JAX 或 PyTorch")),
    Term("baseline", "基线", "jī xiàn", Words("result of a simple method, for comparison", "用作比较的简单方法的结果")),
    Term("batch gradient descent", "批量梯度下降", "pī liàng tī dù xià jiàng", Words("each step uses the whole training set", "每一步使用整个训练集")),
    Term("batch normalisation", "批归一化", "pī guī yī huà", Words("scaling of each unit by its mean and deviation over the mini-batch", "用小批量上的均值和标准差缩放每个单元")),
    Term("batch size", "批大小", "pī dà xiǎo", Words("number of examples in a mini-batch", "一个小批量中的样本数")),
    Term("bias", "偏置", "piān zhì", Words("number added to a weighted sum", "加到加权和上的数")),
    Term("block", "块", "kuài", Words("group of layers that a network repeats; in a Transformer, attention and a small dense network", "网络中重复使用的一组层；在 Transformer 中为注意力与一个小的全连接网络")),
    Term("chain rule", "链式法则", "liàn shì fǎ zé", Words("the derivative of f(g(x)) is f′(g(x)) · g′(x)", "f(g(x)) 的导数为 f′(g(x)) · g′(x)")),
    Term("checkpoint", "检查点", "jiǎn chá diǎn", Words("saved state of a training run", "保存下来的训练状态")),
    Term("class", "类别", "lèi bié", Words("one of the kinds to tell apart", "要区分的种类之一")),
    Term("classification", "分类", "fēn lèi", Words("predicting a class", "预测类别")),
    Term("closed-form solution", "闭式解", "bì shì jiě", Words("solution that a formula gives at once, without steps", "由公式直接算出的解，无需逐步逼近")),
    Term("clustering", "聚类", "jù lèi", Words("grouping similar examples without labels", "不用标签，把相似的样本归为一组")),
    Term("coefficient of determination (R²)", "决定系数", "jué dìng xì shù", Words("share of the variation of the targets that is predicted: 1 is exact, 0 no better than the mean", "即 R²，目标值的变化中被预测出的比例：1 为完全准确，0 为不优于均值")),
    Term("condition number", "条件数", "tiáo jiàn shù", Words("largest curvature divided by the smallest; large where gradient descent is slow", "最大曲率与最小曲率之比，越大则梯度下降越慢")),
    Term("confidence interval", "置信区间", "zhì xìn qū jiān", Words("range computed from the seeds; if the whole experiment is repeated 100 times, about 95 of the 100 ranges hold the true value", "由各种子的结果算出的范围；若把整套实验重复 100 次，100 个区间中约有 95 个包含真值")),
    Term("contrastive learning", "对比学习", "duì bǐ xué xí", Words("learning that two views of one example belong together", "学习辨认同一样本的两个视图")),
    Term("convergence", "收敛", "shōu liǎn", Words("approach to a limit, such as a minimum of the loss", "趋于某个极限，例如损失的极小值")),
    Term("convex function", "凸函数", "tū hán shù", Words("function that lies nowhere above its chords", "处处不高于任意一条弦的函数")),
    Term("convolution", "卷积", "juǎn jī", Words("the same weighted sum at every position of the input", "在输入的每个位置计算同样的加权和")),
    Term("convolutional neural network (CNN)", "卷积神经网络", "juǎn jī shén jīng wǎng luò", Words("network of convolutions, for images and series", "由卷积层组成的网络，用于图像和序列")),
    Term("cross-entropy", "交叉熵", "jiāo chā shāng", Words("loss for classes: −log of the probability of the right class", "分类的损失：正确类别概率的负对数")),
    Term("curvature", "曲率", "qū lǜ", Words("second derivative: how fast the slope changes", "二阶导数，即斜率变化的快慢")),
    Term("data augmentation", "数据增强", "shù jù zēng qiáng", Words("training on changed copies of the examples, such as shifted images", "用样本的变化版本训练，例如平移后的图像")),
    Term("decoder", "解码器", "jiě mǎ qì", Words("network that turns a code into data", "把编码还原为数据的网络")),
    Term("deep learning", "深度学习", "shēn dù xué xí", Words("learning with networks of several layers", "使用多层网络的学习")),
    Term("dense layer", "全连接层", "quán lián jiē céng", Words("layer in which each output depends on every input", "每个输出都与所有输入相连的层")),
    Term("derivative", "导数", "dǎo shù", Words("rate of change of a function", "函数的变化率")),
    Term("diffusion model", "扩散模型", "kuò sàn mó xíng", Words("generator that removes noise in many small steps", "以许多小步去除噪声的生成模型")),
    Term("discriminator", "判别器", "pàn bié qì", Words("part of a GAN that tells real from generated examples", "生成对抗网络中区分真假样本的部分")),
    Term("dropout", "随机失活", "suí jī shī huó", Words("setting random units to zero in training", "训练时随机把部分单元置零")),
    Term("dropout rate", "失活率", "shī huó lǜ", Words("probability that dropout sets a unit to zero", "随机失活把一个单元置零的概率")),
    Term("early stopping", "早停", "zǎo tíng", Words("ending the training when the validation loss no longer falls", "验证集损失不再下降时停止训练")),
    Term("eigenvalue", "特征值", "tè zhēng zhí", Words("factor by which a matrix stretches one of its own directions", "矩阵沿其某个特征方向的伸缩倍数")),
    Term("embedding", "嵌入", "qiàn rù", Words("vector that stands for a symbol", "代表一个符号的向量")),
    Term("encoder", "编码器", "biān mǎ qì", Words("network that turns data into a code", "把数据变成编码的网络")),
    Term("epoch", "轮", "lún", Words("one pass over the training set", "遍历一次训练集，也称轮次")),
    Term("example", "样本", "yàng běn", Words("one item of the data, such as an image with its label", "数据中的一项，例如一张图像及其标签")),
    Term("exclusive or (XOR)", "异或", "yì huò", Words("true when exactly one of two inputs is true", "两个输入恰有一个为真时为真")),
    Term("feature", "特征", "tè zhēng", Words("number that describes an example", "描述样本的数值")),
    Term("filter", "滤波器", "lǜ bō qì", Words("the small set of weights of a convolution, used at every position", "卷积在每个位置上使用的一小组权重")),
    Term("forward propagation", "前向传播", "qián xiàng chuán bō", Words("computing the output layer by layer", "逐层计算输出")),
    Term("gate", "门控", "mén kòng", Words("factor between 0 and 1 that a network computes to let values pass", "由网络算出的 0 到 1 之间的系数，控制数值的通过")),
    Term("gated recurrent unit (GRU)", "门控循环单元", "mén kòng xún huán dān yuán", Words("recurrent cell with two gates", "带有两个门的循环单元")),
    Term("generalisation", "泛化", "fàn huà", Words("being right on new data", "在新数据上也能给出正确结果")),
    Term("generative adversarial network (GAN)", "生成对抗网络", "shēng chéng duì kàng wǎng luò", Words("generator and discriminator, trained against each other", "相互对抗训练的生成器和判别器")),
    Term("generator", "生成器", "shēng chéng qì", Words("part of a GAN that makes examples out of noise", "生成对抗网络中由噪声产生样本的部分")),
    Term("gradient", "梯度", "tī dù", Words("vector of the derivatives with respect to all parameters", "对所有参数的导数组成的向量")),
    Term("gradient clipping", "梯度裁剪", "tī dù cái jiǎn", Words("shortening a gradient that is longer than a limit", "梯度长度超过上限时把它缩短")),
    Term("gradient descent", "梯度下降", "tī dù xià jiàng", Words("steps against the gradient, to make the loss smaller", "沿梯度的反方向更新，使损失减小")),
    Term("hidden layer", "隐藏层", "yǐn cáng céng", Words("layer between input and output", "输入与输出之间的层")),
    Term("hyperparameter", "超参数", "chāo cān shù", Words("setting that is chosen before the training, such as the learning rate", "训练之前选定的设置，例如学习率")),
    Term("inference", "推理", "tuī lǐ", Words("use of a trained model", "使用训练好的模型")),
    Term("initialisation", "初始化", "chū shǐ huà", Words("choice of the first values of the weights", "选定权重的初始值")),
    Term("k-means", "k 均值", "k jūn zhí", Words("clustering around k mean points", "以 k 个均值点为中心的聚类")),
    Term("key", "键", "jiàn", Words("in attention, vector that is compared with the query of another position", "注意力中用来与其他位置的查询作比较的向量")),
    Term("label", "标签", "biāo qiān", Words("the right answer of an example", "样本的正确答案")),
    Term("latent variable", "潜变量", "qián biàn liàng", Words("number that is not observed and from which the data arise", "未被观测到、数据由其产生的变量")),
    Term("layer", "层", "céng", Words("step of a network, from one array of numbers to the next", "网络中由一组数到下一组数的一步计算")),
    Term("layer normalisation", "层归一化", "céng guī yī huà", Words("scaling of each example by its own mean and deviation over the units", "用每个样本自身各单元的均值和标准差缩放")),
    Term("learning rate", "学习率", "xué xí lǜ", Words("factor of the gradient in a step", "更新时梯度的系数")),
    Term("least squares", "最小二乘法", "zuì xiǎo èr chéng fǎ", Words("fit with the smallest sum of squared errors", "使误差平方和最小的拟合")),
    Term("likelihood", "似然", "sì rán", Words("probability of the data under a model", "数据在模型下的概率")),
    Term("linear regression", "线性回归", "xiàn xìng huí guī", Words("prediction of a number by a weighted sum", "用加权和预测数值")),
    Term("logit", "对数几率", "duì shù jī lǜ", Words("score of a class before softmax or sigmoid", "softmax 或 sigmoid 之前的类别得分")),
    Term("long short-term memory (LSTM)", "长短期记忆网络", "cháng duǎn qī jì yì wǎng luò", Words("recurrent cell with a memory and three gates", "带有记忆单元和三个门的循环网络")),
    Term("loss function", "损失函数", "sǔn shī hán shù", Words("number that the training makes small", "训练要使之减小的量")),
    Term("mean squared error", "均方误差", "jūn fāng wù chā", Words("mean of the squared differences", "差的平方的平均值")),
    Term("meta-learning", "元学习", "yuán xué xí", Words("learning how to learn, from many tasks", "从许多任务中学习如何学习")),
    Term("metric", "指标", "zhǐ biāo", Words("number by which a model is judged", "用来评判模型的数值")),
    Term("mini-batch", "小批量", "xiǎo pī liàng", Words("the few examples of one step", "一步所用的少量样本")),
    Term("mode collapse", "模式坍塌", "mó shì tān tā", Words("failure of a GAN: it generates only some kinds of examples", "生成对抗网络的一种失败：只生成少数几种样本")),
    Term("momentum", "动量", "dòng liàng", Words("running sum of past gradients, used as the step", "过去梯度的累积，用作更新方向")),
    Term("multilayer perceptron (MLP)", "多层感知机", "duō céng gǎn zhī jī", Words("network of dense layers", "由全连接层组成的网络")),
    Term("nat", "奈特", "nài tè", Words("unit of the cross-entropy with the natural logarithm; guessing one of ten classes: ln 10 ≈ 2.30 nats", "用自然对数计算交叉熵时的单位；在十个类别中随机猜测为 ln 10 ≈ 2.30 奈特")),
    Term("neural network", "神经网络", "shén jīng wǎng luò", Words("function of many layers with adjustable weights", "由许多层组成、权重可调的函数")),
    Term("neuron", "神经元", "shén jīng yuán", Words("weighted sum, bias and activation function; also called a unit", "加权和、偏置与激活函数的组合，也称单元")),
    Term("one-hot encoding", "独热编码", "dú rè biān mǎ", Words("vector with a 1 at the class and 0 elsewhere", "所属类别处为 1、其余为 0 的向量")),
    Term("optimizer", "优化器", "yōu huà qì", Words("rule that turns gradients into steps, such as SGD or Adam", "由梯度得到更新量的规则，例如 SGD 和 Adam")),
    Term("overfitting", "过拟合", "guò nǐ hé", Words("good on the training set, clearly worse on new data", "在训练集上很好，在新数据上明显较差")),
    Term("parameter", "参数", "cān shù", Words("number that is learned: a weight or a bias", "学习得到的数：权重或偏置")),
    Term("perceptron", "感知机", "gǎn zhī jī", Words("one layer of weighted sums", "单层的加权和")),
    Term("polynomial regression", "多项式回归", "duō xiàng shì huí guī", Words("linear regression on powers and products of the inputs", "以输入的幂和乘积为特征的线性回归")),
    Term("pooling", "池化", "chí huà", Words("replacing neighbours by their maximum or mean", "用最大值或均值代替相邻的数")),
    Term("position encoding", "位置编码", "wèi zhì biān mǎ", Words("numbers that tell a Transformer the place of a token", "告诉 Transformer 词元位置的数值")),
    Term("principal component analysis (PCA)", "主成分分析", "zhǔ chéng fèn fēn xī", Words("describing each example by its coordinates along the directions in which the data vary most", "找出数据变化最大的方向，用样本在这些方向上的坐标来表示它")),
    Term("query", "查询", "chá xún", Words("in attention, vector by which a position looks for others", "注意力中一个位置用来寻找其他位置的向量")),
    Term("random seed", "随机种子", "suí jī zhǒng zi", Words("number that fixes all random choices of a run", "决定一次运行中所有随机选择的数")),
    Term("recurrent neural network (RNN)", "循环神经网络", "xún huán shén jīng wǎng luò", Words("the same step for each element of a sequence, with a state", "对序列的每个元素执行同样的步骤，并保持状态")),
    Term("regression", "回归", "huí guī", Words("predicting a number", "预测数值")),
    Term("regularisation", "正则化", "zhèng zé huà", Words("changes to the training for a lower error on new data", "为降低新数据上的误差而对训练所作的改动")),
    Term("reinforcement learning", "强化学习", "qiáng huà xué xí", Words("learning from rewards for actions", "根据行动得到的奖励来学习")),
    Term("ReLU", "修正线性单元", "xiū zhèng xiàn xìng dān yuán", Words("activation function max(z, 0)", "即 ReLU，激活函数 max(z, 0)")),
    Term("representation", "表示", "biǎo shì", Words("what a layer makes of the input", "某一层由输入得到的结果")),
    Term("residual", "残差", "cán chā", Words("target minus prediction", "目标值减去预测值")),
    Term("residual connection", "残差连接", "cán chā lián jiē", Words("adding the input of a block to its output", "把块的输入加到其输出上")),
    Term("saddle point", "鞍点", "ān diǎn", Words("point with zero gradient that is a minimum in some directions, a maximum in others", "梯度为零，但在某些方向上是极小、另一些方向上是极大的点")),
    Term("self-attention", "自注意力", "zì zhù yì lì", Words("attention among the positions of one sequence", "同一序列各位置之间的注意力")),
    Term("self-supervised learning", "自监督学习", "zì jiān dū xué xí", Words("learning with targets made from the data itself", "以数据自身构造的目标来学习")),
    Term("sequence", "序列", "xù liè", Words("elements in an order, such as words or measurements", "有次序的元素，例如词或测量值")),
    Term("sigmoid", "S 型函数", "S xíng hán shù", Words("activation function 1 / (1 + e⁻ᶻ), with values between 0 and 1", "即 sigmoid，激活函数 1 / (1 + e⁻ᶻ)，取值在 0 与 1 之间")),
    Term("softmax", "归一化指数函数", "guī yī huà zhǐ shù hán shù", Words("function that turns the scores of the classes into probabilities with the sum 1", "即 softmax，把各类别的得分变成总和为 1 的概率")),
    Term("standard deviation", "标准差", "biāo zhǔn chā", Words("root of the mean squared distance from the mean", "与均值之差的均方根")),
    Term("standardisation", "标准化", "biāo zhǔn huà", Words("subtracting the mean and dividing by the standard deviation", "减去均值，再除以标准差")),
    Term("state", "状态", "zhuàng tài", Words("numbers that a recurrent network hands on from one time step to the next", "循环网络从一个时间步传给下一个时间步的一组数")),
    Term("step", "步", "bù", Words("one change of the weights in training; with sequences, also a time step", "训练中对权重的一次更新；谈到序列时也指时间步")),
    Term("stochastic gradient descent (SGD)", "随机梯度下降", "suí jī tī dù xià jiàng", Words("each step uses one example or a mini-batch", "每一步使用一个样本或一个小批量")),
    Term("supervised learning", "监督学习", "jiān dū xué xí", Words("learning from examples with labels", "从有标签的样本中学习")),
    Term("tensor", "张量", "zhāng liàng", Words("array of numbers with any number of axes", "任意维数的数组")),
    Term("test set", "测试集", "cè shì jí", Words("examples for the final score, on which nothing is chosen", "只用于最后评估、不据以作任何选择的样本")),
    Term("time step", "时间步", "shí jiān bù", Words("one element of a sequence", "序列中的一个元素")),
    Term("token", "词元", "cí yuán", Words("unit of a text: a word, a part of one, or a character", "文本的单位：词、词的一部分或字符")),
    Term("training set", "训练集", "xùn liàn jí", Words("examples from which the weights are learned", "用来学习权重的样本")),
    Term("underfitting", "欠拟合", "qiàn nǐ hé", Words("poor already on the training set", "在训练集上也不好")),
    Term("unsupervised learning", "无监督学习", "wú jiān dū xué xí", Words("learning from examples without labels", "从没有标签的样本中学习")),
    Term("validation set", "验证集", "yàn zhèng jí", Words("examples on which settings are chosen", "用来选择设置的样本")),
    Term("value", "值", "zhí", Words("in attention, vector that a position passes on to others", "注意力中一个位置传给其他位置的向量")),
    Term("vanishing gradient", "梯度消失", "tī dù xiāo shī", Words("gradient that shrinks from layer to layer on its way back", "反向传播时逐层变小的梯度")),
    Term("variational autoencoder (VAE)", "变分自编码器", "biàn fēn zì biān mǎ qì", Words("autoencoder whose codes follow a known distribution", "编码服从已知分布的自编码器")),
    Term("weight", "权重", "quán zhòng", Words("factor of an input in a weighted sum", "加权和中输入的系数")),
    Term("weight decay", "权重衰减", "quán zhòng shuāi jiǎn", Words("shrinking all weights a little at each step", "每一步使所有权重略微缩小")),
)
# fmt: on

WORDS = {
    "en": {
        "title": "Glossary",
        "intro": "From English to Chinese; the [Chinese page](README.zh.md#glossary) has the other way.",
        "columns": "| English | Chinese | pinyin | meaning |\n|---|---|---|---|",
    },
    "zh": {
        "title": "术语表",
        "intro": "由中文查英文，按拼音排序；由英文查中文见[英文页](README.md#glossary)。",
        "columns": "| 中文 | 拼音 | 英文 | 含义 |\n|---|---|---|---|",
    },
}


def section(language: str) -> list[str]:
    """Return the paragraphs of the section."""
    words = WORDS[language]
    if language == "zh":
        rows = [(term.zh, term.pinyin, term.en) for term in sorted(TERMS, key=pinyin_order)]
    else:
        rows = [(term.en, term.zh, term.pinyin) for term in sorted(TERMS, key=lambda term: term.en.lower())]
    meanings = {part: term.meaning.to(language) for term in TERMS for part in (term.en, term.zh)}
    lines = [f"| {' | '.join(row)} | {meanings[row[0]]} |" for row in rows]
    return [words["intro"], "\n".join([words["columns"], *lines])]


def pinyin_order(term: Term) -> list[tuple[str, int, str]]:
    """Return the key of a dictionary's order: character by character, by syllable, tone and character."""
    characters = term.zh.replace(" ", "")
    return [(*_syllable(part), character) for part, character in zip(term.pinyin.split(), characters, strict=True)]


def _syllable(part: str) -> tuple[str, int]:
    """Return the letters of a syllable and its tone, 5 for none; ü stays, and follows u."""
    tones = "\u0304\u0301\u030c\u0300"  # ¯ ´ ˇ `
    letters = unicodedata.normalize("NFD", part)
    tone = next((tones.index(mark) + 1 for mark in letters if mark in tones), 5)
    return unicodedata.normalize("NFC", "".join(mark for mark in letters if mark not in tones)), tone
