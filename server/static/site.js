// Applies the chosen theme. A classic script in the head, since a module would run after the first paint.
(() => {
  const KEY = "kelisim-colours";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = () => {
    try { return localStorage.getItem(KEY); } catch { return null; } // storage may be forbidden
  };
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";

  const chosen = stored();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;

  // A link into what is folded away opens it, also where the browser does not do so itself.
  const pointed = (hash) => {
    try {
      return document.getElementById(decodeURIComponent(hash.slice(1)));
    } catch {
      return null; // a percent sign that escapes nothing
    }
  };
  const reveal = () => {
    const target = pointed(location.hash);
    let opened = false;
    for (let fold = target?.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])")) {
      fold.open = opened = true;
    }
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

  // A footnote is shown beside its number while that is pointed at or has the focus, and leads back to it.
  const REF = ".note-ref a[href^='#']";
  const noted = (ref) => pointed(ref.hash);
  let preview;
  let hiding;
  const hide = () => { preview?.remove(); preview = undefined; };
  const show = (ref) => {
    clearTimeout(hiding);
    const note = noted(ref);
    if (!note || preview?.of === ref) return;
    hide();
    preview = Object.assign(document.createElement("div"), { className: "preview", of: ref });
    preview.setAttribute("aria-hidden", "true"); // its link says the number, and leads to the note
    preview.append(...[...note.childNodes].filter((each) => !each.classList?.contains("back")).map((each) => each.cloneNode(true)));
    for (const link of preview.querySelectorAll("a")) link.tabIndex = -1;
    for (const marked of preview.querySelectorAll("[id]")) marked.removeAttribute("id");
    preview.addEventListener("pointerenter", () => clearTimeout(hiding));
    preview.addEventListener("pointerleave", later);
    document.body.append(preview);
    const { left, bottom } = ref.getBoundingClientRect();
    preview.style.left = `${Math.max(8, Math.min(left, innerWidth - preview.offsetWidth - 8)) + scrollX}px`;
    preview.style.top = `${bottom + 6 + scrollY}px`;
  };
  const later = () => { clearTimeout(hiding); hiding = setTimeout(hide, 250); };
  for (const [enter, leave] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    document.addEventListener(enter, (event) => {
      const ref = event.pointerType !== "touch" && event.target.closest?.(REF);
      if (ref) show(ref);
    });
    document.addEventListener(leave, (event) => { if (event.target.closest?.(REF)) later(); });
  }
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  let refs = 0;
  document.addEventListener("click", (event) => {
    const ref = event.target.closest?.(REF);
    const note = ref && noted(ref);
    if (!note) return;
    hide();
    ref.id ||= `ref-${++refs}`;
    let back = note.querySelector("a.back");
    if (!back) {
      back = Object.assign(document.createElement("a"), { className: "back", textContent: "↩" });
      back.setAttribute("aria-label", root.dataset.back);
      note.append(" ", back);
    }
    back.href = `#${ref.id}`;
  });

  document.addEventListener("DOMContentLoaded", () => {
    reveal();
    const button = document.querySelector("button.theme");
    const announce = () => {
      button.setAttribute("aria-pressed", String(isDark()));
      document.dispatchEvent(new CustomEvent("colours", { detail: { dark: isDark() } }));
    };
    button.classList.remove("later");
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem(KEY, root.dataset.theme); } catch { /* holds for this page only */ }
      announce();
    });
    system.addEventListener("change", announce);
    announce();
  });
})();
