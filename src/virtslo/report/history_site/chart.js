"use strict";
window.virtsloChart = (() => {
  const space = "http://www.w3.org/2000/svg";
  const hour = 36e5;
  const day = 24 * hour;
  const timeSteps = [[hour, 6], [hour, 12], [day, 1], [day, 2], [day, 7], [day, 14],
    ["month", 1], ["month", 2], ["month", 3], ["month", 6], ["year", 1], ["year", 2], ["year", 5]];
  const lengths = { month: 30.4 * day, year: 365.25 * day };
  const near = 24;
  let charts = 0;

  const svg = (name, attributes, ...children) => {
    const element = document.createElementNS(space, name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };
  const round = (value) => Math.round(value * 10) / 10;

  const valueTicks = (low, high, count) => {
    const power = 10 ** Math.floor(Math.log10((high - low) / count));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power * count >= high - low);
    const found = [];
    const first = Math.ceil(low / step);
    for (let more = 0; more <= count && (first + more) * step <= high; more += 1) found.push((first + more) * step);
    return found;
  };
  const timeTicks = (from, to, count) => {
    const [unit, number] = timeSteps.find(([one, many]) =>
      (to - from) / ((lengths[one] || one) * many) <= count) || ["year", 10];
    const found = [];
    if (lengths[unit]) {
      const months = unit === "year" ? 12 * number : number;
      const first = new Date(from);
      let at = Math.ceil((12 * first.getUTCFullYear() + first.getUTCMonth()) / months) * months;
      for (; ; at += months) {
        const moment = Date.UTC(Math.floor(at / 12), at % 12);
        if (moment > to) break;
        if (moment >= from) found.push([moment, unit === "year" ? 4 : 7]);
      }
    } else {
      const step = unit * number;
      for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
        found.push([at, unit === hour ? 16 : 10]);
      }
    }
    return found.map(([at, length]) => [at, new Date(at).toISOString().slice(0, length).replace("T", " ")]);
  };

  /* Labels in rows above the plot: each in the first row that has room for it, or in none. */
  const inRows = (marks, left, right, most) => {
    const ends = [];
    return marks.map((mark) => {
      const width = 6.2 * mark.text.length + 8;
      const start = Math.max(left, Math.min(mark.px - 3, right - width));
      const row = mark.text && width <= right - left
        ? [...Array(most).keys()].find((at) => (ends[at] ?? left) <= start) : undefined;
      if (row !== undefined) ends[row] = start + width;
      return { ...mark, start, row };
    });
  };

  const limits = (chart, from, to) => {
    let [low, high] = [Infinity, -Infinity];
    const take = (value) => {
      if (value === null || value === undefined) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    };
    chart.points.filter((point) => from <= point.x && point.x <= to)
      .forEach((point) => [point.y, point.low, point.high].forEach(take));
    chart.levels.filter((level) => level.to >= from && level.from <= to).forEach((level) => take(level.y));
    if (low > high) return [0, 1];
    // Values that differ by rounding alone are one value: no tick lies between them.
    const size = Math.max(Math.abs(low), Math.abs(high));
    const room = (high - low > size * 1e-9 && (high - low) * 0.06) || size * 0.1 || 1;
    return [low - room, high + room];
  };

  const draw = (place, chart) => {
    const width = Math.max(240, place.clientWidth);
    const height = place.clientHeight;
    const narrow = width < 560;
    const [from, to] = chart.range;
    const [low, high] = limits(chart, from, to);
    const values = valueTicks(low, high, narrow ? 4 : 6);
    const longest = Math.max(...values.map((value) => chart.format(value).length));
    const [left, right, bottom] = [14 + 7 * longest, width - 10, height - 24];
    const x = (moment) => left + ((right - left) * (moment - from)) / (to - from);
    const marks = inRows(chart.marks.filter((mark) => from <= mark.x && mark.x <= to)
      .map((mark) => ({ ...mark, px: x(mark.x) })).sort((a, b) => a.px - b.px), left, right, narrow ? 5 : 4);
    const rows = Math.max(0, ...marks.map((mark) => (mark.row ?? -1) + 1));
    const top = 20 + 14 * rows;
    const y = (value) => bottom - ((bottom - top) * (value - low)) / (high - low);
    const clip = `plot-${charts += 1}`;
    const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
      svg("defs", {}, svg("clipPath", { id: clip },
        svg("rect", { x: left, y: top - 4, width: right - left, height: bottom - top + 8 }))),
      svg("text", { x: 2, y: 12, class: "unit" }, chart.unit));
    values.forEach((value) => picture.append(
      svg("path", { class: "grid", d: `M${left} ${round(y(value))}H${right}` }),
      svg("text", { x: left - 6, y: round(y(value)) + 4, "text-anchor": "end" }, chart.format(value))));
    timeTicks(from, to, Math.max(2, Math.floor((right - left) / 90))).forEach(([at, text]) => picture.append(
      svg("path", { class: "grid", d: `M${round(x(at))} ${top}V${bottom}` }),
      svg("text", { x: Math.min(round(x(at)), right - 3.3 * text.length), y: bottom + 17, "text-anchor": "middle" }, text)));
    const inside = svg("g", { "clip-path": `url(#${clip})` });
    const visible = chart.levels.filter((level) => level.to >= from && level.from <= to);
    visible.filter((level) => level.low !== null).forEach((level) => inside.append(svg("rect", { class: "band",
      x: round(x(level.from)), y: round(y(level.high)), width: Math.max(0, round(x(level.to) - x(level.from))),
      height: Math.max(0, round(y(level.low) - y(level.high))) })));
    const shown = chart.points.filter((point) => from <= point.x && point.x <= to)
      .map((point) => ({ ...point, px: round(x(point.x)), py: round(y(point.y)) }));
    const used = shown.filter((point) => point.used);
    const path = (points, of) => points.map(of).join("");
    inside.append(
      svg("path", { class: "within", d: path(used.filter((point) => point.low !== undefined),
        (point) => `M${point.px} ${round(y(point.low))}V${round(y(point.high))}`) }),
      svg("path", { class: "points", "data-points": used.length, "stroke-width": narrow ? 3 : 4,
        d: path(used, (point) => `M${point.px} ${point.py}h.01`) }),
      svg("path", { class: "unused", "data-points": shown.length - used.length,
        d: path(shown.filter((point) => !point.used),
          (point) => `M${point.px - 3} ${point.py - 3}l6 6m0-6l-6 6`) }),
      svg("path", { class: "level",
        d: path(visible, (level) => `M${round(x(level.from))} ${round(y(level.y))}H${round(x(level.to) + 0.1)}`) }));
    picture.append(inside);
    marks.forEach((mark) => picture.append(svg("path", { class: `mark ${mark.kind}`,
      d: `M${round(mark.px)} ${mark.row === undefined ? top : 8 + 14 * mark.row}V${bottom}` })));
    marks.filter((mark) => mark.row !== undefined).forEach((mark) => picture.append(svg("text",
      { class: `mark ${mark.kind}`, x: round(mark.start + 5), y: 16 + 14 * mark.row }, mark.text)));
    picture.append(svg("path", { class: "frame", d: `M${left} ${top}V${bottom}H${right}` }));
    const spot = svg("circle", { class: "spot", r: 6, cx: -20, cy: -20 });
    const chosen = svg("rect", { class: "chosen", y: top, height: bottom - top, width: 0 });
    inside.append(chosen, spot);
    place.replaceChildren(picture, chart.words);
    return { picture, shown, spot, chosen, left, right, moment: (px) => from + ((to - from) * (px - left)) / (right - left) };
  };

  const nearest = (drawn, px, py) => {
    let [best, least] = [null, near];
    drawn.shown.forEach((point) => {
      const distance = Math.hypot(point.px - px, (point.py - py) / 2);
      if (distance < least) [best, least] = [point, distance];
    });
    return best;
  };

  /* A run is shown under the pointer and followed by a click; dragging sideways chooses a time. */
  const follow = (place, chart, current) => {
    let start = null;
    const at = (event) => {
      const box = place.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const bounded = (px) => Math.max(current().left, Math.min(current().right, px));
    place.addEventListener("pointermove", (event) => {
      const [px, py] = at(event);
      const drawn = current();
      if (start !== null) {
        drawn.chosen.setAttribute("x", Math.min(start, bounded(px)));
        drawn.chosen.setAttribute("width", Math.abs(bounded(px) - start));
      }
      const found = nearest(drawn, px, py);
      drawn.spot.setAttribute("cx", found ? found.px : -20);
      drawn.spot.setAttribute("cy", found ? found.py : -20);
      chart.words.textContent = found ? chart.describe(found) : "";
      chart.words.style.left = `${Math.max(0, Math.min(px + 14, drawn.right - 210))}px`;
      chart.words.style.top = `${Math.max(0, py - 70)}px`;
      chart.words.hidden = !found;
      place.style.cursor = found ? "pointer" : "crosshair";
    });
    place.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button === 0) start = bounded(at(event)[0]);
    });
    place.addEventListener("pointerleave", () => {
      start = null;
      chart.words.hidden = true;
      current().chosen.setAttribute("width", 0);
    });
    place.addEventListener("pointerup", (event) => {
      const [px, py] = at(event);
      const drawn = current();
      const end = bounded(px);
      if (start !== null && Math.abs(end - start) > 8) {
        chart.choose(drawn.moment(Math.min(start, end)), drawn.moment(Math.max(start, end)));
      } else {
        const found = nearest(drawn, px, py);
        if (found) chart.follow(found);
      }
      start = null;
    });
  };

  return (place, chart) => {
    const words = document.createElement("div");
    words.className = "words";
    words.hidden = true;
    const whole = { ...chart, words };
    let drawn = draw(place, whole);
    let width = place.clientWidth;
    follow(place, whole, () => drawn);
    new ResizeObserver(() => {
      if (!place.isConnected || place.clientWidth === width) return;
      width = place.clientWidth;
      drawn = draw(place, whole);
    }).observe(place);
  };
})();
