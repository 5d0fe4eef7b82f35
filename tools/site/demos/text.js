/* transformer_shakespeare: the reader begins a text, the transformer goes on, character by character; what may come
   first is shown with its probabilities. */
dlguide.demo("text", (demo) => {
  "use strict";

  const { say, element, group, button, labelled, slider, seedField, textField, liveText, sentences } = dlguide.widgets,
    { bars, named, latest, softmax, largest, random, encoded, textNotes } = dlguide.widgets;
  const SIGNS = { " ": "␣", "\n": "↵" },
    SHOWN = 5;
  const prompt = textField("textarea", { value: "JULIET\n", maxLength: 400, rows: 2 }); // As in the plays.
  const seed = seedField(() => write());
  const page = element("div", { className: "demo-text", tabIndex: 0, role: "region", "aria-label": say("written") });
  const answer = liveText(),
    next = bars(SHOWN);
  let isWriting = false,
    isAsked = false, // Before the model was there.
    logits = null, // Of the character after the beginning.
    last = Promise.resolve();

  function tokensOf(text) {
    const symbols = Array.from(text);
    return [...encoded(symbols, demo.parts[0].info.input.vocabulary, symbols.length)];
  }

  /** The logits of the token after these; token 0 is the padding. */
  async function logitsAfter(tokens) {
    const [part] = demo.parts,
      [window] = part.info.input.shape;
    const seen = tokens.slice(-window),
      ids = new Int32Array(window);
    ids.set(seen);
    const { data, shape } = (await part.run({ input_0: { data: ids, shape: [1, window] } })).output_0;
    const start = (seen.length - 1) * shape[2];
    return data.slice(start, start + shape[2]).fill(-Infinity, 0, 1);
  }

  /** The probabilities of the tokens at a temperature: at 0 the most probable one is certain. */
  function chancesOf(logits, heat) {
    if (heat > 0) return softmax(logits, heat);
    const [best] = largest(logits);
    return Array.from(logits, (_, token) => Number(token === best));
  }

  /** Draw a token from the probabilities. */
  function drawn(chances, draw) {
    let left = draw();
    const token = chances.findIndex((chance) => (left -= chance) < 0);
    return token < 0 ? largest(chances)[0] : token;
  }

  function showNext() {
    if (!logits) return;
    const { vocabulary } = demo.parts[0].info.input,
      chances = chancesOf(logits, heat.input.valueAsNumber);
    const order = [...chances.keys()].sort((a, b) => chances[b] - chances[a] || logits[b] - logits[a]).slice(0, SHOWN);
    next.show(
      order.map((token) => SIGNS[vocabulary[token]] ?? vocabulary[token]),
      [order.map((token) => chances[token])],
    );
  }

  const lookAhead = latest(async () => {
    if (!demo.parts) return;
    logits = await logitsAfter(tokensOf(prompt.value || "\n"));
    showNext();
  });

  /** Write a new text; one that is being written ends. */
  function write() {
    isWriting = false;
    isAsked = true;
    if (demo.parts) last = last.then(writeNow, writeNow);
  }

  async function writeNow() {
    const { vocabulary } = demo.parts[0].info.input;
    const symbols = Array.from(prompt.value || "\n"),
      draw = random(seed.value()),
      count = amount.input.valueAsNumber;
    const tokens = tokensOf(prompt.value || "\n"),
      written = document.createTextNode("");
    page.replaceChildren(element("b", { textContent: prompt.value }), written);
    answer.textContent = textNotes(symbols, vocabulary) || "\u00a0";
    isWriting = true;
    set();
    let done = 0;
    for (; done < count && isWriting; done++) {
      const chances = chancesOf(await logitsAfter(tokens), heat.input.valueAsNumber);
      tokens.push(drawn(chances, draw));
      written.data += vocabulary[tokens.at(-1)];
      page.scrollTop = page.scrollHeight;
      await new Promise((resolve) => setTimeout(resolve)); // Lets the page be drawn, and the stop button pressed.
    }
    isWriting = false;
    set();
    answer.textContent = sentences(say("characters_written", { count: done }), textNotes(symbols, vocabulary));
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
    showNext,
  );
  prompt.oninput = lookAhead;
  const amount = slider(say("length"), { min: 50, max: 1000, step: 50, value: 300 }, () => {});
  demo.box.append(
    group(
      "demo-stack",
      labelled(say("beginning"), prompt),
      heat.field,
      named(say("next"), next.table),
      amount.field,
      seed.field,
      group("demo-row", start, stop),
      page,
      answer,
    ),
  );
  return async () => {
    await lookAhead();
    if (isAsked) write(); // The text may take long: the demo is ready before.
  };
});
