// The query page: YASGUI's editor and results in place of the plain form, which works without scripts.
import Yasgui from "../built/yasgui.js";
import { complete } from "./completion.js";
import { pageOf, showResults } from "./results.js";

const LONGEST_GET = 6000; // characters of a query in a URL; servers and proxies refuse much longer ones

const byId = (id) => document.getElementById(id);
const holder = byId("editor");
const words = holder.dataset;
const form = document.querySelector("form.ask");
const textarea = form.elements.query;
const button = form.querySelector("button");
const lens = form.elements.lens; // a choice, where there are claims
const lenses = () => (lens?.value ? [lens.value] : []);
const asked = () => [["query", editor.getValue()], ...lenses().map((iri) => ["default-graph-uri", iri])];
const ask = button.textContent;
const endpoint = new URL(form.action).href;

const { prefixes, terms } = await (await fetch("/query/terms.json")).json();
const completers = complete(Yasgui.Yasqe, prefixes, terms, words);
Yasgui.Yasqe.defaults.autocompleters = completers; // Yasqe's default autocompleters send requests to other hosts

holder.hidden = false;
const editor = new Yasgui.Yasqe(holder, {
  value: textarea.value,
  persistenceId: null,
  consumeShareLink: null,
  createShareableLink: null,
  showQueryButton: false,
  editorHeight: "20rem",
  inputStyle: "contenteditable", // so that the focused element is the one that screen readers read
  screenReaderLabel: words.label,
  extraKeys: { Tab: false, "Shift-Tab": false, "Ctrl-S": false }, // Tab moves the focus
  requestConfig: {
    endpoint,
    args: () => lenses().map((value) => ({ name: "default-graph-uri", value })), // Yasqe's own defaultGraphs sends others
    method: (yasqe) => (yasqe.getValue().length > LONGEST_GET ? "POST" : "GET"),
  },
});
editor.getInputField().setAttribute("role", "textbox");
editor.getInputField().setAttribute("aria-multiline", "true");
editor.on("autocompletionShown", (_, widget) => widget.hints.setAttribute("aria-label", words.names));
const { show, fail } = showResults(Yasgui.Yasr, byId("results"), editor, { prefixes, terms, words });

for (const part of [textarea, form.querySelector('label[for="query"]'), form.elements.format.parentElement]) part.hidden = true;
for (const id of ["shared", "keys", "sift"]) byId(id).hidden = false;
textarea.required = false; // validation cannot show a message on a hidden field
form.before(holder);

const status = byId("status");
const permalink = byId("permalink");
let running = false;

function setRunning(now) {
  running = now;
  button.textContent = now ? words.stop : ask;
}

function run() {
  editor.query().catch(() => {}); // the event queryResponse reports failures too
}

form.addEventListener("submit", (event) => {
  if (event.submitter?.id === "explain") { // a page of its own
    textarea.value = editor.getValue();
    form.method = textarea.value.length > LONGEST_GET ? "post" : "get";
    return;
  }
  event.preventDefault();
  if (running) editor.abortQuery();
  else if (cites()) askForPage();
  else run();
});

/** Whether the answer is to be cited, which a page shows better than the table of the editor. */
const cites = () => form.elements.cite.checked || form.elements["min-certainty"].value || form.elements["min-sources"].value;

function askForPage() {
  textarea.value = editor.getValue();
  form.elements.format.value = "html";
  if (textarea.value.length > LONGEST_GET) form.method = "post";
  form.submit();
}

let isTable = false; // whether the query that was asked has an answer for Excel, at an address that is not too long

editor.on("query", () => {
  setRunning(true);
  byId("files").hidden = true;
  byId("hints").replaceChildren();
  isTable = editor.getQueryType() === "SELECT" && editor.getValue().length <= LONGEST_GET;
  byId("excel").href = `${endpoint}?${new URLSearchParams([...asked(), ["format", "csv-excel"]])}`;
  byId("answer").hidden = false;
  status.textContent = words.running;
  history.replaceState(null, "", address());
  keepSnippets();
});

editor.on("queryResponse", (_, response, duration) => {
  setRunning(false);
  if (response.name === "AbortError") {
    status.textContent = words.stopped;
  } else if (response instanceof Error) {
    fail(response);
    status.textContent = words.failed;
  } else {
    show(response, duration);
    showHints(response);
    byId("files").hidden = !isTable;
    status.textContent = words.answered.replace("{seconds}", (duration / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 }));
  }
});

/** Tells what the answer lacks: rows told with less certainty, and names that are not in the data. */
function showHints(response) {
  let results = {};
  try {
    results = JSON.parse(response.data ?? response.content);
  } catch {
    return; // a graph
  }
  const { hedged, unknown = {} } = results;
  const lines = Object.entries(unknown).map(([name, similar]) => {
    const line = paragraph(words.unknown.replace("{name}", short(name)));
    similar.forEach((iri, place) => {
      const link = Object.assign(document.createElement("a"), { href: pageOf(iri), textContent: short(iri) });
      line.append(place ? ", " : ` ${words.similar} `, link);
    });
    return line;
  });
  if (hedged) {
    const told = hedged.rows === 1 ? words.hedgedOne : words.hedged;
    const line = paragraph(`${told.replace("{count}", hedged.rows)} ${words.unhedge} `);
    const all = new URLSearchParams({ query: editor.getValue(), "default-graph-uri": words.everything });
    const link = { href: `${endpoint}?${all}`, textContent: words.askAll };
    if (editor.getValue().length <= LONGEST_GET) line.append(Object.assign(document.createElement("a"), link));
    lines.push(line);
  }
  const empty = results.boolean === false || results.results?.bindings.length === 0;
  if (empty && editor.getValue().length <= LONGEST_GET) {
    const line = paragraph("");
    const href = `${words.whyNot}?${new URLSearchParams({ query: editor.getValue() })}`;
    line.append(Object.assign(document.createElement("a"), { href, textContent: words.why }));
    lines.push(line);
  }
  byId("hints").replaceChildren(...lines);
}

const paragraph = (text) => Object.assign(document.createElement("p"), { className: "contested", textContent: text });

function short(iri) {
  const [prefix, namespace] = Object.entries(prefixes).find(([, start]) => iri.startsWith(start)) ?? [];
  return prefix === undefined ? iri : `${prefix}:${iri.slice(namespace.length)}`;
}

const address = () => `/query?${new URLSearchParams(asked())}`;
const keepLink = () => permalink.setAttribute("href", address());
editor.on("changes", keepLink);
lens?.addEventListener("change", keepLink);
keepLink();

byId("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(permalink.href);
    byId("copied").textContent = words.copied;
  } catch {
    permalink.focus(); // the clipboard API needs a secure context
  }
});

/** Updates the programs for the current query. */
async function keepSnippets() {
  const body = new URLSearchParams({ query: editor.getValue() });
  const response = await fetch("/query/snippets.json", { method: "POST", body });
  if (!response.ok) return;
  for (const { name, code } of await response.json()) {
    document.querySelector(`[data-snippet="${name}"]`).textContent = code;
  }
}
document.querySelector(".snippets").addEventListener("toggle", (event) => event.target.open && keepSnippets(), true);

const questions = [...document.querySelectorAll(".examples [data-words]")];
byId("sifted").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/);
  for (const question of questions) question.hidden = !wanted.every((word) => question.dataset.words.includes(word));
  byId("none").hidden = questions.some((question) => !question.hidden);
});

if (words.runs === "true") run();
