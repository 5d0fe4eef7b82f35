"""What the article of the questions says and what is so: its claims that need a correction, each with its sources."""

from typing import NamedTuple

from recipes.faq._experiment import Words


class Correction(NamedTuple):
    """A claim of the article, and what is so."""

    section: str
    """Number of the article's section."""
    said: Words
    """The article's own words in Chinese, and their translation."""
    is_so: Words
    sources: tuple[str, ...]
    """Primary sources in Markdown."""
    measured: str | None = None
    """Module of the experiment that measures it."""


WORDS = {
    "en": {
        "title": "What the article says and what is so",
        "intro": "The questions come from the appendix of an article on deep learning and Keras. It asks 24 different questions; "
        "its numbers 25 to 43 repeat the 24th word for word, and the text breaks off in the middle of the last one. This section "
        "goes through the article in its own order. Each quotation is followed by a correction, and by primary sources.",
        "said": "> “{said}” (article, {section})",
        "and": " and ",
        "sources": "Sources: {}.",
        "join": "; ",
        "measured": " Measured here: [{}](#{}).",
    },
    "zh": {
        "title": "原文的说法与实际情况",
        "intro": "本页的问题取自一篇介绍深度学习与 Keras 的文章的附录。附录共有 24 个不同的问题：第 25 至 43 个问题逐字重复第 24 个，"
        "最后一个写到一半就中断了。本节按原文的顺序，先引用需要更正的说法，再说明实际情况，并列出原始文献。",
        "said": "> “{said}”（原文 {section}）",
        "and": "、",
        "sources": "文献：{}。",
        "join": "；",
        "measured": "本页的实验：[{}](#{})。",
    },
}

BACKGROUND = (
    Correction(
        "1",
        Words(
            "It solves complex problems mainly by simulating the neural networks of the human brain.",
            "它主要通过模拟人类大脑中的神经网络来解决复杂的问题",
        ),
        Words(
            "The name and the first models come from nerve cells, but a network of today does not simulate a brain. It is a function "
            "with many adjustable numbers, which are fitted to data with the help of gradients. It is called deep because it has "
            "several layers, and each layer learns a representation of the output of the layer before. Crick pointed out as early "
            "as 1989 that back-propagation does not fit what is known of nerve cells.",
            "“神经网络”的名称和最早的模型来自神经细胞，但今天的网络并不模拟大脑。它是一个含有大量可调参数的函数，参数借助梯度拟合到数据上。"
            "所谓“深度”，是指网络有多层，每一层都在前一层输出的基础上学习新的表示。Crick 早在 1989 年就指出，反向传播与已知的神经细胞工作方式不符。",
        ),
        (
            "Y. LeCun, Y. Bengio, G. Hinton, [Deep learning](https://doi.org/10.1038/nature14539), Nature 521 (2015)",
            "F. Crick, [The recent excitement about neural networks](https://doi.org/10.1038/337129a0), Nature 337 (1989)",
        ),
    ),
    Correction(
        "1",
        Words(
            "Keras supports several programming languages, among them Python, R and Julia, and works with back ends such as "
            "TensorFlow, Theano and CNTK.",
            "Keras支持多种编程语言，包括Python、R、Julia等，并且可以与TensorFlow、Theano和CNTK等后端进行集成",
        ),
        Words(
            "Keras is a Python library. There is an R package, `keras3`, which calls the Python library; the project has no Julia "
            "version. Keras 2.3 (2019) was the last version with Theano and CNTK, and neither of them is developed any more. "
            "Keras 3 trains on TensorFlow, JAX and PyTorch; with OpenVINO it can only predict.",
            "Keras 是一个 Python 库。R 语言的 `keras3` 包在内部调用这个 Python 库；Keras 项目没有 Julia 版本。2019 年的 Keras 2.3 "
            "是最后一个支持 Theano 和 CNTK 的版本，这两个框架都早已停止开发。Keras 3 可以用 TensorFlow、JAX 和 PyTorch 训练模型；OpenVINO 后端只能用于推理。",
        ),
        (
            "[Keras 3](https://keras.io/keras_3/), keras.io",
            "[Keras 2.3.0](https://github.com/keras-team/keras/releases/tag/2.3.0), release notes (2019)",
            "[R interface to Keras](https://keras3.posit.co/), Posit",
        ),
    ),
    Correction(
        "1",
        Words(
            "1943: the American university professor Warren McCulloch and the philosopher Walter Pitts propose the first model of an "
            "artificial neuron; this is the starting point of deep learning.",
            "1943年，美国大学教授Warren McCulloch和哲学家Walter Pitts提出了第一个人工神经元模型，这是深度学习的起点",
        ),
        Words(
            "The year and the model are right. McCulloch was a neurophysiologist and psychiatrist, and Pitts a logician of 20 years. "
            "Their neuron fires if enough of its exciting inputs are active and no inhibiting one is, so a net of such neurons "
            "computes a logical function. The connections are set by hand: the paper has no rule for learning them.",
            "年份和模型都没有错。McCulloch 是神经生理学家和精神科医生，Pitts 是一位年仅 20 岁的逻辑学家。在他们的模型中，"
            "当足够多的兴奋性输入被激活且没有抑制性输入时，神经元才会发放，因此由这种神经元组成的网络计算的是逻辑函数。"
            "连接由人工设定，论文中没有任何学习规则。",
        ),
        (
            "W. S. McCulloch, W. Pitts, [A logical calculus of the ideas immanent in nervous activity]"
            "(https://doi.org/10.1007/BF02478259), Bulletin of Mathematical Biophysics 5 (1943)",
        ),
    ),
    Correction(
        "1",
        Words(
            "1958: the American university professor Frank Rosenblatt invents the perceptron; this is the first algorithm of deep "
            "learning.",
            "1958年，美国大学教授Frank Rosenblatt发明了感知器，这是深度学习的第一个算法",
        ),
        Words(
            "In 1958 Rosenblatt was a psychologist at the Cornell Aeronautical Laboratory. His perceptron reads its inputs through "
            "fixed random connections. Only its last layer of weights learns, so it is not deep. A single layer that reads the inputs directly cannot learn the exclusive or. Networks of several layers were trained from "
            "the 1960s on: Ivakhnenko's method built them layer by layer, out of polynomials.",
            "1958 年 Rosenblatt 是康奈尔航空实验室的心理学家。他的感知机通过固定的随机连接读取输入，只有最后一层权重参与学习，算不上“深度”。直接读取输入的单层网络学不会异或。"
            "多层网络的训练始于 20 世纪 60 年代：Ivakhnenko 的方法用多项式逐层构造网络。",
        ),
        (
            "F. Rosenblatt, [The perceptron: a probabilistic model for information storage and organization in the brain]"
            "(https://doi.org/10.1037/h0042519), Psychological Review 65 (1958)",
            "A. G. Ivakhnenko, [Polynomial theory of complex systems](https://doi.org/10.1109/TSMC.1971.4308320), "
            "IEEE Transactions on Systems, Man, and Cybernetics 1 (1971)",
        ),
        measured="multilayer",
    ),
    Correction(
        "1",
        Words(
            "1986: the American university professor Geoffrey Hinton and others propose the back-propagation algorithm; this is the "
            "first training method of deep learning.",
            "1986年，美国大学教授Geoffrey Hinton等人提出了反向传播算法，这是深度学习的第一个训练方法",
        ),
        Words(
            "The paper of 1986 is by Rumelhart, Hinton and Williams. It showed that hidden layers learn useful representations, and it "
            "made the method known. The method is older: Linnainmaa described it in 1970 (in English in 1976) for any computation made of "
            "simple steps, and Werbos applied it to neural networks in 1982. It was not the first training method either: the "
            "perceptron of 1958 had a learning rule. And back-propagation only computes the gradient; gradient descent, "
            "which uses the gradient, is much older still.",
            "1986 年的论文作者是 Rumelhart、Hinton 和 Williams。它表明隐藏层能学到有用的表示，并使这一方法广为人知。方法本身出现得更早："
            "Linnainmaa 在 1970 年（英文发表于 1976 年）针对由简单步骤组成的任意计算给出了它，Werbos 在 1982 年把它用于神经网络。"
            "它也不是第一个训练方法，1958 年的感知机就有学习规则。此外，反向传播只计算梯度；使用梯度的梯度下降法还要早得多。",
        ),
        (
            "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
            "(https://doi.org/10.1038/323533a0), Nature 323 (1986)",
            "S. Linnainmaa, [Taylor expansion of the accumulated rounding error](https://doi.org/10.1007/BF01931367), BIT 16 (1976)",
            "P. J. Werbos, [Applications of advances in nonlinear sensitivity analysis](https://doi.org/10.1007/BFb0006203), "
            "System Modeling and Optimization (1982)",
        ),
    ),
    Correction(
        "1",
        Words(
            "2006: Google develops DeepDream; this is the first application of deep learning.",
            "2006年，Google开发了DeepDream，这是深度学习的第一个应用",
        ),
        Words(
            "DeepDream is of 2015. In 2006 Hinton, Osindero and Teh trained deep belief nets layer by layer, which drew new attention to "
            "networks of many layers. Applications are older: a convolutional network by LeCun and others read the handwritten "
            "numbers of postal addresses in 1989.",
            "DeepDream 出现于 2015 年。2006 年的进展是 Hinton、Osindero 和 Teh 逐层训练深度信念网络，使多层网络重新受到关注。"
            "应用则更早：1989 年，LeCun 等人的卷积神经网络已经能识别信封上手写的邮政编码。",
        ),
        (
            "A. Mordvintsev, C. Olah, M. Tyka, [Inceptionism: going deeper into neural networks]"
            "(https://research.google/blog/inceptionism-going-deeper-into-neural-networks/), Google Research (2015)",
            "G. E. Hinton, S. Osindero, Y.-W. Teh, [A fast learning algorithm for deep belief nets]"
            "(https://doi.org/10.1162/neco.2006.18.7.1527), Neural Computation 18 (2006)",
            "Y. LeCun et al., [Backpropagation applied to handwritten zip code recognition]"
            "(https://doi.org/10.1162/neco.1989.1.4.541), Neural Computation 1 (1989)",
        ),
    ),
    Correction(
        "1",
        Words(
            "2012: Google develops DeepQA; this is the first success of deep learning.",
            "2012年，Google开发了DeepQA，这是深度学习的第一个成功案例",
        ),
        Words(
            "DeepQA is the system in IBM's Watson, which won the quiz show Jeopardy! in 2011. It combines search, language processing "
            "and many scores for the answers; it is not a deep network. The success of 2012 is AlexNet by Krizhevsky, "
            "Sutskever and Hinton (University of Toronto). In the ImageNet competition the right class was not among its five best "
            "guesses for 15.3 % of the images; for the second-best entry, for 26.2 %.",
            "DeepQA 是 IBM 的 Watson 所用的系统，2011 年在智力竞赛节目 Jeopardy! 中获胜。它结合了检索、语言处理和许多对答案的评分，并不是深度网络。"
            "2012 年的成功案例是多伦多大学 Krizhevsky、Sutskever 和 Hinton 的 AlexNet：在 ImageNet 竞赛中，它的 top-5 错误率为 15.3%，"
            "第二名为 26.2%。",
        ),
        (
            "D. Ferrucci et al., [Building Watson: an overview of the DeepQA project](https://doi.org/10.1609/aimag.v31i3.2303), "
            "AI Magazine 31 (2010)",
            "D. A. Ferrucci, [Introduction to “This is Watson”](https://doi.org/10.1147/JRD.2012.2184356), IBM Journal of Research and "
            "Development 56 (2012)",
            "A. Krizhevsky, I. Sutskever, G. E. Hinton, [ImageNet classification with deep convolutional neural networks]"
            "(https://papers.nips.cc/paper_files/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html), NIPS 2012",
        ),
    ),
    Correction(
        "1",
        Words(
            "2014: OpenAI develops AlphaGo; this is the first peak of deep learning.",
            "2014年，OpenAI开发了AlphaGo，这是深度学习的第一个巅峰成就",
        ),
        Words(
            "AlphaGo is by DeepMind, which belongs to Google. It beat the European champion Fan Hui in October 2015 and Lee Sedol in "
            "March 2016. OpenAI was founded in December 2015. In 2014 the generative adversarial network and the optimizer Adam were published.",
            "AlphaGo 由 Google 旗下的 DeepMind 开发，2015 年 10 月战胜欧洲冠军樊麾，2016 年 3 月战胜李世石。OpenAI 成立于 2015 年 12 月。"
            "2014 年发表的是生成对抗网络和 Adam 优化器。",
        ),
        (
            "D. Silver et al., [Mastering the game of Go with deep neural networks and tree search]"
            "(https://doi.org/10.1038/nature16961), Nature 529 (2016)",
            "[Introducing OpenAI](https://openai.com/index/introducing-openai/), OpenAI (2015)",
            "I. Goodfellow et al., [Generative adversarial networks](https://arxiv.org/abs/1406.2661) (2014)",
            "D. P. Kingma, J. Ba, [Adam: a method for stochastic optimization](https://arxiv.org/abs/1412.6980) (2014)",
        ),
    ),
)

TERMS = (
    Correction(
        "2.2, 2.5",
        Words(
            "By its weights and bias, a neuron can adjust the weights and the bias of the input signal. … The bias is the base value "
            "of the output signal of the neuron.",
            "神经元可以通过权重和偏置来调整输入信号的权重和偏置……偏置是神经元的输出信号的基础值",
        ),
        Words(
            r"""
The first sentence explains weights and bias by weights and bias. A neuron multiplies each input $x_i$ by a weight $w_i$, adds the bias $b$, and applies the activation function $f$:

$$a = f\Big(\sum_i w_i x_i + b\Big)$$

So the bias is added before the activation function. It shifts the place at which the neuron begins to respond. If all inputs are zero, the output is $f(b)$, not $b$.
""".strip(),
            r"""
第一句话用“权重和偏置”解释权重和偏置，等于没有解释。神经元把每个输入 $x_i$ 乘以权重 $w_i$ ，求和后加上偏置 $b$ ，再施加激活函数 $f$ ：

$$a = f\Big(\sum_i w_i x_i + b\Big)$$

可见偏置在激活函数之前加入，它移动神经元开始响应的位置。当所有输入为零时，输出是 $f(b)$ ，而不是 $b$ 。
""".strip(),
        ),
        (
            "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
            "(https://doi.org/10.1038/323533a0), Nature 323 (1986)",
        ),
    ),
    Correction(
        "2.3",
        Words(
            "A neural network can have several layers; each layer has its own weights and biases.",
            "神经网络可以包含多个层，每个层都有自己的权重和偏置",
        ),
        Words(
            "Many layers have neither: the input, `Flatten`, `Activation`, `Dropout`, pooling. Some share one set of weights over many places: "
            "a convolution uses the same weights at every position of an image, a recurrent layer the same ones at every step.",
            "许多层没有权重和偏置，例如输入层、`Flatten`、`Activation`、`Dropout` 和池化层。还有一些层在许多位置共用一组权重："
            "卷积层在图像的每个位置使用同样的权重，循环层在每个时间步使用同样的权重。",
        ),
        (
            "[Keras layers API](https://keras.io/api/layers/), keras.io",
            "Y. LeCun et al., [Backpropagation applied to handwritten zip code recognition]"
            "(https://doi.org/10.1162/neco.1989.1.4.541), Neural Computation 1 (1989)",
        ),
    ),
    Correction(
        "2.4, 2.5",
        Words(
            "The initial values of the weights can be random, or known. … The initial value of the bias can be random, or known.",
            "权重的初始值可以是随机的，也可以是已知的……偏置的初始值可以是随机的，也可以是已知的",
        ),
        Words(
            "The neurons of a hidden layer must start with different weights. If two of them have the same weights on their inputs and on their way to the next layer, "
            "they get the same gradients, and stay equal for ever. So the weights cannot all start at zero, or at any other single number. The scale matters too: with weights that are too small or too large, "
            "signals and gradients shrink or grow from layer to layer. The usual scales are those of Glorot (Keras's default) and, "
            "for ReLU, of He. Biases may start at zero.",
            "同一隐藏层的神经元必须从不同的权重开始。如果两个神经元的输入权重和通往下一层的权重都相同，它们得到的梯度也相同，就会一直保持相同，因此权重不能全部取零或取同一个数。尺度同样重要：权重太小或太大，"
            "信号和梯度会逐层缩小或放大。常用的是 Glorot 初始化（Keras 的默认值），以及适用于 ReLU 的 He 初始化。偏置可以从零开始。",
        ),
        (
            "X. Glorot, Y. Bengio, [Understanding the difficulty of training deep feedforward neural networks]"
            "(https://proceedings.mlr.press/v9/glorot10a.html), AISTATS 2010",
            "K. He et al., [Delving deep into rectifiers](https://arxiv.org/abs/1502.01852), ICCV 2015",
        ),
    ),
    Correction(
        "2.6",
        Words(
            "The loss function is the evaluation standard of deep learning … The smaller its value, the more accurate the predictions.",
            "损失函数是深度学习的评估标准……损失函数的值越小，模型的预测结果越准确",
        ),
        Words(
            "The loss is what the training makes small on the training set. A model is evaluated by a metric, such as the accuracy, on examples "
            "that it was not trained on. The two can disagree. Networks can bring the training loss close to zero on labels drawn at random, from "
            "which nothing can be learned; and in late epochs the loss on the test set can rise while the accuracy still improves.",
            "损失是训练过程在训练集上要减小的量。评估模型则应在未参与训练的样本上使用准确率之类的指标。两者可能不一致："
            "即使标签是随机抽取的、没有任何规律可学，网络也能把训练损失降到接近零；而在训练后期，测试集上的损失可能上升，准确率却仍在提高。",
        ),
        (
            "C. Zhang et al., [Understanding deep learning requires rethinking generalization](https://arxiv.org/abs/1611.03530), ICLR 2017",
            "C. Guo et al., [On calibration of modern neural networks](https://arxiv.org/abs/1706.04599), ICML 2017",
        ),
    ),
    Correction(
        "2.6",
        Words(
            "The loss function can be any function, as long as it meets certain conditions.",
            "损失函数可以是任意的，只要满足一定的条件即可",
        ),
        Words(
            "The conditions are what matters, and the article does not name them. First, the loss needs a gradient that is useful almost everywhere: the share of wrong "
            "answers changes in jumps, so its gradient is zero almost everywhere, and gradient descent cannot use it. Second, its minimum must be what is "
            "wanted. The expected cross-entropy is smallest for the true probabilities of the classes, the squared error for the mean, "
            "the absolute error for the median. For two classes it is known which convex losses lead to the best classifier when there are enough data.",
            "关键恰恰在于原文没有说明的“条件”。第一，损失的梯度几乎处处都要有用：错误率是阶跃变化的，梯度几乎处处为零，梯度下降无法使用它。"
            "第二，损失的最小值点必须是我们想要的结果：期望交叉熵在预测等于各类的真实概率时最小，平方误差对应均值，绝对误差对应中位数。"
            "对于二分类，哪些凸损失在数据足够多时能够得到最优分类器，已有明确的条件。",
        ),
        (
            "T. Gneiting, A. E. Raftery, [Strictly proper scoring rules, prediction, and estimation]"
            "(https://doi.org/10.1198/016214506000001437), Journal of the American Statistical Association 102 (2007)",
            "P. L. Bartlett, M. I. Jordan, J. D. McAuliffe, [Convexity, classification, and risk bounds]"
            "(https://doi.org/10.1198/016214505000000907), Journal of the American Statistical Association 101 (2006)",
        ),
        measured="loss_functions",
    ),
    Correction(
        "2.7",
        Words(
            "The learning rate of gradient descent can be anything, as long as it meets certain conditions.",
            "梯度下降的学习率可以是任意的，只要满足一定的条件即可",
        ),
        Words(
            r"""
The learning rate $\alpha$ is usually the first setting to choose with care. For a convex quadratic loss whose largest curvature is $\lambda_{\max}$ (the largest eigenvalue of its matrix of second derivatives), gradient descent converges from every starting point only if

$$0 < \alpha < \frac{2}{\lambda_{\max}}$$

Above this bound it diverges from almost every starting point, and with a much smaller rate it needs many more steps. The loss of a network is not quadratic; there, good rates are found by trying several on a validation set, for example 0.1, 0.01, 0.001.
""".strip(),
            r"""
学习率 $\alpha$ 通常是最需要仔细选择的超参数。设损失是凸的二次函数，其最大曲率为 $\lambda_{\max}$ （二阶导数矩阵的最大特征值），只有满足下式时，梯度下降才从任意起点收敛：

$$0 < \alpha < \frac{2}{\lambda_{\max}}$$

超过这一界限，几乎从任何起点都会发散；远小于它则需要多得多的步数。神经网络的损失不是二次函数，合适的学习率要在验证集上尝试若干个值来确定，例如 0.1、0.01、0.001。
""".strip(),
        ),
        (
            "Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller, [Efficient BackProp](https://doi.org/10.1007/978-3-642-35289-8_3), "
            "Neural Networks: Tricks of the Trade (1998, 2nd edition 2012)",
        ),
        measured="gradient_descent",
    ),
)

ALGORITHMS = (
    Correction(
        "3.1",
        Words(
            "Forward propagation is the calculation of a neural network … y = f(XW + b)",
            "前向传播是神经网络的计算过程……y = f(XW + b)",
        ),
        Words(
            r"""
This is the formula of one layer. A network applies it once per layer, each time with weights and an activation function of its own. With one hidden layer:

$$H = f_1(X W_1 + b_1), \qquad Y = f_2(H W_2 + b_2)$$

$X$ holds one example in each row, $W_1$ has a row for each input and a column for each hidden neuron, and the bias $b_1$ is added to every row. A single layer with a sigmoid or ReLU cannot compute the exclusive or of two inputs; two layers can.
""".strip(),
            r"""
这是一层的公式。网络对每一层使用一次，各层有自己的权重和激活函数。以一个隐藏层为例：

$$H = f_1(X W_1 + b_1), \qquad Y = f_2(H W_2 + b_2)$$

其中 $X$ 的每一行是一个样本， $W_1$ 的每一行对应一个输入、每一列对应一个隐藏神经元，偏置 $b_1$ 加到每一行上。使用 sigmoid 或 ReLU 时，单独一层无法计算两个输入的异或，两层则可以。
""".strip(),
        ),
        (
            "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
            "(https://doi.org/10.1038/323533a0), Nature 323 (1986)",
        ),
        measured="multilayer",
    ),
    Correction(
        "3.2",
        Words(
            "Backward propagation is the training process of a neural network; it computes the loss function of the network. … "
            "4. Update the weights and biases.",
            "后向传播是神经网络的训练过程，它用于计算神经网络的损失函数……4. 更新权重和偏置",
        ),
        Words(
            "The loss is computed at the end of the forward pass. The backward pass computes its gradient: the derivative of the loss with respect to every weight and "
            "bias, in about the time of two forward passes. The update is a third step, and it belongs to the optimizer (gradient "
            "descent, momentum, Adam). All three together are a step of training. The usual Chinese name is 反向传播.",
            "损失在前向传播结束时就已算出。反向传播计算的是损失的梯度，即损失对每个权重和偏置的导数，用时大约相当于两次前向传播。"
            "更新参数是第三步，由优化器（梯度下降、动量、Adam）完成。三者合起来才是一步训练。通常的译名是“反向传播”。",
        ),
        (
            "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
            "(https://doi.org/10.1038/323533a0), Nature 323 (1986)",
            "I. Goodfellow, Y. Bengio, A. Courville, [Deep Learning, section 6.5](https://www.deeplearningbook.org/contents/mlp.html), "
            "MIT Press (2016)",
        ),
    ),
    Correction(
        "3.2",
        Words(
            "∂L/∂W = ∂L/∂y · ∂y/∂W … ∂y/∂W and ∂y/∂b are the gradients of the activation function.",
            r"$\frac{\partial L}{\partial W} = \frac{\partial L}{\partial y} \cdot \frac{\partial y}{\partial W}$ ……"
            r"$\frac{\partial y}{\partial W}$ 和 $\frac{\partial y}{\partial b}$ 是激活函数的梯度",
        ),
        Words(
            r"""
The gradient of the activation function, $f'$, is only one factor of $\partial y / \partial W$; the other one is the input $X$. For one layer, with $f$ applied to each number:

$$Z = XW + b, \qquad Y = f(Z), \qquad \Delta = \frac{\partial L}{\partial Y} \odot f'(Z)$$

$$\frac{\partial L}{\partial W} = X^\top \Delta, \qquad \frac{\partial L}{\partial b} = \sum_i \Delta_i, \qquad \frac{\partial L}{\partial X} = \Delta\, W^\top$$

Here $\odot$ multiplies number by number, $\Delta_i$ is the row of example $i$, and $X^\top$ is the transposed matrix. The article leaves out the last formula. It hands the gradient to the layer before, whose output is this $X$, and this step is what the name back-propagation means. The recipe [`mlp_by_hand_mnist`](../mlp_by_hand_mnist.py) trains a network with these formulas in NumPy alone.
""".strip(),
            r"""
激活函数的梯度 $f'$ 只是 $\partial y / \partial W$ 的一个因子，另一个因子是输入 $X$ 。对于一层，设 $f$ 逐元素作用：

$$Z = XW + b, \qquad Y = f(Z), \qquad \Delta = \frac{\partial L}{\partial Y} \odot f'(Z)$$

$$\frac{\partial L}{\partial W} = X^\top \Delta, \qquad \frac{\partial L}{\partial b} = \sum_i \Delta_i, \qquad \frac{\partial L}{\partial X} = \Delta\, W^\top$$

其中 $\odot$ 表示逐元素相乘， $\Delta_i$ 是样本 $i$ 对应的行， $X^\top$ 是转置矩阵。原文缺少最后一个公式：它把梯度交给前一层（前一层的输出就是这里的 $X$ ），“反向传播”正是由此得名。示例 [`mlp_by_hand_mnist`](../mlp_by_hand_mnist.py) 只用 NumPy，按这些公式训练一个网络。
""".strip(),
        ),
        (
            "D. E. Rumelhart, G. E. Hinton, R. J. Williams, [Learning representations by back-propagating errors]"
            "(https://doi.org/10.1038/323533a0), Nature 323 (1986)",
            "I. Goodfellow, Y. Bengio, A. Courville, [Deep Learning, section 6.5](https://www.deeplearningbook.org/contents/mlp.html), "
            "MIT Press (2016)",
        ),
    ),
    Correction(
        "3.3",
        Words(
            "4. Repeat steps 2 and 3 until the loss function reaches its minimum.",
            "4. 重复步骤2和步骤3，直到损失函数达到最小值",
        ),
        Words(
            "It is not known when the minimum is reached: the loss of a network is not convex, and it has many points where the "
            "gradient is zero, saddle points among them. The minimum is not the aim either: a lower training loss can come with worse predictions on "
            "new data. Training ends after a fixed number of epochs, or when the loss on a validation set has not fallen for some epochs (early stopping).",
            "无从判断是否已达到最小值：神经网络的损失不是凸函数，有许多梯度为零的点，其中很多是鞍点。最小值也不是目的，因为训练损失更低时，"
            "对新数据的预测可能反而更差。实际做法是训练固定的轮数，或在验证集损失连续若干轮不再下降时停止（早停）。",
        ),
        (
            "Y. Dauphin et al., [Identifying and attacking the saddle point problem in high-dimensional non-convex optimization]"
            "(https://arxiv.org/abs/1406.2572), NIPS 2014",
            "L. Prechelt, [Early stopping – but when?](https://doi.org/10.1007/3-540-49430-8_3), Neural Networks: Tricks of the Trade (1998)",
        ),
        measured="regularisation",
    ),
    Correction(
        "3.4",
        Words(
            "Common types of activation function include: the linear function, the exponential function, the logarithm, "
            "hyperbolic functions, the hyperbolic tangent and so on.",
            "激活函数的常见类型包括：线性函数、指数函数、对数函数、双曲函数、双曲正切函数等",
        ),
        Words(
            "The usual ones are ReLU, GELU and SiLU (Swish), the hyperbolic tangent and the sigmoid; for the probabilities of classes, softmax at the output. "
            "Of the article's list only the hyperbolic tangent is usual in hidden layers. A linear function leaves the network a linear "
            "model. The logarithm does not exist for negative numbers. The exponential, and the hyperbolic sine and cosine, grow so fast that the numbers "
            "overflow; ELU uses the exponential for negative numbers only.",
            "常用的激活函数是 ReLU、GELU、SiLU（Swish）、tanh 和 sigmoid；输出类别概率时用 softmax。原文所列的函数中，只有双曲正切常用于隐藏层。"
            "线性函数使网络仍是线性模型；对数函数对负数没有定义；指数函数、双曲正弦和双曲余弦增长太快，容易溢出。ELU 只在负数部分使用指数函数。",
        ),
        (
            "X. Glorot, A. Bordes, Y. Bengio, [Deep sparse rectifier neural networks]"
            "(https://proceedings.mlr.press/v15/glorot11a.html), AISTATS 2011",
            "D. Hendrycks, K. Gimpel, [Gaussian error linear units](https://arxiv.org/abs/1606.08415) (2016)",
            "D.-A. Clevert, T. Unterthiner, S. Hochreiter, [Fast and accurate deep network learning by exponential linear units]"
            "(https://arxiv.org/abs/1511.07289), ICLR 2016",
        ),
        measured="activations",
    ),
    Correction(
        "3.4",
        Words(
            "The formula of the activation function is: f(x) = x if x ≥ 0, −x if x < 0.",
            "激活函数的数学模型公式如下：f(x) = x（x ≥ 0）；−x（x < 0）",
        ),
        Words(
            r"""
This is the absolute value $|x|$, one activation function among many, and a rare one. Probably ReLU was meant, which is zero for negative numbers:

$$\mathrm{ReLU}(x) = \max(x, 0)$$

The absolute value is not wrong: it is not a polynomial, so a network with it that is wide enough can approximate any continuous function, and it has been used to recognise objects in images. But no formula is “the” activation function.
""".strip(),
            r"""
这是绝对值函数 $|x|$ ，只是众多激活函数中的一种，而且很少使用。原文很可能想写 ReLU，它在负数部分为零：

$$\mathrm{ReLU}(x) = \max(x, 0)$$

使用绝对值并没有错：它不是多项式，因此足够宽的网络使用它也能逼近任意连续函数，而且曾被用于图像中的物体识别。但是，没有哪个公式能代表所有激活函数。
""".strip(),
        ),
        (
            "X. Glorot, A. Bordes, Y. Bengio, [Deep sparse rectifier neural networks]"
            "(https://proceedings.mlr.press/v15/glorot11a.html), AISTATS 2011",
            "K. Jarrett et al., [What is the best multi-stage architecture for object recognition?]"
            "(https://doi.org/10.1109/ICCV.2009.5459469), ICCV 2009",
        ),
        measured="activations",
    ),
)

TRENDS = (
    Correction(
        "5.1",
        Words(
            "Automated learning … lets the machine learn by itself, and so makes artificial intelligence autonomous.",
            "自动化学习的目标是让机器自主地学习，从而实现人工智能的自主化",
        ),
        Words(
            "The usual name is automated machine learning (AutoML; 自动机器学习). Its aim is more modest: a program chooses the model, its architecture and "
            "its settings by a search, and compares them on validation data. People still provide the data, the goal and the space to search in. "
            "The article repeats the sentence on autonomy for reinforcement learning, unsupervised learning and GANs; it is true of none of them.",
            "通常的名称是自动机器学习（AutoML）。它的目标没有那么宏大：由程序搜索模型、网络结构和超参数，并在验证数据上比较。"
            "数据、目标和搜索空间仍由人给出。原文对强化学习、无监督学习和生成对抗网络重复了同一句“自主化”的话，对它们都不成立。",
        ),
        (
            "F. Hutter, L. Kotthoff, J. Vanschoren (eds.), [Automated machine learning](https://doi.org/10.1007/978-3-030-05318-5), Springer (2019)",
            "B. Zoph, Q. V. Le, [Neural architecture search with reinforcement learning](https://arxiv.org/abs/1611.01578), ICLR 2017",
        ),
    ),
    Correction(
        "5.2",
        Words(
            "Reinforcement learning … lets the machine learn how to learn how to learn.",
            "增强学习是深度学习的一个重要趋势，它用于让机器学习如何学习如何学习",
        ),
        Words(
            "Reinforcement learning (强化学习 today) is learning by trial: an agent acts in an environment, receives rewards, and learns which actions lead to a "
            "large sum of rewards. It is older than deep learning and does not need it. Learning how to learn is another subject, "
            "meta-learning: what is learned on many tasks makes a new task faster to learn.",
            "强化学习（现在通用的译名）是通过尝试来学习：智能体在环境中采取行动、得到奖励，学习哪些行动能带来较大的累积奖励。"
            "它的历史早于深度学习，也不依赖深度学习。“学习如何学习”是另一个课题，即元学习：利用在许多任务上学到的知识，更快地学会新任务。",
        ),
        (
            "R. S. Sutton, [Learning to predict by the methods of temporal differences](https://doi.org/10.1007/BF00115009), "
            "Machine Learning 3 (1988)",
            "V. Mnih et al., [Human-level control through deep reinforcement learning](https://doi.org/10.1038/nature14236), Nature 518 (2015)",
            "S. Hochreiter, A. S. Younger, P. R. Conwell, [Learning to learn using gradient descent]"
            "(https://doi.org/10.1007/3-540-44668-0_13), ICANN 2001",
        ),
    ),
    Correction(
        "5.4, 6.17",
        Words(
            "Generative adversarial networks are an important trend of deep learning; they are used to generate and to judge images.",
            "生成对抗网络是深度学习的一个重要趋势，它用于生成和判断图像",
        ),
        Words(
            "The aim is the generator alone: new examples that look as if drawn from the distribution of the data, images or others. The discriminator, "
            "which tells real from generated examples, is needed for the training only; it judges whether an example is real, not what an "
            "image shows. In 2021 diffusion models passed the best GANs of the time on ImageNet.",
            "目标只是生成器：生成看起来像是取自数据分布的新样本，不限于图像。判别器区分真实样本与生成样本，只在训练中使用；"
            "它判断的是样本的真假，而不是图像的内容。2021 年，扩散模型在 ImageNet 上超过了当时最好的生成对抗网络。",
        ),
        (
            "I. Goodfellow et al., [Generative adversarial networks](https://arxiv.org/abs/1406.2661) (2014)",
            "P. Dhariwal, A. Nichol, [Diffusion models beat GANs on image synthesis](https://arxiv.org/abs/2105.05233), NeurIPS 2021",
        ),
        measured="gan",
    ),
)

APPENDIX = (
    Correction(
        "6.4",
        Words(
            "Regularisation … limits the complexity of the model.",
            "正则化是深度学习的一种防止过拟合的方法，它用于限制模型的复杂度",
        ),
        Words(
            "Regularisation is any change to the training that is meant to lower the error on new data rather than the training error. "
            "A penalty on the weights does keep them small; shifted images, dropout and early stopping count as well. A limit on complexity is not "
            "the whole explanation: with the usual regularisation, networks still fit labels drawn at random.",
            "凡是旨在降低新数据上的误差、而不是训练误差的训练改动，都称为正则化。权重惩罚确实使权重保持较小；数据增强、随机失活和早停也都属于正则化。"
            "“限制复杂度”并不能解释全部：使用常见的正则化时，网络仍能拟合随机抽取的标签。",
        ),
        (
            "I. Goodfellow, Y. Bengio, A. Courville, [Deep Learning, chapter 7](https://www.deeplearningbook.org/contents/regularization.html), "
            "MIT Press (2016)",
            "C. Zhang et al., [Understanding deep learning requires rethinking generalization](https://arxiv.org/abs/1611.03530), ICLR 2017",
        ),
        measured="regularisation",
    ),
    Correction(
        "6.5, 6.6",
        Words(
            "Batch gradient descent is a training method … used to optimise the weights and biases. … Stochastic gradient descent is a "
            "training method … used to optimise the weights and biases.",
            "批量梯度下降是深度学习的一种训练方法，它用于优化模型的权重和偏置……随机梯度下降是深度学习的一种训练方法，它用于优化模型的权重和偏置",
        ),
        Words(
            "The two answers differ only in the name; they do not say what the difference is. Batch gradient descent takes the mean gradient of the whole "
            "training set for each step. Stochastic gradient descent takes one example, drawn at random: a rough but cheap estimate of the same "
            "gradient. In practice one takes a mini-batch of, say, 32 to 512 examples. `batch_size` in `fit` is its size, and "
            "“SGD” in Keras is this method.",
            "两个回答除名称外完全相同，没有说明区别。批量梯度下降每一步使用整个训练集的平均梯度；随机梯度下降每一步只随机取一个样本，"
            "得到同一梯度的粗略但便宜的估计。实践中使用小批量，例如 32 至 512 个样本；`fit` 的 `batch_size` 就是小批量的大小，Keras 中的“SGD”指的也是这种方法。",
        ),
        (
            "H. Robbins, S. Monro, [A stochastic approximation method](https://doi.org/10.1214/aoms/1177729586), "
            "Annals of Mathematical Statistics 22 (1951)",
            "L. Bottou, F. E. Curtis, J. Nocedal, [Optimization methods for large-scale machine learning]"
            "(https://arxiv.org/abs/1606.04838), SIAM Review 60 (2018)",
        ),
        measured="stochastic_descent",
    ),
    Correction(
        "6.9",
        Words(
            "Dropout … is used to drop neurons at random.",
            "Dropout是深度学习的一种防止过拟合的方法，它用于随机丢弃神经元",
        ),
        Words(
            "Neurons are dropped in training only, and others at every step: their outputs are set to zero, and those that remain are "
            "multiplied by 1 / (1 − rate) in Keras, so that the expected sum stays the same. For a prediction all neurons are used. No neuron is removed from the model.",
            "神经元只在训练时被丢弃，而且每一步丢弃的都不同：被丢弃的输出置为零，保留的输出（在 Keras 中）乘以 1 / (1 − 丢弃率)，使总和的期望不变。"
            "预测时使用全部神经元。模型并没有删除任何神经元。",
        ),
        (
            "N. Srivastava et al., [Dropout: a simple way to prevent neural networks from overfitting]"
            "(https://jmlr.org/papers/v15/srivastava14a.html), JMLR 15 (2014)",
        ),
        measured="dropout",
    ),
    Correction(
        "6.10",
        Words(
            "Batch normalisation is a regularisation method of deep learning; it normalises the outputs of neurons.",
            "Batch Normalization是深度学习的一种正则化方法，它用于归一化神经元的输出",
        ),
        Words(
            "Normalisation (归一化) and regularisation (正则化) are two things. Batch normalisation was made for faster training with larger learning rates. It "
            "takes the sums before the activation function, subtracts their mean over the mini-batch, divides by their standard deviation, "
            "then multiplies and adds numbers that are learned. Since the mean and the deviation differ from batch to batch, it adds some noise, which can act as "
            "regularisation; that is a side effect.",
            "归一化与正则化是两回事。批归一化的目的是用更大的学习率更快地训练：对激活函数之前的加权和，减去小批量上的均值，除以标准差，"
            "再乘上并加上可学习的参数。由于每个小批量的均值和标准差略有不同，它引入了一些噪声，可能起到正则化的作用，但这只是副作用。",
        ),
        (
            "S. Ioffe, C. Szegedy, [Batch normalization](https://arxiv.org/abs/1502.03167), ICML 2015",
            "S. Santurkar et al., [How does batch normalization help optimization?](https://arxiv.org/abs/1805.11604), NeurIPS 2018",
        ),
        measured="batch_normalisation",
    ),
    Correction(
        "6.11",
        Words(
            "Convolutional neural networks are a kind of convolutional neural network of deep learning; they are used for image data.",
            "Convolutional Neural Networks是深度学习的一种卷积神经网络，它用于处理图像数据",
        ),
        Words(
            "This explains a name with the same name. A convolution looks at a small window and uses the same weights at every position. So it suits all data "
            "in which neighbours belong together and a pattern may stand anywhere: images, but also sound, time series and text.",
            "这是用名称解释名称。卷积每次只看一个小窗口，并在所有位置使用同样的权重，因此适合相邻元素彼此相关、模式可以出现在任意位置的数据："
            "除了图像，还有声音、时间序列和文本。",
        ),
        (
            "Y. LeCun et al., [Backpropagation applied to handwritten zip code recognition]"
            "(https://doi.org/10.1162/neco.1989.1.4.541), Neural Computation 1 (1989)",
            "A. van den Oord et al., [WaveNet: a generative model for raw audio](https://arxiv.org/abs/1609.03499) (2016)",
        ),
        measured="convolution",
    ),
    Correction(
        "6.12–6.14",
        Words(
            "Recurrent neural networks are a kind of *recursive* (递归) neural network. … Long short-term memory is a kind of recursive "
            "neural network. … The gated recurrent unit is a kind of recursive neural network.",
            "Recurrent Neural Networks是深度学习的一种递归神经网络",
        ),
        Words(
            "Recurrent is 循环 in Chinese: a recurrent network applies the same step to one element of a sequence after the other, and passes a state "
            "on. A recursive network (递归) applies the same step along a tree, such as the tree of a sentence. Older Chinese texts use 递归 for both. LSTM and "
            "GRU are recurrent networks with gates.",
            "Recurrent 的通用译名是“循环”：循环神经网络对序列的元素逐个执行同样的步骤，并传递状态。“递归”（recursive）神经网络沿着树执行同样的步骤，"
            "例如句子的语法树。较早的中文文献曾用“递归”兼指两者。LSTM 和 GRU 是带有门控的循环神经网络。",
        ),
        (
            "J. L. Elman, [Finding structure in time](https://doi.org/10.1207/s15516709cog1402_1), Cognitive Science 14 (1990)",
            "C. Goller, A. Küchler, [Learning task-dependent distributed representations by backpropagation through structure]"
            "(https://doi.org/10.1109/ICNN.1996.548916), ICNN 1996",
        ),
        measured="recurrence",
    ),
    Correction(
        "6.15",
        Words(
            "The Transformer is a self-attention mechanism of deep learning.",
            "Transformer是深度学习的一种自注意力机制",
        ),
        Words(
            "The Transformer is an architecture; self-attention is one of its parts. A block also has a small network for each position, residual "
            "connections and layer normalisation. Since self-attention itself does not see the order, the input gets a code of the position.",
            "Transformer 是一种网络结构，自注意力只是它的组成部分。每个模块还包括逐位置的前馈网络、残差连接和层归一化。"
            "自注意力本身看不到次序，因此要给输入加上位置编码。",
        ),
        ("A. Vaswani et al., [Attention is all you need](https://arxiv.org/abs/1706.03762), NIPS 2017",),
        measured="transformer",
    ),
    Correction(
        "6.16",
        Words(
            "An autoencoder is a kind of generative adversarial network; it is used to generate and to judge data.",
            "自编码器是深度学习的一种生成对抗网络，它用于生成和判断数据",
        ),
        Words(
            "An autoencoder has no adversary. An encoder turns the input into a short code, a decoder turns the code back into data, and both are trained together "
            "to make the output equal to the input. It serves for compression, for denoising and for finding anomalies. A plain autoencoder does not generate, because "
            "nothing says how codes are to be drawn. It is older than the GAN of 2014 by more than twenty-five years.",
            "自编码器中没有对抗。编码器把输入变成较短的编码，解码器再把编码还原，二者一起训练，使输出等于输入。它用于压缩、去噪和异常检测。"
            "普通的自编码器不能生成数据，因为它没有规定如何抽取编码。它比 2014 年的生成对抗网络早了二十五年以上。",
        ),
        (
            "H. Bourlard, Y. Kamp, [Auto-association by multilayer perceptrons and singular value decomposition]"
            "(https://doi.org/10.1007/BF00332918), Biological Cybernetics 59 (1988)",
            "G. E. Hinton, R. R. Salakhutdinov, [Reducing the dimensionality of data with neural networks]"
            "(https://doi.org/10.1126/science.1127647), Science 313 (2006)",
        ),
        measured="autoencoder",
    ),
    Correction(
        "6.18",
        Words(
            "A variational autoencoder is a kind of generative adversarial network; it is used to generate and to judge data.",
            "变分自编码器是深度学习的一种生成对抗网络，它用于生成和判断数据",
        ),
        Words(
            "There is no adversary here either. A variational autoencoder is a probabilistic model: the code is drawn from a normal distribution, and the decoder "
            "gives the distribution of the data for a code. It is trained to make a lower bound of the likelihood of the data large. It was "
            "published in December 2013, half a year before the GAN.",
            "这里同样没有对抗。变分自编码器是一种概率模型：编码取自正态分布，解码器给出在该编码下数据的分布；训练的目标是使数据似然的一个下界尽量大。"
            "它发表于 2013 年 12 月，比生成对抗网络早半年。",
        ),
        (
            "D. P. Kingma, M. Welling, [Auto-encoding variational Bayes](https://arxiv.org/abs/1312.6114), ICLR 2014",
            "I. Goodfellow et al., [Generative adversarial networks](https://arxiv.org/abs/1406.2661) (2014)",
        ),
        measured="vae",
    ),
    Correction(
        "6.19",
        Words(
            "The self-attention mechanism is a self-supervised learning method of deep learning.",
            "自注意力机制是深度学习的一种自监督学习方法",
        ),
        Words(
            "The two have only the word “self” in common. Self-attention is a layer: each position of a sequence computes a weighted mean over all positions of the "
            "same sequence. Self-supervised learning is a way to train: the targets come from the data itself. A layer can be trained in either "
            "way. The first Transformer was trained on sentences with their translations, that is, with supervision; BERT, with the same kind of layers, "
            "on gaps in texts.",
            "两者只是都带一个“自”字。自注意力是一种网络层：序列的每个位置对同一序列的所有位置求加权平均。自监督学习是一种训练方式：训练目标取自数据本身。"
            "同一种层可以用任何一种方式训练。最初的 Transformer 用句子及其译文训练，属于有监督学习；BERT 使用同类的层，训练任务则是填补文本中的空缺。",
        ),
        (
            "A. Vaswani et al., [Attention is all you need](https://arxiv.org/abs/1706.03762), NIPS 2017",
            "J. Devlin et al., [BERT: pre-training of deep bidirectional transformers for language understanding]"
            "(https://arxiv.org/abs/1810.04805), NAACL 2019",
        ),
        measured="self_attention",
    ),
    Correction(
        "6.20, 6.21",
        Words(
            "Self-supervised learning is an unsupervised learning method of deep learning; it lets the machine learn by itself. … Unsupervised "
            "learning is an unsupervised learning method of deep learning.",
            "自监督学习是深度学习的一种无监督学习方法，它用于让机器自主地学习……无监督学习是深度学习的一种无监督学习方法",
        ),
        Words(
            "Both learn without labels made by people. Unsupervised learning looks for structure in the data, such as groups or directions; principal "
            "component analysis is of 1901, so it neither belongs to deep learning nor is a trend of the future (section 5.3). Self-supervised learning makes a "
            "task with right answers out of the data, such as a hidden word or two views of the same image. Many count it as unsupervised learning; what is "
            "new is the task. In both, people choose the task and the loss.",
            "两者都不需要人工标签。无监督学习寻找数据中的结构，例如簇或主方向；主成分分析提出于 1901 年，可见它既不专属于深度学习，也不是“未来趋势”（第 5.3 节）。"
            "自监督学习从数据本身构造有正确答案的任务，例如被遮住的词，或同一图像的两个视图。许多人把它归入无监督学习，其特点在于构造任务。"
            "无论哪一种，任务和损失都由人来选择。",
        ),
        (
            "K. Pearson, [On lines and planes of closest fit to systems of points in space]"
            "(https://doi.org/10.1080/14786440109462720), Philosophical Magazine 2 (1901)",
            "T. Chen et al., [A simple framework for contrastive learning of visual representations](https://arxiv.org/abs/2002.05709), ICML 2020",
        ),
        measured="self_supervision",
    ),
    Correction(
        "6.22, 6.23",
        Words(
            "The model of one variable and first degree is a simple model of deep learning. … The model of several variables and several degrees "
            "is a complex model of deep learning.",
            "一元一次性模型是深度学习的一种简单模型……多元多次性模型是深度学习的一种复杂模型",
        ),
        Words(
            "The usual names are simple linear regression (一元线性回归) and polynomial regression of several variables (多元多项式回归). Neither is deep learning: both "
            "are linear in their coefficients, have a closed solution by least squares, and are two hundred years old (Legendre 1805, Gergonne 1815).",
            "通常的名称是一元线性回归和多元多项式回归（“一次性”在汉语中是另一个意思）。它们都不是深度学习：对系数而言都是线性的，"
            "可以用最小二乘法直接求解，而且已有二百年历史（Legendre 1805，Gergonne 1815）。",
        ),
        (
            "S. M. Stigler, [Gauss and the invention of least squares](https://doi.org/10.1214/aos/1176345451), Annals of Statistics 9 (1981)",
            "S. M. Stigler, [Gergonne's 1815 paper on the design and analysis of polynomial regression experiments]"
            "(https://doi.org/10.1016/0315-0860%2874%2990033-0), Historia Mathematica 1 (1974)",
        ),
        measured="polynomial",
    ),
)

PARTS = {
    Words("Background (section 1)", "背景（第 1 节）"): BACKGROUND,
    Words("Basic terms (section 2)", "基本概念（第 2 节）"): TERMS,
    Words("Algorithms (section 3)", "算法（第 3 节）"): ALGORITHMS,
    Words("Trends (section 5)", "趋势（第 5 节）"): TRENDS,
    Words("The appendix (section 6)", "附录（第 6 节）"): APPENDIX,
}
"""Heading to the corrections below it, in the article's order."""


def section(language: str, answered: dict[str, str]) -> list[str]:
    """Return the paragraphs of the section; `answered` maps the modules of the page's questions to their titles."""
    words = WORDS[language]
    paragraphs = [words["intro"]]
    for heading, corrections in PARTS.items():
        paragraphs.append(f"### {heading.to(language)}")
        for one in corrections:
            sources = words["sources"].format(words["join"].join(one.sources))
            if one.measured in answered:
                sources += words["measured"].format(answered[one.measured], one.measured)
            number = one.section.replace(", ", words["and"])
            paragraphs.append(words["said"].format(said=one.said.to(language), section=number))
            paragraphs += [one.is_so.to(language), sources]
    return paragraphs
