// The workbench without reloading: links and forms fetch the next page and put its parts in the place of these.
// Without scripts every link and button works as well; the server holds all that is edited.
import { showArticle, moveInArticle } from "./article.js";
import { offerThings } from "./things.js";
import { checkAsTyped, flush, moreValues } from "./form.js";

const PARTS = ["state", "article", "work"];
const parser = new DOMParser();
let asked = 0;

/** Fetches a page, by GET or with a form's fields, and shows it; `then` chooses what gets the focus. */
async function go(url, options = {}, then = () => null) {
  const mine = ++asked;
  document.body.setAttribute("aria-busy", "true");
  let response, page;
  try {
    response = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" }, ...options });
    page = parser.parseFromString(await response.text(), "text/html");
  } catch {
    document.body.removeAttribute("aria-busy");
    tell(document.documentElement.dataset.away);
    return;
  }
  if (mine !== asked) return;
  document.body.removeAttribute("aria-busy");
  if (!response.ok) {
    tell(page.querySelector("main .lead")?.textContent ?? String(response.status));
    return;
  }
  if (!PARTS.every((id) => page.getElementById(id)) || !PARTS.every((id) => document.getElementById(id))) {
    location.assign(response.url);
    return;
  }
  if (response.url !== location.href) history.pushState(null, "", response.url);
  show(page, then);
}

function show(page, then) {
  const article = document.getElementById("article");
  const { scrollTop } = article;
  document.title = page.title;
  for (const id of PARTS) document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
  article.scrollTop = scrollTop;
  ready();
  const message = document.getElementById("message");
  const words = message.textContent;
  message.textContent = ""; // a status is read out when its text changes
  requestAnimationFrame(() => { message.textContent = words; });
  (then(document) ?? document.getElementById("work")).focus({ preventScroll: false });
}

function tell(words) {
  document.getElementById("message").textContent = words;
}

function ready() {
  showArticle();
  const form = document.querySelector("form.claim");
  if (!form) return;
  offerThings(form);
  moreValues(form);
  if (form.dataset.check) checkAsTyped(form);
}

/** What gets the focus on the page that a button leads to. */
function following(submitter) {
  const [what, which] = (submitter?.value ?? "").split(/:(.*)/);
  if (what === "add") {
    const property = submitter.form.elements[`${which}.add`]?.value;
    return () => document.getElementById(`${which}:${property}`)?.querySelector("input, select, textarea");
  }
  if (what === "keep") return () => document.querySelector("[aria-invalid=true]") ?? document.querySelector(".recipe");
  if (what === "undo" || what === "redo" || what === "save") return () => document.querySelector(`#state button[value=${what}]:enabled`);
  return () => document.querySelector("#work form.claim .field :is(input, select, textarea)");
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.altKey) return;
  if (link.origin !== location.origin || "whole" in link.dataset || link.getAttribute("href").startsWith("#")) return;
  if (event.shiftKey && !link.matches(".sentence")) return;
  event.preventDefault();
  const url = link.matches(".sentence") ? moveInArticle.address(link, event.shiftKey) : link.href;
  go(url, {}, () => document.querySelector(link.matches(".recipe") ? "#work form.claim .field :is(input, select)" : "#work h2 ~ ul .recipe"));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("whole" in form.dataset) return;
  event.preventDefault();
  const { submitter } = event;
  const fields = new URLSearchParams(new FormData(form, submitter));
  const action = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? location.href;
  const then = following(submitter);
  flush.stop();
  if (form.method === "get") go(`${new URL(action, location.href).pathname}?${fields}`, {}, then);
  else go(action, { method: "POST", body: fields }, then);
});

document.addEventListener("change", (event) => {
  const { adds, submits, go: address } = event.target.dataset;
  if (adds && event.target.value) event.target.form.querySelector(`button[value="${adds}"]`).click();
  if (submits) event.target.form.querySelector(`button[value="${submits}"]`).click();
  if (address && event.target.value) go(`${address}&like=${encodeURIComponent(event.target.value)}`, {}, following());
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const press = (selector) => {
    const button = document.querySelector(selector);
    if (button && !button.disabled) {
      event.preventDefault();
      button.click();
    }
  };
  const typing = event.target.matches?.("input, textarea, select");
  const key = event.key.toLowerCase();
  if (key === "s") press('#state button[value="save"]');
  else if (key === "enter") press('#work [aria-keyshortcuts="Control+Enter"]');
  else if (key === "z" && !typing) press(`#state button[value="${event.shiftKey ? "redo" : "undo"}"]`);
});

addEventListener("popstate", () => go(location.href));
addEventListener("pagehide", () => flush.now());
ready();
