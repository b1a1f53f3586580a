/* Draws the page's figures, dresses them for light, dark, phone and print, and hands out their data. */
(function () {
  "use strict";

  const root = document.documentElement;
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const canHover = window.matchMedia("(hover: hover)");
  const onPaper = window.matchMedia("print");
  const button = document.getElementById("theme-button");
  const NARROW = 600; // px: below this the legend goes under the plot
  const PRINT_WIDTH = 640; // px: what a sheet of A4 or Letter has room for
  const plots = [];
  let chosen = null; // "light" or "dark" once the reader has pressed the button
  let printing = onPaper.matches;

  const themeName = () => (printing ? "light" : chosen || (prefersDark.matches ? "dark" : "light"));

  /* ---- colours ---- */

  const NAMED = { black: "#000000", gray: "#888888", grey: "#888888" };

  function recolour(text, colours) {
    const plain = (NAMED[text.toLowerCase()] || text).trim().toLowerCase();
    const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(plain);
    const rgb = /^rgba?\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*(?:,\s*([\d.]+)\s*)?\)$/.exec(plain);
    let hex = short ? "#" + short.slice(1).map((c) => c + c).join("") : plain;
    if (rgb) hex = "#" + rgb.slice(1, 4).map((n) => Number(n).toString(16).padStart(2, "0")).join("");
    const found = colours[hex];
    if (!found) return text;
    if (!rgb || rgb[4] === undefined) return found;
    const parts = [1, 3, 5].map((i) => parseInt(found.slice(i, i + 2), 16));
    return `rgba(${parts.join(",")},${rgb[4]})`;
  }

  /* Only what stands under a key that ends in "color" is a colour: a category may be called "black". */
  function recolourAll(node, colours, key) {
    if (typeof node === "string") return /color(way)?$/i.test(key) ? recolour(node, colours) : node;
    if (Array.isArray(node)) return node.map((item) => recolourAll(item, colours, key));
    if (node === null || typeof node !== "object") return node;
    const fresh = {};
    for (const [name, value] of Object.entries(node)) fresh[name] = recolourAll(value, colours, name);
    return fresh;
  }

  function dress(figure, theme, width) {
    const { roles, colours } = theme;
    const data = recolourAll(figure.data, colours, "");
    const layout = recolourAll(figure.layout, colours, "");
    const font = { ...layout.font, color: roles.ink, family: getComputedStyle(button).fontFamily };
    Object.assign(layout, {
      font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", uirevision: "kept", autosize: false,
      hoverlabel: { ...layout.hoverlabel, bgcolor: roles.paper, bordercolor: roles.axis,
        font: { size: 12, ...(layout.hoverlabel || {}).font, color: roles.ink } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: roles.axis, activecolor: roles.accent },
      width: Math.min(layout.width || width, width),
    });
    // a square plot needs little more width than height: its colour bar stays beside it
    const square = Boolean((layout.yaxis || {}).scaleanchor) && !layout.xaxis2 && !layout.yaxis2;
    if (square && !figure.layout.width) layout.width = Math.min(width, (layout.height || 400) + 150);
    for (const [name, value] of Object.entries(layout)) {
      if (/^[xy]axis\d*$/.test(name)) dressAxis(value, roles);
      if (/^scene\d*$/.test(name)) ["xaxis", "yaxis", "zaxis"].forEach((a) => dressScene(value, a, roles));
      if (/^polar\d*$/.test(name)) ["radialaxis", "angularaxis"].forEach((a) => dressScene(value, a, roles));
    }
    for (const note of layout.annotations || []) {
      if (!note.arrowcolor) note.arrowcolor = roles.axis;
      if (/^(white|#fff(fff)?)$/i.test(note.bgcolor || "")) note.bgcolor = roles.paper;
    }
    for (const trace of data) {
      const bar = trace.type === "bar"; // whose error bars Plotly draws dark grey unless told
      for (const error of [trace.error_x, trace.error_y]) if (bar && error && !error.color) error.color = roles.ink;
      if (trace.colorbar) dressColorbar(trace.colorbar);
    }
    for (const [name, value] of Object.entries(layout)) if (/^coloraxis/.test(name)) dressColorbar(value.colorbar ||= {});
    if (width < NARROW) fold(data, layout, square);
    return { data, layout };
  }

  function dressColorbar(bar) {
    const title = typeof bar.title === "string" ? { text: bar.title } : bar.title || {};
    bar.title = { ...title, font: { size: 13, ...title.font } };
  }

  function dressAxis(axis, roles) {
    axis.gridcolor = roles.grid;
    axis.linecolor = axis.linecolor || roles.axis;
    axis.tickcolor = axis.tickcolor || roles.axis;
    axis.zerolinecolor = axis.zerolinecolor || roles.axis;
  }

  function dressScene(scene, name, roles) {
    scene.bgcolor = "rgba(0,0,0,0)";
    scene[name] = { ...scene[name], color: roles.ink, gridcolor: roles.grid, linecolor: roles.axis, tickcolor: roles.axis,
      ...(name.length === 5 ? { zerolinecolor: roles.axis, backgroundcolor: "rgba(0,0,0,0)" } : {}) };
  }

  /* A narrow page: legend and colour bar go below the plot, margins shrink. */
  function fold(data, layout, square) {
    if (square) layout.height = Math.min(layout.height || 400, layout.width + 20);
    const margin = layout.margin || {};
    layout.margin = { ...margin, l: Math.min(margin.l ?? 48, 48), r: Math.min(margin.r ?? 8, 8) };
    layout.font = { ...layout.font, size: 12 };
    const named = data.filter((trace) => trace.name && trace.showlegend !== false);
    if (layout.showlegend !== false && (named.length > 1 || layout.showlegend)) {
      layout.legend = { ...layout.legend, orientation: "h", x: 0, xanchor: "left", xref: "container",
        y: 0, yanchor: "bottom", yref: "container" };
      layout.height = (layout.height || 400) + 22 * Math.ceil(named.length / 2);
    }
    const shared = Object.keys(layout).filter((name) => /^coloraxis\d*$/.test(name)).map((name) => layout[name]);
    const scaled = data.filter((t) => /^(heatmap|contour|surface)$/.test(t.type) && t.showscale !== false && !t.coloraxis);
    const bars = [...shared.filter((axis) => axis.showscale !== false), ...scaled];
    if (bars.length === 1) {
      const side = { ...(bars[0].colorbar || {}).title, side: "bottom" };
      bars[0].colorbar = { ...bars[0].colorbar, orientation: "h", x: 0.5, xanchor: "center", xpad: 0, len: 0.9, lenmode: "fraction",
        y: 0, yanchor: "bottom", yref: "container", thickness: 10, title: side };
      layout.height = (layout.height || 400) + 60;
    }
  }

  /* ---- drawing ---- */

  const CONFIG = {
    displaylogo: false, responsive: false, showSendToCloud: false, // no button may send the data anywhere
    modeBarButtonsToRemove: ["sendChartToCloud", "lasso2d", "select2d", "autoScale2d"],
  };

  async function draw(plot) {
    const name = themeName();
    const width = printing ? PRINT_WIDTH : Math.floor(plot.box.clientWidth);
    if (width < 1) return; // not shown: the observer calls again when it is
    // a plot of another width is made anew: Plotly keeps what it learnt of the axes from the old one
    const put = width === plot.width ? window.Plotly?.react : window.Plotly?.newPlot;
    plot.width = width;
    try {
      if (!put) throw new Error("Plotly is not in this page");
      // where nothing can hover Plotly would show its buttons always, over the legend
      const tools = width < NARROW || printing || !canHover.matches ? false : "hover";
      const { data, layout } = dress(plot.figure, themes[name], width);
      const image = { format: "svg", filename: plot.id };
      await put(plot.box, data, layout, { ...CONFIG, toImageButtonOptions: image, displayModeBar: tools });
      plot.box.dataset.drawn = name;
      plot.box.classList.add("drawn");
      plot.box.style.minHeight = "";
      plot.error.hidden = true;
    } catch (problem) {
      plot.width = 0;
      console.error(`figure ${plot.id}:`, problem);
      plot.error.textContent = `This figure could not be drawn: ${problem.message || problem}`;
      plot.error.hidden = false;
    }
  }

  const drawAll = () => Promise.all(plots.map(draw));

  async function start() {
    for (const element of document.querySelectorAll("figure[data-figure]")) {
      const plot = {
        id: element.dataset.figure,
        box: element.querySelector(".plot"),
        error: element.querySelector(".figure-error"),
        figure: JSON.parse(element.querySelector("script[type='application/json']").textContent),
        width: 0,
      };
      plots.push(plot);
      offerData(element, plot);
    }
    for (const plot of plots) await draw(plot); // one after the other, so that the text can be read meanwhile
    const watch = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const plot = plots.find((p) => p.box === target);
        const width = Math.floor(target.clientWidth);
        if (!printing && width > 0 && width !== plot.width) draw(plot);
      }
    });
    plots.forEach((plot) => watch.observe(plot.box));
  }

  /* ---- light and dark ---- */

  function showTheme() {
    const next = themeName() === "dark" ? "light" : "dark";
    button.textContent = next === "dark" ? "☾ dark" : "☀ light";
    button.setAttribute("aria-label", `Switch to ${next} colours`);
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = themeName() === "dark" ? "light" : "dark";
    root.dataset.theme = chosen;
    showTheme();
    drawAll();
  });
  prefersDark.addEventListener("change", () => { showTheme(); drawAll(); });
  showTheme();

  /* ---- print ---- */

  function setPrinting(now) {
    if (printing === now) return;
    printing = now;
    document.querySelectorAll("details").forEach((part) => {
      if (now) { part.dataset.wasOpen = String(part.open); part.open = true; }
      else part.open = part.dataset.wasOpen === "true";
    });
    drawAll();
  }

  window.addEventListener("beforeprint", () => setPrinting(true));
  window.addEventListener("afterprint", () => setPrinting(false));
  onPaper.addEventListener("change", (event) => setPrinting(event.matches));

  /* ---- the figure's data as a table of comma-separated values ---- */

  const TYPES = { f8: Float64Array, f4: Float32Array, i4: Int32Array, u4: Uint32Array, i2: Int16Array, u2: Uint16Array,
    i1: Int8Array, u1: Uint8Array, u1c: Uint8ClampedArray };

  function values(packed) {
    if (!packed || packed.bdata === undefined) return packed || [];
    const bytes = Uint8Array.from(atob(packed.bdata), (c) => c.charCodeAt(0));
    const flat = Array.from(new TYPES[packed.dtype](bytes.buffer));
    if (packed.shape === undefined) return flat;
    const columns = Number(String(packed.shape).split(",").pop());
    if (!String(packed.shape).includes(",")) return flat;
    return Array.from({ length: flat.length / columns }, (_, i) => flat.slice(i * columns, (i + 1) * columns));
  }

  function rowsOf(trace, number) {
    const name = trace.name || `series ${number + 1}`;
    const [x, y, z] = [values(trace.x), values(trace.y), values(trace.z)];
    if (Array.isArray(z[0])) {
      return z.flatMap((row, i) => row.map((value, j) => [name, x[j] ?? j, y[i] ?? i, value, "", ""]));
    }
    const error = trace.error_y || trace.error_x || {};
    const [above, below] = [values(error.array), values(error.arrayminus)];
    const length = Math.max(x.length, y.length, z.length);
    return Array.from({ length }, (_, i) => [name, x[i] ?? i, y[i] ?? "", z[i] ?? "", below[i] ?? above[i] ?? "", above[i] ?? ""]);
  }

  const cell = (value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replace(/"/g, '""')}"` : String(value ?? ""));

  function toCsv(figure) {
    const rows = [["series", "x", "y", "z", "error below", "error above"], ...figure.data.flatMap(rowsOf)];
    return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
  }

  function offerData(element, plot) {
    const offer = element.querySelector(".csv");
    offer.hidden = false;
    offer.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([toCsv(plot.figure)], { type: "text/csv" }));
      link.download = `${plot.id}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  start();
})();
