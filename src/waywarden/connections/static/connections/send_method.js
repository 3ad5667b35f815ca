/* Shows the settings of the send method that is picked, and tests it in place.
   Without scripts the page shows the saved method's settings, and the test opens a page. */
(() => {
  "use strict";

  function showPanels() {
    const choice = document.querySelector("select[name=send_method]");
    const panels = document.querySelectorAll("[data-send-method]");
    if (!choice || !panels.length) return;
    const show = () => {
      for (const panel of panels) panel.hidden = panel.dataset.sendMethod !== choice.value;
    };
    choice.addEventListener("change", show);
    show();
  }

  async function test(button) {
    const result = button.parentElement.parentElement.querySelector("[data-test-result]");
    result.textContent = result.dataset.busy;
    button.disabled = true;
    try {
      const answer = await fetch(button.formAction, {
        method: "POST",
        body: new FormData(button.form),
        credentials: "same-origin",
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById("check-result");
      if (found) result.replaceChildren(...document.importNode(found, true).children);
      else result.textContent = result.dataset.failed;
    } catch {
      result.textContent = result.dataset.failed;
    } finally {
      button.disabled = false;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-test-button]");
    if (!button) return;
    event.preventDefault();
    test(button);
  });

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", showPanels);
  else showPanels();
})();
