/* Gradient descent on λ/2·w²: the steps of a learning rate, and the factor of a step. */
(() => {
  "use strict";

  /** The weight before the first step and after each: a step subtracts the rate times the gradient λw. */
  const path = ({ rate, curvature, start, steps }) =>
    dlguide.descent.path([start], [curvature], dlguide.descent.sgd({ rate }), steps).flat();

  dlguide.figure("gradient_descent", (figure) => {
    const { fixed } = dlguide.widgets,
      { say } = figure;
    const loss = (w) => (curvature.value / 2) * w ** 2;
    const valley = dlguide.plot(say("valley"), { x: [-2, 2], y: [0, 4], xLabel: "w", yLabel: "λw²/2" });
    const factors = dlguide.plot(say("factors"), { x: [0, 1.5], y: [0, 2], xLabel: "η", yLabel: "|1 − ηλ|" });
    const rate = figure.slider("rate", { min: 0.01, max: 1.5, step: 0.01, value: 0.45, show: (v) => fixed(v, 2) });
    const curvature = figure.slider("curvature", { min: 1.5, max: 4, step: 0.5, value: 4, show: (v) => fixed(v, 1) });
    const steps = figure.player(20);
    let start = -1.2;
    const moved = ([w]) => ((start = w), figure.draw());
    const handle = valley.handle(say("start"), moved, [0.1, 0.1]);
    figure.onReset(() => (start = -1.2));
    figure.arrange([valley, factors], steps, rate, curvature);

    return () => {
      const settings = { rate: rate.value, curvature: curvature.value, start, steps: steps.value };
      const weights = path(settings),
        factor = 1 - rate.value * curvature.value,
        limit = 2 / curvature.value,
        size = Math.abs(factor);
      const grows = size > 1 + 1e-9,
        series = grows ? 2 : 1;
      valley.clear();
      valley.curve(loss, 0);
      valley.path(
        weights.map((w) => [w, loss(w)]),
        series,
      );
      handle.set([start, loss(start)], `w = ${fixed(start, 1)}`);
      factors.clear();
      factors.rect([limit, 0], [1.5, 2], "plot-band");
      factors.curve(() => 1, 0, "plot-dashed");
      factors.line(
        [
          [limit, 0],
          [limit, 2],
        ],
        0,
        "plot-dashed",
      );
      factors.text(
        [limit + (limit > 1 ? -0.03 : 0.03), 0.1],
        `2/λ = ${fixed(limit, 2)}`,
        0,
        limit > 1 ? "end" : "start",
      );
      factors.curve((eta) => Math.abs(1 - eta * curvature.value), 0);
      factors.dots([[rate.value, size]], series, 6);
      const kind =
        size < 1e-9
          ? "at_once"
          : Math.abs(size - 1) < 1e-9
            ? "forever"
            : grows
              ? "away"
              : factor < 0
                ? "swings"
                : "nearer";
      const last = weights.at(-1);
      const values = { factor: fixed(factor, 2), count: steps.value, w: fixed(last, 3), loss: fixed(loss(last), 3) };
      figure.tell(say("factor", values), say(kind), say("after", values));
    };
  });
  dlguide.figures.gradient_descent = { path };
})();
