// Draws what a report's page leaves to a script: mistakes, filters, feature maps.

import { chartCursor } from "./chart.js";
import { filtersOf, mapsOf, strip } from "./grid.js";
import { confusionMatrix } from "./matrix.js";
import { themeButton } from "./theme.js";
import { card, make, odds, tile } from "./tiles.js";

const content = JSON.parse(document.getElementById("content").textContent);

themeButton(document.getElementById("theme"));
document.querySelectorAll(".chart").forEach(chartCursor);
confusionMatrix(content);
drawMistakes();
drawFilters();
drawMaps();
copyButton();

function drawMistakes() {
  const list = document.getElementById("mistakes-cards");
  list?.append(...content.mistakes.map((which) => card(content, content.tests[which])));
}

function drawFilters() {
  const place = document.getElementById("filter-strips");
  if (!place) return;
  const tell = teller("filter-readout");
  for (const layer of content.filters) {
    const rows = make("div", "strips");
    for (const [when, values] of [["before training", layer.before], ["learned", layer.after]]) {
      const name = `${layer.layer}, ${when}`;
      const detail = `${layer.shape.join("×")}, largest ${largestOf(values)}`;
      rows.append(what(name, detail), strip(filtersOf(layer, values), name, tell));
    }
    place.append(rows);
  }
}

function drawMaps() {
  const place = document.getElementById("map-strips");
  if (!place) return;
  const tell = teller("map-readout");
  const show = (chosen) => {
    const big = tile(content.images, chosen.tile, content.classes[chosen.true]);
    const image = what(content.classes[chosen.true], `test image ${chosen.index}`);
    place.replaceChildren(image, big);
    for (const layer of chosen.layers) {
      const maps = mapsOf(layer);
      const size = layer.shape.join("×");
      const cut = layer.shown < layer.shape[0] ? `, the first ${layer.shown}` : "";
      const detail = `${layer.type}, ${size}${cut}, largest ${maps.largest.toPrecision(3)}`;
      place.append(what(layer.name, detail), strip(maps, layer.name, tell));
    }
    const pairs = chosen.probabilities.map((share, label) => [label, share]);
    pairs.sort((a, b) => b[1] - a[1]);
    place.append(what("softmax", "probabilities"), odds(pairs.slice(0, 10), chosen.true, content.classes));
  };
  for (const choice of document.getElementsByName("map")) {
    choice.addEventListener("change", () => show(content.maps[Number(choice.value)]));
  }
  show(content.maps[0]);
}

function largestOf(values) {
  return Math.max(...values.map(Math.abs)).toPrecision(3);
}

function what(title, detail) {
  return make("div", "what", title, make("small", "", detail));
}

/** A function that writes into an output. */
function teller(id) {
  const output = document.getElementById(id);
  return (text) => {
    output.textContent = text;
  };
}

function copyButton() {
  const button = document.getElementById("copy");
  button.addEventListener("click", async () => {
    const command = document.getElementById("command");
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command); // then Ctrl-C does it
    }
  });
}
