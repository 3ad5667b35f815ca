// Finds what to help with in a page, or in a part of one that came later.

/** The root itself, if it is meant, and all below it. */
export function each(root, selector) {
  const below = [...root.querySelectorAll(selector)];
  return root.matches?.(selector) ? [root, ...below] : below;
}
