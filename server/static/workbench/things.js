// Things by their names in any of the three languages: a combobox (ARIA Authoring Practices, "Combobox").

const WAIT = 150;
let number = 0;

/** Makes each input for a thing offer those that are meant; the last offer is a new thing. */
export function offerThings(form) {
  for (const input of form.querySelectorAll("input.thing")) offer(input);
  form.addEventListener("added", ({ detail }) => { if (detail.matches(".thing")) offer(detail); });
}

function offer(input) {
  const list = document.createElement("ul");
  list.id = `things-${++number}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0]?.textContent.trim() ?? "");
  list.hidden = true;
  input.closest(".choice").append(list);
  const attributes = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  input.closest(".choice").querySelector("button.new").tabIndex = -1; // the last option does the same
  let timer = 0, asked = 0;

  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (option) => {
    close();
    if (option.dataset.name === undefined) {
      input.closest(".choice").querySelector("button.new").click();
      return;
    }
    input.value = option.dataset.name;
    const meant = input.closest(".choice").parentElement.querySelector(".meant");
    if (meant) meant.textContent = option.dataset.label;
    for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
    close();
  };
  const point = (option) => {
    list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const show = (found) => {
    list.replaceChildren(...found.map(({ name, label, class: kind }) => entry(label, `${kind} · ${name}`, { name, label })));
    const fresh = input.closest(".choice").querySelector("button.new");
    list.append(entry(`+ ${input.value}`, fresh.getAttribute("aria-label"), {}));
    [...list.children].forEach((option, place) => { option.id = `${list.id}-${place}`; });
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    point(list.firstElementChild);
  };
  const look = async () => {
    const mine = ++asked, text = input.value.trim();
    if (!text || document.activeElement !== input) return close();
    const query = new URLSearchParams({ q: text, property: input.dataset.property });
    const response = await fetch(`/things?${query}`);
    if (response.ok && mine === asked && document.activeElement === input) show(await response.json());
  };

  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return; // chosen, not typed
    clearTimeout(timer);
    timer = setTimeout(look, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      const soon = event.key === "Enter" && !event.ctrlKey && !event.metaKey && !isName(input.value);
      if (event.key === "ArrowDown" || soon) { // who is quicker than the list sees it first
        event.preventDefault();
        clearTimeout(timer);
        look();
      }
      return;
    }
    const pointed = list.querySelector("[aria-selected=true]");
    const next = { ArrowDown: pointed?.nextElementSibling, ArrowUp: pointed?.previousElementSibling }[event.key];
    if (event.key.startsWith("Arrow") && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      if (next) point(next);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && pointed) {
      event.preventDefault();
      choose(pointed);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
  input.addEventListener("blur", () => { clearTimeout(timer); asked++; close(); });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the input
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose(option);
  });
}

const isName = (text) => !text.trim() || /^[a-z]+:[\w-]+$/.test(text.trim());

function entry(words, more, data) {
  const option = document.createElement("li"), quiet = document.createElement("span");
  option.setAttribute("role", "option");
  option.setAttribute("aria-selected", "false");
  Object.assign(option.dataset, data);
  quiet.className = "quiet";
  quiet.textContent = more;
  option.append(words, " ", quiet);
  return option;
}
