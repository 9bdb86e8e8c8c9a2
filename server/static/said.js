// Who points at who says so, or comes to it by key, sees the claims at once, in a box that stays while one points at it and
// goes with Escape. A convenience for the eye: the same opens with a click, a tap or the Enter key.
const WAIT = 250; // milliseconds before it comes or goes, so that one that passes by calls nothing up
const SELECTOR = ".said > summary";

if (HTMLElement.prototype.showPopover) {
  const box = document.createElement("div");
  box.className = "said-box";
  box.popover = "manual";
  box.setAttribute("aria-hidden", "true"); // what it shows is told to screen readers where it stands
  document.body.append(box);
  let timer, shown;

  const hide = () => {
    clearTimeout(timer);
    if (shown) box.hidePopover();
    shown = undefined;
  };

  const show = (element) => {
    if (element.parentElement.open || shown === element) return;
    const copy = element.parentElement.querySelector("ul").cloneNode(true);
    for (const link of copy.querySelectorAll("a")) link.tabIndex = -1;
    box.replaceChildren(copy);
    box.showPopover();
    shown = element;
    place();
  };

  /** Puts the box below what it belongs to, or above; away with it when that has been scrolled out of sight. */
  const place = () => {
    if (!shown) return;
    const at = shown.getBoundingClientRect();
    if (at.bottom < 0 || at.top > innerHeight) return hide();
    const size = box.getBoundingClientRect();
    const below = at.bottom + size.height + 8 < innerHeight || at.top < size.height + 8;
    box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    box.style.top = `${below ? at.bottom + 4 : at.top - size.height - 4}px`;
  };

  const later = (what) => { clearTimeout(timer); timer = setTimeout(what, WAIT); };
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const element = event.target.closest(SELECTOR);
    if (element) later(() => { hide(); show(element); });
    else if (event.target.closest(".said-box")) clearTimeout(timer);
    else if (shown) later(hide);
  });
  document.addEventListener("focusin", (event) => {
    hide();
    const element = event.target.closest(SELECTOR);
    if (element?.matches(":focus-visible")) show(element);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("click", (event) => { if (!event.target.closest(".said-box")) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("scroll", place, { passive: true, capture: true }); // a key that brings one here may scroll
}
