// Two result plugins for YASGUI: a chart of numbers, and a map of points.

const NUMBER = /#(integer|decimal|double|float|int|long|short|byte|nonNegativeInteger|positiveInteger)$/;
const TIME = /#(date|dateTime|gYear|gYearMonth)$/;
const POINT = /POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)/i;
const LATITUDE = /^(lat|latitude)$/i;
const LONGITUDE = /^(long|lon|lng|longitude)$/i;
const APART = "in its place"; // no name of a variable, which has no blanks
const MOST = 2000; // limit of marks, for readers and browsers

/** The kind of chart scale for a column: quantitative, temporal or nominal. */
function scale(bindings, name) {
  const terms = bindings.map((row) => row[name]).filter(Boolean);
  if (terms.length && terms.every((term) => NUMBER.test(term.datatype ?? ""))) return "quantitative";
  return terms.length && terms.every((term) => TIME.test(term.datatype ?? "")) ? "temporal" : "nominal";
}

/** The value of a cell: a number, a date as text (a year becomes its first day), or a name. */
function plain(term, prefixes, names) {
  if (!term) return null;
  if (NUMBER.test(term.datatype ?? "")) return Number(term.value);
  if (TIME.test(term.datatype ?? "")) return term.value.replace(/^(\d{4})(-\d\d)?$/, (_, year, month) => `${year}${month ?? "-01"}-01`);
  const [prefix, space] = Object.entries(prefixes).find(([, each]) => term.value.startsWith(each)) ?? [];
  const short = prefix ? `${prefix}:${term.value.slice(space.length)}` : term.value;
  return names.get(short) ?? short;
}

const rowsOf = (yasr) => (yasr.results?.getBindings() ?? []).slice(0, MOST);

function table(yasr, names) {
  const prefixes = yasr.getPrefixes();
  const cells = (row) => Object.entries(row).map(([name, term]) => [name, plain(term, prefixes, names)]);
  return rowsOf(yasr).map((row) => Object.fromEntries(cells(row)));
}

const escaped = (name) => name.replace(/[.[\]]/g, "\\$&"); // Vega reads dots and brackets as paths

/** Vega's colours from the page's theme, light or dark. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.body.appendChild(document.createElement("i"));
  const colour = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const [ink, line, accent, soft] = ["ink", "line", "accent", "soft"].map(colour);
  probe.remove();
  return { ink, line, accent, soft, font: style.getPropertyValue("--sans") };
}

async function draw(element, spec, description) {
  const { embed } = await import("../built/vega.js");
  const { ink, line, font } = colours();
  const axis = { labelColor: ink, titleColor: ink, gridColor: line, domainColor: line, tickColor: line };
  const config = {
    background: null, font, axis, legend: { labelColor: ink, titleColor: ink }, view: { stroke: null },
    style: { "guide-label": { fontSize: 12 }, "guide-title": { fontSize: 12 } },
  };
  await embed(element, { ...spec, description, config });
}

/** A figure in the results, rendered again when the theme changes; removes itself with the results. */
function figure(yasr, paint) {
  const element = document.createElement("figure");
  element.className = "chart";
  yasr.resultsEl.append(element);
  const again = () => (element.isConnected ? paint(element) : document.removeEventListener("colours", again));
  document.addEventListener("colours", again);
  return again();
}

function choice(label, options, chosen, changed) {
  const holder = document.createElement("label");
  const select = document.createElement("select");
  for (const [value, text] of options) select.add(new Option(text, value, false, value === chosen));
  select.addEventListener("change", () => changed(select.value));
  holder.append(`${label} `, select);
  return holder;
}

/** What YASGUI needs to download the picture that a plugin has drawn. */
const picture = (yasr, name) => ({
  filename: `${name ?? "kelisim"}.svg`,
  contentType: "image/svg+xml",
  getData: () => {
    const drawn = yasr.resultsEl.querySelector("figure.chart svg");
    return drawn ? new XMLSerializer().serializeToString(drawn) : "";
  },
});

/** The values with a field that tells apart those of which a bar would hide another: which of its place each one is. */
function apart(values, across, colour) {
  const count = new Map();
  return values.map((value) => {
    const place = JSON.stringify([value[across], colour ? value[colour] : ""]);
    count.set(place, (count.get(place) ?? 0) + 1);
    return { ...value, [APART]: `${colour ? value[colour] : ""} ${count.get(place)}` };
  });
}

/** The plugin that charts a numeric column by another column. */
export function chartOf(words, names) {
  return class {
    priority = 5;
    label = words.chart;

    constructor(yasr) {
      this.yasr = yasr;
    }

    canHandleResults() {
      const rows = rowsOf(this.yasr);
      return rows.length > 0 && this.yasr.results.getVariables().some((name) => scale(rows, name) === "quantitative");
    }

    async draw() {
      const columns = this.yasr.results.getVariables();
      const rows = rowsOf(this.yasr);
      const scales = Object.fromEntries(columns.map((name) => [name, scale(rows, name)]));
      const numbers = columns.filter((name) => scales[name] === "quantitative");
      const up = numbers.at(-1);
      const across = columns.find((name) => scales[name] === "temporal") ?? columns.find((name) => scales[name] === "nominal") ?? numbers[0];
      const chosen = { up, across, colour: "", mark: scales[across] === "nominal" ? "bar" : "point" };
      const controls = document.createElement("div");
      controls.className = "row";
      const pick = (key) => (value) => { chosen[key] = value; paint(); };
      const all = columns.map((name) => [name, name]);
      controls.append(
        choice(words.up, numbers.map((name) => [name, name]), up, pick("up")),
        choice(words.across, all, across, pick("across")),
        choice(words.colour, [["", words.nothing], ...all], "", pick("colour")),
        choice(words.mark, [["bar", words.bars], ["point", words.points], ["line", words.line]], chosen.mark, pick("mark")),
      );
      this.yasr.resultsEl.append(controls);
      let paint;
      await figure(this.yasr, (element) => {
        paint = () => draw(element, this.spec(chosen, scales), words.chartOf.replace("{up}", chosen.up).replace("{across}", chosen.across));
        return paint();
      });
    }

    spec({ up, across, colour, mark }, scales) {
      const field = (name) => ({ field: escaped(name), type: scales[name], title: name });
      const values = apart(table(this.yasr, names), across, colour);
      const places = new Set(values.map((row) => row[across])).size;
      const beside = mark === "bar" && places < values.length; // bars in one place stand beside each other
      const narrow = scales[across] === "nominal"; // long names are easier to read on the vertical axis
      const whole = values.every((row) => Number.isInteger(row[up] ?? 0));
      const height = narrow ? 40 + 22 * (beside ? values.length : places) : 320;
      return {
        data: { values },
        width: "container",
        autosize: { type: "fit-x", contains: "padding" },
        height,
        mark: { type: mark, tooltip: true, ...(colour ? {} : { color: colours().accent }) },
        encoding: {
          [narrow ? "y" : "x"]: { ...field(across), ...(beside && !narrow ? { type: "ordinal" } : {}), axis: { labelLimit: 220 }, ...(narrow ? { sort: null, title: null } : {}) },
          [narrow ? "x" : "y"]: { ...field(up), axis: whole ? { tickMinStep: 1 } : {}, ...(mark === "bar" ? { stack: null } : {}) },
          ...(beside ? { [narrow ? "yOffset" : "xOffset"]: { field: APART, type: "nominal" } } : {}),
          ...(colour ? { color: field(colour) } : {}),
        },
      };
    }

    download(name) {
      return picture(this.yasr, name);
    }

    getIcon() {
      return document.createElement("i");
    }
  };
}

/** The plugin that shows rows on a map: by the columns lat and long, or one of WKT points. */
export function mapOf(words, names) {
  return class {
    priority = 4;
    label = words.map;

    constructor(yasr) {
      this.yasr = yasr;
    }

    canHandleResults() {
      return this.points().length > 0;
    }

    points() {
      const columns = this.yasr.results?.getVariables() ?? [];
      const [latitude, longitude] = [LATITUDE, LONGITUDE].map((each) => columns.find((name) => each.test(name)));
      const values = table(this.yasr, names);
      return rowsOf(this.yasr).flatMap((row, i) => {
        const text = columns.map((name) => POINT.exec(row[name]?.value ?? "")).find(Boolean);
        const [x, y] = text ? [Number(text[1]), Number(text[2])] : [Number(row[longitude]?.value ?? NaN), Number(row[latitude]?.value ?? NaN)];
        return Math.abs(x) <= 180 && Math.abs(y) <= 90 ? [{ ...values[i], "map x": x, "map y": y }] : [];
      });
    }

    async draw() {
      await figure(this.yasr, (element) => {
        const points = this.points();
        return draw(element, this.spec(points, element.clientWidth), words.mapOf.replace("{count}", points.length));
      });
    }

    spec(points, room) {
      const width = Math.max(240, Math.min(room, 1000) - 32);
      const height = Math.round(width * 0.6);
      const [xs, ys] = ["map x", "map y"].map((name) => points.map((point) => point[name]));
      const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
      const degrees = Math.max(12, (east - west) * 1.3, (north - south) * 2.6);
      const columns = this.yasr.results.getVariables();
      const { accent, soft, line } = colours();
      return {
        width,
        height,
        projection: {
          type: "mercator",
          center: [(west + east) / 2, (south + north) / 2],
          scale: (width * 360) / (2 * Math.PI * degrees),
          clipExtent: [[0, 0], [width, height]],
        },
        layer: [
          {
            data: { url: new URL("../built/world.json", import.meta.url).href, format: { type: "topojson", feature: "countries" } },
            mark: { type: "geoshape", fill: soft, stroke: line, aria: false },
          },
          {
            data: { values: points },
            mark: { type: "circle", size: 90, color: accent, opacity: 0.85 },
            encoding: {
              longitude: { field: "map x", type: "quantitative" },
              latitude: { field: "map y", type: "quantitative" },
              tooltip: columns.map((name) => ({ field: escaped(name), title: name })),
            },
          },
        ],
      };
    }

    download(name) {
      return picture(this.yasr, name);
    }

    getIcon() {
      return document.createElement("i");
    }
  };
}
