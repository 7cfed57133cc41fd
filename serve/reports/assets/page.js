// Brings the page to life: reads the data block and draws what is in view.
const data = JSON.parse(document.getElementById("data").textContent);

function drawRun(panel) {
  if (panel.dataset.drawn) return;
  panel.dataset.drawn = "yes";
  const run = data.runs[Number(panel.dataset.run)];
  startReportTabs(panel, run, data.synthetic);
}

function startRuns() {
  const panels = [...document.querySelectorAll(".run")];
  const names = document.querySelector(".run-names");
  if (names) startTabs(names, panels, (at) => drawRun(panels[at]));
  if (panels.length) drawRun(panels[0]);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  } catch {
    // The clipboard is closed to this page: select the text, so that the keyboard can copy it.
    getSelection().selectAllChildren(source);
  }
}

startTheme();
startSortableTables();
if (data.sweep?.scatter) drawScatter(data.sweep.scatter);
if (data.sweep?.surfaces.length) drawSurfaces(data.sweep.surfaces);
startRuns();
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
root.dataset.ready = "yes";
