/* The whole network: its loss, and a step of an optimizer as Keras takes it. */
(() => {
  "use strict";

  const { Layer, sigmoid } = dlguide.trainer;
  /** Change a weight by its gradient: as Keras's `SGD`, `SGD(momentum=0.9)`, `Adam` with their defaults. */
  const OPTIMIZERS = {
    sgd: ({ value, gradient }, rate) => {
      for (let i = 0; i < value.length; i++) value[i] -= rate * gradient[i];
    },
    momentum: ({ value, gradient, first }, rate) => {
      for (let i = 0; i < value.length; i++) value[i] += first[i] = 0.9 * first[i] - rate * gradient[i];
    },
    adam: ({ value, gradient, first, second }, rate, step) => {
      const factor = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
      for (let i = 0; i < value.length; i++) {
        first[i] += 0.1 * (gradient[i] - first[i]);
        second[i] += 0.001 * (gradient[i] ** 2 - second[i]);
        value[i] -= (factor * first[i]) / (Math.sqrt(second[i]) + 1e-7);
      }
    },
  };

  /** `settings`: layers, units, activation, batchNorm, residual, dropout, l2, initial, optimizer, rate. */
  class Network {
    constructor(inputs, isRegression, settings, random) {
      const sizes = [inputs, ...Array(settings.layers).fill(settings.units), 1];
      Object.assign(this, { isRegression, settings, random, steps: 0 });
      this.layers = sizes.slice(1).map((to, i) => new Layer(sizes[i], to, settings, i === settings.layers, random));
    }

    /** One number for each row: the logit of class 1, or the predicted value. */
    outputs(x, rows, isTraining = false) {
      return this.layers.reduce((values, layer) => layer.forward(values, rows, isTraining), x);
    }

    /** Mean loss of outputs: binary cross-entropy from logits, or squared error. */
    meanLoss(outputs, y, rows) {
      let sum = 0;
      for (let i = 0; i < rows; i++) {
        const z = outputs[i];
        if (this.isRegression) sum += (z - y[i]) ** 2;
        else sum += Math.max(z, 0) - z * y[i] + Math.log1p(Math.exp(-Math.abs(z)));
      }
      return sum / rows;
    }

    /** Loss without penalty and dropout, and the accuracy. */
    scores(x, y) {
      const outputs = this.outputs(x, y.length);
      let right = 0;
      for (let i = 0; i < y.length; i++) right += outputs[i] > 0 === y[i] > 0.5;
      return { loss: this.meanLoss(outputs, y, y.length), accuracy: right / y.length };
    }

    /** One step on a batch; the gradients stay in the layers. Returns the loss before the step, without the penalty. */
    step(x, y) {
      const rows = y.length,
        outputs = this.outputs(x, rows, true);
      const loss = this.meanLoss(outputs, y, rows);
      const { optimizer, rate, l2 } = this.settings;
      let error = this.layers.at(-1).table("error", rows);
      for (let i = 0; i < rows; i++) {
        error[i] = (this.isRegression ? 2 * (outputs[i] - y[i]) : sigmoid(outputs[i]) - y[i]) / rows;
      }
      for (const layer of [...this.layers].reverse()) error = layer.backward(error, l2);
      this.steps++;
      for (const { weights } of this.layers) {
        for (const each of weights) OPTIMIZERS[optimizer](each, rate, this.steps);
      }
      return loss;
    }

    /** Of each layer: the length of the gradient of its kernel in the last step. */
    gradientNorms() {
      return this.layers.map(({ kernel }) => Math.hypot(...kernel.gradient));
    }

    /** Of each hidden layer: the share of units whose activation has a slope below 0.01 for each of the inputs. */
    deadShares(x, rows) {
      this.outputs(x, rows);
      return this.layers.slice(0, -1).map(({ to, tables, slope }) => {
        let dead = 0;
        for (let j = 0; j < to; j++) {
          let isDead = true;
          for (let i = j; isDead && i < rows * to; i += to)
            isDead = Math.abs(slope(tables.active[i], tables.z[i])) < 0.01;
          dead += isDead;
        }
        return dead / to;
      });
    }
  }

  dlguide.trainer.Network = Network;
})();
