// What is drawn into a chart besides its series: the split, the trades.

// Shades what lies out of sample; `at` is the number of its first point.
class SplitBand {
  constructor(at, named) {
    this.at = at;
    this.named = named;
  }

  attached({ chart }) {
    this.chart = chart;
  }

  paneViews() {
    return [{ zOrder: () => "bottom", renderer: () => ({ draw: (target) => this.draw(target) }) }];
  }

  // Half-way between the two points that the split lies between; only whole numbers have a place.
  edge() {
    const scale = this.chart.timeScale();
    const [before, after] = [this.at - 1, this.at].map((at) => scale.logicalToCoordinate(at));
    return before === null || after === null ? null : (before + after) / 2;
  }

  draw(target) {
    const x = this.edge();
    if (x === null) return;
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      if (x > mediaSize.width) return;
      context.fillStyle = faded("accent", 0.06);
      context.fillRect(Math.max(x, 0), 0, mediaSize.width, mediaSize.height);
      context.fillStyle = faded("accent", 0.7);
      context.fillRect(Math.round(x), 0, 1, mediaSize.height);
      if (!this.named) return;
      context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      context.fillStyle = palette.accent;
      const text = "Out of sample";
      const beside = x + 6 + context.measureText(text).width > mediaSize.width;
      context.textAlign = beside ? "right" : "left";
      context.fillText(text, x + (beside ? -6 : 6), 14);
    });
  }
}

// With more trades in view their marks would hide each other: lines remain. Reasons need this
// much room each, in pixels.
const MOST_MARKS = 250;
const REASON_WIDTH = 40;

// Draws each trade from its entry to its exit, at the prices that were paid.
class TradeMarks {
  constructor(trades) {
    this.trades = trades;
    this.chosen = -1;
  }

  attached({ chart, series, requestUpdate }) {
    Object.assign(this, { chart, series, requestUpdate });
  }

  paneViews() {
    return [{ zOrder: () => "top", renderer: () => ({ draw: (target) => this.draw(target) }) }];
  }

  inView() {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return [];
    const found = [];
    const { entryCandle, exitCandle } = this.trades;
    for (let at = 0; at < entryCandle.length; at++) {
      if (exitCandle[at] >= range.from - 1 && entryCandle[at] <= range.to + 1) found.push(at);
    }
    return found;
  }

  place(at) {
    const scale = this.chart.timeScale();
    const { entryCandle, exitCandle, entryPrice, exitPrice, side, pnl, reason, reasons } = this.trades;
    return {
      x1: scale.logicalToCoordinate(entryCandle[at]),
      x2: scale.logicalToCoordinate(exitCandle[at]),
      y1: this.series.priceToCoordinate(entryPrice[at]),
      y2: this.series.priceToCoordinate(exitPrice[at]),
      side: side[at],
      color: pnl[at] >= 0 ? palette.gain : palette.loss,
      reason: reasons[reason[at]],
    };
  }

  draw(target) {
    const visible = this.inView();
    const placed = visible.map((at) => ({ ...this.place(at), chosen: at === this.chosen }));
    const trades = placed.filter(({ y1, y2 }) => y1 !== null && y2 !== null);
    target.useMediaCoordinateSpace(({ context, mediaSize }) => {
      for (const trade of trades) {
        drawLine(context, trade);
        if (visible.length <= MOST_MARKS || trade.chosen) drawEnds(context, trade);
      }
      if (visible.length * REASON_WIDTH > mediaSize.width) return;
      context.font = `11px ${getComputedStyle(document.body).fontFamily}`;
      const taken = [];
      for (const trade of trades) drawReason(context, trade, mediaSize.width, taken);
    });
  }
}

function drawLine(context, { x1, y1, x2, y2, color, chosen }) {
  context.strokeStyle = color;
  context.lineWidth = chosen ? 2.5 : 1.25;
  context.setLineDash(chosen ? [] : [4, 3]);
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
  context.setLineDash([]);
}

// An entry is a triangle that points where the trade looks, an exit a ring.
function drawEnds(context, { x1, y1, x2, y2, side, color }) {
  context.fillStyle = palette.accent;
  context.strokeStyle = palette.panel;
  context.lineWidth = 1.25;
  context.beginPath();
  context.moveTo(x1, y1 - 6 * side);
  context.lineTo(x1 - 5, y1 + 4 * side);
  context.lineTo(x1 + 5, y1 + 4 * side);
  context.closePath();
  context.fill();
  context.stroke();
  context.fillStyle = palette.panel;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x2, y2, 3.5, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}

// The reason stands beside the exit, on the side that has room, away from the entry; it is left
// out where it would cover another.
function drawReason(context, { x2, y2, y1, color, reason }, width, taken) {
  const length = context.measureText(reason).width;
  const fits = x2 + 12 + length < width;
  const place = [x2 + (fits ? 7 : -7), y2 + (y2 < y1 ? -7 : 14)];
  const box = { left: place[0] - (fits ? 0 : length), right: place[0] + (fits ? length : 0), y: place[1] };
  const covers = (other) => box.left < other.right && other.left < box.right && Math.abs(box.y - other.y) < 13;
  if (taken.some(covers)) return;
  taken.push(box);
  context.textAlign = fits ? "left" : "right";
  context.strokeStyle = palette.panel;
  context.lineWidth = 3;
  context.strokeText(reason, ...place);
  context.fillStyle = color;
  context.fillText(reason, ...place);
}
