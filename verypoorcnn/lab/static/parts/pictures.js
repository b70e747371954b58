// What a training shows besides its curves: the filters as they change, and the confusion matrix.

import { decode, largest } from "../lib/arrays.js";
import { legend } from "../lib/colours.js";
import { fill, h } from "../lib/dom.js";
import { MapWidget } from "../lib/maps.js";
import { percent } from "../lib/numbers.js";
import { confusionMatrix } from "./matrix.js";
import { sheet } from "./sheet.js";

const SIDE = 300; // of the filters' picture, in CSS pixels
const SETTLING = 0.97; // how slowly the colours' range follows filters that shrink

export class TrainingPictures {
  constructor(lab) {
    this.filters = new MapWidget({
      name: "filters",
      width: SIDE,
      height: SIDE,
      most: 24,
      onpoint: () => {}, // so that its values can be gone through
    });
    this.legend = h("div", {});
    this.matrix = confusionMatrix(lab.session().class_names, (truth, predicted) =>
      lab.state.set({ view: "errors", cellTrue: truth, cellPredicted: predicted }),
    );
    this.tested = h("p", { class: "quiet-text" }, "Tested as soon as something is trained.");
    this.filterSheet = sheet("training-filters", "Filters", this.filters.element, this.legend);
    this.sheets = [
      this.filterSheet,
      sheet("training-matrix", "Confusion matrix", this.tested, this.matrix.element),
    ];
  }

  /** @param {{filters: object|null, confusion: object|null}} state  of the training */
  show({ filters, confusion }) {
    this.filterSheet.hidden = !filters;
    if (filters && filters.data !== this.filtersShown) this.showFilters(filters);
    if (confusion && confusion.epoch !== this.confusionShown) this.showConfusion(confusion);
  }

  destroy() {
    this.matrix.destroy?.();
  }

  showFilters(filters) {
    this.filtersShown = filters.data;
    const numbers = decode(filters);
    this.range = Math.max(largest(numbers.values), (this.range ?? 0) * SETTLING);
    this.filters.show(numbers, { max: this.range });
    fill(this.legend, legend(this.range));
  }

  showConfusion({ epoch, counts, images, of, accuracy }) {
    this.confusionShown = epoch;
    const some = images < of ? `  This engine has time for ${images} of all ${of}.` : "";
    const right = `${percent(accuracy)} of ${images} test images are right`;
    fill(this.tested, `${right} after epoch ${Number(epoch.toFixed(2))}.${some}`);
    this.matrix.show(counts);
  }
}
