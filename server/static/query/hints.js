// What the answer of a query lacks, and links that ask for it.
import { byId, endpoint, LONGEST_GET, words } from "./form.js";
import { pageOf } from "./results.js";

/** Tells what the answer lacks: rows told with less certainty, and names that are not in the data. */
export function showHints(response, query, prefixes) {
  let results = {};
  try {
    results = JSON.parse(response.data ?? response.content);
  } catch {
    return; // a graph
  }
  const { hedged, unknown = {} } = results;
  const lines = Object.entries(unknown).map(([name, similar]) => {
    const line = paragraph(words.unknown.replace("{name}", short(name, prefixes)));
    similar.forEach((iri, place) => {
      const link = Object.assign(document.createElement("a"), { href: pageOf(iri), textContent: short(iri, prefixes) });
      line.append(place ? ", " : ` ${words.similar} `, link);
    });
    return line;
  });
  if (hedged) {
    const told = hedged.rows === 1 ? words.hedgedOne : words.hedged;
    const line = paragraph(`${told.replace("{count}", hedged.rows)} ${words.unhedge} `);
    const all = new URLSearchParams({ query: query, "default-graph-uri": words.everything });
    const link = { href: `${endpoint}?${all}`, textContent: words.askAll };
    if (query.length <= LONGEST_GET) line.append(Object.assign(document.createElement("a"), link));
    lines.push(line);
  }
  const empty = results.boolean === false || results.results?.bindings.length === 0;
  if (empty && query.length <= LONGEST_GET) {
    const line = paragraph("");
    const href = `${words.whyNot}?${new URLSearchParams({ query: query })}`;
    line.append(Object.assign(document.createElement("a"), { href, textContent: words.why }));
    lines.push(line);
  }
  byId("hints").replaceChildren(...lines);
}

const paragraph = (text) => Object.assign(document.createElement("p"), { className: "contested", textContent: text });

function short(iri, prefixes) {
  const [prefix, namespace] = Object.entries(prefixes).find(([, start]) => iri.startsWith(start)) ?? [];
  return prefix === undefined ? iri : `${prefix}:${iri.slice(namespace.length)}`;
}
