// What the plain form of the query page and the editor that takes its place have in common.

export const LONGEST_GET = 6000; // characters of a query in a URL; servers and proxies refuse much longer ones

export const byId = (id) => document.getElementById(id);
export const words = byId("editor").dataset;
export const form = document.querySelector("form.ask");
export const textarea = form.elements.query;
export const endpoint = new URL(form.action).href;

const lens = form.elements.lens; // a choice, where there are claims

export const lenses = () => (lens?.value ? [lens.value] : []);
export const asked = (query) => [["query", query], ...lenses().map((iri) => ["default-graph-uri", iri])];
export const address = (query) => `/query?${new URLSearchParams(asked(query))}`;

/** Whether a page of its own shows the answer: one with citations does it better, and other formats are files. */
export const isForPage = () => form.elements.cite.checked || form.elements["min-certainty"].value
  || form.elements["min-sources"].value || form.elements.format.value !== "html";

/** Has the link to the query follow it. */
export const keepLink = (query) => byId("permalink").setAttribute("href", address(query));

/** Updates the programs for the query. */
export async function keepSnippets(query) {
  const response = await fetch("/query/snippets.json", { method: "POST", body: new URLSearchParams({ query }) });
  if (!response.ok) return;
  for (const { name, code } of await response.json()) {
    document.querySelector(`[data-snippet="${name}"]`).textContent = code;
  }
}

/** Has the form ask for a page of its own: the answer, in the format chosen, or what explains the query. */
export function askForPage(query, button) {
  textarea.value = query;
  form.method = query.length > LONGEST_GET ? "post" : "get";
  if (button) return; // which submits the form
  form.submit();
}

/** Shows what works with scripts alone; its place was kept. */
export function reveal(...ids) {
  for (const id of ids) byId(id).classList.remove("later");
}
