// A statistic over two parameters, as a table whose cells are coloured by value.
// Narrower cells show their colour alone.
const NARROWEST_WITH_TEXT = 40;

// How a value is coloured: around zero where there are gains and losses, else from low to high.
function shades(values) {
  const finite = values.flat().filter((value) => value !== null);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (low < 0 && high > 0) {
    const largest = Math.max(-low, high);
    return (value) => [value < 0 ? "below" : "above", (Math.abs(value) / largest) * 80];
  }
  return (value) => ["only", high > low ? 6 + ((value - low) / (high - low)) * 70 : 40];
}

function surfaceCell(data, shade, row, column, tell) {
  const value = data.values[row][column];
  const where = `${data.xName} ${data.x[column]}, ${data.yName} ${data.y[row]}`;
  const text = `${where}: ${value === null ? "not tried, or no value" : `${data.label} ${figure(value, data)}`}`;
  const cell = element("td", { "aria-label": text, onpointerenter: () => tell(text) });
  if (value === null) {
    cell.className = "hole";
    return cell;
  }
  const [kind, depth] = shade(value);
  cell.className = kind;
  cell.style.setProperty("--depth", `${depth.toFixed(1)}%`);
  cell.append(data.unit === "fraction" ? percent(value, 0) : number(value, data.unit === "ratio" ? 2 : 0));
  if (data.best && data.best[0] === row && data.best[1] === column) cell.classList.add("marked");
  return cell;
}

function surfaceTable(data, tell) {
  const shade = shades(data.values);
  // The y axis points up: the last row of the matrix stands on top.
  const order = data.y.map((_, row) => row).reverse();
  const rows = order.map((row) => {
    const cells = data.x.map((_, column) => surfaceCell(data, shade, row, column, tell));
    return element("tr", {}, element("th", { scope: "row" }, data.y[row]), ...cells);
  });
  const every = Math.ceil(data.x.length / 12);
  const feet = data.x.map((value, at) => element("th", { scope: "col" }, at % every ? "" : value));
  const table = element("table", { "--cell": `${Math.max(12, Math.min(34, Math.floor(420 / data.y.length)))}px` });
  table.append(element("tbody", {}, ...rows), element("tfoot", {}, element("tr", {}, element("td"), ...feet)));
  return table;
}

function surfaceHint(data) {
  const finite = data.values.flat().filter((value) => value !== null);
  if (!finite.length) return "No cell has a value.";
  const range = `From ${figure(Math.min(...finite), data)} to ${figure(Math.max(...finite), data)}.`;
  if (!data.best) return range;
  const [row, column] = data.best;
  const best = figure(data.values[row][column], data);
  return `Marked: ${data.xName} ${data.x[column]}, ${data.yName} ${data.y[row]} with ${best}. ${range}`;
}

function renderSurface(data) {
  const readout = document.getElementById("surface-readout");
  const tell = (text) => {
    readout.textContent = text;
  };
  const box = document.getElementById("surface");
  const grid = element("div", { class: "surface", onpointerleave: () => tell(surfaceHint(data)) });
  grid.append(element("div", { class: "surface-y" }, data.yName), surfaceTable(data, tell), element("div", { class: "surface-x" }, data.xName));
  box.replaceChildren(grid);
  const fit = () => grid.classList.toggle("narrow", box.clientWidth / (data.x.length + 2) < NARROWEST_WITH_TEXT);
  new ResizeObserver(fit).observe(grid);
  document.getElementById("surface-caption").textContent = `${data.label}, ${data.aggregation}`;
  tell(surfaceHint(data));
}

function drawSurfaces(surfaces) {
  const select = document.getElementById("surface-choice");
  select?.addEventListener("change", () => renderSurface(surfaces[Number(select.value)]));
  renderSurface(surfaces[0]);
}
