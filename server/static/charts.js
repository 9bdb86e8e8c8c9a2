// Replaces the images of charts and maps by interactive charts. Without the bundle the images stay.
const FIGURES = document.querySelectorAll("figure[data-chart]");
const narrow = matchMedia("(max-width: 40rem)");
const system = matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

/** The URL of the Vega-Lite specification of an image, for the current theme and width. */
function documentOf(image) {
  const address = new URL(image.getAttribute("src"), location.href);
  address.pathname = address.pathname.replace(/\.svg$/, ".vl.json");
  address.searchParams.set("theme", isDark() ? "dark" : "light");
  address.searchParams.set("width", narrow.matches ? "narrow" : "wide");
  return address;
}

/** Renders the figure again; on any failure the image stays. */
async function draw(figure, embed) {
  const picture = figure.querySelector("picture");
  const place = figure.querySelector(".drawn") ?? document.createElement("div");
  const address = documentOf(picture.querySelector("img"));
  if (place.dataset.of === address.href) return;
  try {
    const answer = await fetch(address);
    if (!answer.ok) return;
    const fresh = document.createElement("div");
    fresh.className = "drawn";
    fresh.dataset.of = address.href;
    await embed(fresh, await answer.json());
    place.remove();
    picture.after(fresh);
    picture.hidden = true;
  } catch (error) {
    console.warn("The chart stays a picture:", error);
  }
}

async function upgrade() {
  let embed;
  try {
    ({ embed } = await import("./built/vega.js"));
  } catch {
    return; // not bundled
  }
  const seen = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) {
        seen.add(target);
        watch.unobserve(target);
        draw(target, embed);
      }
    }
  }, { rootMargin: "200px" });
  for (const figure of FIGURES) watch.observe(figure);
  const redraw = () => { for (const figure of seen) draw(figure, embed); };
  document.addEventListener("colours", redraw);
  narrow.addEventListener("change", redraw);
}

if (FIGURES.length) upgrade();
