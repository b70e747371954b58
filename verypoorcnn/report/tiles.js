// Images out of the sprite, and cards that show an image with its probabilities.

const SVG = "http://www.w3.org/2000/svg";

/** One image; `images` says how the sprite is divided. */
export function tile(images, number, label) {
  const [columns, rows] = images.tile;
  const x = (number % images.across) * columns;
  const y = Math.floor(number / images.across) * rows;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "tile");
  svg.setAttribute("viewBox", `${x} ${y} ${columns} ${rows}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#sprite");
  svg.append(use);
  return svg;
}

/** An element with a class and children; texts stay texts, whatever stands in them. */
export function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** `98.7 %`, and not 100 % for what is less. */
export function percent(share) {
  const text = (100 * share).toFixed(1);
  return `${text === "100.0" && share < 1 ? "> 99.9" : text}\u202f%`;
}

/** Names, bars and percentages; the true class stands out. */
export function odds(pairs, truth, classes) {
  const list = make("dl", "odds");
  for (const [label, share] of pairs) {
    const name = make("dt", label === truth ? "true" : "", classes[label]);
    name.title = classes[label];
    const line = make("div", "", name, make("dd", "", percent(share)));
    line.style.setProperty("--part", share);
    list.append(line);
  }
  return list;
}

/** A test image as an item of a list. */
export function card(content, test) {
  const { classes, images } = content;
  const wrong = test.true !== test.predicted;
  const truth = classes[test.true];
  const taken = classes[test.predicted];
  const said = wrong ? `${truth} taken for ${taken}` : `${truth}, recognised`;
  const words = make("div", "", make("p", "name", `test image ${test.index}`));
  if (test.twin) words.append(make("p", "badge", "also trained on"));
  words.append(odds(test.top, test.true, classes));
  return make("li", "card", tile(images, test.tile, said), words);
}
