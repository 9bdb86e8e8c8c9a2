// The query page: the plain form, which works without scripts, until somebody uses it. Then the editor, of a megabyte, is
// loaded and takes its place, with the text, the cursor and the focus.
import { asked, askForPage, byId, form, isForPage, keepLink, keepSnippets, reveal, textarea, words } from "./form.js";

let editor; // what ./editor.js makes, once it is there
let opening;
let composing = false;
let waiting = false; // a query, for the editor

const query = () => editor?.query() ?? textarea.value;

/** The editor; nothing where it cannot be had, so that the plain form stays. */
async function open() {
  opening ??= load();
  editor = await opening;
  if (!editor) opening = undefined; // the next use tries again
  return editor;
}

async function load() {
  try {
    const [{ prepare }] = await Promise.all([import("./editor.js"), style(words.style)]);
    const replace = await prepare();
    if (composing) await new Promise((end) => textarea.addEventListener("compositionend", end, { once: true }));
    return replace();
  } catch (error) {
    console.warn("The plain form stays:", error);
    return undefined;
  }
}

function style(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  const loaded = new Promise((done, failed) => Object.assign(link, { onload: done, onerror: failed }));
  document.head.append(link); // its layer comes after those of the pages
  return loaded;
}

textarea.addEventListener("compositionstart", () => { composing = true; });
textarea.addEventListener("compositionend", () => { composing = false; });
textarea.addEventListener("focus", open);
textarea.addEventListener("input", () => keepLink(query()));
textarea.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

form.addEventListener("submit", async (event) => {
  if (event.submitter?.id === "explain" || isForPage()) return askForPage(query(), event.submitter ?? form);
  event.preventDefault();
  if (waiting) return; // the second of two clicks would stop what the first one asks
  waiting = true;
  const isOpen = await open();
  waiting = false;
  if (isOpen) editor.runOrStop();
  else askForPage(query());
});

form.elements.lens?.addEventListener("change", () => keepLink(query()));
document.querySelector(".snippets").addEventListener("toggle", (event) => event.target.open && keepSnippets(query()), true);

byId("copy").addEventListener("click", async () => {
  const link = byId("permalink");
  try {
    await navigator.clipboard.writeText(link.href);
    byId("copied").textContent = words.copied;
  } catch {
    link.focus(); // the clipboard API needs a secure context
  }
});

const questions = [...document.querySelectorAll(".examples [data-words]")];
byId("sifted").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/);
  for (const question of questions) question.hidden = !wanted.every((word) => question.dataset.words.includes(word));
  byId("none").hidden = questions.some((question) => !question.hidden);
});

keepLink(query());
reveal("shared", "sift");
if (words.runs === "true") form.requestSubmit();
