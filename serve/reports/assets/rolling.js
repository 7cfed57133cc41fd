// Figures of the 30 days before each day, one at a time.
const ROLLING = {
  sharpe: ["Sharpe ratio", false],
  sortino: ["Sortino ratio", false],
  return: ["Return", true],
  volatility: ["Volatility, annual", true],
  drawdown: ["Max drawdown", true],
  beta: ["Beta to the market", false],
};

function rollingPoints(times, values) {
  return times.map((time, at) => (values[at] === null ? { time } : { time, value: values[at] }));
}

function drawRolling(panel, run, synthetic) {
  const box = panel.querySelector('[data-chart="rolling"]');
  if (!box || !run.rolling) return;
  const chart = newChart(box);
  const times = decodeTimes(run.rolling.time);
  const look = () => ({
    lineWidth: 2, priceLineVisible: false, lastValueVisible: false, baseValue: { type: "price", price: 0 },
    topLineColor: palette.gain, topFillColor1: faded("gain", 0.22), topFillColor2: faded("gain", 0.02),
    bottomLineColor: palette.loss, bottomFillColor1: faded("loss", 0.02), bottomFillColor2: faded("loss", 0.22),
  });
  const series = chart.addSeries(LC.BaselineSeries, look());
  onTheme(() => series.applyOptions(look()));
  markSynthetic(chart, synthetic);
  const options = Object.entries(ROLLING).map(([name, [title]]) => [name, title]);
  const select = choice("Rolling figure", options);
  panel.querySelector('[data-tools="rolling"]').append(select);
  const [when, told] = [element("b"), element("b")];
  panel.querySelector('[data-legend="rolling"]').append(element("span", {}, told), element("span", {}, when));
  const written = (value) => (value === null ? NOTHING : ROLLING[select.value][1] ? percent(value) : number(value, 2));
  const tell = (at) => {
    told.textContent = written(run.rolling[select.value][at]);
    when.textContent = dateTime(times[at]).slice(0, 10);
  };
  const draw = () => {
    series.applyOptions({ priceFormat: { type: "custom", minMove: 0.0001, formatter: written } });
    series.setData(rollingPoints(times, run.rolling[select.value]));
    chart.timeScale().fitContent();
    tell(times.length - 1);
  };
  select.addEventListener("change", draw);
  chart.subscribeCrosshairMove(({ logical }) => {
    const inside = logical !== undefined && logical !== null && logical >= 0 && logical < times.length;
    tell(inside ? Math.round(logical) : times.length - 1);
  });
  draw();
}
