/* SGD and Adam on two weights whose gradients differ in scale: their paths, and the size of each step. */
(() => {
  "use strict";

  const { along } = dlguide.numbers;
  const START = [1, 1],
    SCALE = 4, // The gradient of the first weight at the start, as in the diagram.
    OPTIMIZERS = { sgd: "SGD", adam: "Adam" };

  /** The weights before the first step of an optimizer and after each, on the loss 2·(w₁² + w₂²/ratio). */
  const path = (optimizer, { ratio, rate, steps }) =>
    dlguide.descent.path(START, [SCALE, SCALE / ratio], dlguide.descent[optimizer]({ rate }), steps);

  dlguide.figure("adam", (figure) => {
    const { fixed } = dlguide.widgets,
      { say } = figure;
    const COUNT = 60;
    const range = [-0.7, 1.2];
    const about = { x: range, y: range, xLabel: say("weight_1"), yLabel: say("weight_2"), height: 280 };
    const paths = dlguide.plot(say("paths"), about);
    const yTicks = [0, -1, -2, -3, -4].map((power) => [power, String(10 ** power)]);
    const sizesAbout = { x: [0, COUNT], y: [-5, 0.7], yTicks, height: 280, xLabel: dlguide.say("figure_steps") };
    const sizes = dlguide.plot(say("sizes"), { ...sizesAbout, yLabel: say("size") });
    const showRatio = (power) => String(Math.round(10 ** power));
    const ratio = figure.slider("ratio", { min: 0, max: 3, step: 0.5, value: 2, show: showRatio });
    const rate = figure.slider("rate", { min: 0.01, max: 0.6, step: 0.01, value: 0.1, show: (v) => fixed(v, 2) });
    const steps = figure.player(COUNT);
    figure.arrange([paths, sizes], steps, ratio, rate);

    return () => {
      const settings = { ratio: 10 ** ratio.value, rate: rate.value, steps: COUNT };
      paths.contours((x, y) => x ** 2 + y ** 2 / settings.ratio, [0.002, 0.01, 0.05, 0.2, 0.5, 1]);
      paths.clear();
      sizes.clear();
      paths.dots([[0, 0]], 0, 5);
      const sentences = Object.entries(OPTIMIZERS).map(([optimizer, name], i) => {
        const series = 2 - i,
          points = path(optimizer, settings),
          shown = points.slice(0, steps.value + 1),
          lengths = points.slice(1).map((w, t) => w.map((value, axis) => Math.abs(value - points[t][axis])));
        paths.path(shown, series);
        for (const axis of [0, 1]) {
          const heights = along(lengths.map((length) => Math.log10(Math.max(length[axis], 1e-9))));
          sizes.line(heights, series, axis ? "plot-dashed" : "");
          if (steps.value) sizes.dots([heights[steps.value - 1]], series, 5);
        }
        if (!steps.value) return "";
        const [first, second] = shown.at(-1).map((value) => fixed(value, 3)),
          [one, other] = lengths[steps.value - 1].map((value) => fixed(value, 4));
        return say("answer", { name, first, second, one, other });
      });
      figure.tell(say(steps.value ? "after" : "before", { count: steps.value }), ...sentences);
    };
  });
  dlguide.figures.adam = { path };
})();
