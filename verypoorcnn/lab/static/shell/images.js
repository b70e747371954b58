// Addresses of images, "test:17": the one before, the one after, any.

/** "test:17" → {part: "test", index: 17} */
export function readAddress(address) {
  const [part, index] = address.split(":");
  return { part, index: Number(index) };
}

/** How many images a part has. */
export function partSize(lab, part) {
  return lab.session().data[part] ?? 0;
}

/** The image so many places on, round at the ends. */
export function neighbour(lab, by) {
  const { part, index } = readAddress(lab.model.image());
  const size = partSize(lab, part);
  return size ? `${part}:${(index + by + size) % size}` : "test:0";
}

let drawn = null; // which image will be "any"

/** Any image of the part. */
export function anyImage(lab) {
  const found = nextAny(lab);
  drawn = null;
  return found;
}

/** The image that `anyImage` will give: drawn before, so that it can be asked for ahead. */
export function nextAny(lab) {
  const { part } = readAddress(lab.model.image());
  const from = partSize(lab, part) ? part : "test";
  if (!drawn?.startsWith(`${from}:`)) {
    drawn = `${from}:${Math.floor(Math.random() * partSize(lab, from))}`;
  }
  return drawn;
}
