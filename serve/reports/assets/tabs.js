// Tabs that a click, the arrow keys, Home and End choose; only the chosen one is in the tab order.
function startTabs(list, panels, chosen) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const choose = (at, focus = true) => {
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === at));
      tab.tabIndex = place === at ? 0 : -1;
      panels[place].hidden = place !== at;
    });
    if (focus) tabs[at].focus();
    tabs[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    chosen(at);
  };
  tabs.forEach((tab, at) => {
    tab.addEventListener("click", () => choose(at));
    tab.addEventListener("keydown", ({ key }) => {
      const steps = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 };
      if (key in steps) choose((steps[key] + tabs.length) % tabs.length);
    });
  });
  return choose;
}

// The tabs of one run. What a tab holds is drawn when it is first looked at: a chart needs a width.
function startReportTabs(panel, run, synthetic) {
  const list = panel.querySelector(".report-tabs");
  const names = [...list.querySelectorAll("[data-tab]")].map((tab) => tab.dataset.tab);
  const panels = names.map((name) => panel.querySelector(`[data-panel="${name}"]`));
  let show = null;
  const draw = {
    overview: () => {
      drawEquity(panel, run, synthetic);
      show = drawPrice(panel, run, synthetic);
    },
    ratios: () => drawRolling(panel, run, synthetic),
    list: () => {
      const go = show && ((at) => {
        choose(names.indexOf("overview"), false);
        show(at);
      });
      new TradeList(panel.querySelector("[data-trades]"), run, go);
    },
  };
  const once = (name) => {
    if (panel.dataset[`drawn${name}`]) return;
    panel.dataset[`drawn${name}`] = "yes";
    draw[name]?.();
  };
  const choose = startTabs(list, panels, (at) => once(names[at]));
  once("overview");
  once("list");
}
