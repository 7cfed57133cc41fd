// Equity beside buying and holding, and the drawdown under it.
function lineOptions(name) {
  const common = { lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerRadius: 3 };
  return {
    equity: { ...common, lineColor: palette.accent, topColor: faded("accent", 0.22), bottomColor: faded("accent", 0.0) },
    hold: { ...common, color: palette.muted, lineWidth: 1 },
    drawdown: {
      ...common,
      lineWidth: 1,
      lineColor: palette.loss,
      topColor: faded("loss", 0.05),
      bottomColor: faded("loss", 0.35),
      invertFilledArea: true,
    },
  }[name];
}

const LINES = {
  equity: { title: "Equity", kind: "AreaSeries", pane: 0, color: "accent" },
  hold: { title: "Buy and hold", kind: "LineSeries", pane: 0, color: "muted" },
  drawdown: { title: "Drawdown", kind: "AreaSeries", pane: 1, color: "loss" },
};

function equityLines(chart, run, times) {
  const { code, digits } = run.quote;
  const all = [...run.equity.equity, ...(run.equity.hold ?? [])];
  const wide = Math.max(...all) - Math.min(...all) > 100;
  const moneyAxis = { type: "custom", minMove: 10 ** -digits, formatter: (value) => number(value, wide ? 0 : digits) };
  const deepest = -Math.min(...run.equity.drawdown);
  const shareDigits = deepest > 0.04 ? 0 : deepest > 0.004 ? 1 : 2;
  const shareAxis = { type: "custom", minMove: 0.0001, formatter: (value) => percent(value, shareDigits) };
  const made = {};
  for (const [name, { title, kind, pane, color }] of Object.entries(LINES)) {
    if (!run.equity[name]) continue;
    const series = chart.addSeries(LC[kind], lineOptions(name), pane);
    series.applyOptions({ priceFormat: pane ? shareAxis : moneyAxis });
    series.setData(decodeLine(times, run.equity[name]));
    onTheme(() => series.applyOptions(lineOptions(name)));
    const text = pane ? (value) => percent(value) : (value) => `${number(value, digits)} ${code}`;
    made[name] = { title, color, series, text };
  }
  return made;
}

// The names of the lines with their values under the pointer; a name pressed hides its line.
function equityLegend(box, lines, times, values) {
  const spots = {};
  const when = element("b");
  for (const [name, { title, color, series }] of Object.entries(lines)) {
    spots[name] = element("b");
    const toggle = element("button", { type: "button", "aria-pressed": "true", title: `Show or hide ${title.toLowerCase()}` });
    toggle.append(element("span", { class: "key", "--key": `var(--${color})` }), `${title} `);
    toggle.addEventListener("click", () => {
      const shown = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(shown));
      series.applyOptions({ visible: shown });
    });
    box.append(element("span", {}, toggle, spots[name]));
  }
  box.append(element("span", {}, when));
  return (at) => {
    const place = at === null ? times.length - 1 : at;
    for (const [name, { text }] of Object.entries(lines)) spots[name].textContent = text(values[name][place]);
    when.textContent = dateTime(times[place]);
  };
}

function drawEquity(panel, run, synthetic) {
  const box = panel.querySelector('[data-chart="equity"]');
  if (!box) return;
  const chart = newChart(box);
  const times = decodeTimes(run.equity.time);
  const lines = equityLines(chart, run, times);
  const split = splitAt(times, run.split);
  if (split !== null) {
    lines.equity.series.attachPrimitive(new SplitBand(split, true));
    lines.drawdown.series.attachPrimitive(new SplitBand(split, false));
  }
  chart.panes()[1].setStretchFactor(0.6);
  markSynthetic(chart, synthetic);
  const tell = equityLegend(panel.querySelector('[data-legend="equity"]'), lines, times, run.equity);
  chart.subscribeCrosshairMove(({ logical }) => {
    const inside = logical !== undefined && logical !== null && logical >= 0 && logical < times.length;
    tell(inside ? Math.round(logical) : null);
  });
  tell(null);
  const log = panel.querySelector('[data-action="log"]');
  log.disabled = Math.min(...run.equity.equity) <= 0;
  log.addEventListener("click", () => {
    const on = log.getAttribute("aria-pressed") !== "true";
    log.setAttribute("aria-pressed", String(on));
    chart.priceScale("right").applyOptions({ mode: on ? LC.PriceScaleMode.Logarithmic : LC.PriceScaleMode.Normal });
  });
  chart.timeScale().fitContent();
}
