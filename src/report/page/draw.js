// Drawing with SVG elements: scales, axes, labels.

/** An SVG element. */
function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value);
  element.append(...children.filter(c => c != null));
  return element;
}

/** A figure with a caption and a text for those who cannot see it. */
function figure(width, height, said, caption, ...shapes) {
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": said }, ...shapes);
  // On a telephone it keeps a size that can be read, and scrolls sideways.
  const narrow = matchMedia("(max-width: 48rem)").matches;
  const frame = make("div", { class: "scroll", ...(narrow ? { tabindex: 0, role: "group", "aria-label": "Drawing" } : {}) }, picture);
  return make("figure", {}, frame, make("figcaption", {}, caption));
}

const label = (x, y, text, attributes = {}) => svg("text", { x, y, ...attributes }, text);
const path = (kind, d) => svg("path", { class: kind, d });
const box = (kind, x, y, width, height, hint) =>
  svg("rect", { class: kind, x, y, width: Math.max(width, 0), height: Math.max(height, 0) }, hint ? svg("title", {}, hint) : null);

/** Round numbers from 0 to just over the largest, at most six. */
function ticks(most) {
  const rough = most / 4, power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [1, 2, 2.5, 5, 10].map(f => f * power).find(s => s >= rough) ?? power * 10;
  const list = [];
  for (let t = 0; t < most + step; t += step) list.push(t);
  return list;
}

/** Round numbers between two, for a scale of factors. */
function logTicks(low, high) {
  const list = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++)
    for (const digit of [1, 2, 5]) {
      const t = digit * 10 ** power;
      if (t >= low && t <= high) list.push(t);
    }
  return list;
}

const brief = x => x >= 100 ? whole.format(Math.round(x)) : x >= 10 ? String(+x.toFixed(1)) : String(+x.toFixed(2));
