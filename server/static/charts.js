// Charts and maps are pictures, drawn by the server. One that the reader uses (points at, taps, or opens with its button)
// becomes interactive: only then the library for that, of most of a megabyte, is loaded. Without it the pictures stay.
const FIGURES = document.querySelectorAll("figure[data-chart]");
const INTENT = 120; // milliseconds that a mouse stays, so that one that passes by loads nothing
const narrow = matchMedia("(max-width: 40rem)");
const DARK = "(prefers-color-scheme: dark)";
const system = matchMedia(DARK);

/** The theme that the reader chose for these pages; empty if it is that of the system, which the pictures follow. */
const chosen = () => document.documentElement.dataset.theme ?? "";
const isDark = () => (chosen() || (system.matches ? "dark" : "light")) === "dark";

/** Has the picture of a figure follow the theme that was chosen, but not on paper. */
function paint(figure) {
  const always = chosen() === "dark" ? "(min-width: 0)" : "(max-width: 0)";
  for (const source of figure.querySelectorAll("picture > source")) {
    source.dataset.media ??= source.media;
    source.media = chosen() ? source.dataset.media.replace(DARK, always) : source.dataset.media;
  }
}

/** The URL of the Vega-Lite specification of an image, for the current theme and width. */
function documentOf(image) {
  const address = new URL(image.getAttribute("src"), location.href);
  address.pathname = address.pathname.replace(/\.svg$/, ".vl.json");
  address.searchParams.set("theme", isDark() ? "dark" : "light");
  address.searchParams.set("width", narrow.matches ? "narrow" : "wide");
  return address;
}

/** Draws the figure, again if theme or width have changed; whether it is interactive then. On any failure the picture stays. */
async function draw(figure) {
  const picture = figure.querySelector("picture");
  const place = figure.querySelector(".drawn");
  const address = documentOf(picture.querySelector("img"));
  if (place?.dataset.of === address.href) return true;
  try {
    const [{ embed }, answer] = await Promise.all([import("./built/vega.js"), fetch(address)]);
    if (!answer.ok) return Boolean(place);
    const fresh = document.createElement("div");
    fresh.className = "drawn";
    fresh.tabIndex = -1;
    fresh.dataset.of = address.href;
    await embed(fresh, await answer.json());
    if (documentOf(picture.querySelector("img")).href !== address.href) return draw(figure); // theme or width have changed since
    figure.querySelector(".drawn")?.remove();
    picture.after(fresh);
    figure.classList.add("explored");
    return true;
  } catch (error) {
    console.warn("The chart stays a picture:", error);
    return Boolean(place);
  }
}

function upgrade(figure) {
  const picture = figure.querySelector("picture");
  const button = figure.querySelector("button.explore");
  let drawing;
  const use = () => {
    drawing ??= draw(figure).then((done) => {
      if (done) button.hidden = true;
      else drawing = undefined; // the next use tries again
      return done;
    });
    return drawing;
  };
  let waiting;
  picture.addEventListener("pointerenter", (event) => {
    if (event.pointerType === "mouse") waiting = setTimeout(use, INTENT);
  });
  picture.addEventListener("pointerleave", () => clearTimeout(waiting));
  picture.addEventListener("click", use);
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (await use()) figure.querySelector(".drawn").focus();
  });
  const redraw = () => drawing && draw(figure);
  document.addEventListener("colours", redraw);
  narrow.addEventListener("change", redraw);
}

for (const figure of FIGURES) {
  paint(figure);
  document.addEventListener("colours", () => paint(figure));
  if (figure.querySelector("button.explore")) upgrade(figure);
}
