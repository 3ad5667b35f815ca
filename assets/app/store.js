// Drafts in the browser's own database: what was typed, and the photos. Shared with the worker.
// A draft: { id, action, address, at, title, key, values: [[name, value]…], files: [File…], ready }

const NAME = "waywarden";
const KEPT = 30 * 24 * 3600 * 1000; // milliseconds

function open() {
  return new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts", { keyPath: "id" });
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function ask(mode, what) {
  const database = await open();
  try {
    return await new Promise((done, failed) => {
      const work = database.transaction("drafts", mode);
      const asked = what(work.objectStore("drafts"));
      work.oncomplete = () => done(asked.result);
      work.onabort = work.onerror = () => failed(work.error);
    });
  } finally {
    database.close();
  }
}

export const put = (draft) => ask("readwrite", (drafts) => drafts.put(draft));
export const drop = (id) => ask("readwrite", (drafts) => drafts.delete(id));
export const clear = () => ask("readwrite", (drafts) => drafts.clear());
export const get = (id) => ask("readonly", (drafts) => drafts.get(id));

/** All that is not too old, the newest first. */
export async function all() {
  const found = await ask("readonly", (drafts) => drafts.getAll());
  const old = found.filter((draft) => Date.now() - draft.at > KEPT);
  for (const draft of old) await drop(draft.id);
  return found.filter((draft) => !old.includes(draft)).sort((a, b) => b.at - a.at);
}

/** Sends one that waits. Gives the page it led to; null when the network is away; "" if refused. */
async function send(draft) {
  let token, answer;
  try {
    const page = await fetch(draft.address, { credentials: "same-origin", cache: "no-store" });
    token = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(await page.text())?.[1];
    if (!page.ok || !token) return null;
    const body = new FormData();
    for (const [name, value] of draft.values) body.append(name, value);
    for (const file of draft.files) body.append("photo", file, file.name);
    body.set("csrfmiddlewaretoken", token);
    answer = await fetch(draft.action, { method: "POST", body, credentials: "same-origin" });
  } catch {
    return null;
  }
  if (answer.status >= 500) return null;
  return answer.ok && answer.redirected ? answer.url : "";
}

/** Sends all that wait, each once; tells of each as { draft, url }. The key keeps it from doubling. */
export async function sendWaiting() {
  const told = [];
  const work = async () => {
    for (const draft of (await all()).filter((one) => one.ready)) {
      const url = await send(draft);
      if (url === null) break;
      if (url) await drop(draft.id);
      else await put({ ...draft, ready: false });
      told.push({ draft, url });
    }
  };
  await (navigator.locks ? navigator.locks.request("waywarden-send", work) : work());
  return told;
}
