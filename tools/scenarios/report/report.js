// The script of the report: theme, copies, and charts, which are drawn when they come into sight.
/* global hakoCharts */
(() => {
  "use strict";

  const root = document.documentElement;
  const recorded = JSON.parse(document.getElementById("recorded").textContent);

  // Theme: as the system has it until somebody chooses.

  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");

  function isDark() {
    return root.dataset.theme === undefined ? systemIsDark.matches : root.dataset.theme === "dark";
  }

  function showTheme() {
    toggle.textContent = isDark() ? "Light theme" : "Dark theme";
  }

  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    showTheme();
  });
  systemIsDark.addEventListener("change", showTheme);
  showTheme();

  // Copies of commands.

  for (const button of document.querySelectorAll("button[data-copies]")) {
    const source = document.getElementById(button.dataset.copies);
    const word = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "Selected";
      }
      setTimeout(() => button.textContent = word, 2_000);
    });
  }

  // Charts.

  function latencyOf({ untilMs, intervals, strikes }) {
    return {
      untilMs,
      intervals: intervals.map(([atMs, operations, errors, p50Us, p99Us, maxUs, kibibytes]) => {
        const residentBytes = kibibytes * 1024;
        return { atMs, operations, errors, p50Us, p99Us, maxUs, residentBytes };
      }),
      strikes: strikes.map(([atMs, domain, kind]) => ({ atMs, domain, kind })),
    };
  }

  function histogramOf({ buckets }) {
    return { buckets: buckets.map(([fromUs, toUs, count]) => ({ fromUs, toUs, count })) };
  }

  const waiting = new Map();
  for (const host of document.querySelectorAll("[data-chart]")) {
    const figures = recorded[host.dataset.of];
    waiting.set(
      host,
      () =>
        host.dataset.chart === "latency"
          ? hakoCharts.latency(host, latencyOf(figures))
          : hakoCharts.histogram(host, histogramOf(figures)),
    );
  }

  function draw(host) {
    const make = waiting.get(host);
    if (make === undefined) return;
    waiting.delete(host);
    const hasFocus = document.activeElement === host;
    host.removeAttribute("tabindex");
    make();
    if (hasFocus) host.querySelector(".chart-stage").focus();
  }

  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      draw(target);
    }
  }, { rootMargin: "400px" });
  for (const host of waiting.keys()) {
    sight.observe(host);
    // The keyboard may come before the eye.
    host.tabIndex = 0;
    host.addEventListener("focus", () => draw(host), { once: true });
  }

  // On paper all is light, and nothing waits.

  let chosen;
  addEventListener("beforeprint", () => {
    chosen = root.dataset.theme;
    root.dataset.theme = "light";
    for (const host of [...waiting.keys()]) draw(host);
  });
  addEventListener("afterprint", () => {
    if (chosen === undefined) delete root.dataset.theme;
    else root.dataset.theme = chosen;
  });

  // Lives as tables, made when somebody opens them.

  const HEADS = ["domain", "life", "began", "served", "ended", "fenced", "why"];

  function cell(row, name, text) {
    const made = document.createElement(name);
    made.textContent = text;
    if (name === "th") made.scope = "col";
    row.append(made);
  }

  function livesTable({ lives, livesLeftOut }) {
    const table = document.createElement("table");
    const head = table.createTHead().insertRow();
    for (const text of HEADS) cell(head, "th", text);
    const body = table.createTBody();
    const time = (ms) => ms === null ? "–" : `${(ms / 1_000).toFixed(3)} s`;
    for (const [domain, epoch, startMs, readyMs, endMs, fencedMs, isGone, why] of lives) {
      const row = body.insertRow();
      const fence = `${time(fencedMs)}${isGone === false ? ", as a zombie" : ""}`;
      const texts = [domain, epoch, time(startMs), time(readyMs), time(endMs), fence, why ?? ""];
      for (const text of texts) cell(row, "td", text);
    }
    if (livesLeftOut > 0) cell(body.insertRow(), "td", `and ${livesLeftOut} more`);
    return table;
  }

  for (const details of document.querySelectorAll("details[data-lives]")) {
    details.hidden = false;
    details.addEventListener("toggle", () => {
      const place = details.querySelector("div");
      if (details.open) place.replaceChildren(livesTable(recorded[details.dataset.lives]));
    });
  }
})();
