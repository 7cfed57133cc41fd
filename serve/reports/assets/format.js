// How figures and times are written: as the Python side writes them.
const NOTHING = "–";

function number(value, digits, signed = false) {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  const text = size >= 1e15 ? size.toExponential(2) : size.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  if (!/[1-9]/.test(text)) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

function percent(fraction, digits = 2, signed = false) {
  const text = number(fraction === null ? null : fraction * 100, digits, signed);
  return text === NOTHING ? text : text + "%";
}

// A statistic by its unit, as `_statistic` of payload.py describes it.
function figure(value, { unit, digits }) {
  if (unit === "fraction") return percent(value);
  return number(value, { quote: digits, count: 0, bars: 1 }[unit] ?? 2);
}

function tone(value) {
  return value > 0 ? "gain" : value < 0 ? "loss" : "";
}

function dateTime(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

// An element with attributes and children; texts become text, never markup.
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.startsWith("--")) made.style.setProperty(name, value);
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}
