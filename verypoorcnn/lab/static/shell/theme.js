// Light or dark: as the system has it, unless the address or the button says otherwise.

const NEXT = { light: "dark", dark: "light" };

/** Follow the state's theme from now on. */
export function applyTheme(state) {
  const apply = () => {
    const theme = state.get("theme");
    if (theme in NEXT) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    window.dispatchEvent(new Event("themechange"));
  };
  state.on(["theme"], apply);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}

/** Call fn when the colours have changed; returns a function that stops it. */
export function onTheme(fn) {
  window.addEventListener("themechange", fn);
  return () => window.removeEventListener("themechange", fn);
}

/** The other theme than the one shown: "light" or "dark". */
export function otherTheme() {
  const chosen = document.documentElement.dataset.theme;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return NEXT[chosen] ?? NEXT[dark ? "dark" : "light"];
}
