// The evidence of a finding, drawn.

/** One order in several parcels: what each declares, what they come to, and the limit that each stays under. */
function drawSplit(parcels, limit, currency) {
  const w = 760, h = 290, left = 62, right = 100, top = 26, bottom = 62;
  const rows = [...parcels].sort((a, b) => a.date - b.date || (a.id < b.id ? -1 : 1)).slice(0, 40);
  let total = 0;
  const sums = rows.map(r => total += r.value / 100);
  const axis = ticks(Math.max(total, limit) * 1.02), most = axis.at(-1);
  const y = v => top + (h - top - bottom) * (1 - v / most), slot = (w - left - right) / rows.length, x = i => left + slot * i;
  const shapes = axis.flatMap(t => [path("grid", `M${left} ${y(t)}H${w - right}`), label(left - 8, y(t) + 4, brief(t), { "text-anchor": "end", class: "soft" })]);
  rows.forEach((r, i) => {
    const value = r.value / 100;
    shapes.push(box("own", x(i) + slot * .22, y(value), slot * .56, y(0) - y(value), `${r.id}: ${money(r.value, currency)}`));
    if (rows.length <= 12) {
      shapes.push(label(x(i) + slot / 2, y(0) - 5, brief(value), { "text-anchor": "middle" }));
      shapes.push(label(x(i) + slot / 2, y(0) + 15, harmless(r.id.length > 14 ? "…" + r.id.slice(-11) : r.id), { "text-anchor": "middle", class: "soft" }));
    }
  });
  sums.forEach((s, i) => { if (s > limit) shapes.push(box("over", x(i) + slot * .14, y(s), (i + 1 < rows.length ? x(i + 1) + slot * .14 : w - right) - x(i) - slot * .14, y(limit) - y(s))); });
  let d = `M${left} ${y(0)}`;
  sums.forEach((s, i) => d += `H${x(i) + slot * .14}V${y(s)}`);
  shapes.push(path("sum", d + `H${w - right}`));
  sums.forEach((s, i) => shapes.push(svg("circle", { class: "point", cx: x(i) + slot * .14, cy: y(s), r: 4 })));
  shapes.push(path("limit", `M${left} ${y(limit)}H${w - right}`));
  const apart = Math.abs(y(limit) - y(total)) < 16 ? 16 : 4;
  shapes.push(label(w - right + 6, y(limit) + apart, `limit ${brief(limit)}`, { class: "risk" }), label(w - right + 6, y(total) + 4, `together ${brief(total)}`));
  // The days under the parcels, each over its own.
  let from = 0;
  rows.forEach((r, i) => {
    if (i + 1 < rows.length && rows[i + 1].date === r.date) return;
    shapes.push(path("axis", `M${x(from) + 4} ${y(0) + 24}v5H${x(i + 1) - 4}v-5`), label((x(from) + x(i + 1)) / 2, y(0) + 45, day(r.date), { "text-anchor": "middle" }));
    from = i + 1;
  });
  const said = `${rows.length} parcels of ${rows.map(r => brief(r.value / 100)).join(", ")} ${currency} come to ${brief(total)}; the limit is ${brief(limit)}.`;
  const more = parcels.length > rows.length ? ` The first ${rows.length} of ${parcels.length}.` : "";
  return figure(w, h, said, `Each bar is what one parcel declares, in ${currency}; the line adds them up in the order of their days. None alone passes the limit, together they do: what lies over it is shaded.${more}`, ...shapes);
}

/** A price among the prices of comparable goods, on a scale of factors. */
function drawPrice(cell, currency) {
  const spots = (cell.prices ?? []).filter(p => p > 0);
  const per = cell.scale === "kg" ? "a kg" : "a piece";
  const all = [...spots, cell.declared, cell.median, cell.lowest_acceptable_price, cell.expected].filter(p => p > 0);
  if (all.length < 3) return null;
  const low = Math.min(...all) / 1.25, high = Math.max(...all) * 1.25;
  const w = 760, h = 230, left = 20, right = 20, base = 168;
  const x = v => left + (w - left - right) * Math.log(v / low) / Math.log(high / low);
  const shapes = [path("axis", `M${left} ${base}H${w - right}`)];
  let last = -99;
  for (const t of logTicks(low, high)) {
    shapes.push(path("axis", `M${x(t)} ${base}v5`));
    if (x(t) - last > 34) { shapes.push(label(x(t), base + 20, brief(t), { "text-anchor": "middle", class: "soft" })); last = x(t); }
  }
  // Dots that would cover each other are stacked.
  const columns = new Map();
  for (const p of spots) {
    const column = Math.round(x(p) / 13), n = columns.get(column) ?? 0;
    columns.set(column, n + 1);
    shapes.push(svg("circle", { class: "peer", cx: column * 13, cy: base - 9 - 12 * n, r: 5.5 }, svg("title", {}, brief(p))));
  }
  const mark = (v, text, y, kind, line) => {
    if (!(v > 0)) return;
    const end = x(v) > w - 150 ? "end" : x(v) < 90 ? "start" : "middle";
    shapes.push(path(line, `M${x(v)} ${y + 6}V${base}`), label(x(v), y, text, { "text-anchor": end, class: kind }));
  };
  mark(cell.median, `median ${brief(cell.median)}`, 24, "", "axis");
  mark(cell.lowest_acceptable_price, `lowest acceptable ${brief(cell.lowest_acceptable_price)}`, 46, "soft", "limit");
  const at = x(cell.declared);
  shapes.push(svg("path", { class: "declared", d: `M${at} ${base - 18}l9 9l-9 9l-9 -9z` }));
  shapes.push(label(at, base + 42, `declared ${brief(cell.declared)}`, { class: "risk", "text-anchor": at < 70 ? "start" : at > w - 80 ? "end" : "middle" }));
  const what = spots.length < 20 ? "Each dot is one consignor's price" : `Each dot is 5 % of the ${whole.format(cell.consignors)} consignors`;
  const said = `Declared ${brief(cell.declared)} ${currency} ${per}; comparable goods have a median of ${brief(cell.median)}, the lowest acceptable price is ${brief(cell.lowest_acceptable_price)}.`;
  return figure(w, h, said, `${what} ${per} of comparable goods (${cell.goods}), in ${currency}, on a scale on which equal distances are equal factors. The diamond is what was declared here.`, ...shapes);
}

/** A sender's prices around the limit: how many are in each band, what would be ordinary, the excess shaded. */
function drawCrowd(e) {
  const counts = e.histogram?.counts;
  if (!counts?.length) return null;
  const { bin_log: width, first_above: edge } = e.histogram;
  const w = 760, h = 300, left = 52, right = 20, top = 30, bottom = 54;
  const most = ticks(Math.max(...counts, ...e.histogram.expected, 1)).at(-1);
  const y = v => top + (h - top - bottom) * (1 - v / most), slot = (w - left - right) / counts.length, x = i => left + slot * i;
  const amount = i => e.limit * Math.exp((i - edge) * width);
  const shapes = ticks(most * .99).filter(t => t <= most).flatMap(t => [path("grid", `M${left} ${y(t)}H${w - right}`), label(left - 8, y(t) + 4, brief(t), { "text-anchor": "end", class: "soft" })]);
  counts.forEach((n, i) => {
    const place = i - (edge - e.histogram.expected.length), ordinary = place >= 0 && i < edge ? Math.min(e.histogram.expected[place], n) : n;
    const hint = `${brief(amount(i))} to ${brief(amount(i + 1))}: ${brief(n)} prices`;
    shapes.push(box("own", x(i) + .5, y(ordinary), slot - 1, y(0) - y(ordinary), hint));
    if (n > ordinary) shapes.push(box("excess", x(i) + .5, y(n), slot - 1, y(ordinary) - y(n), hint));
  });
  let d = "";
  e.histogram.expected.forEach((v, k) => { const i = edge - e.histogram.expected.length + k; d += `M${x(i)} ${y(v)}H${x(i + 1)}`; });
  shapes.push(path("expected", d), path("axis", `M${left} ${y(0)}H${w - right}`), path("limit", `M${x(edge)} ${top - 6}V${y(0)}`));
  shapes.push(label(x(edge) + 6, top + 4, `limit ${brief(e.limit)} ${e.currency}`, { class: "risk" }));
  const seen = [];
  for (const f of [.5, .6, .75, .9, 1, 1.1, 1.25, 1.5, 1.75, 2]) {
    const at = x(edge + Math.log(f) / width);
    if (at < left || at > w - right || seen.some(s => Math.abs(s - at) < 44)) continue;
    seen.push(at);
    shapes.push(path("axis", `M${at} ${y(0)}v5`), label(at, y(0) + 20, brief(e.limit * f), { "text-anchor": "middle", class: "soft" }));
  }
  shapes.push(label((w - right + left) / 2, h - 8, `declared price, ${e.currency}`, { "text-anchor": "middle", class: "soft" }));
  const said = `${brief(e.observed)} different prices just under the limit of ${brief(e.limit)} where ${brief(e.expected)} would be ordinary, ${brief(e.above)} just above it.`;
  return figure(w, h, said, `Different prices in bands around the limit. The short lines are what this sender's other prices and its peers let expect just under it; the excess over them is red.`, ...shapes);
}

/** Each of a sender's prices over the median of comparable goods. */
function drawLevel(ratios) {
  if (ratios.length < 2) return null;
  const low = Math.min(...ratios, .5) / 1.2, high = Math.max(...ratios, 1) * 1.3;
  const w = 760, h = 190, left = 20, right = 20, base = 140;
  const x = v => left + (w - left - right) * Math.log(v / low) / Math.log(high / low);
  const shapes = [path("axis", `M${left} ${base}H${w - right}`), path("expected", `M${x(1)} 26V${base}`), label(x(1), 18, "what others ask", { "text-anchor": "middle" })];
  const columns = new Map();
  for (const r of ratios) {
    const column = Math.round(x(r) / 11), n = columns.get(column) ?? 0;
    columns.set(column, n + 1);
    if (n < 9) shapes.push(svg("circle", { class: "declared", cx: column * 11, cy: base - 8 - 11 * n, r: 4.5 }, svg("title", {}, `${Math.round(r * 100)} %`)));
  }
  for (const t of [.05, .1, .2, .3, .5, .7, 1, 1.5, 2]) if (t > low && t < high) shapes.push(path("axis", `M${x(t)} ${base}v5`), label(x(t), base + 20, `${t * 100} %`, { "text-anchor": "middle", class: "soft" }));
  const sorted = [...ratios].sort((a, b) => a - b), middle = sorted[Math.floor(sorted.length / 2)];
  return figure(w, h, `${ratios.length} prices of this sender, half of them below ${Math.round(middle * 100)} % of what others ask.`, "Each dot is one flagged line of this sender: its declared price as a share of the median of comparable goods.", ...shapes);
}

/** What the parcels of a case declare, each by a dot, against the limit that all of them stay within. */
function drawValues(parcels, limit, currency) {
  const values = parcels.map(p => p.value / 100).filter(v => v > 0);
  if (values.length < 2) return null;
  const axis = ticks(Math.max(limit, ...values) * 1.05), most = axis.at(-1);
  const w = 760, left = 20, right = 30, columns = new Map();
  const x = v => left + (w - left - right) * v / most;
  const dots = values.map(v => { const column = Math.round(x(v) / 12), n = columns.get(column) ?? 0; columns.set(column, n + 1); return [column, n, v]; });
  const base = 44 + 11 * Math.min(12, Math.max(...columns.values())), h = base + 34;
  const shapes = [path("axis", `M${left} ${base}H${w - right}`), ...axis.flatMap(t => [path("axis", `M${x(t)} ${base}v5`), label(x(t), base + 20, brief(t), { "text-anchor": "middle", class: "soft" })])];
  for (const [column, n, v] of dots) if (n < 12) shapes.push(svg("circle", { class: v > limit ? "declared" : "peer", cx: column * 12, cy: base - 8 - 11 * n, r: 5 }, svg("title", {}, brief(v))));
  shapes.push(path("limit", `M${x(limit)} 22V${base}`), label(x(limit), 15, `limit ${brief(limit)}`, { class: "risk", "text-anchor": x(limit) > w - 60 ? "end" : "middle" }));
  const over = values.filter(v => v > limit).length;
  const said = `${values.length} parcels declared at ${brief(Math.min(...values))} to ${brief(Math.max(...values))} ${currency}; the limit is ${brief(limit)}, ${over || "none"} lie${over === 1 ? "s" : ""} above it.`;
  return figure(w, h, said, `Each dot is what one parcel of the case declares, in ${currency}, against the limit of the relief that it claims.`, ...shapes);
}

/** Amounts as bars against a limit. */
function drawAmounts(bars, limit, currency) {
  const shown = bars.filter(b => b[1] > 0);
  if (!shown.length) return null;
  const w = 760, row = 36, left = 150, right = 90, h = shown.length * row + 48;
  const axis = ticks(Math.max(limit ?? 0, ...shown.map(b => b[1])) * 1.02), most = axis.at(-1);
  const x = v => left + (w - left - right) * v / most, foot = shown.length * row + 16;
  const shapes = axis.flatMap(t => [path("grid", `M${x(t)} 14V${foot}`), label(x(t), foot + 18, brief(t), { "text-anchor": "middle", class: "soft" })]);
  shown.forEach(([name, value], i) => shapes.push(label(left - 10, 20 + row * i + 17, name, { "text-anchor": "end" }), box("own", left, 20 + row * i, x(Math.min(value, limit ?? value)) - left, row - 12), limit && value > limit ? box("excess", x(limit), 20 + row * i, x(value) - x(limit), row - 12) : null, label(x(value) + 6, 20 + row * i + 17, brief(value))));
  if (limit) shapes.push(path("limit", `M${x(limit)} 8V${foot}`), label(x(limit) + 5, 12, `limit ${brief(limit)}`, { class: "risk" }));
  return figure(w, h, shown.map(([n, v]) => `${n} ${brief(v)} ${currency}`).join("; ") + (limit ? `; limit ${brief(limit)}` : ""), limit ? `In ${currency}; what lies above the limit is red.` : `In ${currency}.`, ...shapes);
}

/** What speaks for and against, on the scale of log-odds. */
function drawWeights(weights) {
  const rows = Object.entries(weights).filter(r => typeof r[1] === "number");
  if (!rows.length) return null;
  const w = 760, row = 26, left = 170, h = rows.length * row + 20, most = Math.max(...rows.map(r => Math.abs(r[1])), 1);
  const zero = rows.some(r => r[1] < 0) ? left + 160 : left, unit = (w - zero - 70) / most;
  const shapes = [path("axis", `M${zero} 4V${h - 10}`)];
  rows.forEach(([name, v], i) => shapes.push(label(left - 10, 10 + row * i + 12, title(name), { "text-anchor": "end" }), box(v < 0 ? "minus" : "plus", v < 0 ? zero + v * Math.min(unit, 150 / most) : zero, 6 + row * i, Math.abs(v) * (v < 0 ? Math.min(unit, 150 / most) : unit), row - 10), label(v < 0 ? zero + 6 : zero + v * unit + 6, 10 + row * i + 12, (v > 0 ? "+" : "") + brief(v), { class: "soft" })));
  return figure(w, h, rows.map(([n, v]) => `${title(n)} ${v}`).join("; "), "Weights of evidence (logarithms of likelihood ratios): what lies to the right speaks for the finding.", ...shapes);
}

/** The drawing that fits a finding; none where its numbers say all. */
function drawn(flag, members, group, currency) {
  const e = flag.evidence;
  if (flag.detector.startsWith("split-") && group?.limit != null) return drawSplit(members, group.limit / 100, currency);
  if (e.histogram) return drawCrowd(e);
  if (e.cell) return drawPrice(e.cell, currency);
  if (e.weights) return drawWeights(e.weights);
  if (typeof e.expected === "number" && typeof e.declared === "number") return drawAmounts([["declared", e.declared], ["to be expected", e.expected]], e.limit, e.currency ?? currency);
  // Goods that the law shuts out are so at any value: a bar would say nothing.
  if (e.list) return null;
  if (typeof e.value === "number" && typeof e.limit === "number") return drawAmounts([["declared", e.value]], e.limit, e.currency ?? currency);
  return null;
}
