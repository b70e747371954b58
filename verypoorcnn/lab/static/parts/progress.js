// What is to be said of a training under way, which news is newer, and its curves side by side.

import { h } from "../lib/dom.js";
import { count, short } from "../lib/numbers.js";

const DOING = {
  compiling: "getting the engine ready",
  training: "training",
  pausing: "pausing when the batch is done",
  paused: "paused",
  lost: "the connection is lost",
};

/** Where a training stands, as a line. */
export function whereabouts({ phase, epoch, batch, batches, samples_per_second: speed }) {
  return [
    h("strong", {}, `Epoch ${epoch}`),
    batch ? `, batch ${batch} of ${batches}` : "",
    ` · ${DOING[phase]}`,
    h(
      "span",
      { class: "training-speed" },
      speed ? `${count(Math.round(speed))} images a second` : null,
    ),
  ];
}

const PATIENCE = 3; // epochs that any training may take to become better than guessing
const ADVICE =
  "If the learning rate is high, the units may have died: reset, and lower it.  " +
  "If it is low, raise it or wait.";

/** What to say of a training that learns nothing although no number is out of bounds, or null. */
export function lost({ train, confusion, epoch }) {
  const guessing = confusion ? Math.log(confusion.counts.length) : Infinity;
  const loss = train.loss.at(-1);
  if (epoch < PATIENCE || loss < 0.98 * guessing) return null;
  return `Epoch ${epoch}: no better than guessing (loss ${short(loss, 3)}).  ${ADVICE}`;
}

/** Whether one piece of news of an experiment, or of a sweep, is older than another of the same. */
export function isOlder(news, other) {
  return other?.id === news.id && news.seconds < other.seconds;
}

/** Two curves with places of their own, over the places of both. */
export function joined([firstX, first], [secondX, second]) {
  const xs = [...new Set([...firstX, ...secondX])].sort((a, b) => a - b);
  const over = (places, values) => {
    const known = new Map(places.map((x, i) => [x, values[i]]));
    return xs.map((x) => known.get(x) ?? null);
  };
  return [xs, [over(firstX, first), over(secondX, second)]];
}
