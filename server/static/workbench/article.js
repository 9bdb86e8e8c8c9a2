// The article by the keyboard: one stop of the Tab key, arrows from sentence to sentence, Shift takes more in.

const sentences = () => [...document.querySelectorAll("#article .sentence")];

/** Makes the chosen sentence, or the first, the one that Tab reaches. */
export function showArticle() {
  const all = sentences();
  const chosen = all.find((each) => each.hasAttribute("aria-current")) ?? all[0];
  for (const each of all) each.tabIndex = each === chosen ? 0 : -1;
  const shown = document.getElementById("article");
  if (!chosen?.hasAttribute("aria-current") || !shown) return;
  const { top, bottom } = shown.getBoundingClientRect(), box = chosen.getBoundingClientRect();
  if (box.top < top || box.bottom > bottom) shown.scrollTop += box.top - top - shown.clientHeight / 3;
}

const parts = (sentence) => sentence.dataset.at.split("-").map(Number);

export const moveInArticle = {
  /** The address of a sentence; with Shift, of the passage from the chosen ones to it, in one paragraph. */
  address(sentence, extend) {
    const [paragraph, number] = parts(sentence);
    const chosen = extend ? [...document.querySelectorAll("#article .sentence[aria-current]")].map(parts) : [];
    const numbers = chosen.filter(([p]) => p === paragraph).map(([, n]) => n);
    if (!numbers.length) return sentence.href;
    const first = Math.min(number, ...numbers), last = Math.max(number, ...numbers);
    return `/?at=${paragraph}-${first}${last > first ? `-${last}` : ""}`;
  },
};

document.addEventListener("keydown", (event) => {
  const here = event.target.closest?.("#article .sentence");
  if (!here || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = sentences(), place = all.indexOf(here);
  const next = { ArrowDown: place + 1, ArrowRight: place + 1, ArrowUp: place - 1, ArrowLeft: place - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined || !all[next]) return;
  event.preventDefault();
  if (event.shiftKey && parts(all[next])[0] === parts(here)[0]) {
    for (const each of [here, all[next]]) each.setAttribute("aria-current", "true");
    here.href = all[next].href = moveInArticle.address(all[next], true);
  }
  here.tabIndex = -1;
  all[next].tabIndex = 0;
  all[next].focus();
});
