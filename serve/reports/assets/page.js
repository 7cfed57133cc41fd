// Brings the page to life: reads the data block and draws what is in view.
const data = JSON.parse(document.getElementById("data").textContent);

function drawRun(panel) {
  if (panel.dataset.drawn) return;
  panel.dataset.drawn = "yes";
  const run = data.runs[Number(panel.dataset.run)];
  drawEquity(panel, run, data.synthetic);
  const show = drawPrice(panel, run, data.synthetic);
  new TradeList(panel.querySelector("[data-trades]"), run, show);
}

function startRuns() {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const panels = [...document.querySelectorAll(".run")];
  const choose = (at) => {
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === at));
      tab.tabIndex = place === at ? 0 : -1;
      panels[place].hidden = place !== at;
    });
    tabs[at].focus();
    drawRun(panels[at]);
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(at));
    tab.addEventListener("keydown", ({ key }) => {
      const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
      if (key in steps) choose((steps[key] + tabs.length) % tabs.length);
    });
  });
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
