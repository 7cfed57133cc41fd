// What all charts of the page share: their look, the wheel, the keys.
const LC = LightweightCharts;
const INTERVALS = { D: "daily", W: "weekly", M: "monthly" };

function intervalName(code) {
  const minutes = Number(code);
  if (!minutes) return INTERVALS[code];
  return minutes < 60 ? `${minutes}-minute` : `${minutes / 60}-hour`;
}

function chartLook() {
  const border = { borderColor: palette.line };
  return {
    layout: {
      background: { type: "solid", color: palette.panel },
      textColor: palette.muted,
      fontFamily: getComputedStyle(document.body).fontFamily,
      panes: { separatorColor: palette.line, separatorHoverColor: palette.raised },
    },
    grid: { vertLines: { color: faded("line", 0.7) }, horzLines: { color: faded("line", 0.7) } },
    crosshair: {
      mode: LC.CrosshairMode.Normal,
      vertLine: { color: palette.muted, labelBackgroundColor: palette.muted },
      horzLine: { color: palette.muted, labelBackgroundColor: palette.muted },
    },
    rightPriceScale: border,
    timeScale: border,
  };
}

function wheel(chart, on) {
  chart.applyOptions({ handleScale: { mouseWheel: on }, handleScroll: { mouseWheel: on } });
}

// A chart in `box`. The wheel scrolls the page until the chart is pressed, then it zooms.
function newChart(box) {
  const chart = LC.createChart(box, {
    autoSize: true,
    localization: { locale: "en-GB", dateFormat: "d MMM yyyy" },
    handleScroll: { mouseWheel: false, vertTouchDrag: false },
    handleScale: { mouseWheel: false },
  });
  // Conflation draws several candles as one where they are narrower than a pixel.
  chart.applyOptions({
    timeScale: { timeVisible: true, secondsVisible: false, minBarSpacing: 0.001, enableConflation: true, lockVisibleTimeRangeOnResize: true },
  });
  chart.applyOptions(chartLook());
  onTheme(() => chart.applyOptions(chartLook()));
  box.addEventListener("pointerdown", () => wheel(chart, true));
  box.addEventListener("pointerleave", () => wheel(chart, false));
  box.tabIndex = 0;
  box.addEventListener("keydown", (event) => moveByKey(chart, event));
  return chart;
}

// Arrows move by a tenth of what is in view, + and − zoom.
function moveByKey(chart, event) {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range || event.ctrlKey || event.metaKey || event.altKey) return;
  const width = range.to - range.from;
  const moves = {
    ArrowLeft: [-0.1, -0.1],
    ArrowRight: [0.1, 0.1],
    "+": [0.15, -0.15],
    "=": [0.15, -0.15],
    "-": [-0.2, 0.2],
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  scale.setVisibleLogicalRange({ from: range.from + move[0] * width, to: range.to + move[1] * width });
}

// Says in the picture itself that no market ever looked like this.
function markSynthetic(chart, synthetic) {
  if (!synthetic) return;
  const lines = () => [{ text: "Synthetic data", color: faded("warn-line", 0.4), fontSize: 26 }];
  const mark = LC.createTextWatermark(chart.panes()[0], { horzAlign: "center", vertAlign: "center", lines: lines() });
  onTheme(() => mark.applyOptions({ lines: lines() }));
}

// Where the out-of-sample part begins among `times`; null when all or none of them lie in it.
function splitAt(times, split) {
  if (split === null) return null;
  const at = times.findIndex((time) => time >= split);
  return at > 0 ? at : null;
}
