// Fetches the map's script and style once the page is there to be read and typed into: they are
// large, and a slow phone would do nothing else meanwhile.

const LATEST = 1500; // milliseconds after the page has loaded

const resting = (then) =>
  "requestIdleCallback" in window ? requestIdleCallback(then, { timeout: LATEST }) : setTimeout(then, 200);

function add(tag, values) {
  const made = Object.assign(document.createElement(tag), values);
  document.head.append(made);
  return made;
}

export function startMaps() {
  const named = document.querySelector('meta[name="map-files"]');
  if (!named || !document.querySelector("[data-map]")) return;
  const [style, script] = named.content.split(" ");
  const begin = () => resting(() => {
    const link = add("link", { rel: "stylesheet", href: style });
    link.onload = link.onerror = () => add("script", { src: script });
  });
  document.readyState === "complete" ? begin() : addEventListener("load", begin, { once: true });
}
