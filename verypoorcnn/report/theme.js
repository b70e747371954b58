// Light or dark: the reader's system decides until the button says otherwise.

const THEME = "verypoorcnn-theme";

/** Let a button switch between light and dark, and remember the choice where that is possible. */
export function themeButton(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => {
    button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  const kept = remembered();
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}

function remembered() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null; // a page from a file may have no storage
  }
}

function remember(theme) {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // then it holds until the page is closed
  }
}
