// Numbers as text.  `digits` prints the shortest decimal that reads back as the same float64, in
// the form in which Python prints it, so that the page and the command line show the same digits.

/** As Python's repr: 0.1, 1e-07, 12.0, with a true minus sign. */
export function digits(value) {
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞").replace("-", "−");
  return repr(value).replace("-", "−").replace("e-", "e−");
}

/** Python's repr of a float, in ASCII. */
export function repr(value) {
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa, exponent] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    const size = String(Math.abs(power)).padStart(2, "0");
    return `${mantissa}e${power < 0 ? "-" : "+"}${size}`;
  }
  const text = String(value);
  return text.includes(".") ? text : `${text}.0`;
}

/** About `places` significant digits, for labels: −0.0412, 12.3, 1.23e−7. */
export function short(value, places = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return digits(value);
  if (size < 1e-4 || size >= 1e6) return value.toExponential(places - 1).replaceAll("-", "−");
  const decimals = Math.max(0, places - 1 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(decimals, 8)).replace("-", "−");
}

/** Few characters for a cell: .37, −.50, 1.2, 12 */
export function tiny(value) {
  const size = Math.abs(value);
  if (size < 0.005) return value === 0 ? "0" : value < 0 ? "−0" : "+0";
  const text =
    size < 0.995 ? size.toFixed(2).slice(1) : size < 9.95 ? size.toFixed(1) : size.toFixed(0);
  return (value < 0 ? "−" : "") + text;
}

/** 0.1234 → 12.3 % */
export function percent(value) {
  const hundred = value * 100;
  if (hundred > 0 && hundred < 0.05) return "< 0.1 %";
  return `${hundred.toFixed(1)} %`;
}

/** 1234567 → 1,234,567 */
export function count(value) {
  return value.toLocaleString("en-US");
}

/** [4, 8, 8] → 4×8×8 */
export function times(shape) {
  return shape.join("×");
}

/** [2, 3, 4] → [2][3][4] */
export function brackets(index) {
  return index.map((i) => `[${i}]`).join("");
}

/** "conv1.weight[2][0]" → {name: "conv1.weight", index: [2, 0]}; what is no number becomes NaN. */
export function targetOf(text) {
  const [name, ...index] = text.split(/[[\]]+/);
  return { name, index: index.filter(Boolean).map(Number) };
}
