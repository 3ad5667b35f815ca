// Says how many characters are left: <textarea maxlength data-count="id-of-the-words">.

import { each } from "./find.js";

const SAY_FROM = 0.8; // of the length: nobody needs the count before
const PAUSE = 700; // milliseconds of rest before a screen reader is told

export function countCharacters(root) {
  for (const field of each(root, "[data-count][maxlength]")) {
    const words = document.getElementById(field.dataset.count);
    if (!words) continue;
    let timer = 0;
    const say = () => {
      const left = field.maxLength - [...field.value].length;
      const near = field.value.length >= field.maxLength * SAY_FROM;
      words.textContent = near ? (words.dataset.text || "{n}").replace("{n}", left) : "";
    };
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(say, PAUSE);
    });
    say();
  }
}
