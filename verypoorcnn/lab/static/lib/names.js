// Names of classes come from files of strangers: one may be empty, the same as another, or turn
// round whatever stands beside it.  They are made harmless once, and are then plain text
// everywhere: in sentences, in labels that are read out, in pictures.

const INVISIBLE = // signs that steer text, or cannot be seen
  /[\p{Cc}\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const LEFTWARDS =
  /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const [ISOLATE, END] = ["\u2068", "\u2069"]; // around what runs its own way, as <bdi> does

/**
 * Names that can be told apart and stand in any sentence.
 * @param {string[]} given
 * @returns {string[]}
 */
export function tellable(given) {
  const names = given.map((name, k) => name.replace(INVISIBLE, "").trim() || `class ${k}`);
  const count = new Map();
  for (const name of names) count.set(name, (count.get(name) ?? 0) + 1);
  return names.map((name, k) => {
    const own = LEFTWARDS.test(name) ? ISOLATE + name + END : name;
    return count.get(name) > 1 ? `${own} (class ${k})` : own;
  });
}
