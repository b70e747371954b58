// Grids of buttons that are one stop of the tabulator key: the arrow keys go from button to button
// (the "roving tabindex" of the ARIA Authoring Practices).

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * Make a grid of these buttons.  The stop is the button that had the focus last.
 * @param {HTMLButtonElement[][]} rows  from top to bottom
 * @returns {(row: number, column: number) => void}  makes another button the stop
 */
export function roving(rows) {
  const stopAt = (row, column) => {
    for (const button of rows.flat()) button.tabIndex = -1;
    rows[row][column].tabIndex = 0;
  };
  const key = (event, row, column) => {
    if (!(event.key in STEPS)) return;
    event.preventDefault();
    const [down, right] = STEPS[event.key];
    rows[row + down]?.[column + right]?.focus();
  };
  rows.forEach((buttons, row) =>
    buttons.forEach((button, column) => {
      button.addEventListener("focus", () => stopAt(row, column));
      button.addEventListener("keydown", (event) => key(event, row, column));
    }),
  );
  stopAt(0, 0);
  return stopAt;
}
