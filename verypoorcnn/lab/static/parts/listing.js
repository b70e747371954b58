// Lines of code with their numbers: one can be highlighted, and lines of a lower level know the
// textbook line that they were made from.

import { h } from "../lib/dom.js";

const WORDS =
  /("""[\s\S]*?"""|#.*|;.*$)|\b(def|for|in|range|if|else|elif|and|or|not|return|import|from)\b|\b(\d+(?:\.\d+)?(?:e-?\d+)?)\b/g;

const MARGIN = 20; // pixels that stay free above and below what is scrolled to

/** One function at one level. */
export class Listing {
  /**
   * @param {string} name  of the function
   * @param {string} file  or level
   * @param {string} text
   * @param {number} first  number of its first line
   * @param {Object<string, number|null>|null} origins  line of this text → line of the textbook
   */
  constructor(name, file, text, first = 1, origins = null) {
    this.name = name;
    this.origins = origins;
    this.rows = new Map();
    const lines = text.replace(/\n+$/, "").split("\n");
    const quiet = docstring(lines);
    const items = lines.map((line, i) => this.row(line, first + i, quiet.has(i)));
    this.element = h(
      "figure",
      { class: "listing" },
      h("figcaption", {}, h("code", {}, name), ` ${file}`),
      h(
        "div",
        { class: "listing-lines", tabindex: 0, role: "region", "aria-label": `${name}, ${file}` },
        items,
      ),
    );
  }

  row(line, number, quiet) {
    const origin = this.origins ? (this.origins[number] ?? null) : number;
    const row = h(
      "div",
      { class: classOf(line, quiet), dataset: { origin } },
      h("span", { class: "line-number", "aria-hidden": "true" }, origin ?? ""),
      h("code", { style: { "--indent": indent(line) } }, quiet ? line.trim() : tinted(line.trim())),
    );
    if (origin !== null) this.rows.set(origin, [...(this.rows.get(origin) ?? []), row]);
    return row;
  }

  /** Highlight what belongs to this line of the textbook; null for nothing. */
  highlight(origin) {
    if (origin === this.highlighted) return;
    for (const row of this.rows.get(this.highlighted) ?? []) row.classList.remove("current");
    this.highlighted = origin;
    const rows = this.rows.get(origin) ?? [];
    for (const row of rows) row.classList.add("current");
    if (rows.length) keepInView(rows[0]);
  }

  /** Pointing at a line marks all that were made from the same line of the textbook. */
  linkLines(others = []) {
    this.element.addEventListener("pointerover", (event) => {
      const origin = Number(event.target.closest?.(".code-line")?.dataset.origin);
      for (const listing of [this, ...others]) listing.mark(Number.isNaN(origin) ? null : origin);
    });
    this.element.addEventListener("pointerleave", () => {
      for (const listing of [this, ...others]) listing.mark(null);
    });
    return this;
  }

  mark(origin) {
    for (const row of this.rows.get(this.marked) ?? []) row.classList.remove("linked");
    this.marked = origin;
    for (const row of this.rows.get(origin) ?? []) row.classList.add("linked");
  }
}

/** The numbers of the lines of a docstring. */
function docstring(lines) {
  const found = new Set();
  let inside = false;
  lines.forEach((line, number) => {
    const quotes = line.split('"""').length - 1;
    if (inside || quotes) found.add(number);
    if (quotes === 1) inside = !inside;
  });
  return found;
}

function classOf(line, quiet) {
  if (!quiet) return "code-line";
  return line.includes('"""') && line.trim().length > 3
    ? "code-line comment comment-first"
    : "code-line comment";
}

/** Half of the spaces in front: the loops of a convolution are eight deep. */
function indent(line) {
  return (line.length - line.trimStart().length) / 2;
}

function tinted(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(WORDS)) {
    parts.push(line.slice(end, match.index));
    const kind = match[1] ? "comment" : match[2] ? "keyword" : "literal";
    parts.push(h("span", { class: kind }, match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, line.slice(end)];
}

/** Scroll the box, and nothing around it, so far that the row is seen. */
export function scrollTo(box, row) {
  const [outer, inner] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top + MARGIN) box.scrollTop -= outer.top + MARGIN - inner.top;
  else if (inner.bottom > outer.bottom - MARGIN)
    box.scrollTop += inner.bottom - outer.bottom + MARGIN;
}

function keepInView(row) {
  scrollTo(row.closest(".code-body") ?? row.closest(".listing-lines"), row);
}
