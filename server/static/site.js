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
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let opened = false;
    for (let fold = target?.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])")) {
      fold.open = opened = true;
    }
    if (opened) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);

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
