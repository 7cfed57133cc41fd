// Tables that a click on a head sorts. A cell's `data-key` is what it is sorted by.
function compareKeys(a, b) {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
}

// The direction a head gives when it is pressed; sets aria-sort on it and takes it from the rest.
function turn(head, first = "ascending") {
  const other = { ascending: "descending", descending: "ascending" };
  const direction = other[head.getAttribute("aria-sort")] ?? first;
  for (const each of head.parentElement.children) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  return direction === "ascending" ? 1 : -1;
}

function startSortableTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[table.tHead.rows.length - 1].cells];
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const sign = turn(head, column ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        const key = (row) => row.cells[column].dataset.key;
        // What has no value stands at the end, whatever the direction.
        rows.sort((a, b) => (key(a) === "") - (key(b) === "") || sign * compareKeys(key(a), key(b)));
        table.tBodies[0].append(...rows);
      });
    });
  }
}
