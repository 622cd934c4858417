// The script of the live view's page: listens to the lines of the program, shows them, and sends
// presses. What comes from the system is only ever set as text.
/* global WIRES, hakoCharts */
(() => {
  "use strict";

  /** How much of the past the chart shows, and the log. */
  const SHOWN_MS = 60_000;
  const EVENTS_MAX = 200;

  /** How long to wait before the stream is asked for again: doubles, up to the last. */
  const RETRY_MS = 500;
  const RETRY_MS_MAX = 5_000;

  /** How long the answer to a press is shown. */
  const TOLD_MS = 6_000;

  /** A card shows its death for so long: a successor is often there before anybody could see. */
  const STRUCK_MS = 900;

  const token = new URLSearchParams(location.search).get("token");
  const cards = new Map();
  for (const element of document.querySelectorAll(".card")) {
    const shown = {};
    for (const part of element.querySelectorAll("[data-show]")) shown[part.dataset.show] = part;
    cards.set(element.dataset.domain, { element, shown, epoch: 1, restarts: 0 });
  }
  const past = { intervals: [], strikes: [] };
  let chart;
  let isOver = false;
  const byId = (id) => document.getElementById(id);

  // Numbers in words.

  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

  function count(value) {
    if (value > 0 && value < 10 && !Number.isInteger(value)) return value.toFixed(1);
    return whole.format(value);
  }

  function time(us) {
    if (us === undefined || us === 0) return "–";
    if (us < 999.5) return `${us < 9.95 ? us.toFixed(1) : Math.round(us)} µs`;
    if (us < 999_500) return `${us < 9_950 ? (us / 1e3).toFixed(1) : Math.round(us / 1e3)} ms`;
    return `${(us / 1e6).toFixed(1)} s`;
  }

  function plural(value, what) {
    return `${count(value)} ${what}${value === 1 ? "" : "s"}`;
  }

  function clock(ms) {
    const seconds = Math.floor(ms / 1_000);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  /** Sets a text if it is another one: what stays is not laid out again. */
  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function setData(element, name, value) {
    if (element.dataset[name] !== value) element.dataset[name] = value;
  }

  // What the program tells.

  function hear(line) {
    if (line.type === "begin") return begin();
    if (line.type === "reading") return read(line);
    if (line.type === "happenings") return line.happenings.forEach(happen);
    if (line.type === "end") return end(line.text);
  }

  /** A stream begins with all that a new page must know. */
  function begin() {
    past.intervals.length = 0;
    past.strikes.length = 0;
    byId("events").replaceChildren();
  }

  function read(reading) {
    const { atMs, kernelEpoch, isCurrent, domains, intervals, strikes } = reading;
    readNumbers(reading);
    // A kernel that hangs cannot tell of the domains; their clients go on and tell for themselves.
    setData(document.body, "current", isCurrent ? "yes" : "no");
    for (const sample of domains) readDomain(sample, isCurrent);
    const kernel = cards.get("kernel");
    readLife(kernel, { epoch: kernelEpoch, restarts: kernelEpoch - 1, why: "" });
    setState(kernel, isCurrent ? "ready" : "silent");
    past.intervals.push(...intervals);
    past.strikes.push(...strikes);
    const isShown = (one) => one.atMs > atMs - SHOWN_MS;
    past.intervals = past.intervals.filter(isShown);
    past.strikes = past.strikes.filter(isShown);
    drawChart();
  }

  function readNumbers({ atMs, callsPerSecond, deaths, upgrades, zombies, clients }) {
    setText(byId("calls"), count(callsPerSecond));
    setText(byId("deaths"), count(deaths));
    const more = [plural(upgrades, "upgrade"), plural(zombies, "zombie")];
    setText(byId("deaths-more"), `and ${more.join(", ")}`);
    byId("no-latency").hidden = clients !== undefined;
    if (clients === undefined) {
      setText(byId("errors-more"), "these clients do not report");
      return setText(byId("calls-more"), `running for ${clock(atMs)}`);
    }
    const { operations, perSecond, errors, longestUs } = clients;
    setText(byId("calls-more"), `for ${count(perSecond)} client operations/s`);
    setText(byId("errors"), count(errors));
    setText(byId("errors-more"), `in ${plural(operations, "operation")}`);
    setData(byId("errors-box"), "state", errors === 0 ? "good" : "bad");
    setText(byId("longest"), time(longestUs));
    setText(byId("longest-more"), `in ${clock(atMs)} of running`);
  }

  function readDomain(sample, isCurrent) {
    const card = cards.get(sample.domain);
    if (card === undefined) return;
    const { callsPerSecond, p50Us, p99Us, state, work } = sample;
    if (work !== undefined) {
      setText(card.shown.rate, count(work.perSecond));
      setText(card.shown.unit, "operations/s");
      setText(
        card.shown.times,
        `${plural(work.operations, "operation")}, ${plural(work.errors, "error")}`,
      );
    } else if (card.shown.unit.textContent !== "") {
      setText(card.shown.rate, count(callsPerSecond));
      setText(card.shown.times, `p50 ${time(p50Us)}, p99 ${time(p99Us)}`);
    }
    // What happened since has been told already.
    if (!isCurrent || sample.epoch < card.epoch) return;
    readLife(card, sample);
    setState(card, state);
  }

  function readLife(card, { epoch, restarts, why }) {
    card.epoch = epoch;
    card.restarts = restarts;
    if (why !== "") card.why = why;
    showLife(card);
  }

  function showLife({ element, shown, epoch, restarts, why }) {
    setData(element, "epoch", String(epoch));
    const deaths = restarts === 0 ? "" : `, ${plural(restarts, "restart")}`;
    setText(shown.life, `life ${epoch}${deaths}`);
    setText(shown.why, why ? `: ${why}` : "");
    shown.why.title = why ?? "";
  }

  function setState({ element, shown }, state) {
    setData(element, "state", state);
    setText(shown.state, state);
  }

  function happen({ atMs, domain, kind, text, epoch }) {
    const entry = document.createElement("li");
    entry.dataset.kind = kind;
    const when = document.createElement("time");
    when.textContent = (atMs / 1_000).toFixed(2);
    entry.append(when, text);
    const events = byId("events");
    // New ones stand at the top, where somebody looks; who has scrolled away is left where he is.
    events.prepend(entry);
    while (events.childElementCount > EVENTS_MAX) events.lastElementChild.remove();
    const card = cards.get(domain);
    if (card === undefined) return;
    if (kind === "death") strike(card, "dead");
    if (kind === "upgrade") strike(card, "replaced");
    if (kind !== "life") return;
    if (epoch > card.epoch) {
      readLife(card, { epoch, restarts: card.restarts + 1, why: "" });
    }
    setState(card, "ready");
  }

  function strike(card, state) {
    setState(card, state);
    setData(card.element, "struck", state);
    clearTimeout(card.timer);
    card.timer = setTimeout(() => delete card.element.dataset.struck, STRUCK_MS);
  }

  function drawChart() {
    const data = { intervals: past.intervals, strikes: past.strikes };
    if (chart === undefined) chart = hakoCharts.latency(byId("latency"), data);
    else chart.update(data);
  }

  function end(text) {
    isOver = true;
    setConnection("ended", text);
    for (const button of document.querySelectorAll(".buttons button")) button.disabled = true;
    for (const [, card] of cards) setState(card, "halted");
  }

  // Buttons.

  let toldTimer;

  function tell(text) {
    setText(byId("told"), text);
    clearTimeout(toldTimer);
    toldTimer = setTimeout(() => setText(byId("told"), ""), TOLD_MS);
  }

  async function press(deed, domain, word) {
    try {
      const answer = await fetch("/press", {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ deed, domain }),
      });
      if (!answer.ok) return tell((await answer.text()).trim());
      const { error } = await answer.json();
      tell(error === undefined ? `${word} ${domain}: done.` : `${word} ${domain}: ${error}.`);
    } catch {
      tell(`${word} ${domain}: the program does not answer.`);
    }
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("button[data-deed]");
    if (button === null || button === undefined) return;
    const { domain } = button.closest(".card").dataset;
    void press(button.dataset.deed, domain, button.textContent);
  });

  // Wires between the cards, drawn where the cards stand.

  const SVG = "http://www.w3.org/2000/svg";

  /** So far before their end wires have met, and the endpoint's name stands above. */
  const JOINT = 46;

  function drawWires() {
    const svg = byId("wires");
    const frame = byId("graph").getBoundingClientRect();
    svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
    const wires = [];
    const labels = new Map();
    for (const { caller, callee, endpoint } of WIRES) {
      const from = cards.get(caller)?.element.getBoundingClientRect();
      const to = cards.get(callee)?.element.getBoundingClientRect();
      if (from === undefined || to === undefined || to.left < from.right) continue;
      const [x1, y1] = [from.right - frame.left, from.top + from.height / 2 - frame.top];
      const [x2, y2] = [to.left - frame.left, to.top + to.height / 2 - frame.top];
      const path = document.createElementNS(SVG, "path");
      const joint = x2 - Math.min(JOINT, (x2 - x1) / 2);
      const middle = (x1 + joint) / 2;
      const curve = `C${middle} ${y1} ${middle} ${y2} ${joint} ${y2}`;
      path.setAttribute("d", `M${x1} ${y1}${curve}H${x2 - 6}`);
      path.setAttribute("class", "wire");
      const head = document.createElementNS(SVG, "path");
      head.setAttribute("d", `M${x2 - 8} ${y2 - 4}L${x2} ${y2}L${x2 - 8} ${y2 + 4}Z`);
      head.setAttribute("class", "head");
      wires.push(path, head);
      labels.set(`${endpoint} ${callee}`, { endpoint, x: x2 - 9, y: y2 - 7 });
    }
    for (const { endpoint, x, y } of labels.values()) {
      const label = document.createElementNS(SVG, "text");
      label.setAttribute("x", x);
      label.setAttribute("y", y);
      label.textContent = endpoint;
      wires.push(label);
    }
    svg.replaceChildren(...wires);
  }

  new ResizeObserver(drawWires).observe(byId("graph"));

  // The stream.

  function setConnection(state, text = state) {
    setData(byId("connection"), "state", state);
    setText(byId("connection"), text);
    setData(document.body, "connection", state);
  }

  async function listen() {
    const answer = await fetch("/lines", {
      headers: { authorization: `Bearer ${token}` },
      cache: "no-store",
    });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    setConnection("live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + part.value).split("\n");
      rest = lines.pop();
      for (const line of lines) hear(JSON.parse(line));
    }
  }

  async function stayConnected() {
    let waitMs = RETRY_MS;
    while (!isOver) {
      try {
        await listen();
        waitMs = RETRY_MS;
      } catch {
        waitMs = Math.min(RETRY_MS_MAX, 2 * waitMs);
      }
      if (isOver) return;
      setConnection("disconnected");
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  void stayConnected();
})();
