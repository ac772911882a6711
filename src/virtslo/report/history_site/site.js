"use strict";
(() => {
  const parts = new Map();
  const waiting = new Map();
  const main = document.getElementById("main");
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const looks = ["system", "light", "dark"];
  let look = "system";
  let data = null;

  window.virtslo = {
    put(name, value) {
      parts.set(name, value);
      (waiting.get(name) || []).forEach((done) => done(value));
      waiting.delete(name);
    },
  };

  const script = (address, failed) => {
    const element = document.createElement("script");
    element.src = address;
    element.onerror = failed;
    document.head.append(element);
    return element;
  };
  const load = (name) => new Promise((done, failed) => {
    if (parts.has(name)) { done(parts.get(name)); return; }
    const others = waiting.get(name);
    if (others) { others.push(done); return; }
    waiting.set(name, [done]);
    script(`${name}.js`, () => { waiting.delete(name); failed(new Error(`${name}.js is missing`)); });
  });

  const el = (name, attributes, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes || {}).forEach(([key, value]) => {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined) element.setAttribute(key, value);
    });
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const link = (route, text) => el("a", { href: route }, text);
  const metricRoute = (label) => `#/metric/${encodeURIComponent(label)}`;
  const runRoute = (index) => `#/run/${encodeURIComponent(data.runs[index][0])}`;
  const ended = (index) => data.runs[index][1] * 1000;
  const stamp = (index, length = 16) =>
    new Date(ended(index)).toISOString().slice(0, length).replace("T", " ");
  const shown = (value) => {
    if (value === null || value === undefined) return "no data";
    if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
    return Math.abs(value) >= 1e5 ? Math.round(value).toLocaleString("en").replaceAll(",", "\u202f")
      : String(Number(value.toPrecision(5)));
  };
  const percent = (ratio) => (ratio === null || ratio === undefined ? "–"
    : `${ratio > 0 ? "+" : ratio < 0 ? "−" : ""}${Math.abs(ratio * 100).toFixed(1)}\u00a0%`);
  const ranged = (low, high) => (low === null ? "too few runs" : `${shown(low)} to ${shown(high)}`);

  const table = (caption, heads, rows, texts = [0]) => el("div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...heads.map((head, at) =>
        el("th", { scope: "col", class: texts.includes(at) ? "text" : null }, head)))),
      el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell, at) => (at === 0
        ? el("th", { scope: "row" }, cell)
        : el("td", { class: cell === "no data" ? "none" : texts.includes(at) ? "text" : null }, cell))))))));
  const facts = (items) => el("dl", { class: "facts" }, ...items.map(([name, value, beside]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, value, beside ? el("small", {}, beside) : null))));
  const classOf = { worse: "bad", mixed: "warn", better: "good", "telemetry lost": "bad" };
  const badge = (kind) => el("span", { class: `kind ${classOf[kind] || "plain"}` }, kind);

  const spark = (levels) => {
    const space = "http://www.w3.org/2000/svg";
    const picture = document.createElementNS(space, "svg");
    picture.setAttribute("class", "spark");
    picture.setAttribute("viewBox", "0 0 100 20");
    picture.setAttribute("preserveAspectRatio", "none");
    picture.setAttribute("aria-hidden", "true");
    const values = levels.map((level) => level[2]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const x = (index) => (100 * index) / Math.max(1, data.runs.length - 1);
    const y = (value) => (high === low ? 10 : 18 - (16 * (value - low)) / (high - low));
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", levels.map((level, at) =>
      `${at ? "L" : "M"}${x(level[0])} ${y(level[2])}L${x(level[1])} ${y(level[2])}`).join(""));
    picture.append(path);
    return picture;
  };

  const marksOf = (label) => {
    const marks = [];
    const add = (x, kind, text) => marks.push({ x, kind, text });
    data.breaks.forEach(([at, , detail]) => {
      const environment = data.environments[data.runs[at][2]] || "unknown environment";
      if (detail.startsWith("environment")) add(ended(at), "environment", environment);
    });
    data.annotations.forEach(([day, kind, text]) => add(Date.parse(`${day}T00:00Z`), kind, text));
    data.findings.forEach((finding) => finding.changes.forEach((change) => {
      if (change[0] === label) add(ended(change[8]), "change", "");
    }));
    return marks;
  };

  const momentOf = (text) => Date.parse(/T/.test(text || "") ? `${text}Z` : `${text}T00:00Z`);
  const isoMinute = (moment) => new Date(moment).toISOString().slice(0, 16);
  const rangeRoute = (label, from, to) => `${metricRoute(label)}?from=${isoMinute(from)}&to=${isoMinute(to)}`;
  const wholeRange = () => {
    const [first, last] = [ended(0), ended(data.runs.length - 1)];
    const room = Math.max(36e5, (last - first) * 0.01);
    return [first - room, last + room];
  };

  const drawSeries = async (place, number, range) => {
    const series = await load(`series-${number}`);
    if (!place.isConnected) await new Promise((done) => { window.setTimeout(done, 0); });
    if (!place.isConnected) return;
    const info = data.series[number];
    const bad = new Set(series.notUsed);
    const points = [];
    series.values.forEach((y, at) => {
      const [low, high] = series.intervals[at] || [];
      if (y !== null) points.push({ at, x: ended(at), y, low, high, used: !bad.has(at) });
    });
    window.virtsloChart(place, {
      points,
      levels: info.levels.map((level) => ({ from: ended(level[0]), to: ended(level[1]), y: level[2],
        low: level[3], high: level[4] })),
      marks: marksOf(info.label),
      range: range || wholeRange(),
      unit: info.unit,
      format: shown,
      describe: (point) => `${shown(point.y)} ${info.unit}${point.used ? "" : ", not used"}\n${stamp(point.at)} UTC\n`
        + `run ${data.runs[point.at][0]}`,
      follow: (point) => { window.location.hash = runRoute(point.at); },
      choose: (from, to) => { window.location.hash = rangeRoute(info.label, from, to); },
    });
  };
  const legend = () => el("p", { class: "legend" }, el("span", { class: "points" }, "run"),
    el("span", { class: "unused" }, "not used"), el("span", { class: "level" }, "level: median, 95 % interval"),
    el("span", { class: "change" }, "change"), "A click leads to a run; dragging sideways chooses a time.");

  const findingRow = (finding) => {
    const first = finding.changes[0];
    const size = first[1] === "level" ? `${first[0]} ${percent(first[4])}` : `${first[0]} ${first[1]}`;
    return [link(`#/finding/${finding.id}`, stamp(finding.after)), badge(finding.kind),
      finding.confirmed ? "confirmed" : "suspected", String(finding.changes.length), size,
      finding.known || "–"];
  };
  const findingTable = (caption, findings) => table(caption,
    ["first run after", "what", "state", "series", "the sharpest", "known"],
    findings.map(findingRow), [0, 1, 2, 4, 5]);

  const head = (title, ...lines) => el("header", {}, el("h1", {}, title),
    ...lines.map((line) => el("p", {}, line)));

  const views = {
    "": (_, query) => {
      const valid = data.runs.filter((run) => run[3]).length;
      const last = data.runs.length - 1;
      const place = el("div");
      const fill = (text) => {
        const words = text.toLowerCase().split(/\s+/).filter(Boolean);
        const chosen = data.series.filter((series) => series.levels.length
          && words.every((word) => series.label.toLowerCase().includes(word)));
        place.replaceChildren(table(`${chosen.length} metrics`,
          ["metric", "trend", "level now", "95 % interval", "n", "last change", "by"],
          chosen.map((series) => {
            const now = series.levels.at(-1);
            const old = series.levels.at(-2);
            return [link(metricRoute(series.label), series.label), spark(series.levels),
              `${shown(now[2])} ${series.unit}`, ranged(now[3], now[4]), String(now[5]),
              old ? stamp(now[0], 10) : "–",
              old ? percent(old[2] ? now[2] / old[2] - 1 : null) : "–"];
          }), [0, 1]));
      };
      const search = el("input", { type: "search", placeholder: "Search metrics, such as leases",
        "aria-label": "Search metrics", value: query.get("q") || "",
        oninput: () => {
          fill(search.value);
          window.history.replaceState(null, "", `#/?q=${encodeURIComponent(search.value)}`);
        } });
      fill(search.value);
      const bad = data.findings.filter((finding) => finding.kind === "worse" && finding.confirmed);
      const days = `${stamp(0, 10)} to ${stamp(last, 10)}`;
      return ["", head(data.name, days), facts([
        ["Runs", shown(data.runs.length), `${valid} of them valid`],
        ["Metrics", shown(data.series.length)],
        ["Findings", shown(data.findings.length), `${bad.length} confirmed as worse`],
        ["Newest run", link(runRoute(last), stamp(last, 10))]]),
      el("h2", {}, "Newest findings"),
      findingTable("The five newest", data.findings.slice(-5).reverse()),
      el("h2", {}, "Metrics"), el("div", { class: "bar" }, search), place];
    },

    metric: (name, query) => {
      const number = data.series.findIndex((series) => series.label === name);
      if (number < 0) return null;
      const info = data.series[number];
      const place = el("div", { class: "chart", id: "chart", role: "img",
        "aria-label": `${name} over time; the levels are in the table below` });
      const end = ended(data.runs.length - 1);
      const ranges = { "90 days": 90, "1 year": 365, all: null };
      const [from, to] = ["from", "to"].map((key) => momentOf(query.get(key)));
      const wanted = from < to ? [from, to] : null;
      const address = (days) => (days === null ? metricRoute(name)
        : rangeRoute(name, end - days * 864e5, end + 36e5));
      drawSeries(place, number, wanted).catch((error) => place.replaceChildren(error.message));
      const mine = data.findings.filter((finding) => finding.changes.some((c) => c[0] === name));
      return [name, head(name, `unit: ${info.unit || "none"}; a point is a run, and leads to it`),
        el("div", { class: "bar" }, ...Object.entries(ranges).map(([text, days]) =>
          link(address(days), text))),
        place, legend(),
        table("Levels", ["from", "to", "median", "95 % interval", "n", "change"],
          info.levels.map((level, at) => [stamp(level[0]), stamp(level[1]), shown(level[2]),
            ranged(level[3], level[4]), String(level[5]),
            at && info.levels[at - 1][2] ? percent(level[2] / info.levels[at - 1][2] - 1) : "–"])),
        mine.length ? findingTable("Findings with this metric", mine.slice().reverse()) : null];
    },

    finding: (id) => {
      const finding = data.findings.find((item) => item.id === id);
      if (!finding) return null;
      const place = el("div", { class: "chart small", role: "img",
        "aria-label": "The sharpest series around the finding" });
      const number = data.series.findIndex((series) => series.label === finding.changes[0][0]);
      const near = (at) => ended(Math.max(0, Math.min(data.runs.length - 1, at)));
      if (number >= 0) drawSeries(place, number, [near(finding.before - 120) - 36e5, near(finding.after + 120) + 36e5]);
      const sure = finding.confidence > 0.9999 ? "> 99.99\u00a0%"
        : `${(finding.confidence * 100).toFixed(2)}\u00a0%`;
      return [`Finding ${id}`, head(`${finding.kind}: ${stamp(finding.after, 10)}`),
        el("p", {}, badge(finding.confirmed ? "confirmed" : "suspected"),
          ` confidence ${sure}. Between the runs `,
          link(runRoute(finding.before), stamp(finding.before)), " and ",
          link(runRoute(finding.after), stamp(finding.after)), " (UTC)."),
        ...finding.breaks.map(([kind, detail]) =>
          el("p", {}, `With a change of ${detail}${kind ? ` of ${kind}` : ""}.`)),
        finding.known ? el("p", {}, `Known: ${finding.known}`) : null,
        number >= 0 ? el("h2", {}, finding.changes[0][0]) : null, number >= 0 ? place : null,
        number >= 0 ? legend() : null,
        table(`${finding.changes.length} series changed`,
          ["series", "before", "after", "change", "n before", "n after", "state"],
          finding.changes.map((c) => [
            data.series.some((s) => s.label === c[0]) ? link(metricRoute(c[0]), c[0]) : c[0],
            c[1] === "level" ? shown(c[2]) : "–", c[1] === "level" ? shown(c[3]) : c[1],
            percent(c[4]), String(c[5]), String(c[6]), c[9] ? "confirmed" : "suspected"])),
        el("p", { class: "muted" }, `Id for acknowledge: ${id}`)];
    },

    findings: () => ["Findings", head("Findings"),
      findingTable(`${data.findings.length} findings, the newest first`, data.findings.slice().reverse()),
      data.drifts.length ? table("Slow drifts", ["series", "from", "to", "before", "after", "change", "weeks"],
        data.drifts.map((d) => [link(metricRoute(d[0]), d[0]), stamp(d[1], 10), stamp(d[2], 10),
          shown(d[3]), shown(d[4]), percent(d[5]), String(d[6])])) : null,
      data.outliers.length ? table("Single runs out of line", ["run", "series"],
        data.outliers.slice().reverse().map(([run, names]) =>
          [link(runRoute(run), stamp(run)), names.join(", ")]), [0, 1]) : null],

    releases: () => {
      if (!data.releases.length) {
        return ["Releases", head("Releases", "No releases are known: name them with --annotations.")];
      }
      return ["Releases", head("Releases"), table("Releases", ["release", "day", "valid runs"],
        data.releases.slice().reverse().map((item) =>
          [link(`#/release/${encodeURIComponent(item.label)}`, item.label), item.day, String(item.runs)]))];
    },

    release: (label) => {
      const at = data.releases.findIndex((item) => item.label === label);
      if (at < 0) return null;
      const [item, old] = [data.releases[at], data.releases[at - 1]];
      const before = new Map(old ? old.tables.flatMap(([, rows]) => rows.map((row) => [row[0], row[4]])) : []);
      return [label, head(label, `${item.runs} valid runs from ${item.day} to the next release`),
        old ? el("p", {}, "Compared with ", link(`#/release/${encodeURIComponent(old.label)}`, old.label)) : null,
        ...item.tables.map(([title, rows]) => (rows.length
          ? table(title, ["metric", "median", "95 % interval", "n", "against the release before"],
            rows.map((row) => [link(metricRoute(row[0]), row[0]), `${shown(row[4])} ${row[1]}`,
              ranged(row[5], row[6]), String(row[7]),
              before.get(row[0]) ? percent(row[4] / before.get(row[0]) - 1) : "–"]))
          : el("p", {}, el("strong", {}, title), ": no data: no run of this release has such a figure")))];
    },

    runs: (_, query) => {
      const size = 100;
      const last = Math.ceil(data.runs.length / size);
      const page = Math.min(last, Math.max(1, Number(query.get("page")) || 1));
      const indices = data.runs.map((_run, at) => at).reverse().slice((page - 1) * size, page * size);
      return ["Runs", head("Runs", `page ${page} of ${last}, the newest first`),
        el("div", { class: "bar" }, page > 1 ? link(`#/runs?page=${page - 1}`, "newer") : null,
          page < last ? link(`#/runs?page=${page + 1}`, "older") : null),
        table("Runs", ["ended (UTC)", "run", "environment", "valid"], indices.map((at) => [
          link(runRoute(at), stamp(at)), data.runs[at][0], data.environments[data.runs[at][2]] || "–",
          data.runs[at][3] ? "yes" : "no"]), [0, 1, 2])];
    },

    run: async (id) => {
      const at = data.runs.findIndex((run) => run[0] === id);
      if (at < 0) return null;
      const [, , environment, valid, job] = data.runs[at];
      const run = (await load(`runs-${Math.floor(at / data.runsAFile)}`))[at % data.runsAFile];
      const levelAt = (series) => series.levels.find((level) => level[0] <= at && at <= level[1]);
      const notes = [...Object.entries(run.flags).flatMap(([kind, flags]) =>
        flags.map((flag) => `${flag}${kind ? ` of ${kind}` : ""}`)),
      ...run.findings.map(([code, detail]) => `${code}: ${detail}`)];
      return [id, head(`Run of ${stamp(at)}`, `${job}, ${id}`),
        el("div", { class: "bar" }, at ? link(runRoute(at - 1), "run before") : null,
          at + 1 < data.runs.length ? link(runRoute(at + 1), "run after") : null),
        facts([["Valid", valid ? "yes" : "no", valid ? "" : "never part of a baseline"],
          ["Environment", data.environments[environment] || "unknown"],
          ...Object.entries(run.facts).filter(([, value]) => ["string", "number"].includes(typeof value))
            .map(([name, value]) => [name, String(value)])]),
        notes.length ? el("ul", { class: "plain" }, ...notes.map((note) => el("li", {}, note))) : null,
        table("Every figure", ["metric", "value", "level then", "n", "from the level"],
          data.series.map((series, number) => [series, run.values[number]])
            .filter(([series, value]) => value !== null || levelAt(series))
            .map(([series, value]) => {
              const level = levelAt(series);
              return [link(metricRoute(series.label), series.label),
                value === null ? "no data" : `${shown(value)} ${series.unit}`,
                level ? shown(level[2]) : "–", level ? String(level[5]) : "–",
                level && level[2] && value !== null ? percent(value / level[2] - 1) : "–"];
            }))];
    },
  };

  const markWide = () => main.querySelectorAll(".scroll").forEach((item) =>
    item.classList.toggle("wide", item.scrollWidth > item.clientWidth + 1));

  const show = async () => {
    const [path, query] = window.location.hash.replace(/^#\/?/, "").split("?");
    const [view, ...rest] = path.split("/");
    let found = null;
    try {
      const name = decodeURIComponent(rest.join("/"));
      found = views[view] ? await views[view](name, new URLSearchParams(query || "")) : null;
    } catch (error) {
      found = ["Error", head("This view cannot be shown", error.message)];
    }
    const [title, ...content] = found || ["Not found", head("Nothing is at this address"),
      link("#/", "All metrics")];
    document.title = title ? `${title} · ${data.name}` : data.name;
    main.replaceChildren(...content.filter((item) => item !== null));
    document.documentElement.dataset.view = view || "metrics";
    markWide();
    window.scrollTo(0, 0);
  };

  const setLook = () => {
    const name = look === "system" ? (system.matches ? "dark" : "light") : look;
    document.documentElement.dataset.look = name;
    document.getElementById("look").textContent = `Look: ${look}`;
  };
  document.getElementById("look").addEventListener("click", () => {
    look = looks[(looks.indexOf(look) + 1) % looks.length];
    setLook();
  });
  system.addEventListener("change", setLook);
  window.addEventListener("hashchange", show);
  window.addEventListener("resize", markWide);
  setLook();
  load("data").then((value) => { data = value; return show(); })
    .catch((error) => { main.textContent = error.message; });
})();
