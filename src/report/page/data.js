// The data of the page: unpacked on demand, columns by row number.

/** Unpacks one block: base64, zlib, JSON. */
async function unpack(element) {
  const text = atob(element.textContent), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const blocks = document.getElementsByClassName("details-data");
const details = [];
let data;

/** The findings of the parcels of one block, by parcel. */
function findingsOfBlock(block) {
  details[block] ??= unpack(blocks[block]).then(raw => {
    const by = new Map();
    for (const [row, line, detector, score, p, q, revenue, group, reason, evidence] of raw.flags) {
      const flag = { line, detector: raw.words[detector], score: score / 1000, p, q, revenue, group,
        reason: raw.words[reason], get evidence() { return parsed(raw.words[evidence]); } };
      const parcel = block * data.chunk + row;
      by.has(parcel) ? by.get(parcel).push(flag) : by.set(parcel, [flag]);
    }
    return by;
  });
  return details[block];
}

/** The findings on a parcel, strongest first. */
async function findings(parcel) {
  return (await findingsOfBlock(Math.floor(parcel / data.chunk))).get(parcel) ?? [];
}

function parsed(text) {
  try { return JSON.parse(text) ?? {}; } catch { return {}; }
}

/** Text that neither a browser nor a spreadsheet takes for a command. */
const harmless = text => /^\s*[=+\-@\t\r]/.test(text) ? "'" + text : text;
const word = number => data.words[number] ?? "";
/** What a person calls a name of the files: `under_invoicing` is "Under-invoicing". */
const title = name => { if (data.titles?.[name]) return data.titles[name]; const t = name.replaceAll("_", " "); return t.charAt(0).toUpperCase() + t.slice(1); };
const day = days => new Date(days * 864e5).toISOString().slice(0, 10);
const twoDecimals = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en");
/** An amount in cents as a person writes it. */
const money = (cents, currency) => cents == null ? "–" : twoDecimals.format(cents / 100) + (currency ? " " + currency : "");

/** An element with attributes and children; text is always text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value != null && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter(c => c != null));
  return element;
}
