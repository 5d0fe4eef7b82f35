/* A narrow valley, (w₁² + κw₂²)/2: gradient descent at its best rate, and momentum at the reader's settings. */
(() => {
  "use strict";

  const START = [-1, 1],
    TARGET = 0.001,
    FAR = 1e9,
    MOST = 20_000;
  const { sgd, walk } = dlguide.descent;

  const path = (settings) => dlguide.descent.path(START, [1, settings.kappa], sgd(settings), settings.steps);

  /** How many steps lead to a distance of 0.001 from the minimum; null if they do not, or are more than 20,000. */
  function stepsNeeded(settings) {
    let count = 0;
    for (const w of walk(START, [1, settings.kappa], sgd(settings))) {
      const distance = Math.hypot(...w);
      if (distance <= TARGET) return count;
      if (distance > FAR || count++ === MOST) return null;
    }
  }

  /** The best rate and momentum for a condition number, and the best rate without momentum. */
  const best = (kappa) => {
    const root = Math.sqrt(kappa);
    return { rate: (2 / (1 + root)) ** 2, momentum: ((root - 1) / (root + 1)) ** 2, plain: 2 / (kappa + 1) };
  };

  dlguide.figure("momentum", (figure) => {
    const { button, fixed } = dlguide.widgets,
      { say } = figure;
    const valley = (key) =>
      dlguide.plot(say(key), { x: [-1.2, 1.2], y: [-1.2, 1.2], xTicks: [], yTicks: [], height: 140, yLabel: say(key) });
    const yTicks = [0, -1, -2, -3].map((power) => [power, String(10 ** power)]);
    const about = { x: [0, 100], y: [-3.6, 0.6], yTicks, xLabel: dlguide.say("figure_steps"), height: 280 };
    const plots = [valley("plain"), valley("with_momentum")],
      distances = dlguide.plot(say("distances"), { ...about, yLabel: say("distance") });
    const kappa = figure.slider("kappa", { min: 10, max: 100, step: 10, value: 30 });
    // The rate times κ: its limit does not depend on κ then. The reader sees the rate itself.
    const scaled = { min: 0.05, max: 4, step: 0.05, value: 1.8, show: (v) => fixed(v / kappa.value, 4) };
    const rate = figure.slider("rate", scaled),
      momentum = figure.slider("beta", { min: 0, max: 0.98, step: 0.01, value: 0.7, show: (v) => fixed(v, 2) });
    const steps = figure.player(100);
    const setBest = () => {
      const settings = best(kappa.value);
      rate.set(settings.rate * kappa.value);
      momentum.set(settings.momentum);
      figure.draw();
    };
    figure.arrange([plots, distances], steps, rate, momentum, kappa, [button(say("best"), setBest)]);

    return () => {
      rate.set(rate.value); // What it shows depends on κ.
      const all = { kappa: kappa.value, steps: 100 };
      const plain = { ...all, rate: best(kappa.value).plain, momentum: 0 },
        own = { ...all, rate: rate.value / kappa.value, momentum: momentum.value };
      distances.clear();
      distances.curve(() => Math.log10(TARGET), 0, "plot-dashed");
      const sentences = [plain, own].map((settings, i) => {
        const series = 2 - i,
          points = path(settings),
          needed = stepsNeeded(settings);
        const shown = points.slice(0, steps.value + 1),
          heights = points.map((w, step) => [step, Math.log10(Math.hypot(...w))]);
        plots[i].contours((x, y) => x ** 2 / kappa.value + y ** 2, [0.003, 0.03, 0.15, 0.45, 1]);
        plots[i].clear();
        plots[i].dots([[0, 0]], 0, 5);
        plots[i].path(shown, series);
        distances.line(heights, series);
        distances.dots([heights[steps.value]], series, 5);
        const limit = (2 * (1 + settings.momentum)) / kappa.value;
        const values = {
          rate: fixed(settings.rate, 4),
          beta: fixed(settings.momentum, 2),
          limit: fixed(limit, 4),
          needed,
        };
        const never = settings.rate >= limit - 1e-9 ? "diverges" : "long";
        return say(i ? "own_steps" : "plain_steps", {
          ...values,
          result: say(needed === null ? never : "needed", values),
        });
      });
      figure.tell(...sentences);
    };
  });
  dlguide.figures.momentum = { path, stepsNeeded, best };
})();
