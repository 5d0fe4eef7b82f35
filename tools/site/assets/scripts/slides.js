/* Smaller letters where the fonts of this machine need more room than a slide has; keys from slide to slide. */
addEventListener("load", () => {
  const slides = [...document.querySelectorAll("section")];
  for (const slide of slides) {
    const size =
      parseFloat(getComputedStyle(slide).fontSize) / parseFloat(getComputedStyle(document.documentElement).fontSize);
    for (let part = 0.95; slide.scrollHeight > slide.clientHeight && part > 0.5; part -= 0.05)
      slide.style.fontSize = `${size * part}rem`;
  }
  addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1 }[
      event.key
    ];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const now = slides.findIndex((slide) => slide.getBoundingClientRect().bottom > innerHeight / 2);
    slides[Math.min(Math.max(now + step, 0), slides.length - 1)].scrollIntoView({ block: "center" });
  });
});
