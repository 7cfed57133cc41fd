// The list of trades: sorted, filtered, a page at a time, and as a file.
const PAGE_ROWS = 25;
function tradeColumns({ trades, quote }) {
  const signed = (value) => element("span", { class: tone(value) }, number(value, quote.digits, true));
  const price = (value) => number(value, trades.priceDigits);
  const columns = [
    ["number", "#", "Number of the trade"],
    ["symbol", "Symbol", "", (value) => trades.symbols[value]],
    ["side", "Side", "", (value) => element("span", { class: `side ${value > 0 ? "long" : "short"}` }, value > 0 ? "Long" : "Short")],
    ["entryTime", "Entry", "Open of the bar of the entry", dateTime],
    ["entryPrice", "Price", "Price of the entry", price],
    ["exitTime", "Exit", "Open of the bar of the exit", dateTime],
    ["exitPrice", "Price", "Price of the exit", price],
    ["qty", "Quantity", "In base currency", (value) => number(value, trades.qtyDigits)],
    ["pnl", `Profit, ${quote.code}`, "After fees", signed],
    ["pnlFraction", "Profit", "Share of the entry's value", (value) => element("span", { class: tone(value) }, percent(value, 2, true))],
    ["cumulative", "Cumulative", "Net profit after the trade", (value) => number(value, quote.digits)],
    ["mfe", "Best", "Largest profit while it was open", (value) => number(value, quote.digits)],
    ["mae", "Worst", "Largest loss while it was open", (value) => number(value, quote.digits)],
    ["bars", "Bars", "Bars from entry to exit", (value) => number(value, 0)],
    ["fees", "Fees", "Entry and exit", (value) => number(value, quote.digits)],
    ["funding", "Funding", "While it was open", (value) => number(value, quote.digits)],
    ["reason", "Why it ended", "", (value) => trades.reasons[value]],
  ];
  const named = columns.map(([key, label, title, show = String]) => ({ key, label, title, show }));
  const told = { symbol: Boolean(trades.symbols), funding: trades.funding.some((value) => value !== 0) };
  return named.filter(({ key }) => told[key] ?? true);
}

function choice(name, options) {
  const made = options.map(([value, text]) => element("option", { value }, text));
  const select = element("select", { "aria-label": name, autocomplete: "off" }, ...made);
  return select;
}

class TradeList {
  constructor(panel, run, show) {
    this.run = run;
    this.trades = run.trades;
    this.show = show;
    this.panel = panel;
    this.table = panel.querySelector("table");
    this.columns = tradeColumns(run);
    this.page = 0;
    this.sorted = { key: "number", sign: 1 };
    this.build();
    this.select();
  }

  build() {
    const redo = () => this.select();
    const reasons = this.trades.reasons.map((text, code) => [String(code), text]);
    this.side = choice("Side", [["", "Long and short"], ["1", "Long"], ["-1", "Short"]]);
    this.outcome = choice("Outcome", [["", "Wins and losses"], ["1", "Wins"], ["-1", "Losses"]]);
    this.reason = choice("Why it ended", [["", "Every ending"], ...reasons]);
    for (const filter of [this.side, this.outcome, this.reason]) {
      filter.addEventListener("change", redo);
      filter.disabled = !this.trades.number.length;
    }
    this.download = element("button", { type: "button", class: "tool", onclick: () => this.save() }, "Download CSV");
    this.download.title = "The trades that pass the filters, as TradingView writes its list";
    this.panel.querySelector('[data-tools="trades"]').append(this.side, this.outcome, this.reason, this.download);
    const heads = this.columns.map((column) => this.head(column));
    this.body = element("tbody");
    this.table.append(element("thead", {}, element("tr", {}, ...heads)), this.body);
    this.back = element("button", { type: "button", class: "page-button", onclick: () => this.turnPage(-1) }, "Previous");
    this.next = element("button", { type: "button", class: "page-button", onclick: () => this.turnPage(1) }, "Next");
    this.where = element("span", { role: "status" });
    this.panel.querySelector("[data-pager]").append(this.where, element("div", {}, this.back, this.next));
  }

  head({ key, label, title }) {
    const textual = ["symbol", "side", "reason", "entryTime", "exitTime"].includes(key);
    const button = element("button", { type: "button", class: "sort", title: title || null }, label);
    const sort = key === this.sorted.key ? "ascending" : null;
    const head = element("th", { scope: "col", class: textual ? null : "n", "data-key": key, "aria-sort": sort }, button);
    button.addEventListener("click", () => {
      this.sorted = { key, sign: turn(head, textual || key === "number" ? "ascending" : "descending") };
      this.select();
    });
    return head;
  }

  // The trades that pass the filters, in the order asked for; begins at the first page.
  select() {
    const { trades } = this;
    const [side, outcome, reason] = [this.side.value, this.outcome.value, this.reason.value];
    const wanted = (at) =>
      (!side || trades.side[at] === Number(side)) &&
      (!outcome || (trades.pnl[at] > 0 ? "1" : "-1") === outcome) &&
      (!reason || trades.reason[at] === Number(reason));
    const { key, sign } = this.sorted;
    const value = key === "reason" ? (at) => trades.reasons[trades.reason[at]] : (at) => trades[key][at];
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (x < y ? -1 : x > y ? 1 : 0) || a - b;
    };
    this.rows = trades.number.map((_, at) => at).filter(wanted).sort(compare);
    this.page = 0;
    this.draw();
  }

  turnPage(by) {
    this.page += by;
    this.draw();
  }

  draw() {
    const total = this.trades.number.length;
    const first = this.page * PAGE_ROWS;
    const shown = this.rows.slice(first, first + PAGE_ROWS);
    this.body.replaceChildren(...shown.map((at) => this.row(at)));
    if (!shown.length) this.body.append(this.emptyRow(total));
    const last = first + shown.length;
    this.where.textContent = shown.length ? `${first + 1}–${last} of ${number(this.rows.length, 0)}` : "";
    this.panel.querySelector("[data-count]").textContent =
      this.rows.length === total ? number(total, 0) : `${number(this.rows.length, 0)} of ${number(total, 0)}`;
    this.back.disabled = this.page === 0;
    this.next.disabled = last >= this.rows.length;
    this.back.parentElement.hidden = this.rows.length <= PAGE_ROWS;
    this.download.disabled = !this.rows.length;
  }

  emptyRow(total) {
    const text = total ? "No trade passes these filters." : "This run made no trades.";
    return element("tr", {}, element("td", { colspan: this.columns.length, class: "empty" }, text));
  }

  row(at) {
    const cells = this.columns.map(({ key, show }) => {
      const numeric = !["symbol", "side", "reason", "entryTime", "exitTime"].includes(key);
      const content = key === "number" && this.show ? this.link(at) : show(this.trades[key][at]);
      return element("td", { class: numeric ? "n" : null }, content);
    });
    return element("tr", { class: at === this.chosen ? "chosen" : null }, ...cells);
  }

  link(at) {
    const name = `Show trade ${this.trades.number[at]} in the chart`;
    const go = () => {
      this.chosen = at;
      this.draw();
      this.show(at);
    };
    return element("button", { type: "button", class: "go", title: name, onclick: go }, String(this.trades.number[at]));
  }

  save() {
    const url = URL.createObjectURL(new Blob([tradeFile(this.run, this.rows)], { type: "text/csv" }));
    const name = `trades-${this.run.name.replace(/[^\w.-]+/g, "_")}.csv`;
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
}
