// Photos shown large in a dialog: <ul data-lightbox data-close data-next data-before> of links.
// Arrow keys turn, Escape closes, a swipe does as well. Without scripts the link opens the photo.

import { each } from "./find.js";

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

class Lightbox {
  constructor(list) {
    this.links = [...list.querySelectorAll("a")];
    this.texts = list.dataset;
    this.links.forEach((link, index) => link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.open(index);
    }));
  }

  build() {
    this.image = element("img", { alt: "" });
    this.words = element("p", { role: "status", class: "lightbox-words" });
    const button = (name, sign, act) => {
      const made = element("button", { type: "button", class: `lightbox-${name}`, "aria-label": this.texts[name] }, sign);
      made.addEventListener("click", act);
      return made;
    };
    const parts = [button("close", "×", () => this.box.close()), this.image, this.words];
    if (this.links.length > 1) parts.push(button("before", "‹", () => this.turn(-1)), button("next", "›", () => this.turn(1)));
    this.box = element("dialog", { class: "lightbox" }, ...parts);
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.box.addEventListener("click", (event) => event.target === this.box && this.box.close());
    this.box.addEventListener("close", () => this.links[this.index].focus());
    let from = null;
    this.image.addEventListener("touchstart", (event) => { from = event.touches[0].clientX; }, { passive: true });
    this.image.addEventListener("touchend", (event) => {
      const far = event.changedTouches[0].clientX - from;
      if (Math.abs(far) > 50) this.turn(far < 0 ? 1 : -1);
    }, { passive: true });
    document.body.append(this.box);
  }

  open(index) {
    if (!this.box) this.build();
    this.show(index);
    this.box.showModal();
  }

  show(index) {
    this.index = (index + this.links.length) % this.links.length;
    const link = this.links[this.index];
    this.image.src = link.href;
    this.image.alt = link.querySelector("img").alt.split(",")[0];
    this.words.textContent = this.links.length > 1 ? `${this.index + 1} / ${this.links.length}` : "";
  }

  turn(by) {
    if (this.links.length > 1) this.show(this.index + by);
  }

  key(event) {
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    this.turn(document.dir === "rtl" ? -turn : turn);
  }
}

export function showLarge(root) {
  if (!window.HTMLDialogElement) return;
  for (const list of each(root, "[data-lightbox]")) new Lightbox(list);
}
