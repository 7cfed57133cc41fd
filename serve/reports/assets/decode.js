// The inverse of payload.py: columns as they were before they were made short.
function decodeTimes({ first, step, steps }) {
  let time = first;
  return [first, ...steps.map((count) => (time += count * step))];
}

function decodeCandles(data) {
  const scale = 10 ** data.digits;
  const times = decodeTimes(data.time);
  let before = 0;
  return times.map((time, at) => {
    const open = before + data.open[at];
    const close = open + data.close[at];
    const high = Math.max(open, close) + data.high[at];
    const low = Math.min(open, close) - data.low[at];
    before = close;
    return { time, open: open / scale, high: high / scale, low: low / scale, close: close / scale };
  });
}

function decodeLine(times, values, scale = 1) {
  return times.map((time, at) => ({ time, value: values[at] * scale }));
}
