// Candles with the trades drawn into them.
const SPANS = [["1D", 1], ["1W", 7], ["1M", 30], ["3M", 91], ["1Y", 365]];
const FEWEST_CANDLES = 20;

function candleLook() {
  const { gain, loss } = palette;
  return { upColor: gain, downColor: loss, wickUpColor: gain, wickDownColor: loss, borderVisible: false };
}

function addCandles(chart, run, candles) {
  const { digits, volume } = run.candles;
  const series = chart.addSeries(LC.CandlestickSeries, candleLook());
  series.applyOptions({
    priceLineVisible: false,
    lastValueVisible: false,
    priceFormat: { type: "custom", minMove: 10 ** -digits, formatter: (value) => number(value, digits) },
  });
  series.priceScale().applyOptions({ scaleMargins: { top: 0.06, bottom: 0.2 } });
  series.setData(candles);
  const look = () => ({ color: faded("muted", 0.28) });
  const bars = chart.addSeries(LC.HistogramSeries, { ...look(), priceScaleId: "", priceLineVisible: false, lastValueVisible: false });
  bars.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
  bars.setData(candles.map(({ time }, at) => ({ time, value: volume[at] })));
  onTheme(() => {
    series.applyOptions(candleLook());
    bars.applyOptions(look());
  });
  return series;
}

function tradeText(trades, at, { code, digits }) {
  const side = trades.side[at] > 0 ? "long" : "short";
  const profit = `${number(trades.pnl[at], digits, true)} ${code} (${percent(trades.pnlFraction[at], 2, true)})`;
  const text = element("b", { class: tone(trades.pnl[at]) }, profit);
  return element("span", {}, `Trade ${trades.number[at]} ${side}, ${trades.reasons[trades.reason[at]]} `, text);
}

// Time and prices of the candle under the pointer, and the trade that was open there.
function priceLegend(box, run, candles) {
  const { digits } = run.candles;
  return (candleAt, tradeAt) => {
    const { time, open, high, low, close } = candles[candleAt ?? candles.length - 1];
    const prices = Object.entries({ Open: open, High: high, Low: low, Close: close });
    const spots = prices.map(([name, value]) => element("span", {}, `${name} `, element("b", {}, number(value, digits))));
    box.replaceChildren(element("span", {}, element("b", {}, dateTime(time))), ...spots);
    if (tradeAt >= 0) box.append(tradeText(run.trades, tradeAt, run.quote));
    else box.append(element("span", {}, `${intervalName(run.candles.interval)} candles`));
  };
}

function openAt(trades, candle) {
  return trades.entryCandle.findIndex((entry, at) => entry <= candle && candle <= trades.exitCandle[at]);
}

// The last candles, wide enough for a few trades and narrow enough to see them.
function firstView(run, n) {
  const entries = run.trades.entryCandle;
  const from = entries.length ? Math.min(...entries.slice(-8)) - 10 : n;
  const width = Math.min(Math.max(n - from, 160), 900);
  return { from: n - width, to: n + 1 };
}

function rangeButtons(chart, candles) {
  const scale = chart.timeScale();
  const step = usualStep(candles);
  const button = (label, show) => element("button", { type: "button", class: "tool", onclick: show }, label);
  const spans = SPANS.map(([label, days]) => [label, (days * 86400) / step]);
  const useful = spans.filter(([, count]) => count >= FEWEST_CANDLES && count < candles.length);
  const shown = useful.map(([label, count]) => button(label, () => {
    const { to } = scale.getVisibleLogicalRange();
    const end = Math.min(Math.max(to, count), candles.length);
    scale.setVisibleLogicalRange({ from: end - count, to: end });
  }));
  return [...shown, button("All", () => scale.fitContent())];
}

// The usual distance of candles in seconds; gaps are the exception.
function usualStep(candles) {
  if (candles.length < 2) return 1;
  const gaps = candles.slice(1, 200).map(({ time }, at) => time - candles[at].time);
  return gaps.sort((a, b) => a - b)[gaps.length >> 1];
}

function tradeButtons(run, choose, chosen) {
  const { entryTime } = run.trades;
  const order = entryTime.map((_, at) => at).sort((a, b) => entryTime[a] - entryTime[b]);
  const step = (by) => () => {
    const place = order.indexOf(chosen());
    const next = place < 0 ? (by > 0 ? 0 : order.length - 1) : place + by;
    if (order[next] !== undefined) choose(order[next]);
  };
  const button = (text, name, by) => element("button", { type: "button", class: "tool", title: name, "aria-label": name, onclick: step(by) }, text);
  return order.length ? [button("‹ Trade", "Previous trade", -1), button("Trade ›", "Next trade", 1)] : [];
}

// Draws the chart; returns what shows a trade in it, or null where there are no candles.
function drawPrice(panel, run, synthetic) {
  const box = panel.querySelector('[data-chart="price"]');
  if (!box) return null;
  const chart = newChart(box);
  const candles = decodeCandles(run.candles);
  const series = addCandles(chart, run, candles);
  const marks = new TradeMarks(run.trades);
  series.attachPrimitive(marks);
  const split = splitAt(candles.map(({ time }) => time), run.split);
  if (split !== null) series.attachPrimitive(new SplitBand(split, true));
  markSynthetic(chart, synthetic);
  const tell = priceLegend(panel.querySelector('[data-legend="price"]'), run, candles);
  chart.subscribeCrosshairMove(({ logical }) => {
    const inside = logical !== undefined && logical !== null && logical >= 0 && logical < candles.length;
    tell(inside ? Math.round(logical) : null, inside ? openAt(run.trades, Math.round(logical)) : marks.chosen);
  });
  tell(null, -1);
  const show = (at) => {
    marks.chosen = at;
    const { entryCandle, exitCandle } = run.trades;
    const around = Math.max(40, exitCandle[at] - entryCandle[at]);
    chart.timeScale().setVisibleLogicalRange({ from: entryCandle[at] - around, to: exitCandle[at] + around });
    marks.requestUpdate();
    tell(exitCandle[at], at);
  };
  const tools = panel.querySelector('[data-tools="price"]');
  tools.append(...tradeButtons(run, show, () => marks.chosen), ...rangeButtons(chart, candles));
  chart.timeScale().setVisibleLogicalRange(firstView(run, candles.length));
  return (at) => {
    show(at);
    box.scrollIntoView({ block: "center" });
  };
}
