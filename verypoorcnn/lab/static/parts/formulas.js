// The formula of each textbook function, set as a textbook sets it (MathML).  A function that has
// none here is shown by its lines alone.

import { h } from "../lib/dom.js";

const i = (text) => h("mi", {}, text);
const o = (text) => h("mo", {}, text);
const n = (text) => h("mn", {}, text);
const row = (...parts) => h("mrow", {}, parts);
const sub = (base, index) => h("msub", {}, base, row(...[index].flat()));
const letters = (text) => [...text].map((letter) => (letter === "," ? o(",") : i(letter)));
const of = (name, index) => sub(i(name), letters(index));
const under = (index) => row(h("mspace", { height: "1.1em" }), ...letters(index));
const sum = (index) =>
  row(
    h("munder", {}, h("mo", { largeop: "true", movablelimits: "false" }, "∑"), under(index)),
    h("mspace", { width: "0.35em" }),
  );
const partial = (of) => h("mfrac", {}, row(i("∂"), i("L")), row(i("∂"), of));
const bracket = (...parts) => row(o("("), ...parts, o(")"));
const apply = (name, ...parts) => row(h("mi", { mathvariant: "normal" }, name), bracket(...parts));

const p = (k) => of("p", k);
const z = (k) => of("z", k);
const expz = (k) => row(h("msup", {}, i("e"), row(z(k))));

const FORMULAS = {
  conv2d: () => [
    of("y", "f,i,j"),
    o("="),
    sum("c,m,n"),
    of("x", "c,si+m,sj+n"),
    o("·"),
    of("w", "f,c,m,n"),
  ],
  add_map_biases: () => [o("+"), of("b", "f")],
  conv2d_kernel_gradient: () => [
    partial(of("w", "f,c,m,n")),
    o("="),
    sum("i,j"),
    partial(of("y", "f,i,j")),
    o("·"),
    of("x", "c,si+m,sj+n"),
  ],
  conv2d_image_gradient: () => [
    partial(of("x", "c,y,x")),
    o("="),
    sum("f,i,j"),
    partial(of("y", "f,i,j")),
    o("·"),
    of("w", "f,c,m,n"),
    o(","),
    h("mspace", { width: "1em" }),
    i("y"),
    o("="),
    row(i("s"), i("i"), o("+"), i("m")),
  ],
  map_bias_gradient: () => [partial(of("b", "f")), o("="), sum("i,j"), partial(of("y", "f,i,j"))],
  relu_maps: () => [of("y", "c,i,j"), o("="), apply("max", n("0"), o(","), of("x", "c,i,j"))],
  relu_vectors: () => [of("y", "d"), o("="), apply("max", n("0"), o(","), of("x", "d"))],
  relu_maps_gradient: () => routed("c,i,j"),
  relu_vectors_gradient: () => routed("d"),
  max_pool: () => [
    of("y", "c,i,j"),
    o("="),
    h("munder", {}, i("max"), under("m,n")),
    h("mspace", { width: "0.35em" }),
    of("x", "c,si+m,sj+n"),
  ],
  max_pool_gradient: () => [
    partial(of("x", "c,y,x")),
    o("="),
    sum("i,j"),
    partial(of("y", "c,i,j")),
    h("mtext", {}, " of the windows that it won"),
  ],
  flatten: () => [
    of("v", "d"),
    o("="),
    of("x", "c,i,j"),
    o(","),
    h("mspace", { width: "1em" }),
    i("d"),
    o("="),
    bracket(i("c"), o("·"), i("rows"), o("+"), i("i")),
    o("·"),
    i("columns"),
    o("+"),
    i("j"),
  ],
  flatten_gradient: () => [partial(of("x", "c,i,j")), o("="), partial(of("v", "d"))],
  dense: () => [of("y", "k"), o("="), sum("d"), of("w", "k,d"), o("·"), of("x", "d")],
  add_unit_biases: () => [o("+"), of("b", "k")],
  dense_weight_gradient: () => [
    partial(of("w", "k,d")),
    o("="),
    partial(of("y", "k")),
    o("·"),
    of("x", "d"),
  ],
  dense_input_gradient: () => [
    partial(of("x", "d")),
    o("="),
    sum("k"),
    partial(of("y", "k")),
    o("·"),
    of("w", "k,d"),
  ],
  unit_bias_gradient: () => [partial(of("b", "k")), o("="), partial(of("y", "k"))],
  softmax: () => [p("k"), o("="), h("mfrac", {}, expz("k"), row(sum("j"), expz("j")))],
  cross_entropy: () => [
    i("L"),
    o("="),
    o("−"),
    sum("k"),
    of("y", "k"),
    o("·"),
    row(i("log"), p("k")),
  ],
  softmax_cross_entropy_gradient: () => [partial(z("k")), o("="), p("k"), o("−"), of("y", "k")],
  sgd_vector: () => step("k"),
  sgd_matrix: () => step("k,d"),
  sgd_kernels: () => step("f,c,m,n"),
};

function routed(index) {
  return [
    partial(of("x", index)),
    o("="),
    partial(of("y", index)),
    h("mtext", {}, " where "),
    of("y", index),
    o(">"),
    n("0"),
    o(","),
    h("mtext", {}, " else 0"),
  ];
}

function step(index) {
  return [of("w", index), o("←"), of("w", index), o("−"), i("η"), o("·"), partial(of("w", index))];
}

/** The formula of these functions, one after another, or null. @param {string[]} names */
export function formula(names) {
  const known = names.filter((name) => FORMULAS[name]);
  if (!known.length) return null;
  return h("math", { display: "block" }, row(...known.flatMap((name) => FORMULAS[name]())));
}
