/* The digit on a drawing as the image that a model was trained on. The steps are those by which `recipes predict` reads
   a photo (`recipes/_lib/picture_reader.py`), for a drawing on white. */
(() => {
  "use strict";

  const { make, resized, cropped, framed, map, blurred, dilated, medians, quantile } = dlguide.pixels;
  const SIDE = 128; // Pixels of the longer side at which a drawing is searched.
  const fromEnd = (places, size) => places.map((place) => (place < 0 ? size + place : place));

  /** A drawing with a margin in the colour of its border, if ink reaches the border. */
  function withMargin(grey) {
    const small = map(resized(grey, 48, 48, "box", true), (value) => value / 255).data,
      border = [],
      ends = fromEnd([0, 1, -2, -1], 48);
    for (let i = 0; i < 48; i++) border.push(small[i], small[47 * 48 + i], small[48 * i], small[48 * i + 47]);
    const paper = quantile(border, 0.5),
      corners = ends.flatMap((y) => ends.map((x) => small[48 * y + x]));
    const range = Math.max(...border) - Math.min(...border);
    if (range < 0.4 || corners.some((corner) => Math.abs(corner - paper) > 0.15)) return grey;
    return framed(grey, Math.floor(Math.max(grey.width, grey.height) / 7), Math.round(255 * paper));
  }

  /** Connected pieces of a mask, most ink first, each with its pixels, its ink and its box. */
  function shapesOf(contrast, isInk) {
    const { data, width, height } = contrast,
      seen = new Uint8Array(data.length),
      shapes = [];
    for (let start = 0; start < data.length; start++) {
      if (seen[start] || !isInk(start)) continue;
      const pixels = [start],
        box = { left: width, right: 0, top: height, bottom: 0 };
      let ink = 0;
      seen[start] = 1;
      for (let next = 0; next < pixels.length; next++) {
        const x = pixels[next] % width,
          y = Math.floor(pixels[next] / width);
        ink += data[pixels[next]];
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x + 1);
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y + 1);
        for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
          for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
            const near = v * width + u;
            if (!seen[near] && isInk(near)) {
              seen[near] = 1;
              pixels.push(near);
            }
          }
        }
      }
      if (pixels.length > 5)
        shapes.push({ pixels, ink, box, size: Math.max(box.right - box.left, box.bottom - box.top) });
    }
    return shapes.sort((a, b) => b.ink - a.ink);
  }

  /** How far two boxes lie apart, 0 or less if they overlap. */
  const gap = (a, b) =>
    Math.max(
      Math.max(a.left, b.left) - Math.min(a.right, b.right),
      Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom),
    );

  /** The ink in [0, 1] of the shapes that make up the digit, and the number of other shapes of such a size. */
  function digitOf(contrast, threshold) {
    const { data, width, height } = contrast;
    let shapes = shapesOf(contrast, (i) => data[i] > threshold[i]);
    if (shapes.length) {
      // Faint traces beside the ink are below half of its contrast.
      const pixels = shapes.flatMap((shape) => shape.pixels),
        mask = new Set(pixels);
      const strong =
        0.45 *
        quantile(
          pixels.map((i) => data[i]),
          0.8,
        );
      shapes = shapesOf(contrast, (i) => mask.has(i) && data[i] > Math.max(threshold[i], strong));
    }
    const [largest] = shapes;
    if (!largest || largest.size < 6 || largest.ink < 3) return null;
    const isPart = (shape) => gap(shape.box, largest.box) < 0.1 * largest.size;
    const rivals = shapes.filter(
      (shape) => !isPart(shape) && shape.size > 0.5 * largest.size && shape.ink > 0.2 * largest.ink,
    );
    let mask = make(width, height);
    for (const shape of shapes.filter(isPart)) for (const i of shape.pixels) mask.data[i] = 1;
    mask = dilated(mask, 2).data;
    const level = quantile(
      largest.pixels.map((i) => data[i]),
      0.7,
    );
    const ink = map(contrast, (value, i) => mask[i] * Math.min(1, Math.max(0, (value / level - 0.2) / 0.6)));
    return { ink, rivals: rivals.length };
  }

  /** The digit of a drawing, null if there is none; with `within`, only ink close to that of an earlier look. */
  function findDigit(grey, smoothing, within = null) {
    const scale = SIDE / Math.max(grey.width, grey.height);
    const [width, height] = [grey.width, grey.height].map((side) => Math.max(8, Math.round(scale * side)));
    const small = resized(grey, width, height, scale < 1 ? "box" : "bicubic", true);
    const pixels = blurred(
      map(small, (value) => value / 255),
      smoothing,
    );
    const ground = medians(pixels, SIDE / 4);
    const near = within && dilated(resized(within, width, height, "bicubic"), 4).data;
    const least = Math.max(0.15, 0.3 * ground.data.reduce((a, b) => Math.max(a, b)));
    const light = ground.data.map((value) => Math.max(value, least));
    const noise = quantile(
      ground.data.map((value, i) => Math.abs(value - pixels.data[i])),
      0.5,
    );
    const contrast = map(ground, (value, i) => (near && near[i] <= 0.1 ? 0 : (value - pixels.data[i]) / light[i]));
    return digitOf(
      contrast,
      light.map((value) => Math.max((4 * 1.4826 * noise) / value, 0.06)),
    );
  }

  function boxOf({ data, width, height }, least) {
    const box = { left: width, right: 0, top: height, bottom: 0 };
    data.forEach((value, i) => {
      if (value <= least) return;
      const x = i % width,
        y = Math.floor(i / width);
      Object.assign(box, { left: Math.min(box.left, x), right: Math.max(box.right, x + 1) });
      Object.assign(box, { top: Math.min(box.top, y), bottom: Math.max(box.bottom, y + 1) });
    });
    return box;
  }

  /** The box, in pixels of a picture of that size, of the ink and of half its size around it. */
  function surroundings(ink, width, height) {
    const { left, right, top, bottom } = boxOf(ink, 0.3),
      reach = 0.5 * Math.max(right - left, bottom - top);
    const scale = Math.max(width, height) / Math.max(ink.width, ink.height);
    return [
      Math.max(0, Math.trunc((left - reach) * scale)),
      Math.max(0, Math.trunc((top - reach) * scale)),
      Math.min(width, Math.round((right + reach) * scale)),
      Math.min(height, Math.round((bottom + reach) * scale)),
    ];
  }

  /** Ink cut to its box, as large as the margin allows, its centre of mass in the middle: 28 × 28 numbers. */
  function placeInk(ink, margin, side = 28) {
    const { left, right, top, bottom } = boxOf(ink, 0.1),
      cut = cropped(ink, left, top, right, bottom);
    const fit = (side - 2 * margin) / Math.max(cut.width, cut.height);
    const [width, height] = [cut.width, cut.height].map((length) => Math.max(1, Math.round(fit * length)));
    const small = resized(cut, width, height, fit < 1 ? "box" : "bicubic");
    let sum = 0,
      x = 0,
      y = 0;
    small.data.forEach((value, i) => {
      sum += value;
      x += value * (i % width);
      y += value * Math.floor(i / width);
    });
    const place = (middle, length) => Math.min(side - length, Math.max(0, Math.round(side / 2 - middle)));
    const [column, row] = [place(x / sum, width), place(y / sum, height)],
      result = new Float32Array(side * side);
    for (let i = 0; i < height; i++) {
      result.set(small.data.subarray(i * width, (i + 1) * width), (row + i) * side + column);
    }
    return result;
  }

  /** Grey values (0 black to 255 white) of dark ink on light as 28 × 28 numbers, light on black.
      Returns null if there is no ink, and the number of shapes if there are several. */
  dlguide.prepare = (values, width, height, margin) => {
    const grey = withMargin(make(width, height, Float32Array.from(values)));
    const digit = findDigit(grey, 0.8);
    if (!digit) return null;
    if (digit.rivals) return digit.rivals + 1;
    const box = surroundings(digit.ink, grey.width, grey.height);
    const within = cropped(resized(digit.ink, grey.width, grey.height, "bicubic"), ...box);
    return placeInk((findDigit(cropped(grey, ...box), 1.5, within) || digit).ink, margin);
  };
})();
