/* autoencoder_mnist, vae_mnist: a digit's code, a slider for each of its numbers, and the digit that the decoder makes
   of it. */
dlguide.demo("decoder", (demo) => {
  "use strict";

  const { say, DIGITS, element, group, button, named, slider, figure, picture, percent, liveText } = dlguide.widgets,
    { sigmoid, normals, latest } = dlguide.widgets;
  const isVae = demo.models[0].startsWith("vae"),
    count = isVae ? 40 : 32,
    IDLE = 0.05; // A number that changes no pixel by more is unused.
  const seen = picture(say("seen")),
    decoded = picture(say("decoded")),
    answer = liveText();
  let image = null,
    isOfImage = false,
    code = new Float32Array(count),
    from = code,
    targets = [];

  const run = (file, data, shape, batch = 1) =>
    demo.parts.find(({ name }) => name.endsWith(file)).answer(data, [batch, ...shape]);
  // The VAE was trained on black and white pixels.
  const encode = (values) => run("encoder", isVae ? values.map((value) => Number(value > 0.5)) : values, [28, 28, 1]);

  const show = latest(async () => {
    if (!demo.parts) return;
    const made = sigmoid(await run("decoder", code, [count]));
    decoded.show(made);
    sliders.forEach((input, i) => (input.value = code[i]));
    const error = isOfImage && made.reduce((sum, value, i) => sum + (value - image[i]) ** 2, 0) / 784;
    answer.textContent = isOfImage ? say("decoded_error", { error: error.toFixed(4) }) : "\u00a0";
  });

  function change(i, value) {
    code[i] = value;
    from = code.slice();
    way.set(0);
    show();
  }

  const sliders = Array.from({ length: count }, (_, i) =>
    element("input", {
      type: "range",
      min: -3,
      max: 3,
      step: "any",
      value: 0,
      "aria-label": say("code_number", { number: i + 1 }),
      oninput: (event) => change(i, event.target.valueAsNumber),
      onkeydown: (event) => {
        // With step "any" each browser has a step of its own.
        const sign = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
        if (!sign) return;
        event.preventDefault();
        change(i, Math.min(event.target.max, Math.max(event.target.min, code[i] + (sign * event.target.max) / 20)));
      },
    }),
  );

  const setCode = (values, isEncoded = false) => {
    isOfImage = isEncoded;
    code = Float32Array.from(values);
    from = code.slice();
    way.set(0);
    return show();
  };
  /** Show the code of the drawing, unless there is another drawing by then, or none. */
  const encodeDrawing = async () => {
    const drawn = image,
      found = await encode(drawn);
    if (image === drawn) await setCode(found, true);
  };
  const drawing = dlguide.drawing(async (drawn) => {
    image = drawn;
    seen.show(image ?? new Float32Array(784));
    if (image && demo.parts) await encodeDrawing();
    else if (isOfImage) await setCode(code); // Cleared: the digit stays, its error belongs to no drawing.
  });

  const target = element(
    "select",
    { "aria-label": say("towards") },
    ...DIGITS.map((digit) => element("option", { value: digit, textContent: digit, selected: digit === "3" })),
  );
  const walk = () => {
    const share = way.input.valueAsNumber / 100,
      to = targets[target.value];
    if (!to) return;
    code = from.map((value, i) => (1 - share) * value + share * to[i]);
    show();
  };
  const way = slider(
    say("way"),
    { min: 0, max: 100, step: 1, value: 0, show: (value) => percent(value / 100, 0) },
    walk,
  );
  target.onchange = walk;
  const buttons = [button(say("zero_code"), () => setCode(new Float32Array(count)))];
  if (isVae) buttons.unshift(button(say("random_code"), () => setCode(normals(Math.random, count))));
  const again = button(say("code_of_drawing"), () => image && demo.parts && encodeDrawing());

  const used = group("demo-code"),
    unused = group("demo-code"),
    summary = element("summary"),
    fold = element("details", {}, summary, element("p", { textContent: say("unused_why") }), unused);
  const fields = sliders.map((input, i) => group("", input, element("span", { textContent: i + 1 })));
  used.append(...fields);

  /** The sliders in the order of what they do: how far a number moves the pixels between its lowest and its highest
      value. The others stay as they are in the mean code of ten digits. */
  async function sortSliders(far) {
    const mean = Array.from({ length: count }, (_, i) => targets.reduce((sum, each) => sum + each[i], 0) / 10);
    const codes = sliders.flatMap((_, i) => [far, -far].map((value) => mean.with(i, value))),
      made = sigmoid(await run("decoder", codes.flat(), [count], codes.length));
    const effects = sliders.map((_, i) => {
      const changes = Array.from({ length: 784 }, (_, p) =>
        Math.abs(made[784 * 2 * i + p] - made[784 * (2 * i + 1) + p]),
      );
      return { i, sum: changes.reduce((a, b) => a + b), most: Math.max(...changes) };
    });
    effects.sort((a, b) => b.sum - a.sum);
    for (const { i, most } of effects) (most > IDLE ? used : unused).append(fields[i]);
    if (unused.children.length) used.after(fold);
    summary.textContent = say("unused_numbers", { count: unused.children.length });
  }

  demo.box.append(
    group(
      "demo-columns",
      drawing.box,
      group(
        "demo-column",
        group("demo-seen", figure(seen.canvas, say("input")), figure(decoded.canvas, say("decoded"))),
        answer,
        named(say("code_numbers", { count }), used),
        group("demo-row", again, ...buttons),
        named(say("towards"), target),
        way.field,
      ),
    ),
  );
  return async () => {
    const examples = await dlguide.examples();
    for (const digit of examples) targets.push(await encode(digit));
    const far = Math.ceil(Math.max(isVae ? 3 : 0, ...targets.flatMap((values) => Array.from(values, Math.abs))));
    sliders.forEach((input) => Object.assign(input, { min: -far, max: far }));
    await sortSliders(far);
    if (image) await encodeDrawing();
    else await drawing.putExample(7);
  };
});
