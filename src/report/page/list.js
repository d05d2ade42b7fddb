// The list of cases or parcels: filtered, sorted, and only the rows in sight in the page.

const ROW = 55, AHEAD = 12;
const at = id => document.getElementById(id);
const view = { mode: "cases", sort: "rank", down: false, rows: [], from: -1, to: -1 };

/** One entry of the list of cases: a case, a parcel that belongs to none, or what stands beside the case of a parcel. */
function entries() {
  const p = data.parcels, c = data.cases;
  const list = c.id.map((_, i) => ({ group: i, best: c.best[i] ?? Infinity }));
  p.id.forEach((_, row) => {
    const own = p.cases[row];
    if (!own.length) return list.push({ row, best: row });
    // Of a parcel in a case, what else was found of it: shown where that is asked for, or else it would stand twice.
    const beside = p.detectors[row].filter(d => !own.some(g => c.detector[g] === d));
    if (beside.length) list.push({ row, best: row, beside: beside.map(word), kinds: p.families[row].filter(f => !own.some(g => c.family[g] === f)).map(word) });
  });
  return list.sort((a, b) => a.best - b.best || (a.group ?? 0) - (b.group ?? 0));
}

const facts = {
  /** What a row of the list shows, by column; amounts in cents. */
  of(entry) {
    const p = data.parcels, c = data.cases, g = entry.group;
    if (g == null) {
      const row = entry.row;
      return { key: parcelKey(row), rank: row + 1, families: p.families[row].map(word), detectors: p.detectors[row].map(word), name: p.id[row],
        who: `${name("consignor", row)} → ${name("consignee", row)}`, parcels: 1, value: p.value[row], limit: p.limit[row], revenue: p.revenue[row],
        currency: word(p.currency[row]), score: p.score[row] / 1000, aside: aside(row), action: word(p.action[row]), channel: word(p.channel[row]), first: p.date[row], last: p.date[row], best: row };
    }
    const best = c.best[g];
    return { key: "case=" + encodeURIComponent(c.id[g]), rank: best == null ? null : best + 1, families: [word(c.family[g])], detectors: [word(c.detector[g])], name: c.id[g],
      who: whoToWhom(g, best), parcels: c.count[g], value: c.value[g], limit: c.limit[g], revenue: c.revenue[g],
      currency: word(c.currency[g]), score: best == null ? 0 : p.score[best] / 1000, aside: best == null ? 0 : aside(best), action: best == null ? "" : word(p.action[best]), channel: best == null ? "" : word(p.channel[best]),
      first: c.first[g], last: c.last[g], reason: c.reason[g], best };
  },
};

/** A parcel's part of an address; where two go by one identifier the rank tells which. */
const parcelKey = row => `parcel=${encodeURIComponent(data.parcels.id[row])}${data.again.has(row) ? `&rank=${row + 1}` : ""}`;

/** Who sends to whom in a case: a name where it is one party, however it is spelled, or else how many. */
function whoToWhom(g, best) {
  const c = data.cases, rows = c.members[g].filter(m => typeof m !== "string");
  const side = (role, one, plural) => {
    if (best == null) return "";
    const names = new Set(rows.map(row => name(role, row)));
    // Of several spellings the one by which the reason calls the party.
    if (one || names.size === 1) return [...names].find(n => n && c.reason[g].includes(n)) ?? name(role, best);
    return `${whole.format(names.size)} ${plural}`;
  };
  return `${side("consignor", c.one_consignor[g], "senders")} → ${side("consignee", c.one_consignee[g], "addressees")}`;
}

const name = (role, row) => data.parcels[role] ? word(data.parcels[role][row]) : "";
/** How probable a finding is that stands in a lane of its own; 0 where there is none. */
const aside = row => (data.parcels.aside?.[row] ?? 0) / 1000;
/** The dot of a kind where a narrow window has no column for it. */
const mark = family => make("span", { class: `mark dot f-${family}`, role: "img", "aria-label": title(family) });
const kinds = families => families.map(f => make("span", {}, make("span", { class: "dot f-" + f }), title(f), " "));
/** The risk score; where no revenue is at risk, what the lane of the finding says, without a bar to compare. */
const chance = f => f.score || !f.aside ? meter(f.score) : make("span", { class: "soft" }, likely(f.aside));
const meter = score => make("span", {}, (() => { const bar = make("i"); bar.style.width = `${Math.round(score * 100)}%`; return make("span", { class: "meter", "aria-hidden": "true" }, bar); })(), make("span", { class: "likely" }, likely(score)));
/** A probability as far as it is known: none is certain. */
const likely = p => p >= .995 ? "> 0.99" : p.toFixed(2);
const titleOf = detector => data.detectors?.find(d => d.id === detector)?.title ?? "";
const days = f => day(f.first) + (f.last !== f.first ? " to " + day(f.last) : "");

/** Columns: title, width, what it is sorted by, what its cell holds, what a spreadsheet gets. */
const COLUMNS = {
  cases: [
    ["Rank", "3.9rem", f => f.rank ?? 1e9, f => f.rank == null ? "–" : whole.format(f.rank), "n"],
    ["Kind", "10.3rem", f => f.families.join(), f => make("span", {}, ...kinds(f.families))],
    ["Case", "", f => f.who, f => make("span", {}, make("a", { href: "#" + f.key }, ...f.families.map(mark), harmless(f.who.trim() === "→" ? f.name : f.who)), make("br"), make("span", { class: "soft" }, f.reason != null ? harmless(f.reason) : `${harmless(f.name)} · ${titleOf(f.detectors[0])}`))],
    ["Risk", "7.4rem", f => f.score || f.aside / 1e3 - 1, chance, "n"],
    ["Parcels", "4.4rem", f => f.parcels, f => whole.format(f.parcels), "n"],
    ["Declared", "7.6rem", f => f.value, f => money(f.value, f.currency), "n"],
    ["At risk", "7rem", f => f.revenue, f => money(f.revenue, f.currency), "n"],
    ["Days", "7.9rem", f => f.first, f => days(f)],
  ],
  parcels: [
    ["Rank", "3.9rem", f => f.rank, f => whole.format(f.rank), "n"],
    ["Parcel", "11.5rem", f => f.name, f => make("span", {}, make("a", { href: "#" + f.key }, ...f.families.map(mark), harmless(f.name)), make("br"), make("span", { class: "soft" }, `${f.channel}, ${day(f.first)}`))],
    ["From and to", "", f => f.who, f => harmless(f.who)],
    ["Kind", "10.3rem", f => f.families.join(), f => make("span", {}, ...kinds(f.families))],
    ["Risk", "7.4rem", f => f.score || f.aside / 1e3 - 1, chance, "n"],
    ["Declared", "7.6rem", f => f.value, f => money(f.value, f.currency), "n"],
    ["At risk", "7rem", f => f.revenue, f => money(f.revenue, f.currency), "n"],
    ["Action", "8rem", f => f.action, f => title(f.action)],
  ],
};

let everything = {}, texts = null, reasons = null;

/** The parcels of an entry: of a case all that the report holds, more than its own page names. */
const rowsOf = entry => entry.group == null ? [entry.row] : data.cases.rows[entry.group];

/** The words by which an entry is found. */
function haystack(entry) {
  const parts = entry.group == null ? [] : [data.cases.id[entry.group], data.cases.reason[entry.group], ...data.cases.members[entry.group].filter(m => typeof m === "string")];
  for (const row of rowsOf(entry)) parts.push(texts[row] + (reasons?.[row] ?? ""));
  return parts.join(" ").toLowerCase();
}

/** Prepares the search: at once by names and numbers, by reasons as soon as they are unpacked. */
function prepareSearch() {
  const p = data.parcels;
  texts = p.id.map((id, row) => [id, name("consignor", row), name("consignee", row), word(p.manifest[row]), word(p.file[row]), ...p.families[row].map(f => title(word(f))), ...p.detectors[row].map(word)].join(" ").toLowerCase());
  everything.cases.concat(everything.parcels).forEach(e => { e.text = null; });
}

/** The entries that pass the filters, sorted. */
function choose() {
  const words = at("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const [family, detector, action, channel] = ["family", "detector", "action", "channel"].map(id => at(id).value);
  const least = Number(at("least").value || 0) * 100;
  // A finding beside the case of its parcel shows when its detector or its kind is asked for.
  const within = e => !e.beside || (detector ? e.beside.includes(detector) : !!family && e.kinds.includes(family));
  const all = everything[view.mode].filter(within);
  const rows = all.filter(e => {
    const f = e.facts ??= facts.of(e);
    return (!family || f.families.includes(family)) && (!detector || f.detectors.includes(detector)) && (!action || f.action === action)
      && (!channel || f.channel === channel) && f.revenue >= least && words.every(w => (e.text ??= haystack(e)).includes(w));
  });
  const by = COLUMNS[view.mode].find(c => c[0] === view.sort)?.[2] ?? (f => f.rank ?? 1e9);
  const order = (a, b) => a < b ? -1 : a > b ? 1 : 0;
  view.rows = rows.map((e, i) => [by(e.facts), i, e]).sort((a, b) => (view.down ? -1 : 1) * order(a[0], b[0]) || a[1] - b[1]).map(r => r[2]);
  // A parcel in several cases is at risk once.
  const risk = new Map(), counted = new Set();
  for (const e of view.rows) for (const row of rowsOf(e)) {
    if (counted.has(row)) continue;
    counted.add(row);
    const currency = word(data.parcels.currency[row]);
    risk.set(currency, (risk.get(currency) ?? 0) + data.parcels.revenue[row]);
  }
  const sums = [...risk].map(([c, m]) => money(m, c)).join(", ");
  at("count").textContent = `${whole.format(view.rows.length)} of ${whole.format(all.length)} ${view.mode === "cases" ? "cases and single parcels" : "parcels"}${sums ? `, ${sums} at risk` : ""}`;
  view.from = -1;
  at("window").style.setProperty("--rows", `${Math.max(view.rows.length, 2) * ROW + 46}px`);
  at("window").scrollTop = 0;
  show();
}

function heads() {
  const row = make("tr");
  for (const [text, width, , , kind] of COLUMNS[view.mode]) {
    const sorted = view.sort === text || (view.sort === "rank" && text === "Rank");
    const head = make("th", { scope: "col", class: kind, "aria-sort": sorted ? (view.down ? "descending" : "ascending") : null },
      make("button", { type: "button", onclick: () => sortBy(text) }, text + (sorted ? (view.down ? " ▾" : " ▴") : "")));
    if (width) head.style.width = width;
    row.append(head);
  }
  at("list").tHead.replaceChildren(row);
  at("list").dataset.mode = view.mode;
}

function sortBy(column) {
  const numbers = ["Risk", "Parcels", "Declared", "At risk"].includes(column);
  view.down = view.sort === column ? !view.down : numbers;
  view.sort = column;
  heads();
  choose();
}

/** A row of the list. */
function line(entry, index) {
  const f = entry.facts ??= facts.of(entry);
  const row = make("tr", { "aria-rowindex": index + 2, onclick: event => { if (!event.target.closest("a") && !String(getSelection())) location.hash = f.key; } });
  for (const [, , , cell, kind] of COLUMNS[view.mode]) row.append(make("td", { class: kind }, make("div", {}, cell(f))));
  return row;
}

/** Draws the rows in sight and a few around them. */
function show() {
  const box = at("window"), count = view.rows.length;
  const from = Math.max(0, Math.floor(box.scrollTop / ROW) - AHEAD), to = Math.min(count, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + AHEAD);
  if (from === view.from && to === view.to) return;
  const focused = document.activeElement?.closest?.("#list tbody a")?.getAttribute("href");
  Object.assign(view, { from, to });
  // As many as are shown: a narrow window hides some.
  const shown = [...at("list").tHead.rows[0].cells].filter(c => c.offsetWidth).length;
  const gap = rows => { const cell = make("td", { colspan: shown }); cell.style.height = `${rows * ROW}px`; return make("tr", { class: "gap", "aria-hidden": "true" }, cell); };
  const body = at("list").tBodies[0];
  if (!count) body.replaceChildren(make("tr", {}, make("td", { colspan: shown }, data.parcels.id.length ? "Nothing fits these filters." : "Nothing was flagged.")));
  else body.replaceChildren(...(from ? [gap(from)] : []), ...view.rows.slice(from, to).map((e, i) => line(e, from + i)), ...(to < count ? [gap(count - to)] : []));
  at("list").setAttribute("aria-rowcount", count + 1);
  if (focused) [...body.querySelectorAll("a")].find(a => a.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

/** An amount for a spreadsheet: a value that was not declared is not 0. */
const plain = cents => cents == null ? "" : (cents / 100).toFixed(2);

/** The list as a spreadsheet reads it: tables of texts that are no formulas. */
function sheet(separator) {
  const head = ["rank", "kind", "name", "from and to", "parcels", "declared", "at risk", "currency", "risk score", "score in its lane", "action", "first day", "last day", "detectors", "reason"];
  const quote = text => separator === "\t" ? text.replace(/[\t\r\n]+/g, " ") : /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const rows = view.rows.map(e => {
    const f = e.facts;
    return [f.rank, f.families.map(title).join("; "), f.name, f.who, f.parcels, plain(f.value), plain(f.revenue), f.currency, f.score, f.aside || "", title(f.action), day(f.first), day(f.last), f.detectors.join("; "), f.reason ?? ""];
  });
  return [head, ...rows].map(r => r.map(c => quote(typeof c === "string" ? harmless(c) : String(c ?? ""))).join(separator)).join("\r\n") + "\r\n";
}
