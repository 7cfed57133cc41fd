// The list of trades as TradingView writes it: the twin of serve/tradingview_csv.py.
const MOST_DIGITS = 10;

// Halves go up, below zero too; noise beyond ten digits is none.
function roundedTo(value, digits) {
  const scale = 10 ** digits;
  return Math.floor(Number((value * scale).toPrecision(10)) + 0.5) / scale;
}

function plainNumber(value) {
  const text = String(value);
  return text.includes("e") ? value.toFixed(12).replace(/\.?0+$/, "").replace(/^-0$/, "0") : text;
}

function printedMoney(value) {
  let digits = 2;
  while (value && digits < MOST_DIGITS && roundedTo(value, digits) === 0) digits += 1;
  return plainNumber(roundedTo(value, digits));
}

function cell(text) {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function tradeFileHeads(code) {
  const pairs = ["Net P&L", "Favorable excursion", "Adverse excursion", "Cumulative P&L"];
  const money = pairs.flatMap((name) => [`${name} ${code}`, `${name} %`]);
  return ["Trade #", "Type", "Date and time", "Signal", `Price ${code}`, "Size (qty)", "Size (value)", ...money];
}

function tradeFileRows(run, at) {
  const { trades } = run;
  const side = trades.side[at] > 0 ? "long" : "short";
  const invested = trades.invested[at];
  const money = (value, whole) => (value === null ? ["", ""] : [printedMoney(value), plainNumber(roundedTo((100 * value) / whole, 2))]);
  const figures = [trades.pnl, trades.mfe, trades.mae].flatMap((column) => money(column[at], invested));
  figures.push(...money(trades.cumulative[at], run.cash));
  const size = [plainNumber(trades.qty[at]), printedMoney(trades.value[at])];
  const leg = (kind, time, signal, price) =>
    [trades.row[at], `${kind} ${side}`, dateTime(time), signal, plainNumber(price), ...size, ...figures].map(String).map(cell).join(",");
  return [
    leg("Exit", trades.exitTime[at], trades.signals[trades.exitSignal[at]], trades.exitPrice[at]),
    leg("Entry", trades.entryTime[at], trades.signals[trades.entrySignal[at]], trades.entryPrice[at]),
  ];
}

function tradeFile(run, rows) {
  const ordered = [...rows].sort((a, b) => a - b);
  return [tradeFileHeads(run.quote.code).map(cell).join(","), ...ordered.flatMap((at) => tradeFileRows(run, at)), ""].join("\n");
}
