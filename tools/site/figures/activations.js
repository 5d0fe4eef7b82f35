/* A network of one input and one hidden layer follows a curve: each ReLU unit bends its line at one place. */
(() => {
  "use strict";

  const { mean, squaredDistance, clamp, spaced, leastSquares } = dlguide.numbers;
  const MOST = 12,
    START = 3,
    PLACES = spaced(-1, 1, 201);
  const target = (x) => Math.sin(Math.PI * x + 1);
  const TARGETS = PLACES.map(target);

  /** What a hidden unit makes of x; its score x − c is 0 at the bend c. */
  const unit = (activation, x, bend) => (activation === "relu" ? Math.max(x - bend, 0) : x - bend);

  /** The bends that cut the range from −1 to 1 into equal pieces; the first stands at its left end. */
  const equal = (count) => Array.from({ length: count }, (_, i) => -1 + (2 * i) / count);

  const output = ({ activation, bends, bias, weights }, x) =>
    bends.reduce((sum, bend, i) => sum + weights[i] * unit(activation, x, bend), bias);

  /** A network with the output weights that come nearest to the curve (least squares), and its error. Without an
      activation function one unit could do all: the weights are shared out. */
  function fit(activation, bends) {
    const linear = activation === "none";
    const columns = (linear ? [mean(bends)] : bends).map((bend) => PLACES.map((x) => unit(activation, x, bend)));
    const [bias, ...found] = leastSquares([PLACES.map(() => 1), ...columns], TARGETS);
    const weights = linear ? bends.map(() => found[0] / bends.length) : found;
    const network = { activation, bends, bias, weights },
      outputs = PLACES.map((x) => output(network, x));
    return { ...network, error: Math.sqrt(squaredDistance(outputs, TARGETS) / PLACES.length) };
  }

  dlguide.figure("activations", (figure) => {
    const { fixed } = dlguide.widgets,
      { say } = figure;
    const sum = dlguide.plot(say("sum"), { x: [-1.2, 1.2], y: [-1.6, 1.6], xLabel: "x", yLabel: say("sum_label") }),
      parts = dlguide.plot(say("parts"), { x: [-1.2, 1.2], y: [-6, 6], xLabel: "x", yLabel: say("parts_label") });
    const count = figure.slider("count", { min: 1, max: MOST, step: 1, value: START }),
      activation = figure.choice("activation", ["relu", "none"]);
    let bends = equal(START);
    figure.onReset(() => (bends = equal(START)));
    const handles = equal(MOST).map((_, i) => {
      const move = ([x]) => ((bends = bends.with(i, clamp(x, -1, 1))), figure.draw());
      return sum.handle(say("bend", { number: i + 1 }), move, [0.05, 0]);
    });
    figure.arrange([sum, parts], count, activation);

    return () => {
      if (bends.length !== count.value) bends = equal(count.value);
      const network = fit(activation.value, bends),
        relu = activation.value === "relu";
      sum.clear();
      sum.line(
        PLACES.map((x, i) => [x, TARGETS[i]]),
        0,
        "plot-dashed",
      );
      const corners = [-1.2, ...bends.toSorted((a, b) => a - b), 1.2];
      sum.line(
        corners.map((x) => [x, output(network, x)]),
        1,
      );
      handles.forEach(({ element, set }, i) => {
        element.setAttribute("display", relu && i < bends.length ? "inline" : "none");
        const bend = bends[i] ?? 0;
        set([bend, output(network, bend)], `x = ${fixed(bend, 2)}`);
      });
      const top = relu ? 6 : 1.4 * Math.abs(network.weights[0]) + 0.1; // Parts of a straight line are small.
      parts.axes([-1.2, 1.2], [-top, top]);
      parts.clear();
      parts.curve(() => 0, 0, "plot-thin");
      bends.forEach((bend, i) => {
        const part = (x) => network.weights[i] * unit(activation.value, x, bend);
        parts.line(
          [-1.2, bend, 1.2].map((x) => [x, part(x)]),
          2 + (i % 3),
        );
      });
      const moved = relu && bends.some((bend, i) => bend !== equal(bends.length)[i]);
      const values = {
        count: bends.length,
        bends: network.weights.filter((weight) => Math.abs(weight) > 1e-6).length,
        error: fixed(network.error, 3),
        equal: fixed(fit("relu", equal(bends.length)).error, 3),
      };
      figure.tell(say(relu ? "answer" : "straight", values), moved && say("compared", values));
    };
  });
  dlguide.figures.activations = { fit, equal };
})();
