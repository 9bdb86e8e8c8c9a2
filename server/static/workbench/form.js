// The form of a claim: checked as it is typed, with what is told put at its field; fields for several values grow.

const WAIT = 400; // milliseconds after the last keystroke
let timer = 0, running = null, pending = null;

/** Sends what was typed last, if it was not sent yet. */
export const flush = {
  now() {
    if (pending) navigator.sendBeacon(pending.dataset.check, new URLSearchParams(new FormData(pending)));
    this.stop();
  },
  stop() {
    clearTimeout(timer);
    running?.abort();
    pending = running = null;
  },
};

/** Checks a form some time after each keystroke, which keeps its entries on the server as well. */
export function checkAsTyped(form) {
  form.addEventListener("input", () => {
    clearTimeout(timer);
    pending = form;
    timer = setTimeout(() => check(form), WAIT);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches("input")) return;
    event.preventDefault(); // not the first button, but a check at once
    if (event.target.getAttribute("aria-expanded") !== "true") check(form);
  });
  mark(form);
}

async function check(form) {
  running?.abort();
  running = new AbortController();
  pending = null;
  const body = new URLSearchParams(new FormData(form));
  try {
    const response = await fetch(form.dataset.check, { method: "POST", body, signal: running.signal });
    if (response.ok) show(form, await response.json());
  } catch { /* another check follows, or the server is away, which the next button tells */ }
}

function show(form, { told, text }) {
  const status = document.getElementById("checked");
  const lists = new Map([...form.querySelectorAll(".told")].map((list) => [list.dataset.for, list]));
  for (const list of lists.values()) list.replaceChildren();
  for (const each of told) {
    const item = document.createElement("li"), kind = document.createElement("strong"), words = document.createElement("span");
    item.className = each.severity;
    kind.textContent = status.dataset[each.severity];
    words.lang = "en";
    words.textContent = `${each.wrong} ${each.mend}`;
    item.append(kind, " ", words);
    const list = lists.get(each.field) ?? lists.get(each.field.split("@")[0]) ?? lists.get("");
    list.append(item);
  }
  const errors = told.filter((each) => each.severity === "error").length;
  const { dataset } = status;
  status.textContent = told.length
    ? `${dataset.errors}: ${errors} · ${dataset.warnings}: ${told.length - errors}` : dataset.none;
  const written = document.getElementById("written");
  written.textContent = text;
  written.closest("details").hidden = !text;
  mark(form);
}

/** Marks the inputs that have an error. */
function mark(form) {
  for (const input of form.querySelectorAll("[aria-describedby^=told-]")) {
    const list = document.getElementById(input.getAttribute("aria-describedby"));
    input.toggleAttribute("aria-invalid", false);
    if (list?.querySelector(".error")) input.setAttribute("aria-invalid", "true");
  }
}

/** Gives a field that takes several values another input once its last one is filled. */
export function moreValues(form) {
  form.addEventListener("change", (event) => {
    const field = event.target.closest(".field[data-several]");
    const all = field ? [...field.querySelectorAll(".one")] : [];
    const last = all.at(-1);
    if (!last?.contains(event.target) || !event.target.value) return;
    const copy = last.cloneNode(true);
    const input = copy.querySelector("input, select"), label = copy.querySelector("label");
    const id = `${field.id}-${all.length + 1}`;
    label.htmlFor = input.id = id;
    input.value = "";
    label.querySelector("code")?.remove();
    copy.querySelector("[role=listbox]")?.remove();
    const meant = copy.querySelector(".meant");
    if (meant) meant.textContent = "";
    last.after(copy);
    copy.dispatchEvent(new CustomEvent("added", { bubbles: true, detail: input }));
  });
}
