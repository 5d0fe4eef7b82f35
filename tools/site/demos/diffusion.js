/* diffusion_mnist: digits appear out of hidden pixels, a group of pixels in each step. */
dlguide.demo("diffusion", (demo) => {
  "use strict";

  const { say, element, group, button, slider, seedField, picture, liveText, sentences, sigmoid, random } =
    dlguide.widgets;
  const SHOWN = 5,
    SIZE = 784,
    CHOICES = [1, 2, 3, 5, 10, 20, 50, 100, 200, 400, SIZE];
  const pictures = Array.from({ length: SHOWN }, (_, i) => picture(say("new_digit", { number: i + 1 })));
  const views = Array.from({ length: SHOWN }, (_, i) => picture(say("probabilities_of", { number: i + 1 })));
  const seed = seedField(() => draw()),
    progress = element("p", { className: "demo-answer", textContent: "\u00a0" }),
    answer = liveText();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let current = 0;

  /** The pixels in a random order: the place of each. */
  function places(draw) {
    const order = Array.from({ length: SIZE }, (_, i) => [draw(), i]).sort((a, b) => a[0] - b[0]);
    const found = new Int32Array(SIZE);
    order.forEach(([, pixel], place) => (found[pixel] = place));
    return found;
  }

  /** Show what is drawn, the hidden pixels grey, and below it the probabilities; or the end of both alone. */
  function show(signs, chances) {
    for (let i = 0; i < SHOWN; i++) {
      const part = signs.subarray(SIZE * i, SIZE * (i + 1));
      pictures[i].show(part.map((sign) => (sign + 1) / 2));
      views[i].show(part.map((sign, pixel) => (sign ? (sign + 1) / 2 : chances[SIZE * i + pixel])));
    }
  }

  async function draw() {
    if (!demo.parts) return;
    const mine = ++current, // A later call ends this one.
      count = CHOICES[steps.input.valueAsNumber],
      numbers = random(seed.value());
    const orders = Array.from({ length: SHOWN }, () => places(numbers)),
      signs = new Float32Array(SHOWN * SIZE);
    answer.textContent = "\u00a0";
    for (let step = 0; step < count; step++) {
      const chances = sigmoid(await demo.parts[0].answer(signs, [SHOWN, 28, 28, 1]));
      if (mine !== current) return;
      const end = Math.round((SIZE * (step + 1)) / count),
        begin = Math.round((SIZE * step) / count);
      if (!still) show(signs, chances);
      for (let i = 0; i < SHOWN * SIZE; i++) {
        const place = orders[Math.floor(i / SIZE)][i % SIZE];
        if (place >= begin && place < end) signs[i] = numbers() < chances[i] ? 1 : -1;
      }
      progress.textContent = say("pixels_drawn", { step: step + 1, steps: count, pixels: end, size: SIZE });
      if (!still) await new Promise(requestAnimationFrame);
    }
    show(signs, signs);
    const how = say(count === SIZE ? "drawn_one_by_one" : "drawn_in_groups", { steps: count });
    answer.textContent = sentences(how, say("rows_same"));
  }

  const options = { min: 0, max: CHOICES.length - 1, step: 1, value: 5, show: (index) => CHOICES[index] };
  const steps = slider(say("steps"), options, () => draw());
  const row = (name, all) => [
    element("p", { className: "demo-name", textContent: say(name) }),
    group("demo-grid", ...all.map(({ canvas }) => canvas)),
  ];
  demo.box.append(
    group(
      "demo-stack",
      steps.field,
      seed.field,
      group("demo-row", button(say("draw_digits"), seed.next)),
      ...row("digits_so_far", pictures),
      ...row("probabilities", views),
      progress,
      answer,
    ),
  );
  return draw;
});
