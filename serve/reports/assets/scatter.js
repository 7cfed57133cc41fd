// Every row of a sweep: what it did in sample against what it did after.
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// Round numbers between low and high, about `count` of them.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((size) => size * power >= rough) * power;
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at++) found.push(at * step);
  return found;
}

// One range for both axes, so that the line of equal results is the diagonal.
function sharedRange(points) {
  const values = points.flatMap(({ x, y }) => [x, y]);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return [low - margin, high + margin];
}

function axes(data, size, low, high, place) {
  const { width, height, left, bottom } = size;
  const made = [];
  const short = (value) => (data.unit === "fraction" ? percent(value, 0) : number(value, high - low < 4 ? 1 : 0));
  for (const value of ticks(low, high, Math.max(5, Math.floor(width / 90)))) {
    const { x, y } = place(value, value);
    const kind = Math.abs(value) < 1e-12 ? "zero" : "grid";
    made.push(shape("line", { x1: x, x2: x, y1: 0, y2: height - bottom, class: kind }));
    made.push(shape("line", { x1: left, x2: width, y1: y, y2: y, class: kind }));
    made.push(shape("text", { x, y: height - bottom + 16, "text-anchor": "middle" }, short(value)));
    made.push(shape("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, short(value)));
  }
  const from = place(low, low);
  const to = place(high, high);
  made.push(shape("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: "equal" }));
  made.push(shape("text", { x: (left + width) / 2, y: height - 4, "text-anchor": "middle", class: "axis-name" }, `${data.label}, in sample`));
  const name = shape("text", { "text-anchor": "middle", class: "axis-name" }, `${data.label}, out of sample`);
  name.setAttribute("transform", `translate(12 ${(height - bottom) / 2}) rotate(-90)`);
  made.push(name);
  return made;
}

function scatterPoints({ x, y, best }) {
  const ranks = new Map(best.map((point, at) => [point, at + 1]));
  const points = x.map((value, at) => ({ x: value, y: y[at], rank: ranks.get(at) ?? 0 }));
  return points.filter((point) => point.x !== null && point.y !== null).sort((a, b) => (a.rank ? 1 : 0) - (b.rank ? 1 : 0));
}

function renderScatter(box, data, points) {
  const [width, height] = [box.clientWidth, box.clientHeight];
  const size = { width, height, left: 56, bottom: 40 };
  const [low, high] = sharedRange(points);
  const place = (x, y) => ({
    x: size.left + ((x - low) / (high - low)) * (width - size.left),
    y: (1 - (y - low) / (high - low)) * (height - size.bottom),
  });
  const dots = points.flatMap((point) => {
    const { x, y } = Object.assign(point, { at: place(point.x, point.y) }).at;
    if (!point.rank) return [shape("circle", { cx: x, cy: y, r: 2.5, class: "dot" })];
    const dot = shape("circle", { cx: x, cy: y, r: 4.5, class: "best-dot" });
    return point.rank > 3 ? [dot] : [dot, shape("text", { x: x + 7, y: y + 4, class: "best-rank" }, point.rank)];
  });
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  svg.append(...axes(data, size, low, high, place), ...dots);
  box.replaceChildren(svg);
  return svg;
}

function drawScatter(data) {
  const box = document.getElementById("scatter");
  const readout = document.getElementById("scatter-readout");
  const hint = readout.textContent;
  const points = scatterPoints(data);
  if (!points.length) {
    readout.textContent = "No row has a value on both sides of the split.";
    box.classList.remove("square");
    return;
  }
  let svg;
  const ring = shape("circle", { r: 6, class: "hover-dot" });
  new ResizeObserver(() => {
    svg = renderScatter(box, data, points);
  }).observe(box);
  box.addEventListener("pointermove", (event) => {
    const frame = box.getBoundingClientRect();
    const away = ({ at }) => Math.hypot(at.x - event.clientX + frame.left, at.y - event.clientY + frame.top);
    const nearest = points.reduce((a, b) => (away(b) <= away(a) ? b : a));
    if (away(nearest) > 30) return;
    ring.setAttribute("cx", nearest.at.x);
    ring.setAttribute("cy", nearest.at.y);
    svg.append(ring);
    const rank = nearest.rank ? `Rank ${nearest.rank}: ` : "";
    readout.textContent = `${rank}${figure(nearest.x, data)} in sample, ${figure(nearest.y, data)} out of sample`;
  });
  box.addEventListener("pointerleave", () => {
    ring.remove();
    readout.textContent = hint;
  });
}
