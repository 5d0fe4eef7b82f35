/* Steps of Keras's optimizers on a loss that is half the sum of curvature · w² over the weights w. */
(() => {
  "use strict";

  /** An optimizer is made of its settings; it gives what step t = 1, 2, … subtracts from the weight of an axis. */
  function sgd({ rate, momentum = 0 }) {
    const velocity = [];
    return (gradient, axis) => {
      velocity[axis] = momentum * (velocity[axis] ?? 0) + rate * gradient;
      return velocity[axis];
    };
  }

  function adam({ rate }) {
    const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-7], // As in Keras.
      m = [],
      v = [];
    return (gradient, axis, t) => {
      m[axis] = beta1 * (m[axis] ?? 0) + (1 - beta1) * gradient;
      v[axis] = beta2 * (v[axis] ?? 0) + (1 - beta2) * gradient ** 2;
      const corrected = (rate * Math.sqrt(1 - beta2 ** t)) / (1 - beta1 ** t);
      return (corrected * m[axis]) / (Math.sqrt(v[axis]) + epsilon);
    };
  }

  /** The weights before the first step and after each, for ever. */
  function* walk(start, curvatures, optimizer) {
    let w = start;
    for (let t = 1; ; t++) {
      yield w;
      w = w.map((value, axis) => value - optimizer(curvatures[axis] * value, axis, t));
    }
  }

  /** The same for so many steps. */
  function path(start, curvatures, optimizer, steps) {
    const weights = walk(start, curvatures, optimizer);
    return Array.from({ length: steps + 1 }, () => weights.next().value);
  }

  dlguide.descent = { sgd, adam, walk, path };
})();
