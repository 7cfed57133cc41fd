// Before anything is painted: the theme that was chosen last time, if this browser remembers it.
(() => {
  try {
    const theme = localStorage.getItem("bst-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage can be forbidden for local files: then the system's preference holds.
  }
})();
