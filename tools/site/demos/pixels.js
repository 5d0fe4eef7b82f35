/* Grey pictures as `{data, width, height}`: scaling as Pillow does it, filters as SciPy does them. */
(() => {
  "use strict";

  const dlguide = (window.dlguide = window.dlguide || {});
  const make = (width, height, data = new Float32Array(width * height)) => ({ data, width, height });

  const FILTERS = {
    box: { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
    bicubic: {
      reach: 2,
      weight(x) {
        const far = Math.abs(x);
        if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
        return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
      },
    },
  };

  /** Scale each row to `size` pixels, and turn the picture on its side: twice this is the whole picture, upright. */
  function scaledRows({ data, width, height }, size, { reach, weight }, isRounded) {
    const scale = width / size,
      spread = Math.max(scale, 1),
      result = make(height, size);
    for (let place = 0; place < size; place++) {
      const centre = (place + 0.5) * scale;
      const first = Math.max(0, Math.trunc(centre - reach * spread + 0.5));
      const end = Math.min(width, Math.trunc(centre + reach * spread + 0.5));
      const weights = [];
      for (let x = first; x < end; x++) weights.push(weight((x - centre + 0.5) / spread));
      const sum = weights.reduce((a, b) => a + b, 0);
      for (let y = 0; y < height; y++) {
        let value = 0;
        for (let x = first; x < end; x++) value += weights[x - first] * data[y * width + x];
        value /= sum;
        result.data[place * height + y] = isRounded ? Math.min(255, Math.max(0, Math.round(value))) : value;
      }
    }
    return result;
  }

  /** A picture scaled by a filter; `isRounded` for one of whole numbers up to 255. */
  function resized(picture, width, height, filter, isRounded = false) {
    return scaledRows(scaledRows(picture, width, FILTERS[filter], isRounded), height, FILTERS[filter], isRounded);
  }

  function cropped({ data, width }, left, top, right, bottom) {
    const result = make(right - left, bottom - top);
    for (let y = top; y < bottom; y++) {
      result.data.set(data.subarray(y * width + left, y * width + right), (y - top) * result.width);
    }
    return result;
  }

  /** A picture with a margin of one value on each side. */
  function framed({ data, width, height }, margin, value) {
    const result = make(width + 2 * margin, height + 2 * margin);
    result.data.fill(value);
    for (let y = 0; y < height; y++) {
      result.data.set(data.subarray(y * width, (y + 1) * width), (y + margin) * result.width + margin);
    }
    return result;
  }

  const map = ({ data, width, height }, change) => make(width, height, data.map(change));

  function transposed({ data, width, height }) {
    const result = make(height, width);
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result.data[x * height + y] = data[y * width + x];
    return result;
  }

  /** Apply a function from row to row to all rows, then to all columns. */
  function alongBoth(picture, change) {
    for (let turn = 0; turn < 2; turn++) {
      const { data, width, height } = picture,
        result = make(width, height);
      for (let y = 0; y < height; y++) result.data.set(change(data.subarray(y * width, (y + 1) * width)), y * width);
      picture = transposed(result);
    }
    return picture;
  }

  /** Blur; beyond the border the picture is mirrored. */
  function blurred(picture, deviation) {
    const reach = Math.trunc(4 * deviation + 0.5),
      weights = [];
    for (let x = -reach; x <= reach; x++) weights.push(Math.exp((-x * x) / (2 * deviation * deviation)));
    const sum = weights.reduce((a, b) => a + b, 0);
    return alongBoth(picture, (row) =>
      row.map((_, place) => {
        let value = 0;
        for (let x = -reach; x <= reach; x++) {
          let at = (place + x) % (2 * row.length);
          if (at < 0) at += 2 * row.length;
          value += weights[x + reach] * row[at < row.length ? at : 2 * row.length - 1 - at];
        }
        return value / sum;
      }),
    );
  }

  /** The largest value within `reach` pixels to each side. */
  function dilated(picture, reach) {
    return alongBoth(picture, (row) =>
      row.map((_, place) =>
        row.subarray(Math.max(0, place - reach), place + reach + 1).reduce((a, b) => Math.max(a, b)),
      ),
    );
  }

  /** The median within `reach` pixels to each side; beyond the border, values that fall go on falling. */
  function medians(picture, reach) {
    return alongBoth(picture, (row) => {
      const size = row.length,
        far = Math.min(reach, size - 1);
      const at = (i) => (i < 0 ? 2 * row[0] - row[-i] : i < size ? row[i] : 2 * row[size - 1] - row[2 * size - 2 - i]);
      const sorted = [];
      const place = (value) => {
        // Of the first number that is not smaller.
        let low = 0,
          high = sorted.length;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (sorted[middle] < value) low = middle + 1;
          else high = middle;
        }
        return low;
      };
      for (let i = -far; i < far; i++) sorted.splice(place(at(i)), 0, at(i));
      return row.map((_, i) => {
        sorted.splice(place(at(i + far)), 0, at(i + far));
        const middle = sorted[far];
        sorted.splice(place(at(i - far)), 1);
        return middle;
      });
    });
  }

  /** The value below which a share of the numbers lies. */
  function quantile(values, share) {
    const sorted = Float64Array.from(values).sort(),
      at = share * (sorted.length - 1),
      low = Math.floor(at);
    return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
  }

  dlguide.pixels = { make, resized, cropped, framed, map, blurred, dilated, medians, quantile };
})();
