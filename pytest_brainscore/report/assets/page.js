"use strict";
(() => {
  const CHUNK = 30, SHADES = 9, NAME = -1;
  const VIEWS = { raw: [0, 1, 2], ceiling: [3], ceiled: [4, 5, 6] }, MARK = 7;
  const board = document.querySelector(".board");
  if (!board) return;
  const find = (selector) => board.querySelector(selector);
  const { columns, models, cells, references } = JSON.parse(find("script.data").textContent);
  const form = find("form"), table = find("table.scores"), body = find("tbody.models"), box = find(".tall");
  const heads = [...table.tHead.rows[0].cells];
  const state = { view: "raw", sort: columns.length ? 0 : NAME, down: true, rows: [], shown: [], held: 0, done: 0 };
  let unpacked = null, opener = null;

  const make = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const named = (tag, name, className) => {
    const made = make(tag, undefined, className);
    for (const part of name.split(/(?<=[._/-])/)) made.append(part, make("wbr"));
    return made;
  };
  const places = (column) => VIEWS[columns[column].of ? "raw" : state.view];
  const value = (cell, column) => Array.isArray(cell) ? cell[places(column)[0]] ?? null : null;
  const figure = (number, digits) => {
    const text = number.toFixed(digits);
    return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
  };
  const lowered = models.map((model) => model.name.toLowerCase());

  const sorted = () => columns.map((_, c) =>
    Float64Array.from(cells.map((line) => value(line[c], c)).filter((number) => number !== null)).sort());

  function below(number, scores) {
    let first = 0, last = scores.length;
    while (first < last) {
      const middle = (first + last) >> 1;
      if (scores[middle] < number) first = middle + 1; else last = middle;
    }
    return first;
  }

  function shade(number, scores) {
    const low = scores[0], high = scores[scores.length - 1];
    const ranked = board.dataset.shades === "ranks";
    const part = high === low ? 0.5 : ranked ? below(number, scores) / (scores.length - 1) : (number - low) / (high - low);
    return `s${Math.min(SHADES - 1, Math.floor(part * SHADES))}`;
  }

  function fill(holder, cell, column) {
    const number = value(cell, column);
    if (number === null) {
      holder.append(typeof cell === "string" ? cell : "–");
      return null;
    }
    const [, low, high] = places(column).map((place) => cell[place] ?? null);
    const mark = state.view === "ceiling" && !columns[column].of ? null : cell[MARK];
    holder.append(figure(number, 3), ...(mark ? [` ${mark}`] : []));
    if (low != null && high != null) holder.append(make("small", `${figure(low, 2)} – ${figure(high, 2)}`));
    return number;
  }

  function cellOf(row, column) {
    const td = make("td"), cell = cells[row][column];
    if (columns[column].of) td.className = "composite";
    if (cell === null) {
      td.append(make("span", "–", "nothing"));
      return td;
    }
    const button = make("button");
    button.type = "button";
    button.tabIndex = -1;
    button.dataset.row = row;
    button.dataset.column = column;
    button.setAttribute("aria-haspopup", "dialog");
    const number = fill(button, cell, column);
    td.classList.add(number === null ? "nothing" : shade(number, state.sorted[column]));
    td.append(button);
    return td;
  }

  function lineOf(row, index) {
    const tr = make("tr"), name = named("th", models[row].name, "model");
    name.scope = "row";
    tr.setAttribute("aria-rowindex", index + 2 + state.held);
    tr.append(name, ...state.shown.map((column) => cellOf(row, column)));
    return tr;
  }

  function grow(count = CHUNK) {
    const next = state.rows.slice(state.done, state.done + count);
    body.append(...next.map((row, i) => lineOf(row, state.done + i)));
    state.done += next.length;
    return next.length;
  }

  function drawReferences() {
    const held = references.filter((line) => state.shown.some((column) => value(line.cells[column], column) !== null));
    state.held = held.length;
    table.setAttribute("aria-rowcount", state.rows.length + held.length + 1);
    const lines = held.map((line) => {
      const tr = make("tr"), name = make("th", line.name, "model");
      name.scope = "row";
      const made = state.shown.map((column) => {
        const td = make("td"), span = make("span");
        fill(span, line.cells[column], column);
        td.append(span);
        return td;
      });
      tr.append(name, ...made);
      return tr;
    });
    find("tbody.references").replaceChildren(...lines);
  }

  function order() {
    const { sort, down } = state, sign = down ? -1 : 1;
    const compared = sort === NAME
      ? (a, b) => sign * models[a].name.localeCompare(models[b].name, "en", { numeric: true })
      : (a, b) => {
        const x = value(cells[a][sort], sort), y = value(cells[b][sort], sort);
        if (x === null || y === null) return (x === null) - (y === null) || a - b;
        return sign * (x - y) || a - b;
      };
    state.rows.sort(compared);
    heads.forEach((head, i) => {
      if (i - 1 === sort) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  function draw() {
    state.sorted = sorted();
    order();
    state.done = 0;
    body.replaceChildren();
    drawReferences();
    grow();
    const first = body.querySelector("button");
    if (first) first.tabIndex = 0;
    box.scrollTop = 0;
  }

  function filter() {
    const chosen = {}, words = find("[data-search]").value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const select of board.querySelectorAll("[data-filter]")) chosen[select.dataset.filter] = select.value;
    const suits = (thing, names) => names.every((name) => !chosen[name] || thing[name] === chosen[name]);
    state.view = form.elements.view.value;
    state.rows = models.flatMap((model, i) =>
      suits(model, ["family", "training"]) && words.every((word) => lowered[i].includes(word)) ? [i] : []);
    state.shown = columns.flatMap((column, i) =>
      column.of || suits(column, ["region", "species", "metric"]) ? [i] : []);
    const shown = new Set(state.shown);
    heads.forEach((head, i) => { head.hidden = i > 0 && !shown.has(i - 1); });
    table.style.setProperty("--columns", state.shown.length);
    const measured = columns.filter((column) => !column.of).length;
    const kept = state.shown.filter((i) => !columns[i].of).length;
    find(".count").textContent = `${state.rows.length} of ${models.length} models, ${kept} of ${measured} benchmarks`;
    draw();
  }

  async function unpack() {
    const bytes = Uint8Array.from(atob(find("script.details").textContent), (one) => one.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  }

  async function open(button) {
    const details = await (unpacked ??= unpack());
    const { row, column } = button.dataset, dialog = find("dialog"), content = find("dialog .content");
    find("#opened-title").textContent = `${models[row].name} on ${columns[column].id}`;
    content.replaceChildren();
    let group = null, list = null;
    for (const index of details.cells[row][column] ?? []) {
      const [term, text] = details.pairs[index], [title, label] = details.terms[term];
      if (title !== group) {
        group = title;
        list = make("dl");
        content.append(make("h3", title), list);
      }
      list.append(make("dt", label), make("dd", text));
    }
    opener = button;
    dialog.showModal();
    content.scrollTop = 0;
  }

  function toEnd(event, button) {
    const all = event.ctrlKey, first = event.key === "Home";
    if (all && !first) while (grow());
    const line = all ? (first ? body.firstElementChild : body.lastElementChild) : button.closest("tr");
    const buttons = [...line.querySelectorAll("td > button")];
    event.preventDefault();
    if (buttons.length) focus(buttons.at(first ? 0 : -1), button);
  }

  function move(event) {
    const button = event.target.closest("td > button");
    if (button && ["Home", "End"].includes(event.key)) { toEnd(event, button); return; }
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!button || !step) return;
    event.preventDefault();
    let tr = button.closest("tr"), at = button.parentElement.cellIndex;
    for (;;) {
      at += step[1];
      if (step[0] > 0 && !tr.nextElementSibling) grow();
      tr = step[0] > 0 ? tr.nextElementSibling : step[0] < 0 ? tr.previousElementSibling : tr;
      const found = tr?.cells[at];
      if (!found || at < 1) return;
      const next = found.querySelector("button");
      if (next) { focus(next, button); return; }
    }
  }

  function focus(next, before) {
    before.tabIndex = -1;
    next.tabIndex = 0;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  table.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.closest("thead")) {
      const column = Number(button.dataset.column);
      state.down = column === state.sort ? !state.down : column !== NAME;
      state.sort = column;
      draw();
    } else open(button);
  });
  table.addEventListener("keydown", move);
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  find("dialog .close").addEventListener("click", () => find("dialog").close());
  find("dialog").addEventListener("click", (event) => { if (event.target.tagName === "DIALOG") event.target.close(); });
  find("dialog").addEventListener("close", () => opener?.focus());
  addEventListener("beforeprint", () => { while (grow()); });
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) grow(); }, { root: box, rootMargin: "600px" })
    .observe(find(".end"));
  form.hidden = false;
  filter();
})();
