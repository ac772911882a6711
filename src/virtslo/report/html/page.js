"use strict";
(() => {
  const root = document.documentElement;
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const looks = ["system", "light", "dark"];
  let look = "system";

  const palettes = {
    light: {
      created: "#6e40c9", Pending: "#b35900", Scheduling: "#2f81c7", Scheduled: "#0a3d91",
      Running: "#0b7a4b", Succeeded: "#8a929b", Failed: "#c2253a", Unknown: "#57606a",
      component0: "#0a3d91", component1: "#0b7a4b", component2: "#b35900", component3: "#6e40c9",
      band: "rgba(87,96,106,0.08)", clear: "rgba(0,0,0,0)", muted: "#57606a",
      ink: "#1b1f24", rule: "#d0d7de", paper: "#ffffff",
    },
    dark: {
      created: "#c297ff", Pending: "#f0a35e", Scheduling: "#79c0ff", Scheduled: "#4a86f0",
      Running: "#45c98a", Succeeded: "#8b949e", Failed: "#ff7b72", Unknown: "#9ba4ae",
      component0: "#4a86f0", component1: "#45c98a", component2: "#f0a35e", component3: "#c297ff",
      band: "rgba(155,164,174,0.12)", clear: "rgba(0,0,0,0)", muted: "#9ba4ae",
      ink: "#e6edf3", rule: "#30363d", paper: "#0d1117",
    },
  };

  const resolved = () => (look === "system" ? (system.matches ? "dark" : "light") : look);

  const coloured = (value, palette) => {
    if (typeof value === "string" && value.startsWith("@")) {
      return palette[value.slice(1)] || palette.muted;
    }
    if (Array.isArray(value)) {
      return typeof value[0] === "number" ? value : value.map((item) => coloured(item, palette));
    }
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, coloured(item, palette)]),
      );
    }
    return value;
  };

  const layoutOf = (chart, palette, width) => {
    const axis = {
      gridcolor: palette.rule, linecolor: palette.rule, zerolinecolor: palette.rule,
      tickcolor: palette.rule,
    };
    const layout = coloured(chart.layout, palette);
    const narrow = width < 560;
    const drawn = {
      ...layout,
      height: chart.height,
      width: root.classList.contains("printing") ? width : undefined,
      autosize: true,
      paper_bgcolor: palette.paper,
      plot_bgcolor: palette.paper,
      font: { color: palette.ink, size: narrow ? 11 : 12, family: getComputedStyle(document.body).fontFamily },
      margin: { l: narrow ? 44 : 60, r: 12, t: 34, b: 48 },
      // On the left: the buttons of a plot are on the right, and would cover it.
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, xanchor: "left" },
      hoverlabel: { bgcolor: palette.paper, bordercolor: palette.rule, font: { color: palette.ink } },
      xaxis: { ...axis, ...layout.xaxis },
      yaxis: { ...axis, ...layout.yaxis },
    };
    if (layout.annotations && layout.annotations.length) {
      drawn.legend = { orientation: "h", y: -0.2, yanchor: "top", x: 0 };
      drawn.margin.b = narrow ? 110 : 92;
    }
    if (chart.log_axis) {
      drawn[`${chart.log_axis}axis`] = {
        ...drawn[`${chart.log_axis}axis`], type: chart.is_log ? "log" : "linear",
      };
      if (chart.is_log) delete drawn[`${chart.log_axis}axis`].rangemode;
    }
    return drawn;
  };

  const config = {
    displaylogo: false, responsive: true, showTips: false, plotlyServerURL: "",
    modeBarButtonsToRemove: ["lasso2d", "select2d", "sendDataToCloud"],
  };

  const waiting = new Set(charts);

  const draw = (chart, name) => {
    waiting.delete(chart);
    const place = document.getElementById(`plot-${chart.id}`);
    const palette = palettes[name || resolved()];
    return Plotly.react(
      place, coloured(chart.traces, palette), layoutOf(chart, palette, place.clientWidth), config,
    );
  };

  const drawAll = (name) => charts.forEach((chart) => draw(chart, name));

  const setLook = () => {
    root.dataset.look = resolved();
    const button = document.getElementById("look");
    button.textContent = `Look: ${look}`;
  };

  const nudge = (place, key) => {
    const layout = place._fullLayout;
    if (!layout) return undefined;
    if (key === "0") {
      return Plotly.relayout(place, { "xaxis.autorange": true });
    }
    const [low, high] = layout.xaxis.range.map(Number);
    const width = high - low;
    const moves = {
      ArrowLeft: [-0.1, -0.1], ArrowRight: [0.1, 0.1], "+": [0.1, -0.1], "=": [0.1, -0.1],
      "-": [-0.1, 0.1],
    };
    const [left, right] = moves[key];
    return Plotly.relayout(place, { "xaxis.range": [low + left * width, high + right * width] });
  };

  document.getElementById("look").addEventListener("click", () => {
    look = looks[(looks.indexOf(look) + 1) % looks.length];
    setLook();
    drawAll();
  });
  system.addEventListener("change", () => { setLook(); drawAll(); });
  window.addEventListener("beforeprint", () => {
    root.dataset.look = "light";
    root.classList.add("printing");
    document.querySelectorAll("details[data-print]").forEach((item) => { item.open = true; });
    drawAll("light");
  });
  window.addEventListener("afterprint", () => {
    root.classList.remove("printing");
    setLook();
    drawAll();
  });

  charts.forEach((chart) => {
    const place = document.getElementById(`plot-${chart.id}`);
    place.addEventListener("keydown", (event) => {
      const keys = ["ArrowLeft", "ArrowRight", "+", "=", "-", "0"];
      if (!keys.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      nudge(place, event.key);
    });
    const button = document.getElementById(`log-${chart.id}`);
    if (button) {
      button.addEventListener("click", () => {
        chart.is_log = !chart.is_log;
        button.setAttribute("aria-pressed", String(chart.is_log));
        draw(chart);
      });
    }
  });

  const cue = () => document.querySelectorAll(".scroll").forEach((item) => {
    item.classList.toggle("wide", item.scrollWidth > item.clientWidth + 1);
  });
  window.addEventListener("resize", cue);
  document.querySelectorAll("details").forEach((item) => item.addEventListener("toggle", cue));
  cue();
  setLook();
  const seen = new IntersectionObserver((entries) => {
    const shown = entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target.id);
    waiting.forEach((chart) => { if (shown.includes(`plot-${chart.id}`)) draw(chart); });
  }, { rootMargin: "600px" });
  charts.forEach((chart) => seen.observe(document.getElementById(`plot-${chart.id}`)));
  window.virtslo = { charts, draw, drawAll };
})();
