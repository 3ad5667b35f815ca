// Shows the chosen photos and makes large ones smaller before they are sent.
// <input type=file data-photos="id-of-a-list" data-most=3 data-remove="Remove photo {n}">
// data-as-it-is keeps the file whole, for the page that reads the place out of it.

import { each } from "./find.js";

const SIDE = 2048; // pixels
const SMALL = 600_000; // bytes: below this a photo is sent as it is
const QUALITY = 0.87;

async function shrunk(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return file; // the browser cannot read it (HEIC, say): the server will
  }
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  if (scale === 1 && file.size <= SMALL) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
}

class Chooser {
  constructor(input) {
    this.input = input;
    this.form = input.form;
    this.list = document.getElementById(input.dataset.photos);
    this.most = Number(input.dataset.most || 3);
    this.files = [];
    this.turn = Promise.resolve();
    input.addEventListener("change", () => this.add([...input.files]));
    // Whoever is quicker than the shrinking still sends the photos, only larger.
    this.offerCamera();
    this.takeDropped(input.closest(".field"));
  }

  add(chosen) {
    this.turn = this.turn.then(async () => {
      const kept = this.form?.querySelectorAll("[name=photo_keys]").length || 0;
      const fresh = chosen.filter((file) => !this.files.includes(file));
      const room = fresh.slice(0, this.input.multiple ? Math.max(0, this.most - kept - this.files.length) : 1);
      this.say(this.input.multiple && room.length < fresh.length);
      const ready = "asItIs" in this.input.dataset ? room : await Promise.all(room.map(shrunk));
      this.files = this.input.multiple ? [...this.files, ...ready] : ready;
      this.put();
    });
    if (this.form) this.form.photosReady = this.turn;
  }

  /** Whether there were more than fit, so that none is left out in silence. */
  say(isFull) {
    const words = this.input.closest(".field")?.querySelector("[data-photos-full]");
    if (words) words.textContent = isFull ? words.dataset.photosFull : "";
  }

  /** A phone has the camera one press away. */
  offerCamera() {
    const button = this.input.closest(".field")?.querySelector("[data-camera]");
    if (!button || !window.matchMedia("(pointer: coarse)").matches) return;
    const camera = document.createElement("input");
    camera.type = "file";
    camera.accept = "image/*";
    camera.capture = "environment";
    camera.addEventListener("change", () => this.add([...camera.files]));
    button.hidden = false;
    button.addEventListener("click", () => camera.click());
  }

  takeDropped(place) {
    if (!place) return;
    const over = (is) => (event) => {
      if (![...(event.dataTransfer?.types || [])].includes("Files")) return;
      event.preventDefault();
      place.classList.toggle("is-over", is);
    };
    place.addEventListener("dragover", over(true));
    place.addEventListener("dragleave", over(false));
    place.addEventListener("drop", (event) => {
      over(false)(event);
      this.add([...event.dataTransfer.files]);
    });
  }

  put() {
    const transfer = new DataTransfer();
    for (const file of this.files) transfer.items.add(file);
    this.input.files = transfer.files;
    if (this.list) this.list.replaceChildren(...this.files.map((file, index) => this.item(file, index)));
    this.input.dispatchEvent(new CustomEvent("waywarden:photos", { bubbles: true }));
  }

  item(file, index) {
    const item = document.createElement("li");
    item.className = "photo-chosen";
    const image = document.createElement("img");
    image.alt = file.name;
    image.width = 120;
    image.height = 90;
    image.src = URL.createObjectURL(file);
    const free = () => URL.revokeObjectURL(image.src);
    image.addEventListener("load", free);
    image.addEventListener("error", () => {
      free();
      const name = document.createElement("span"); // HEIC: the browser cannot show it
      name.className = "photo-name";
      name.textContent = file.name;
      image.replaceWith(name);
    });
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = (this.input.dataset.remove || "×").replace("{n}", index + 1);
    button.addEventListener("click", () => {
      this.files.splice(index, 1);
      this.say(false);
      this.put();
      this.input.focus();
    });
    item.append(image, button);
    return item;
  }
}

export function preparePhotos(root) {
  for (const input of each(root, 'input[type="file"][data-photos]')) new Chooser(input);
}
