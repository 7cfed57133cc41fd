// Light or dark: the system's wish until the button is pressed, then the reader's, remembered.
const COLORS = ["panel", "raised", "line", "line-strong", "text", "muted", "accent", "gain", "loss", "warn-line"];
const root = document.documentElement;
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const themeListeners = [];
let palette = {};

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches;
}

// The style sheet's colours as a canvas understands them.
function readPalette() {
  const probe = element("span");
  document.body.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  };
  const found = Object.fromEntries(COLORS.map(read));
  probe.remove();
  return found;
}

function faded(name, alpha) {
  const [red, green, blue] = palette[name].match(/[\d.]+/g);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

function onTheme(listener) {
  themeListeners.push(listener);
}

function themeChanged() {
  palette = readPalette();
  document.getElementById("theme").setAttribute("aria-pressed", String(isDark()));
  for (const listener of themeListeners) listener();
}

function chooseTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  try {
    localStorage.setItem("bst-theme", root.dataset.theme);
  } catch {
    // Not remembered where storage is forbidden; the page still changes.
  }
  themeChanged();
}

// Paper is white, and the canvases have to be told before it is printed on.
function printInLight() {
  let chosen;
  addEventListener("beforeprint", () => {
    chosen = root.dataset.theme;
    root.dataset.theme = "light";
    themeChanged();
  });
  addEventListener("afterprint", () => {
    if (chosen) root.dataset.theme = chosen;
    else delete root.dataset.theme;
    themeChanged();
  });
}

function startTheme() {
  document.getElementById("theme").addEventListener("click", chooseTheme);
  systemDark.addEventListener("change", themeChanged);
  printInLight();
  themeChanged();
}
