/* What the networks answer at places of the plane, computed piece by piece, so that the page does not stop. */
(() => {
  "use strict";

  const { sigmoid } = dlguide.trainer;
  const CELLS = 40,
    CHUNK = 400;
  const ORANGE = [217, 95, 2],
    BLUE = [31, 119, 180];

  /** The middles of the cells as the network gets them, the lowest row first; of one input: the cells of a row. */
  function grid(data, cells) {
    const middle = ([low, high], i) => low + ((i + 0.5) / cells) * (high - low);
    const rows = data.inputs === 1 ? 1 : cells;
    const places = Array.from({ length: cells * rows }, (_, i) =>
      [middle(data.ranges[0], i % cells), middle(data.ranges[1], Math.floor(i / cells))].slice(0, data.inputs),
    );
    return data.encode(places);
  }

  /** The answers of all seeds at the cells, computed in pieces, so that the page does not stop. */
  class Answers {
    constructor(runs) {
      const { data } = runs;
      Object.assign(this, { runs, data, places: grid(data, CELLS), at: 0 });
      this.count = this.places.length / data.inputs;
      this.values = runs.runs.map(() => new Float64Array(this.count));
      this.piece = Math.min(CHUNK, this.count);
      while (this.at < this.pieces) this.update();
    }

    get pieces() {
      return (this.values.length * this.count) / this.piece;
    }

    restart() {
      this.at = 0;
    }

    /** Compute the next piece; true when a round is done. */
    update() {
      if (this.at >= this.pieces) this.at = 0;
      const run = Math.floor((this.at * this.piece) / this.count),
        start = (this.at * this.piece) % this.count,
        { inputs } = this.data;
      const part = this.places.subarray(start * inputs, (start + this.piece) * inputs);
      const found = this.runs.runs[run].network.outputs(part, this.piece);
      for (let i = 0; i < this.piece; i++) this.values[run][start + i] = found[i];
      return ++this.at >= this.pieces;
    }

    /** At a cell, of −1 (orange) to 1 (blue): the mean of the seeds. */
    shade(cell) {
      let sum = 0;
      for (const values of this.values)
        sum += this.data.isRegression ? values[cell] / 2 : 2 * sigmoid(values[cell]) - 1;
      return sum / this.values.length;
    }
  }

  /** Fill a canvas of cells × cells with shades. */
  function paint(canvas, cells, shade) {
    canvas.width = canvas.height = cells;
    const context = canvas.getContext("2d"),
      image = context.createImageData(cells, cells);
    for (let i = 0; i < cells * cells; i++) {
      const value = shade((cells - 1 - Math.floor(i / cells)) * cells + (i % cells)) || 0;
      const colour = value < 0 ? ORANGE : BLUE;
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = colour[k];
      image.data[4 * i + 3] = 140 * Math.min(1, Math.abs(value));
    }
    context.putImageData(image, 0, 0);
  }

  Object.assign(dlguide.trainer, { Answers, grid, paint, CELLS });
})();
