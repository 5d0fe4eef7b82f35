/* transformer_shakespeare: the reader begins a text, the transformer goes on, character by character. */
dlguide.demo("text", (demo) => {
  "use strict";

  const { say, element, group, button, labelled, slider, seedField, textField, liveText, sentences } = dlguide.widgets,
    { softmax, largest, random, encoded, textNotes } = dlguide.widgets;
  const prompt = textField("textarea", { value: "JULIET\n", maxLength: 400, rows: 2 }); // As in the plays.
  const seed = seedField(() => write());
  const page = element("div", { className: "demo-text", tabIndex: 0, role: "region", "aria-label": say("written") });
  const answer = liveText();
  let isWriting = false,
    isAsked = false, // Before the model was there.
    last = Promise.resolve();

  /** Draw a token from its logits; token 0 is the padding. */
  function drawn(logits, heat, draw) {
    logits[0] = -Infinity;
    if (heat === 0) return largest(logits)[0];
    const chances = softmax(logits, heat);
    let left = draw();
    const token = chances.findIndex((chance) => (left -= chance) < 0);
    return token < 0 ? largest(logits)[0] : token;
  }

  /** Write a new text; one that is being written ends. */
  function write() {
    isWriting = false;
    isAsked = true;
    if (demo.parts) last = last.then(writeNow);
  }

  async function writeNow() {
    const [part] = demo.parts,
      {
        vocabulary,
        shape: [window],
      } = part.info.input;
    const symbols = Array.from(prompt.value || "\n"),
      draw = random(seed.value()),
      count = amount.input.valueAsNumber;
    const tokens = [...encoded(symbols, vocabulary, symbols.length)],
      written = document.createTextNode("");
    page.replaceChildren(element("b", { textContent: prompt.value }), written);
    answer.textContent = textNotes(symbols, vocabulary, Infinity) || "\u00a0";
    isWriting = true;
    set();
    let done = 0;
    for (; done < count && isWriting; done++) {
      const seen = tokens.slice(-window),
        ids = new Int32Array(window);
      ids.set(seen);
      const { data, shape } = (await part.run({ input_0: { data: ids, shape: [1, window] } })).output_0;
      const start = (seen.length - 1) * shape[2];
      tokens.push(drawn(data.slice(start, start + shape[2]), heat.input.valueAsNumber, draw));
      written.data += vocabulary[tokens.at(-1)];
      page.scrollTop = page.scrollHeight;
      await new Promise((resolve) => setTimeout(resolve)); // Lets the page be drawn, and the stop button pressed.
    }
    isWriting = false;
    set();
    answer.textContent = sentences(
      say("characters_written", { count: done }),
      textNotes(symbols, vocabulary, Infinity),
    );
  }

  const start = button(say("write"), seed.next),
    stop = button(say("stop"), () => (isWriting = false));
  const set = () => {
    if (isWriting === start.disabled) return;
    const hadFocus = [start, stop].includes(document.activeElement);
    [start.disabled, stop.disabled] = [isWriting, !isWriting];
    if (hadFocus) (isWriting ? stop : start).focus(); // A disabled button would lose it.
  };
  stop.disabled = true;
  prompt.onkeydown = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    start.click();
  };
  const heat = slider(
    say("temperature"),
    { min: 0, max: 1.5, step: 0.1, value: 0.8, show: (value) => value.toFixed(1) },
    () => {},
  );
  const amount = slider(say("length"), { min: 50, max: 1000, step: 50, value: 300 }, () => {});
  demo.box.append(
    group(
      "demo-stack",
      labelled(say("beginning"), prompt),
      heat.field,
      amount.field,
      seed.field,
      group("demo-row", start, stop),
      page,
      answer,
    ),
  );
  return () => void (isAsked && write()); // The text may take long: the demo is ready before.
});
