// YASGUI's editor in place of the text area, and its results. Large: ./query.js loads it when the form is used.
import Yasgui from "../built/yasgui.js";
import { complete } from "./completion.js";
import { address, asked, byId, endpoint, form, isForPage, keepLink, keepSnippets, lenses, LONGEST_GET, reveal, textarea, words } from "./form.js";
import { showHints } from "./hints.js";
import { showResults } from "./results.js";

const button = form.querySelector("button");
const ask = button.textContent;
const status = byId("status");

/** Reads what the editor completes; resolves to a function that puts it in the place of the text area at once. */
export async function prepare() {
  const { prefixes, terms } = await (await fetch("/query/terms.json")).json();
  // Yasqe's default autocompleters send requests to other hosts.
  Yasgui.Yasqe.defaults.autocompleters = complete(Yasgui.Yasqe, prefixes, terms, words);
  return () => replace(prefixes, terms);
}

function replace(prefixes, terms) {
  const editor = makeEditor();
  const { show, fail } = showResults(Yasgui.Yasr, byId("results"), editor, { prefixes, terms, words });
  let running = false;
  let isTable = false; // whether the query that was asked has an answer for Excel, at an address that is not too long

  function setRunning(now) {
    running = now;
    button.textContent = now ? words.stop : ask;
  }

  editor.on("changes", () => keepLink(editor.getValue()));
  editor.on("query", () => {
    const query = editor.getValue();
    setRunning(true);
    byId("files").hidden = true;
    byId("hints").replaceChildren();
    isTable = editor.getQueryType() === "SELECT" && query.length <= LONGEST_GET;
    byId("excel").href = `${endpoint}?${new URLSearchParams([...asked(query), ["format", "csv-excel"]])}`;
    byId("answer").hidden = false;
    status.textContent = words.running;
    history.replaceState(null, "", address(query));
    keepSnippets(query);
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
      showHints(response, editor.getValue(), prefixes);
      byId("files").hidden = !isTable;
      status.textContent = words.answered.replace("{seconds}", (duration / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 }));
    }
  });

  return {
    query: () => editor.getValue(),
    runOrStop() {
      if (running) editor.abortQuery();
      else editor.query().catch(() => {}); // the event queryResponse reports failures too
    },
  };
}

/** Asks as the button does; Yasqe's own keys know nothing of the form. */
function askByKey(editor) {
  if (isForPage()) form.requestSubmit();
  else editor.query().catch(() => {});
}

/** The editor, as high as the text area, with its text, selection and focus. */
function makeEditor() {
  const holder = byId("editor");
  const { value, selectionStart, selectionEnd, scrollTop, offsetHeight } = textarea;
  const focused = document.activeElement === textarea;
  textarea.before(holder);
  holder.hidden = false;
  const editor = new Yasgui.Yasqe(holder, {
    value,
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    editorHeight: `${offsetHeight}px`,
    inputStyle: "contenteditable", // so that the focused element is the one that screen readers read
    screenReaderLabel: words.label,
    extraKeys: { Tab: false, "Shift-Tab": false, "Ctrl-S": false, "Ctrl-Enter": askByKey, "Cmd-Enter": askByKey }, // Tab moves the focus
    requestConfig: {
      endpoint,
      args: () => lenses().map((iri) => ({ name: "default-graph-uri", value: iri })), // Yasqe's own defaultGraphs sends others
      method: (yasqe) => (yasqe.getValue().length > LONGEST_GET ? "POST" : "GET"),
    },
  });
  for (const inner of holder.querySelectorAll("button")) inner.type = "button"; // which do not submit the form
  editor.getInputField().setAttribute("role", "textbox");
  editor.getInputField().setAttribute("aria-multiline", "true");
  editor.on("autocompletionShown", (_, widget) => widget.hints.setAttribute("aria-label", words.names));

  textarea.hidden = true;
  textarea.required = false; // validation cannot show a message on a hidden field
  form.querySelector('label[for="query"]').addEventListener("click", () => editor.focus());
  reveal("keys");
  editor.refresh();
  editor.setSelection(editor.posFromIndex(selectionStart), editor.posFromIndex(selectionEnd));
  editor.scrollTo(null, scrollTop);
  if (focused) editor.focus();
  return editor;
}
