/* The words of a text, for the search: forms of a word, spellings and typing errors count as the same. */
(() => {
  "use strict";

  const WORD = /[\u3400-\u9fff]+|[a-z0-9\u00b5-\u024f\u0370-\u03ff]+/g;
  const PARTICLES = /[^的了吗呢]+/g;
  const HAN = /^[\u3400-\u9fff]/;

  /** A word without what differs between forms of it, and between British and American spelling. */
  const stems = new Map();
  function stem(word) {
    if (HAN.test(word) || word.length < 4) return word;
    if (!stems.has(word)) stems.set(word, cut(word));
    return stems.get(word);
  }
  function cut(word) {
    let short = word.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
    short = short.replace(/iz/g, "is").replace(/yz/g, "ys").replace(/our/g, "or").replace(/tre$/, "ter");
    short = short.replace(/ies$/, "y").replace(/([^s])s$/, "$1");
    short = short
      .replace(/(is)(e|er|ed|ing|ation)$/, "$1")
      .replace(/(.{3})(ing|ed|e|al|ation|ion)$/, "$1")
      .replace(/(.{4})(er|est)$/, "$1");
    return short.replace(/([^s])\1$/, "$1");
  }

  /** Call `act(term, start, end)` for each word of a text: its stem, or a pair of Chinese characters. */
  function each(text, act) {
    let last;
    for (const match of text.toLowerCase().matchAll(WORD)) {
      const [part] = match;
      const start = match.index;
      const end = start + part.length;
      if (HAN.test(part)) {
        for (const { 0: run, index } of part.matchAll(PARTICLES))
          for (let i = 0; i < Math.max(run.length - 1, 1); i++)
            act(run.slice(i, i + 2), start + index + i, start + index + Math.min(i + 2, run.length));
        continue;
      }
      act(stem(part), start, end);
      // Both parts of a word with a hyphen, as one word too.
      if (last?.end === start - 1 && text[last.end] === "-") act(stem(last.part + part), last.start, end, true);
      last = { part, start, end };
    }
  }

  function words(text) {
    const found = [];
    each(text, (term, start, end) => found.push({ term, start, end }));
    return found.sort((a, b) => a.start - b.start);
  }

  function terms(text) {
    const found = [];
    each(text, (term) => found.push(term));
    return found;
  }

  /** The terms in their order as one text, to compare phrases. */
  function sequence(text) {
    const found = [];
    each(text, (term, _start, _end, isWhole) => isWhole || found.push(term));
    return ` ${found.join(" ")} `;
  }

  /** Whether at most `most` letters must be put in, left out, changed or swapped to get from one word to the other. */
  function isNear(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return false;
    let before = [];
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]));
        if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
      }
      [before, row] = [row, next];
    }
    return row[b.length] <= most;
  }

  Object.assign(dlguide.search, { HAN, isNear, sequence, stem, terms, words });
})();
