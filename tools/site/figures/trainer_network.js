/* A small dense network with hand-written back-propagation. It computes what Keras does with the same first weights and
   the same batches, as a test compares. All tables of numbers are flat, row after row: one row for each example. */
(() => {
  "use strict";

  const EPSILON = 1e-3, // Keras's, of batch normalisation; the momentum is that of dlguide's `mlp`.
    MEMORY = 0.9;
  const { sigmoid } = dlguide.numbers;
  const slopeOfSilu = (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)));
  /** Of each activation: its value, and its slope from the value `a` and the weighted sum `z`. */
  const ACTIVATIONS = {
    none: [(z) => z, () => 1],
    relu: [(z) => Math.max(z, 0), (_, z) => (z > 0 ? 1 : 0)],
    tanh: [Math.tanh, (a) => 1 - a * a],
    sigmoid: [sigmoid, (a) => a * (1 - a)],
    silu: [(z) => z * sigmoid(z), (_, z) => slopeOfSilu(z)],
  };
  /** Standard deviation of the first weights from numbers of inputs and units; uniform, as Keras's Glorot and He. */
  const FIRST = {
    zero: () => 0,
    small: () => 0.01,
    glorot: (from, to) => Math.sqrt(2 / (from + to)),
    he: (from) => Math.sqrt(2 / from),
    large: () => 3,
  };
  const weight = (count, value = 0) => ({
    value: new Float64Array(count).fill(value),
    gradient: new Float64Array(count),
    first: new Float64Array(count), // What the optimizer remembers: velocity, or Adam's two means.
    second: new Float64Array(count),
  });

  class Layer {
    constructor(from, to, settings, isOutput, random) {
      const spread = Math.sqrt(3) * FIRST[settings.initial](from, to);
      const isNormalised = settings.batchNorm && !isOutput;
      Object.assign(this, { from, to, isOutput, tables: {}, random });
      [this.value, this.slope] = ACTIVATIONS[isOutput ? "none" : settings.activation];
      this.dropout = isOutput ? 0 : settings.dropout;
      this.isShortcut = settings.residual && !isOutput && from === to;
      this.kernel = weight(from * to);
      this.kernel.value.forEach((_, i, all) => (all[i] = spread * (2 * random() - 1)));
      if (isNormalised) {
        [this.gamma, this.beta] = [weight(to, 1), weight(to)]; // Instead of a bias.
        [this.mean, this.variance] = [new Float64Array(to), new Float64Array(to).fill(1)];
        this.deviation = new Float64Array(to);
      } else this.bias = weight(to);
      this.weights = isNormalised ? [this.kernel, this.gamma, this.beta] : [this.kernel, this.bias];
    }

    /** A table that is made once for the largest number of rows. */
    table(name, size) {
      if (!(this.tables[name]?.length >= size)) this.tables[name] = new Float64Array(size);
      return this.tables[name];
    }

    forward(x, rows, isTraining) {
      const { from, to, value, dropout, isShortcut } = this,
        size = rows * to;
      const kernel = this.kernel.value;
      const [z, active, out] = ["z", "active", "out"].map((name) => this.table(name, size));
      for (let row = 0; row < rows; row++) {
        const start = row * to;
        for (let j = 0; j < to; j++) z[start + j] = this.bias ? this.bias.value[j] : 0;
        for (let k = 0; k < from; k++) {
          const input = x[row * from + k];
          for (let j = 0; j < to; j++) z[start + j] += input * kernel[k * to + j];
        }
      }
      if (this.gamma) this.normalise(z, rows, isTraining);
      for (let i = 0; i < size; i++) out[i] = active[i] = value(z[i]);
      if (isTraining) [this.x, this.rows] = [x, rows];
      if (isTraining && dropout) {
        const kept = this.table("kept", size);
        for (let i = 0; i < size; i++) out[i] *= kept[i] = this.random() < dropout ? 0 : 1 / (1 - dropout);
      }
      if (isShortcut) for (let i = 0; i < size; i++) out[i] += x[i];
      return out;
    }

    /** Batch normalisation, in place: by the batch in training, by the moving averages otherwise. */
    normalise(z, rows, isTraining) {
      const { to, mean, variance, deviation, gamma, beta } = this;
      const scaled = this.table("scaled", rows * to);
      for (let j = 0; j < to; j++) {
        let [centre, square] = [mean[j], variance[j]];
        if (isTraining) {
          centre = square = 0;
          for (let i = j; i < rows * to; i += to) centre += z[i] / rows;
          for (let i = j; i < rows * to; i += to) square += (z[i] - centre) ** 2 / rows;
          mean[j] = MEMORY * mean[j] + (1 - MEMORY) * centre;
          variance[j] = MEMORY * variance[j] + (1 - MEMORY) * square;
        }
        deviation[j] = Math.sqrt(square + EPSILON);
        for (let i = j; i < rows * to; i += to) {
          scaled[i] = (z[i] - centre) / deviation[j];
          z[i] = gamma.value[j] * scaled[i] + beta.value[j];
        }
      }
    }

    /** Keep the gradients of the weights; return that of the inputs. `error` is the gradient of the outputs. */
    backward(error, l2) {
      const { from, to, x, rows, slope, dropout, isShortcut } = this,
        size = rows * to;
      const { kernel, bias, tables } = this;
      const [delta, down] = [this.table("delta", size), this.table("down", rows * from)];
      for (let i = 0; i < size; i++) {
        const kept = dropout ? tables.kept[i] : 1;
        delta[i] = kept && error[i] * kept * slope(tables.active[i], tables.z[i]);
      }
      if (this.gamma) this.backwardNorm(delta, rows);
      for (let i = 0; i < from * to; i++) kernel.gradient[i] = 2 * l2 * kernel.value[i];
      if (bias) bias.gradient.fill(0);
      for (let row = 0; row < rows; row++) {
        const start = row * to;
        if (bias) for (let j = 0; j < to; j++) bias.gradient[j] += delta[start + j];
        for (let k = 0; k < from; k++) {
          const input = x[row * from + k];
          let sum = isShortcut ? error[start + k] : 0;
          for (let j = 0; j < to; j++) {
            kernel.gradient[k * to + j] += input * delta[start + j];
            sum += delta[start + j] * kernel.value[k * to + j];
          }
          down[row * from + k] = sum;
        }
      }
      return down;
    }

    backwardNorm(delta, rows) {
      const { to, gamma, beta, deviation } = this,
        scaled = this.tables.scaled;
      for (let j = 0; j < to; j++) {
        let [sum, product] = [0, 0];
        for (let i = j; i < rows * to; i += to) (sum += delta[i]), (product += delta[i] * scaled[i]);
        [beta.gradient[j], gamma.gradient[j]] = [sum, product];
        const factor = gamma.value[j] / deviation[j];
        for (let i = j; i < rows * to; i += to) delta[i] = factor * (delta[i] - (sum + scaled[i] * product) / rows);
      }
    }
  }

  dlguide.trainer = { ...dlguide.trainer, Layer, sigmoid };
})();
