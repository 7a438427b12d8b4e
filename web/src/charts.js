// Draws what chart.go describes: colours of the page's theme, numbers of its language, and a time axis that runs the
// way its language reads.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, PieChart, ScatterChart, TreemapChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { CanvasRenderer, SVGRenderer } from "echarts/renderers";

echarts.use([
  BarChart, CustomChart, HeatmapChart, LineChart, PieChart, ScatterChart, TreemapChart,
  GridComponent, LegendComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapComponent, CanvasRenderer, SVGRenderer,
]);

const page = document.documentElement;
const rtl = page.dir === "rtl";
const live = new Map();

export function draw(boxes) {
  for (const box of boxes) {
    if (live.has(box)) continue;
    const spec = mirrored(JSON.parse(document.getElementById(box.dataset.chart).textContent));
    if (box.dataset.height) box.style.height = `${box.dataset.height}px`;
    box.style.display = "block";
    if (spec.kind === "tree" && box.clientWidth < 480) box.style.height = "28rem"; // what a phone lacks in width its fields get in height, for their names
    if (spec.kind === "tree") document.fonts.ready.then(() => begin(box, spec)); // it cannot be drawn twice in a row
    else begin(box, spec);
    new ResizeObserver(() => {
      const chart = live.get(box)?.chart;
      if (chart && (chart.getWidth() !== box.clientWidth || chart.getHeight() !== box.clientHeight)) fit(box, chart, spec);
    }).observe(box);
  }
}

function begin(box, spec) {
  const chart = echarts.init(box, null, { renderer: "canvas" });
  live.set(box, { chart, spec, rows: keyRows(spec, box).length });
  chart.setOption(options(spec, box, chart), true);
  chart.on("click", (e) => {
    const href = spec.kind === "tree" ? e.data?.href : spec.kind === "heat" ? spec.series[e.value[1]]?.hrefs?.[e.value[0]] : spec.series[e.seriesIndex % spec.series.length]?.hrefs?.[e.dataIndex];
    if (href) location.assign(href);
  });
}

// fit draws a chart in the size that its box has now. A tree is made anew: drawn again it does not forget the labels of before.
function fit(box, chart, spec) {
  if (spec.kind !== "tree") {
    chart.resize();
    const drawn = live.get(box), rows = keyRows(spec, box).length;
    if (rows !== drawn.rows) chart.setOption(options(spec, box, chart), true);
    drawn.rows = rows;
    return;
  }
  chart.dispose();
  begin(box, spec);
}

// The key's names in rows that fit the width, in the order that they are read in. ECharts would page them, or wrap them from the left
// whichever way the language runs.
const ruler = document.createElement("canvas").getContext("2d");
const keyDot = 9, keyGap = 18, keySize = 12.5, keyRow = 24, keyMost = 3;
function keyRows(spec, box) {
  if (spec.series.length < 2 || ["heat", "pie", "tree"].includes(spec.kind)) return [];
  ruler.font = `${keySize}px ${getComputedStyle(document.body).fontFamily}`;
  const rows = [[]], room = box.clientWidth - 12;
  let used = 0;
  for (const { name } of spec.series) {
    const wide = keyDot + 5 + Math.ceil(ruler.measureText(name).width) + 1;
    if (used && used + keyGap + wide > room) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1).push(name);
    used += (used && keyGap) + wide;
  }
  return rows;
}

// From right to left the first period stands on the right. The figures are turned round rather than the axis: an inverse
// axis of categories makes ECharts give its labels room on the wrong side.
function mirrored(spec) {
  if (!rtl || !["line", "bar", "stack", "share", "heat"].includes(spec.kind)) return spec;
  spec.labels.reverse();
  for (const s of spec.series) for (const list of [s.values, s.low, s.high, s.n, s.hrefs, s.small]) list?.reverse();
  for (const m of spec.marks ?? []) m.at = spec.labels.length - 1 - m.at;
  return spec;
}

function redraw() {
  for (const [box, { chart, spec }] of live) {
    if (!box.isConnected) {
      chart.dispose();
      live.delete(box);
    } else {
      if (spec.kind === "tree") fit(box, chart, spec);
      else {
        live.get(box).rows = keyRows(spec, box).length; // the letters may have come only now
        chart.setOption(options(spec, box, chart), true);
      }
    }
  }
}
document.addEventListener("kolo:theme", redraw);
document.addEventListener("htmx:afterSettle", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
document.fonts?.ready.then(redraw);
addEventListener("beforeprint", () => print(true));
addEventListener("afterprint", () => print(false));

// Paper is white whatever the theme.
let printing = false;
function print(on) {
  printing = on;
  redraw();
  for (const [box, { chart, spec }] of live) fit(box, chart, spec);
}

// A picture of a chart to take away: as on paper, with its title, in a size that fits a slide.
document.addEventListener("click", async (e) => {
  const button = e.target.closest?.("[data-chart-save]");
  const box = button && document.getElementById(button.dataset.chartSave);
  if (!live.has(box)) return;
  const { spec } = live.get(box), svg = button.dataset.as === "svg", width = 1200;
  const detail = (button.dataset.detail ?? "").split("\n"), head = 46 + 18 * detail.length;
  const height = Math.round(Math.max(480, box.clientHeight * 1.25)) + head;
  const frame = Object.assign(document.createElement("div"), { className: "k-frame" });
  document.body.append(frame);
  Object.assign(frame.style, { position: "fixed", insetInlineStart: "-9999px", top: "0", width: `${width}px`, height: `${height}px`, direction: "ltr" });
  const was = printing;
  printing = true;
  const chart = echarts.init(frame, null, { renderer: svg ? "svg" : "canvas", width, height, devicePixelRatio: 2 });
  try {
    const o = options(spec, frame, chart);
    const c = colours(frame), font = getComputedStyle(document.body).fontFamily;
    const side = rtl ? { left: width - 8, textAlign: "right" } : { left: 8 };
    o.title = { text: turn(button.dataset.name), subtext: detail.map(turn).join("\n"), top: 8, ...side, itemGap: 6,
      textStyle: { fontFamily: font, fontSize: 18, fontWeight: 600, color: c.ink }, subtextStyle: { fontFamily: font, fontSize: 13, lineHeight: 18, color: c.soft, width: width - 16, overflow: "truncate" } };
    o.animation = false;
    o.backgroundColor = "#fff";
    o.grid = { ...o.grid, top: (Number(o.grid?.top) || 16) + head };
    const lower = (l) => (l?.top === undefined ? l : { ...l, top: Number(l.top || 0) + head });
    o.legend = Array.isArray(o.legend) ? o.legend.map(lower) : lower(o.legend);
    chart.setOption(o, true);
    const blob = svg ? new Blob([chart.renderToSVGString()], { type: "image/svg+xml" })
      : await new Promise((done) => chart.getRenderedCanvas({ pixelRatio: 2, backgroundColor: "#fff" }).toBlob(done, "image/png"));
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: `${fileName(button.dataset.name)}.${button.dataset.as}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } finally {
    printing = was;
    chart.dispose();
    frame.remove();
  }
  button.closest("details")?.removeAttribute("open");
});
const fileName = (s) => s.replace(/[\\/:*?"<>|\u0000-\u001f]+/g, " ").replace(/\s+/g, " ").trim().slice(0, 80) || "chart";

// A colour by its name in the style sheet, as the canvas wants it. light-dark() is only resolved on a real property.
function colours(box) {
  const probe = document.createElement("span");
  probe.style.setProperty("transition", "none", "important"); // or the colour before would be read
  if (printing) probe.style.colorScheme = "light";
  box.append(probe);
  const get = (name) => {
    probe.style.color = `var(--k-${name})`;
    return getComputedStyle(probe).color;
  };
  const c = {};
  for (const name of ["ink", "soft", "line", "line-strong", "surface", "accent", "bar-good", "bar-neutral", "bar-bad", "warn", 1, 2, 3, 4, 5, 6, 7, 8]) c[name] = get(name);
  probe.remove();
  return c;
}

const fade = (colour, alpha) => colour.replace(/^rgba?\(([^)]*)\)$/, (_, v) => `rgba(${v.split(/[ ,/]+/).slice(0, 3).join(",")},${alpha})`);
// A share of the second colour over the first.
const mix = (under, over, share) => {
  const [a, b] = [under, over].map((x) => x.match(/[\d.]+/g).slice(0, 3).map(Number));
  return `rgb(${a.map((v, i) => Math.round(v + (b[i] - v) * share)).join(",")})`;
};
// A canvas lays text out from left to right unless the text itself says otherwise (RLE ... PDF).
const turn = (s) => (rtl ? `\u202b${s}\u202c` : s);
const escape = (s) => String(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

// A field's name in the size and the lines in which all of it fits, or else its beginning with an ellipsis: the tooltip has it in full.
const sizes = [12.5, 11.5, 10.5, 9.5], letters = Object.fromEntries(sizes.map((size, i) => [`s${i}`, { fontSize: size, lineHeight: Math.ceil(size * 1.25) }]));
function fitted(name, width, height, family, weight) {
  name = name.replace(/[{}]/g, (b) => (b === "{" ? "(" : ")")); // they would begin and end a size
  const wide = (t, size) => ((ruler.font = `${weight} ${size}px ${family}`), ruler.measureText(t).width);
  const write = (lines, i) => lines.map((l) => `{s${i}|${turn(l)}}`).join("\n");
  for (const [i, size] of sizes.entries()) {
    const lines = [];
    for (const word of name.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : "";
      if (longer && wide(longer, size) <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    if (lines.length * Math.ceil(size * 1.25) <= height && lines.every((l) => wide(l, size) <= width)) return write(lines, i);
  }
  const last = sizes.length - 1;
  if (sizes[last] * 1.25 > height) return "";
  for (let cut = [...name]; cut.pop(); ) {
    const text = `${cut.join("").trimEnd()}…`;
    if (cut.length && wide(text, sizes[last]) <= width) return write([text], last);
  }
  return "";
}

function options(spec, box, chart) {
  const c = colours(box);
  const font = getComputedStyle(document.body).fontFamily;
  const lang = page.lang;
  const number = new Intl.NumberFormat(lang, { style: spec.percent ? "percent" : "decimal", minimumFractionDigits: spec.decimals, maximumFractionDigits: spec.decimals });
  const short = new Intl.NumberFormat(lang, { style: spec.percent ? "percent" : "decimal", maximumFractionDigits: Math.max(spec.percent ? 1 : spec.decimals, 1), notation: spec.percent ? "standard" : "compact" });
  const whole = new Intl.NumberFormat(lang);
  const tidy = (s) => s.replace(/\u200e/g, "").replace("-", "−");
  const say = (v) => (v == null ? escape(spec.words.none) : `<bdi dir="ltr">${tidy((spec.counts && Number.isInteger(v) ? whole : number).format(v))}</bdi>`);
  const axis = (v) => (rtl ? `\u202a${tidy(short.format(v))}\u202c` : tidy(short.format(v)));
  const palette = { good: c["bar-good"], bad: c["bar-bad"], neutral: c["bar-neutral"] };
  const colour = (s, i) => palette[s.color] ?? c[s.color || (i % 8) + 1] ?? c[1];
  const text = { fontFamily: font, color: c.soft, fontSize: 12 };
  const narrow = box.clientWidth < 480;

  const facts = (s, i) => {
    const lines = [`<b>${say(s.values[i])}</b>`];
    if (s.low?.[i] != null && s.high?.[i] != null) lines.push(`${escape(spec.words.interval)}: <bdi dir="ltr">${say(s.low[i])} – ${say(s.high[i])}</bdi>`);
    if (s.n?.[i] != null) lines.push(`${escape(spec.words.answers)}: ${whole.format(s.n[i])}`);
    if (s.small?.[i]) lines.push(escape(spec.words.few));
    return lines;
  };
  const swatch = (s, i) => `<span style="display:inline-block;width:.6em;height:.6em;border-radius:50%;background:${colour(s, i)};margin-inline-end:.4em"></span>`;
  const tooltip = {
    backgroundColor: c.surface, borderColor: c.line, padding: [8, 12], confine: true,
    textStyle: { ...text, color: c.ink, fontSize: 13 },
    extraCssText: `direction:${page.dir};text-align:start;box-shadow:0 6px 20px rgba(0,0,0,.12);border-radius:8px`,
  };
  const base = {
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300,
    textStyle: { fontFamily: font }, backgroundColor: "transparent",
  };
  const many = spec.series.length > 1;
  // Where the key would take too much of the picture it is paged after all.
  const rows = keyRows(spec, box), paged = rows.length > keyMost;
  const legend = rows.length ? (paged ? [rows.flat()] : rows).map((names, i) => ({
    top: i * keyRow, [rtl ? "right" : "left"]: 0, icon: "circle", itemWidth: keyDot, itemHeight: keyDot, itemGap: keyGap, type: paged ? "scroll" : "plain",
    align: rtl ? "right" : "left", textStyle: { ...text, fontSize: keySize }, data: rtl ? names.toReversed() : names,
    pageTextStyle: text, formatter: turn, pageIconColor: c.soft,
  })) : undefined;
  const grid = { left: 4, right: 8, top: legend ? 14 + keyRow * legend.length : 14, bottom: 4, containLabel: true };
  const category = {
    type: "category", data: spec.labels, boundaryGap: spec.kind !== "line",
    axisLine: { lineStyle: { color: c["line-strong"] } }, axisTick: { show: false },
    axisLabel: { ...text, hideOverlap: true, margin: 10, formatter: turn },
  };
  const parts = spec.kind === "share" || (spec.kind === "stack" && spec.percent); // of one whole: together they are no more
  // Nor are shares that begin at nought: the axis would go on to a round number, past all that there is.
  const ends = spec.percent && spec.kind !== "line" && spec.min === 0 ? spec.series.flatMap((s) => [...s.values, ...(s.high ?? [])]).filter((v) => v != null) : [];
  const full = parts || (ends.length && Math.max(...ends) > 0.75 && Math.max(...ends) <= 1);
  const value = {
    type: "value", position: rtl ? "right" : "left", min: spec.min ?? (parts ? 0 : undefined), max: spec.max ?? (full ? 1 : undefined),
    scale: spec.kind === "line" && spec.min == null, splitNumber: narrow ? 3 : 4, interval: (parts ? spec.min == null : full) && spec.max == null ? 0.25 : undefined, minInterval: spec.decimals || spec.percent ? 0 : 1,
    axisLabel: { ...text, formatter: axis }, splitLine: { lineStyle: { color: c.line } }, axisLine: { show: false },
  };
  // A mark's words stand above its line, within the chart, and are cut where they are too long: they stand in full beside it.
  const side = (at) => (3 * at < spec.labels.length ? "left" : 3 * at > 2 * spec.labels.length ? "right" : "center");
  const marks = (i) => (i === 0 && spec.marks?.length ? {
    symbol: "none", silent: true, lineStyle: { color: c.warn, type: [4, 4], width: 1.25 },
    data: spec.marks.map((m) => ({ xAxis: m.at, name: m.text, label: {
      ...text, formatter: (p) => turn(p.name), position: "end", rotate: 0, distance: 4, align: side(m.at), width: narrow ? 180 : 320, overflow: "truncate",
    } })),
  } : undefined);
  const byAxis = {
    ...tooltip, trigger: "axis", axisPointer: { type: spec.kind === "line" ? "line" : "shadow", lineStyle: { color: c["line-strong"] }, shadowStyle: { color: fade(c.ink, 0.04) } },
    formatter: (items) => {
      const i = items[0].dataIndex;
      return `<div style="color:${c.soft};margin-bottom:2px">${escape(spec.labels[i])}</div>` + spec.series.map((s, k) =>
        `<div style="margin-top:4px">${many ? swatch(s, k) + escape(s.name) + " " : ""}${facts(s, i).join(`<br>`)}</div>`).join("");
    },
  };

  let o;
  if (spec.kind === "line") {
    o = {
      ...base, legend, grid, tooltip: byAxis, xAxis: category, yAxis: value,
      series: [
        ...spec.series.map((s, i) => ({
          name: s.name, type: "line", data: s.values, color: colour(s, i), smooth: false, showSymbol: spec.labels.length < 40, symbol: "circle",
          symbolSize: (_, p) => (s.small?.[p.dataIndex] ? 5 : 6), lineStyle: { width: 2.25, cap: "round", join: "round" }, cursor: s.hrefs ? "pointer" : "default",
          itemStyle: { borderColor: c.surface, borderWidth: 1.5 }, emphasis: { disabled: false, scale: 1.4 }, markLine: marks(i), z: 3,
        })),
        ...spec.series.map((s, i) => band(s, fade(colour(s, i), 0.13))).filter(Boolean),
      ],
    };
  } else if (spec.kind === "pie") {
    const s = spec.series[0];
    const share = Object.fromEntries(spec.labels.map((name, i) => [name, s.values[i] == null ? "" : tidy(number.format(s.values[i]))]));
    o = {
      ...base, tooltip: { ...tooltip, trigger: "item", formatter: (p) => `${escape(p.name)}<br>${facts(s, p.dataIndex).join("<br>")}` },
      legend: { type: "scroll", bottom: 0, left: "center", icon: "circle", itemWidth: 9, itemHeight: 9, itemGap: 18, align: rtl ? "right" : "left", textStyle: { ...text, color: c.ink, fontSize: 12.5 },
        data: rtl ? spec.labels.toReversed() : spec.labels, formatter: (name) => turn(`${name}  \u2066${share[name]}\u2069`), pageTextStyle: text, pageIconColor: c.soft },
      series: [{ type: "pie", center: ["50%", "44%"], radius: ["54%", "80%"], padAngle: 1.5, itemStyle: { borderRadius: 4 }, label: { show: false }, startAngle: 90, clockwise: !rtl,
        data: spec.labels.map((name, i) => ({ name, value: s.values[i], itemStyle: { color: c[(i % 8) + 1] } })) }],
    };
  } else if (spec.kind === "heat") {
    const cells = spec.series.flatMap((s, y) => s.values.map((v, x) => [x, y, v]).filter((d) => d[2] != null));
    const all = cells.map((d) => d[2]);
    o = {
      ...base, grid: { ...grid, top: 8, bottom: 44 },
      tooltip: { ...tooltip, formatter: (p) => `<div style="color:${c.soft}">${escape(spec.series[p.value[1]].name)} · ${escape(spec.labels[p.value[0]])}</div>${facts(spec.series[p.value[1]], p.value[0]).join("<br>")}` },
      xAxis: { ...category, boundaryGap: true, axisLine: { show: false } },
      yAxis: { type: "category", inverse: true, position: rtl ? "right" : "left", data: spec.series.map((s) => s.name), axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...text, color: c.ink, formatter: turn, width: narrow ? 90 : 180, overflow: "truncate" } },
      visualMap: { min: spec.min ?? Math.min(...all), max: spec.max ?? Math.max(...all), calculable: false, orient: "horizontal", [rtl ? "right" : "left"]: 4, bottom: 0, itemWidth: 10, itemHeight: 110, text: [axis(spec.max ?? Math.max(...all)), axis(spec.min ?? Math.min(...all))], textStyle: text,
        inRange: { color: spec.min < 0 ? [c["bar-bad"], c.surface, c["bar-good"]] : [fade(c.accent, 0.07), c.accent] } },
      series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: c.surface, borderWidth: 2, borderRadius: 4 }, emphasis: { itemStyle: { borderColor: c.ink, borderWidth: 1 } } }],
    };
  } else if (spec.kind === "tree") {
    const [size, tone] = spec.series;
    const nodes = spec.labels.map((name, i) => ({ name, value: size.values[i], href: size.hrefs?.[i], at: i, children: [] }));
    const top = nodes.filter((node, i) => spec.parents[i] < 0 || !nodes[spec.parents[i]].children.push(node));
    // How large a field is drawn is known once it is laid out, which is before its name is asked for.
    const room = (p) => chart.getModel().getSeriesByIndex(0).getData().getItemLayout(p.dataIndex) ?? { width: 0, height: 0 };
    // Pale near nought and deep where everything is praise or blame, always light enough for the words on it.
    const paint = (v) => (v == null ? mix(c.surface, c.soft, 0.16) : mix(c.surface, v < 0 ? c["bar-bad"] : c["bar-good"], 0.1 + 0.6 * Math.min(1, Math.abs(v) / 80)));
    for (const node of nodes) {
      if (!node.children.length) delete node.children;
      node.itemStyle = { color: paint(tone.values[node.at]) };
      if (node.children) node.itemStyle = { color: c.surface, borderColor: "transparent" };
    }
    o = {
      ...base, animation: false,
      tooltip: { ...tooltip, trigger: "item", formatter: (p) => (p.data?.at == null ? "" : `${escape(p.data.name)}<br><b>${whole.format(p.data.value)}</b><br>${escape(tone.name)}: ${say(tone.values[p.data.at])}`) },
      series: [{
        type: "treemap", left: 0, right: 0, top: 10, bottom: 0, roam: false, nodeClick: false, breadcrumb: { show: false }, visibleMin: 1, squareRatio: 1.3, cursor: "pointer",
        itemStyle: { gapWidth: 2, borderWidth: 0, borderColor: "transparent", borderRadius: 4 },
        label: { ...text, color: c.ink, fontSize: 12.5, align: rtl ? "right" : "left", position: rtl ? "insideTopRight" : "insideTopLeft", padding: [5, 6], overflow: "none", rich: letters, formatter: (p) => fitted(p.name, room(p).width - 12, room(p).height - 8, font, 400) },
        upperLabel: { show: true, height: narrow ? 34 : 24, verticalAlign: narrow ? "top" : undefined, color: c.soft, fontFamily: font, fontSize: 12, fontWeight: 600, align: rtl ? "right" : "left", position: rtl ? ["100%", 4] : [0, 4], overflow: "none", rich: Object.fromEntries(Object.entries(letters).map(([k, v]) => [k, { ...v, color: c.soft, fontWeight: 600 }])), formatter: (p) => fitted(p.name, room(p).width - 4, narrow ? 30 : 18, font, 600) },
        levels: [{ itemStyle: { gapWidth: 8 }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 2 } }],
        emphasis: { disabled: true },
        data: top,
      }],
    };
  } else if (spec.kind === "scatter") {
    o = {
      ...base, legend, grid, xAxis: { ...value, position: "bottom", inverse: rtl, splitLine: { show: false } }, yAxis: value,
      tooltip: { ...tooltip, trigger: "item", formatter: (p) => `${escape(p.data.name)}<br>${say(p.value[0])} · <b>${say(p.value[1])}</b>` },
      series: spec.series.map((s, i) => ({ name: s.name, type: "scatter", color: fade(colour(s, i), 0.75), symbolSize: 10, data: s.values.map((v, k) => ({ name: spec.labels[k], value: [s.low?.[k] ?? k, v] })) })),
    };
  } else {
    const across = spec.kind === "across";
    const stacked = spec.kind === "stack" || spec.kind === "share";
    const whisker = !stacked && spec.series.some((s) => s.low);
    o = {
      ...base, legend, grid, tooltip: byAxis,
      xAxis: across ? { ...value, position: "bottom", inverse: rtl } : category,
      yAxis: across ? { ...category, inverse: true, position: rtl ? "right" : "left", axisLine: { show: false }, axisLabel: { ...text, color: c.ink, formatter: turn, fontSize: 12.5, width: narrow ? 110 : 220, overflow: "truncate" } } : value,
      series: [
        ...spec.series.map((s, i) => ({
          name: s.name, type: "bar", stack: stacked ? "all" : undefined, barMaxWidth: across ? 16 : 34, barCategoryGap: "34%", cursor: s.hrefs ? "pointer" : "default", markLine: marks(i),
          data: s.values.map((v, k) => ({ value: v, itemStyle: s.small?.[k] ? { opacity: 0.45 } : undefined })), color: colour(s, i),
          itemStyle: { borderRadius: stacked ? 1 : across ? 3 : [3, 3, 0, 0], borderColor: c.surface, borderWidth: stacked ? 0.5 : 0 },
        })),
        ...(whisker && !many ? [whiskers(spec.series[0], across, c.ink)] : []),
      ],
    };
  }
  return spec.options ? merge(o, spec.options) : o;
}

// Both ends of an interval count when the axis chooses its range.
function extent(s, across) {
  const data = s.low.map((low, i) => [i, low ?? "-", s.high[i] ?? "-"]);
  return { data, encode: across ? { x: [1, 2], y: 0 } : { x: 0, y: [1, 2] } };
}

// The interval of a line: a band along it, broken where there is no interval.
function band(s, fill) {
  if (!s.low) return null;
  return {
    type: "custom", silent: true, tooltip: { show: false }, z: 1, ...extent(s, false),
    renderItem: (params, api) => {
      if (params.dataIndex !== 0) return null;
      const shapes = [];
      let run = [];
      const flush = () => {
        if (run.length > 1) {
          const up = run.map((i) => api.coord([i, s.high[i]])), down = run.map((i) => api.coord([i, s.low[i]])).reverse();
          shapes.push({ type: "polygon", shape: { points: [...up, ...down] }, style: { fill } });
        }
        run = [];
      };
      s.low.forEach((low, i) => (low == null || s.high[i] == null ? flush() : run.push(i)));
      flush();
      return { type: "group", children: shapes };
    },
  };
}

// The interval of a bar: a thin line with ends.
function whiskers(s, across, stroke) {
  return {
    type: "custom", silent: true, tooltip: { show: false }, z: 4, ...extent(s, across),
    renderItem: (params, api) => {
      const i = params.dataIndex;
      if (s.low[i] == null || s.high[i] == null) return null;
      const a = api.coord(across ? [s.low[i], i] : [i, s.low[i]]), b = api.coord(across ? [s.high[i], i] : [i, s.high[i]]);
      const style = { stroke, lineWidth: 1.25, opacity: 0.65 }, d = across ? [0, 3.5] : [3.5, 0];
      const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
      return { type: "group", children: [line(...a, ...b), line(a[0] - d[0], a[1] - d[1], a[0] + d[0], a[1] + d[1]), line(b[0] - d[0], b[1] - d[1], b[0] + d[0], b[1] + d[1])] };
    },
  };
}

function merge(into, from) {
  for (const [key, v] of Object.entries(from)) {
    into[key] = v && typeof v === "object" && !Array.isArray(v) && into[key] && typeof into[key] === "object" ? merge({ ...into[key] }, v) : v;
  }
  return into;
}
