// Building the page: one function that makes an element.  Text always goes in as text, never as
// HTML, so nothing that comes from a file or a server can become markup.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const SVG = "http://www.w3.org/2000/svg";
const MATH_TAGS = new Set(
  "math mrow mi mn mo msub msup msubsup munderover munder mover mtext mfrac mspace".split(" "),
);
const SVG_TAGS = new Set("svg g path line rect circle polyline text title defs marker".split(" "));

/**
 * An element: h("button", {class: "quiet", onclick: play}, "Play").
 *
 * Properties that begin with "on" are listeners, `style` and `dataset` are objects, `true` sets an
 * attribute without value, `false`, null and undefined leave it out; all others are attributes, and
 * those of ARIA say "true" and "false".
 * Children are nodes, strings, numbers, or lists of them; null, undefined and false are skipped.
 * @param {string} tag
 * @param {Object<string, any>} [props]
 * @param {...any} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const element = create(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProperty(element, name, value);
  append(element, children);
  return element;
}

function create(tag) {
  if (MATH_TAGS.has(tag)) return document.createElementNS(MATHML, tag);
  if (SVG_TAGS.has(tag)) return document.createElementNS(SVG, tag);
  return document.createElement(tag);
}

function setProperty(element, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("aria-")) element.setAttribute(name, String(value));
  else if (value === false) return;
  else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style") setStyle(element, value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Properties and custom properties (--name) of an element's style. */
function setStyle(element, style) {
  for (const [name, value] of Object.entries(style)) {
    if (name.startsWith("--")) element.style.setProperty(name, value);
    else element.style[name] = value;
  }
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** A button that shows this: text, or elements; `props` as for h(). */
export function button(shown, onclick, props = {}) {
  return h("button", { type: "button", onclick, ...props }, shown);
}

/** Put these children in the place of whatever the element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** Call `fn` at most once a frame, with the arguments of the newest call. */
export function oncePerFrame(fn) {
  let newest = null;
  return (...args) => {
    if (newest === null) {
      requestAnimationFrame(() => {
        const call = newest;
        newest = null;
        fn(...call);
      });
    }
    newest = args;
  };
}

/** Whether the visitor asked for less movement. */
export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Fulfilled after so many milliseconds. */
export function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
