/* SGD and Adam on two weights whose gradients differ in scale: their paths, and the size of each step. */
(() => {
  "use strict";

  const START = [1, 1],
    SCALE = 4; // The gradient of the first weight at the start, as in the diagram.

  /** The gradient of 2·(w₁² + w₂²/ratio). */
  const gradient = (w, ratio) => [SCALE * w[0], (SCALE / ratio) * w[1]];

  function path({ ratio, steps }, step) {
    const found = [START];
    for (let t = 1; t <= steps; t++) {
      const w = found.at(-1),
        g = gradient(w, ratio);
      found.push(w.map((value, axis) => value - step(g[axis], axis, t)));
    }
    return found;
  }

  /** The weights before the first step of SGD and after each. */
  const sgd = (settings) => path(settings, (g) => settings.rate * g);

  /** The same for Adam with the settings of Keras. */
  function adam(settings) {
    const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7],
      m = [0, 0],
      v = [0, 0];
    return path(settings, (g, axis, t) => {
      m[axis] += (1 - beta1) * (g - m[axis]);
      v[axis] += (1 - beta2) * (g ** 2 - v[axis]);
      const corrected = (settings.rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      return (corrected * m[axis]) / (Math.sqrt(v[axis]) + epsilon);
    });
  }

  dlguide.figure("adam", (figure) => {
    const { group, fixed } = dlguide.widgets,
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
    const steps = figure.player(COUNT, 12);
    figure.box.append(
      group("demo-columns", group("demo-column", paths.svg), group("demo-column", sizes.svg)),
      ratio.field,
      rate.field,
      steps.field,
    );

    return () => {
      const settings = { ratio: 10 ** ratio.value, rate: rate.value, steps: COUNT };
      paths.contours((x, y) => x ** 2 + y ** 2 / settings.ratio, [0.002, 0.01, 0.05, 0.2, 0.5, 1]);
      paths.clear();
      sizes.clear();
      paths.dots([[0, 0]], 0, 5);
      const sentences = [
        ["SGD", sgd(settings), 2],
        ["Adam", adam(settings), 1],
      ].map(([name, points, series]) => {
        const shown = points.slice(0, steps.value + 1),
          lengths = points.slice(1).map((w, t) => w.map((value, axis) => Math.abs(value - points[t][axis])));
        paths.line(shown, series);
        paths.dots(shown, series);
        for (const axis of [0, 1]) {
          const heights = lengths.map((length, t) => [t + 1, Math.log10(Math.max(length[axis], 1e-9))]);
          sizes.line(heights, series, axis ? "plot-dashed" : "");
          if (steps.value) sizes.dots([heights[steps.value - 1]], series, 5);
        }
        const [one, other] = steps.value ? lengths[steps.value - 1] : [0, 0];
        const [first, second] = shown.at(-1).map((value) => fixed(value, 3));
        return say("answer", { name, first, second, one: fixed(one, 4), other: fixed(other, 4) });
      });
      figure.tell(say("after", { count: steps.value }), ...sentences);
    };
  });
  dlguide.figures.adam = { sgd, adam };
})();
