// The page: opens, filters, shows one case, prints.

const panel = at("panel");
/** Cases that are printed with their evidence. */
const PRINTED = 12, PRINTED_ROWS = 60;

/** The rows of a case's parcels for its table and drawings. */
function membersOf(group) {
  const p = data.parcels;
  return data.cases.members[group].map(m => typeof m === "string" ? { id: m } : { row: m, id: p.id[m], date: p.date[m], value: p.value[m], revenue: p.revenue[m] });
}

function factList(pairs) {
  return make("dl", { class: "facts" }, ...pairs.filter(p => p[1] != null && p[1] !== "").map(([k, v]) => make("div", {}, make("dt", {}, k), make("dd", {}, v))));
}

const share = x => x == null ? null : x > 0 && x < .001 ? "below 0.001" : String(+x.toPrecision(2));

/** One finding: what it says, its picture, its numbers. */
function finding(flag, picture) {
  const e = flag.evidence;
  const law = e.law ?? null;
  return make("section", {},
    make("h3", {}, flag.detector, titleOf(flag.detector) ? make("span", { class: "soft" }, " · " + titleOf(flag.detector)) : null),
    make("p", { class: "reason" }, harmless(flag.reason)),
    picture,
    factList([["Probability", likely(flag.score)], ["p-value", share(flag.p)], ["q-value", share(flag.q)], ["At risk", money(flag.revenue)], ["Line", flag.line], ["Rule", e.regime]]),
    law ? make("p", { class: "soft" }, "Law: " + harmless(String(law))) : null,
    make("details", {}, make("summary", {}, "Evidence as recorded"), make("pre", {}, JSON.stringify(e, null, 1))));
}

/** A case with its parcels. */
async function caseStory(group) {
  const c = data.cases, currency = word(c.currency[group]), members = membersOf(group), shown = members.filter(m => m.row != null);
  const flags = [];
  for (const m of shown) for (const f of await findings(m.row)) if (f.group === group) flags.push([m, f]);
  const parts = [];
  if (flags.length) {
    const [m, first] = flags[0];
    const groupFacts = { limit: c.limit[group] };
    parts.push(make("p", { class: "reason" }, harmless(c.reason[group])));
    if (first.evidence.weights && groupFacts.limit != null) parts.push(drawValues(shown, groupFacts.limit / 100, currency));
    parts.push(drawn(first, shown, groupFacts, currency));
    if (first.detector === "price-consignor-low") parts.push(drawLevel(flags.map(([, f]) => f.evidence.cell).filter(k => k?.median > 0).map(k => k.declared / k.median)));
    const law = first.evidence.law;
    parts.push(factList([["Probability", likely(first.score)], ["p-value", share(first.p)], ["q-value", share(first.q)], ["Rule", first.evidence.regime]]));
    if (law) parts.push(make("p", { class: "soft" }, "Law: " + harmless(String(law))));
    parts.push(make("details", {}, make("summary", {}, `Evidence as recorded for ${harmless(m.id)}`), make("pre", {}, JSON.stringify(first.evidence, null, 1))));
  } else parts.push(make("p", { class: "reason" }, harmless(c.reason[group])));
  const body = members.slice(0, 100).map(m => make("tr", {}, make("td", {}, m.row == null ? harmless(m.id) : make("a", { href: "#" + parcelKey(m.row) }, harmless(m.id))),
    ...(m.row == null ? [make("td", { colspan: 5, class: "soft" }, "not among the parcels of this report")] : [make("td", { class: "d" }, day(m.date)), make("td", {}, harmless(name("consignor", m.row))), make("td", {}, harmless(name("consignee", m.row))), make("td", { class: "n" }, money(m.value, currency)), make("td", { class: "n" }, money(m.revenue))])));
  const more = c.count[group] - body.length;
  return {
    heading: shown.length ? whoToWhom(group, c.best[group]) : c.id[group],
    kind: `${title(word(c.family[group]))} · ${word(c.detector[group])}`,
    facts: [["Parcels", whole.format(c.count[group])], ["Declared together", money(c.value[group], currency)], ["Limit", c.limit[group] == null ? null : money(c.limit[group], currency)], ["At risk", money(c.revenue[group], currency)], ["Days", days({ first: c.first[group], last: c.last[group] })]],
    parts: [...parts, make("h3", {}, "Parcels"), make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Parcels of the case" }, make("table", {}, make("thead", {}, make("tr", {}, ...["Parcel", "Day", "From", "To"].map(t => make("th", { scope: "col" }, t)), ...["Declared", "At risk"].map(t => make("th", { scope: "col", class: "n" }, t)))), make("tbody", {}, ...body))), more > 0 ? make("p", { class: "soft" }, `and ${whole.format(more)} more, in cases.parquet`) : null],
    link: "case=" + encodeURIComponent(c.id[group]),
  };
}

/** A parcel with its findings. */
async function parcelStory(row) {
  const p = data.parcels, currency = word(p.currency[row]), parts = [], pictures = new Set();
  for (const flag of await findings(row)) {
    const group = flag.group == null ? null : { limit: data.cases.limit[flag.group] };
    const members = flag.group == null ? [] : membersOf(flag.group).filter(m => m.row != null);
    // Detectors that look at the same cell or case share one picture.
    const subject = JSON.stringify(flag.evidence.cell ?? flag.group ?? flag.detector);
    const section = finding(flag, pictures.has(subject) ? null : drawn(flag, members, group, currency));
    pictures.add(subject);
    if (flag.group != null) section.append(make("p", {}, make("a", { href: "#case=" + encodeURIComponent(data.cases.id[flag.group]) }, `The whole case of ${whole.format(data.cases.count[flag.group])} parcels`)));
    parts.push(section);
  }
  return {
    heading: p.id[row],
    kind: `${title(word(p.channel[row]))} parcel · ${title(word(p.action[row]))}`,
    facts: [["Rank", whole.format(row + 1)], ["Risk score", p.score[row] || !aside(row) ? likely(p.score[row] / 1000) : null], ["Score in its lane", aside(row) ? likely(aside(row)) : null], ["Declared", money(p.value[row], currency)], ["Limit", p.limit[row] == null ? "none in force" : money(p.limit[row], currency)], ["At risk", money(p.revenue[row], currency)], ["Day", day(p.date[row])], ["From", harmless(name("consignor", row))], ["To", harmless(name("consignee", row))], ["Manifest", harmless(word(p.manifest[row]))], ["File", harmless(word(p.file[row]))]],
    parts, link: parcelKey(row),
  };
}

function story(told, buttons) {
  return [buttons, make("p", { class: "eyebrow" }, told.kind), make("h2", { id: buttons ? "panel-title" : null, tabindex: buttons ? -1 : null }, harmless(told.heading)), factList(told.facts), ...told.parts];
}

/** A part of an address as text; as it stands where it is damaged, as mails do to addresses. */
const decoded = text => { try { return decodeURIComponent(text); } catch { return text; } };

/** Opens what the address names: #case=… or #parcel=…. */
async function open() {
  const [what, coded] = location.hash.slice(1).split(/=(.*)/s);
  const [name, rank] = (coded ?? "").split("&rank="), id = decoded(name);
  const list = what === "case" ? data.cases.id : what === "parcel" ? data.parcels.id : null;
  if (!list) return closed();
  const index = what === "parcel" && list[rank - 1] === id ? rank - 1 : list.indexOf(id);
  let told = { heading: "Not in this report", kind: "", facts: [], parts: [make("p", {}, `This report has no ${what} “${harmless(id)}”.`)] };
  if (index >= 0) told = what === "case" ? await caseStory(index) : await parcelStory(index);
  const place = view.rows.findIndex(e => "#" + (e.facts ??= facts.of(e)).key === location.hash);
  const step = by => { const e = view.rows[place + by]; return make("button", { type: "button", class: "quiet", disabled: place < 0 || !e, onclick: () => { location.hash = (e.facts ??= facts.of(e)).key; } }, by < 0 ? "Previous" : "Next"); };
  const buttons = make("div", { class: "bar no-print" }, step(-1), step(1), make("button", { type: "button", class: "quiet", onclick: () => print() }, "Print this"), make("button", { type: "button", onclick: () => panel.close() }, "Close"));
  at("panel-body").replaceChildren(...story(told, buttons).filter(Boolean));
  document.body.classList.add("open");
  if (!panel.open) panel.showModal();
  panel.scrollTop = 0;
  at("panel-title").focus();
}

function closed() {
  document.body.classList.remove("open");
  if (panel.open) panel.close();
}

/** What paper gets: the first cases with their evidence, the list as filtered. */
async function prepareprint() {
  const rows = view.rows.slice(0, PRINTED_ROWS);
  const table = make("table", { "data-mode": view.mode }, make("thead", {}, make("tr", {}, ...COLUMNS[view.mode].map(c => make("th", { scope: "col", class: c[4] }, c[0])))), make("tbody", {}, ...rows.map((e, i) => line(e, i))));
  const stories = [];
  for (const e of view.rows.slice(0, PRINTED)) stories.push(make("article", {}, ...story(e.group == null ? await parcelStory(e.row) : await caseStory(e.group), null).filter(Boolean)));
  const more = view.rows.length - rows.length;
  at("print-list").replaceChildren(table, make("p", { class: "soft" }, more > 0 ? `The first ${rows.length}; ${whole.format(more)} more in the page itself.` : ""), ...stories);
  for (const d of at("print-list").querySelectorAll("details, article tbody tr:nth-child(n+21)")) d.remove();
}

function fill(select, values) {
  for (const value of values) at(select).append(make("option", { value }, select === "detector" ? value : title(value)));
}

const copied = text => navigator.clipboard?.writeText ? navigator.clipboard.writeText(text) : Promise.reject(new Error("no clipboard"));

async function start() {
  data = await unpack(at("list-data"));
  data.parcels.revenue = data.parcels.revenue.map(r => r / 100);
  data.cases.rows = data.cases.id.map(() => []);
  data.parcels.cases.forEach((groups, row) => groups.forEach(group => data.cases.rows[group].push(row)));
  const known = new Set();
  data.again = new Set(data.parcels.id.map((id, row) => known.has(id) ? row : (known.add(id), -1)));
  everything = { cases: entries(), parcels: data.parcels.id.map((_, row) => ({ row, best: row })) };
  prepareSearch();
  const names = lists => [...new Set(lists.flat())].map(word).sort();
  fill("family", names([...data.parcels.families, data.cases.family]));
  fill("detector", names([...data.parcels.detectors, data.cases.detector]));
  fill("action", names([data.parcels.action]));
  fill("channel", names([data.parcels.channel]));
  at("tools").hidden = at("exports").hidden = false;
  heads();
  choose();
  let waiting;
  for (const id of ["find", "family", "detector", "action", "channel", "least"]) at(id).addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(choose, 80); });
  for (const mode of ["cases", "parcels"]) at("show-" + mode).addEventListener("click", () => {
    Object.assign(view, { mode, sort: "rank", down: false });
    for (const m of ["cases", "parcels"]) at("show-" + m).setAttribute("aria-pressed", String(m === mode));
    heads(); choose();
  });
  at("window").addEventListener("scroll", show, { passive: true });
  addEventListener("resize", () => { view.from = -1; show(); });
  addEventListener("hashchange", open);
  addEventListener("keydown", event => { if (event.key === "/" && !event.target.closest("input, select, textarea, dialog")) { event.preventDefault(); at("find").focus(); } });
  panel.addEventListener("close", () => {
    const was = location.hash;
    history.replaceState(null, "", location.pathname + location.search);
    document.body.classList.remove("open");
    [...document.querySelectorAll("#list tbody a")].find(a => a.getAttribute("href") === was)?.focus({ preventScroll: true });
  });
  panel.addEventListener("click", event => { if (event.target === panel) panel.close(); });
  at("save").addEventListener("click", () => {
    const link = make("a", { href: URL.createObjectURL(new Blob(["\ufeff" + sheet(",")], { type: "text/csv" })), download: `parcel-risk-${data.date}-${view.mode}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1e4);
  });
  at("copy").addEventListener("click", () => copied(sheet("\t")).then(() => { at("count").textContent = `${whole.format(view.rows.length)} rows copied`; }, () => { at("count").textContent = "This browser does not let the page copy; save the table as CSV instead."; }));
  at("print").addEventListener("click", async () => { await prepareprint(); print(); });
  if (location.hash.startsWith("#case=") || location.hash.startsWith("#parcel=")) await open();
  document.documentElement.dataset.ready = "list";
  await prepareprint();
  // Reasons are found too, as soon as all of them are unpacked; the page stays free meanwhile.
  const found = new Array(data.parcels.id.length).fill("");
  for (let block = 0; block < blocks.length; block++) {
    await new Promise(resolve => setTimeout(resolve, 0));
    for (const [row, flags] of await findingsOfBlock(block)) found[row] = " " + [...new Set(flags.map(f => f.reason))].join(" ").toLowerCase();
  }
  reasons = found;
  for (const e of everything.cases.concat(everything.parcels)) e.text = null;
  if (at("find").value) choose();
  document.documentElement.dataset.ready = "all";
}

/** What the run took, from the file beside the page: the page itself does not depend on it. */
function tellTiming() {
  const place = at("timing"), seconds = s => s.toFixed(2);
  if (!place.dataset.file) return;
  globalThis.parcelRiskTiming = t => {
    const rows = t.stages.map(s => make("tr", {}, make("th", { scope: "row" }, s.stage), make("td", { class: "n" }, `${whole.format(s.rows)} ${s.unit}`), make("td", { class: "n" }, seconds(s.seconds)),
      make("td", {}, svg("svg", { class: "spark", width: 160, height: 12, "aria-hidden": true }, box("now", 0, 1, 160 * s.seconds / (t.seconds || 1), 10)))));
    const heads = ["Stage", "Worked on", "Seconds"].map((h, i) => make("th", { scope: "col", class: i ? "n" : null }, h));
    const memory = t.peak_memory_mib == null ? "" : ` and ${whole.format(t.peak_memory_mib)} MiB of memory at most`;
    place.replaceChildren(make("p", {}, `The run took ${t.seconds.toFixed(1)} s${memory}, on ${t.threads} thread${t.threads === 1 ? "" : "s"}.`),
      make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Time by stage" }, make("table", { class: "narrow" }, make("thead", {}, make("tr", {}, ...heads, make("th", { scope: "col" }, make("span", { class: "unseen" }, "Share")))), make("tbody", {}, ...rows))));
  };
  document.head.append(make("script", { src: place.dataset.file }));
}

tellTiming();
at("theme").addEventListener("click", () => {
  const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
addEventListener("beforeprint", () => { if (!document.body.classList.contains("open") && data) prepareprint(); });
start().catch(error => { at("count").textContent = `The list cannot be shown: ${error.message}. The Parquet files hold all of it.`; document.documentElement.dataset.ready = "failed"; });
