// YASGUI's results, with links to this host, charts and maps, and translated errors.
import { chartOf, mapOf } from "./views.js";

const OURS = "https://w3id.org/kelisim/";

/** Renders results in an element: returns `show(response, milliseconds)` and `fail(error)`. */
export function showResults(Yasr, element, editor, { prefixes, terms, words }) {
  const names = new Map(terms.map(([name, label]) => [name, label]));
  Object.assign(Yasr.plugins, { table: tableOf(Yasr.plugins.table, names, words), response: rawOf(Yasr.plugins.response, words) });
  Yasr.registerPlugin("chart", chartOf(words, names));
  Yasr.registerPlugin("map", mapOf(words, names));
  const yasr = new Yasr(element, {
    persistenceId: null,
    prefixes,
    pluginOrder: ["table", "response", "chart", "map"],
    errorRenderers: [(error) => problem(error.text, editor, words)],
    getDownloadFileName: () => "kelisim",
  });
  yasr.documentationLink.remove(); // leads to another host
  yasr.on("drawn", () => mend(yasr, words));
  return {
    show: (response, duration) => yasr.setResponse(response, duration),
    fail: (error) => yasr.setResponse(error, 0),
  };
}

/** The URL of the page of an IRI on this host. */
export function pageOf(iri) {
  const path = iri.startsWith(OURS) ? iri.slice(OURS.length) : "";
  const [, space, name] = path.match(/^(id|code|claim|source)\/(.+)$/) ?? [];
  if (space) return `/page/${space === "id" ? "" : `${space}/`}${name}`;
  return /^ns(#|$)/.test(path) ? `/page/${path}` : `/resource?${new URLSearchParams({ iri })}`;
}

function tableOf(Table, names, words) {
  Table.defaults.tableConfig.language = {
    info: words.rows, infoEmpty: "", infoFiltered: words.filtered, zeroRecords: words.noRows, emptyTable: words.noRows,
    aria: {
      orderable: `: ${words.sort}`, orderableReverse: `: ${words.sort}`, orderableRemove: `: ${words.sort}`,
      paginate: { first: words.first, previous: words.previous, next: words.next, last: words.last },
    },
  };
  return class extends Table {
    label = words.table;

    getUriLinkFromBinding(binding, prefixes) {
      const link = super.getUriLinkFromBinding(binding, prefixes);
      const { body } = new DOMParser().parseFromString(link, "text/html");
      const anchor = body.querySelector("a");
      if (!anchor) return link; // not a URL for a link
      anchor.setAttribute("href", pageOf(binding.value));
      anchor.removeAttribute("target");
      const name = names.get(anchor.textContent);
      if (this.persistentConfig.compact && name) {
        anchor.title = anchor.textContent;
        anchor.textContent = name;
      }
      return body.innerHTML;
    }

    draw(config) {
      super.draw({ isEllipsed: false, compact: true, ...config }); // labels and complete values
      this.destroyResizer(); // its fixed columns cut long words
      const { tableFilterField: filter, tableSizeField: size } = this;
      filter.placeholder = words.filter;
      filter.setAttribute("aria-label", words.filter);
      size.setAttribute("aria-label", words.pageSize);
      this.tableControls.querySelector(".pageSizerLabel").textContent = `${words.pageSize} `;
      size.querySelector('option[value="-1"]').textContent = words.all;
      const [simple, short] = this.tableControls.querySelectorAll(".switch");
      simple.querySelector(".label").textContent = words.simple;
      short.parentElement.remove();
    }
  };
}

function rawOf(Response, words) {
  return class extends Response {
    label = words.raw;

    draw(config) {
      super.draw(config);
      this.cm.setOption("screenReaderLabel", words.raw);
    }
  };
}

/** Adds the ARIA attributes that YASGUI lacks. */
function mend(yasr, words) {
  const chosen = yasr.drawnPlugin;
  for (const button of yasr.headerEl.querySelectorAll(".yasr_btnGroup button")) {
    const name = [...button.classList].find((each) => each.startsWith("select_")).slice("select_".length);
    button.removeAttribute("aria-label"); // its text is its name
    button.removeAttribute("title");
    button.disabled = button.classList.contains("disabled");
    button.setAttribute("aria-pressed", String(name === chosen));
  }
  const download = yasr.headerEl.querySelector(".yasr_downloadIcon");
  download.setAttribute("aria-label", words.download);
  download.title = words.download;
  download.hidden = !yasr.plugins[chosen]?.download; // what cannot be taken away has no icon for it
  yasr.pluginControls.removeAttribute("aria-controls"); // refers to no element
  for (const scroller of yasr.resultsEl.querySelectorAll(".dt-layout-table, .dataTables_wrapper, .CodeMirror-scroll")) {
    scroller.tabIndex = 0;
    scroller.setAttribute("role", "region");
    scroller.setAttribute("aria-label", words.table);
  }
}

/** The problem details (RFC 9457) of a response, with the position in the query; undefined for other errors. */
async function problem(text, editor, words) {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    told = { title: words.unreachable, detail: text };
  }
  const shown = document.createElement("div");
  shown.className = "problem";
  const title = document.createElement("strong");
  title.textContent = told.title;
  const detail = document.createElement("p");
  detail.textContent = told.detail;
  shown.append(title, detail);
  if (told.line) {
    mark(editor, told.line - 1);
    const go = document.createElement("button");
    go.type = "button";
    go.textContent = words.goTo.replace("{line}", told.line);
    go.addEventListener("click", () => {
      editor.setCursor(told.line - 1, Math.max(0, (told.column ?? 1) - 1));
      editor.focus();
    });
    shown.append(go);
  }
  return shown;
}

/** Marks a line of the editor until the query is changed. */
function mark(editor, line) {
  editor.addLineClass(line, "background", "failing");
  const forget = () => {
    editor.removeLineClass(line, "background", "failing");
    editor.off("change", forget);
  };
  editor.on("change", forget);
}
