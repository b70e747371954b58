// A cursor for curves: the pointer, or the arrow keys, choose an epoch, and its values are told.

/** Bring a chart to life: an <svg> with curves of points, and an <output> beside it. */
export function chartCursor(chart) {
  const svg = chart.querySelector("svg");
  const output = chart.querySelector("output");
  if (!svg) return;
  const points = [...svg.querySelectorAll("[data-epoch]")];
  const epochs = [...new Set(points.map((point) => Number(point.dataset.epoch)))];
  epochs.sort((a, b) => a - b);
  const places = new Map(
    points.map((point) => [Number(point.dataset.epoch), circleOf(point).cx.baseVal.value]),
  );
  const cursor = svg.querySelector(".cursor");
  let chosen = epochs.length - 1;

  function choose(index, silently = false) {
    chosen = Math.max(0, Math.min(epochs.length - 1, index));
    const epoch = epochs[chosen];
    const met = points.filter((point) => Number(point.dataset.epoch) === epoch);
    for (const point of points) {
      circleOf(point).classList.toggle("met", !silently && met.includes(point));
    }
    cursor.setAttribute("x1", places.get(epoch));
    cursor.setAttribute("x2", places.get(epoch));
    cursor.style.visibility = silently ? "hidden" : "visible";
    tell(output, epoch, met);
    svg.setAttribute("aria-valuenow", epoch);
    svg.setAttribute("aria-valuetext", output.textContent);
  }

  svg.addEventListener("pointermove", (event) => {
    const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      svg.getScreenCTM().inverse(),
    ).x;
    const distances = epochs.map((epoch) => Math.abs(places.get(epoch) - x));
    choose(distances.indexOf(Math.min(...distances)));
  });
  svg.addEventListener("keydown", (event) => {
    const moves = {
      ArrowLeft: chosen - 1,
      ArrowDown: chosen - 1,
      ArrowRight: chosen + 1,
      ArrowUp: chosen + 1,
      PageDown: chosen - 10,
      PageUp: chosen + 10,
      Home: 0,
      End: epochs.length - 1,
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    choose(moves[event.key]);
  });
  choose(chosen, true);
}

function circleOf(point) {
  return point.querySelector("circle");
}

/** `epoch 7: training 1.007336, validation 1.052010`. */
function tell(output, epoch, met) {
  const title = document.createElement("b");
  title.textContent = `epoch ${epoch}: `;
  const values = met.map((point) => `${point.parentNode.dataset.name} ${point.dataset.value}`);
  output.replaceChildren(title, values.join(", "));
}
