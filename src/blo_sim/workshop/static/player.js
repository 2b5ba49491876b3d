"use strict";
/* Plays a film on the map. All times are hours from the start of the film. `destroy` makes room for another. */
const bloPlayer = (film, topology) => {
  const gone = new AbortController(), whileHere = { signal: gone.signal };
  const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#9c3d80", "#7a5c00", "#333333", "#56b4e9"];
  const LINGER = 8, SECONDS_OF_PLAY = 60, FERGANA = [[69.2, 39.2], [74.2, 42.4]];
  const by = (id) => document.getElementById(id);
  const state = { t: 0, playing: false, language: film.language, chosen: null, view: "whole" };
  /* How many of an ordered list are at most t. */
  const after = (list, t) => {
    let low = 0, high = list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (list[middle] <= t) low = middle + 1; else high = middle;
    }
    return low;
  };
  const commodities = [...new Set(film.worlds.flatMap((world) => world.loads.map((load) => load.commodity)))].sort();
  const colour = Object.fromEntries(commodities.map((name, i) => [name, COLOURS[i % COLOURS.length]]));
  const words = () => WORDS[state.language];
  const term = (word) => words().terms[word] || word;
  const number = (value, digits = 0) => value.toLocaleString(state.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const kilograms = (value) => number(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);
  const signed = (value) => (value > 0 ? "+" : "") + kilograms(value);

  /* One world: its map, prepared for drawing. */
  class Panel {
    constructor(world, name) {
      this.world = world;
      this.name = name;
      this.loads = world.loads.map((load) => ({
        ...load,
        times: load.track.filter((_, i) => i % 2 === 0),
        places: load.track.filter((_, i) => i % 2 === 1),
      })).sort((a, b) => a.times[0] - b.times[0]);
      /* The first site at every site's point: the posts of a crossing stand at one, and share a bar and a pile. */
      const firsts = new Map();
      this.first = world.sites.map((site, i) => {
        const at = String(site.at);
        if (!firsts.has(at)) firsts.set(at, i);
        return firsts.get(at);
      });
      this.lines = new Map();
      for (const [number, ...seen] of world.lines) {
        const site = this.first[number];
        if (!this.lines.has(site)) this.lines.set(site, []);
        this.lines.get(site).push({ hours: seen.filter((_, i) => i % 2 === 0), minutes: seen.filter((_, i) => i % 2 === 1) });
      }
      this.figure = document.createElement("figure");
      this.heading = document.createElement("h2");
      this.heading.textContent = name;
      this.canvas = document.createElement("canvas");
      this.canvas.setAttribute("role", "img");
      this.caption = document.createElement("figcaption");
      this.figure.append(this.heading, this.canvas, this.caption);
      this.canvas.addEventListener("click", (event) => this.click(event));
    }

    resize() {
      const box = this.canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
      const width = Math.max(200, Math.round(box.width)), height = Math.max(150, Math.round(box.height));
      this.width = width;
      this.height = height;
      this.canvas.width = width * scale;
      this.canvas.height = height * scale;
      this.context = this.canvas.getContext("2d");
      this.context.setTransform(scale, 0, 0, scale, 0, 0);
      const whole = [...this.world.points, ...this.world.sites.map((site) => site.at)];
      const shown = { type: "MultiPoint", coordinates: state.view === "fergana" ? FERGANA : whole };
      this.projection = d3.geoMercator().fitExtent([[24, 20], [width - 24, height - 20]], shown);
      this.points = this.world.points.map((point) => this.projection(point));
      this.sites = this.world.sites.map((site) => this.projection(site.at));
      this.ground = document.createElement("canvas");
      this.ground.width = width * scale;
      this.ground.height = height * scale;
      const ground = this.ground.getContext("2d");
      ground.setTransform(scale, 0, 0, scale, 0, 0);
      this.drawGround(ground);
    }

    drawGround(context) {
      context.fillStyle = "#eef2f5";
      context.fillRect(0, 0, this.width, this.height);
      if (film.place === "real") {
        const path = d3.geoPath(this.projection, context);
        const borders = state.view === "fergana" ? "fergana" : "borders";
        for (const [name, style, line] of [["coasts", "#4a7a9c", 1], [borders, "#6b747d", 1.3]]) {
          context.beginPath();
          path(topojson.feature(topology, topology.objects[name]));
          context.strokeStyle = style;
          context.lineWidth = line;
          context.stroke();
        }
      }
      context.strokeStyle = "#c3cad1";
      context.lineWidth = 1;
      context.beginPath();
      const drawn = new Set();
      for (const load of this.loads) {
        for (let i = 1; i < load.places.length; i++) {
          const [a, b] = [load.places[i - 1], load.places[i]];
          if (a === b || drawn.has(a * 1e5 + b)) continue;
          drawn.add(a * 1e5 + b);
          context.moveTo(...this.points[a]);
          context.lineTo(...this.points[b]);
        }
      }
      context.stroke();
      this.world.sites.forEach((site, i) => this.drawSite(context, site, ...this.sites[i]));
      this.drawNames(context);
    }

    /* Names of liaison offices, then of capitals and towns, where they do not cover one another. */
    drawNames(context) {
      const taken = [], write = (name, x, y) => {
        const text = words().place(name).split(/[,(/]/)[0].trim(), width = context.measureText(text).width;
        const box = [x + 11, y - 9, x + 13 + width, y + 9];
        if (box[2] > this.width || taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) return;
        taken.push(box);
        context.fillStyle = "rgba(255, 255, 255, 0.8)";
        context.fillRect(box[0], box[1], box[2] - box[0], 18);
        context.fillStyle = "#1b1f24";
        context.fillText(text, x + 12, y);
      };
      context.font = "600 14px system-ui, sans-serif";
      context.textBaseline = "middle";
      for (const wanted of [(site) => site.office, (site) => !site.office && site.kind === "capital"]) {
        this.world.sites.forEach((site, i) => {
          if (wanted(site)) write(site.name, ...this.sites[i]);
        });
      }
      context.font = "13px system-ui, sans-serif";
      for (const town of this.world.towns) write(town.name, ...this.projection(town.at));
    }

    drawSite(context, site, x, y) {
      context.fillStyle = site.office ? "#0b5394" : "#ffffff";
      context.strokeStyle = "#1b1f24";
      context.lineWidth = 1;
      context.beginPath();
      if (site.office) {
        context.moveTo(x, y - 8); context.lineTo(x + 8, y); context.lineTo(x, y + 8); context.lineTo(x - 8, y);
      } else if (site.kind === "post") context.rect(x - 3, y - 3, 6, 6);
      else if (site.kind === "capital" || site.kind === "centre") {
        context.moveTo(x, y - 6); context.lineTo(x + 6, y + 5); context.lineTo(x - 6, y + 5);
      } else if (site.kind === "patrol") context.rect(x - 4, y - 1, 8, 2);
      else context.arc(x, y, 2.5, 0, 7);
      context.closePath();
      context.fill();
      context.stroke();
    }

    /* Where a load is now, or null. */
    position(load, t) {
      const times = load.times, last = times.length - 1;
      if (t < times[0] || t > times[last]) return null;
      let low = 0, high = last;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (times[middle] <= t) low = middle; else high = middle;
      }
      const [ax, ay] = this.points[load.places[low]], [bx, by_] = this.points[load.places[high]];
      const share = times[high] > times[low] ? (t - times[low]) / (times[high] - times[low]) : 1;
      return [ax + share * (bx - ax), ay + share * (by_ - ay)];
    }

    draw(t) {
      const context = this.context;
      context.drawImage(this.ground, 0, 0, this.width, this.height);
      this.drawLines(context, t);
      this.drawWork(context, t);
      this.drawMessages(context, t);
      let way = 0, seized = 0, kg = 0, delivered = 0;
      this.now = [];
      for (const load of this.loads) {
        if (load.times[0] > t) break;
        const end = load.times[load.times.length - 1];
        if (end < t) {
          if (load.end === "seized") {
            seized++;
            kg += load.kg;
            if (t - end < LINGER) this.drawRing(context, load, (t - end) / LINGER);
          } else if (load.end === "delivered") delivered++;
          continue;
        }
        way++;
        const at = this.position(load, t);
        this.now.push([at[0], at[1], load]);
        context.fillStyle = colour[load.commodity];
        context.beginPath();
        context.arc(at[0], at[1], load.id === state.chosen ? 9 : 4, 0, 7);
        context.fill();
        if (load.id === state.chosen) {
          context.strokeStyle = "#000000";
          context.lineWidth = 3;
          context.stroke();
        }
      }
      const text = words().counts(number(way), number(seized), kilograms(kg), number(delivered));
      if (text !== this.caption.textContent) this.caption.textContent = text;
    }

    drawRing(context, load, age) {
      const [x, y] = this.points[load.places[load.places.length - 1]];
      context.strokeStyle = colour[load.commodity];
      context.globalAlpha = 1 - age;
      context.lineWidth = 4;
      context.beginPath();
      context.arc(x, y, 6 + 16 * age, 0, 7);
      context.stroke();
      context.globalAlpha = 1;
    }

    drawLines(context, t) {
      context.fillStyle = "#b3261e";
      for (const [site, posts] of this.lines) {
        const minutes = Math.max(...posts.map((post) => {
          const next = after(post.hours, t);
          return next ? post.minutes[next - 1] : 0;
        }));
        if (!minutes) continue;
        const size = Math.min(40, 4 * Math.log2(1 + minutes)), [x, y] = this.sites[site];
        context.fillRect(x + 6, y - size, 4, size);
      }
    }

    /* A ring around every office where an officer is at work on a message. */
    drawWork(context, t) {
      const busy = new Set();
      for (const [start, end, site] of this.world.work) {
        if (start > t) break;
        if (end >= t) busy.add(this.first[site]);
      }
      context.strokeStyle = "#b07a00";
      context.lineWidth = 3;
      for (const site of busy) {
        context.beginPath();
        context.arc(...this.sites[site], 12, 0, 7);
        context.stroke();
      }
    }

    /* Messages under way as letters, those that stand at an office as their number. */
    drawMessages(context, t) {
      const piles = new Map();
      for (const message of this.world.messages) {
        if (message.sent > t) break;
        if (message.end !== null && message.end < t) continue;
        let at = null, stands = message.from;
        const track = message.track;
        for (let i = 0; i < track.length; i += 4) {
          const [start, end, from, to] = [track[i], track[i + 1], this.sites[track[i + 2]], this.sites[track[i + 3]]];
          if (t < start) break;
          stands = track[i + 3];
          if (t < end) {
            const share = (t - start) / (end - start);
            at = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
            context.strokeStyle = "#0b5394";
            context.setLineDash([5, 4]);
            context.lineWidth = 1.5;
            context.beginPath();
            context.moveTo(...from);
            context.lineTo(...to);
            context.stroke();
            context.setLineDash([]);
          }
        }
        if (at === null) {
          stands = this.first[stands];
          piles.set(stands, (piles.get(stands) || 0) + 1);
          continue;
        }
        context.fillStyle = "#ffffff";
        context.strokeStyle = "#0b5394";
        context.lineWidth = 2;
        context.fillRect(at[0] - 5, at[1] - 4, 10, 8);
        context.strokeRect(at[0] - 5, at[1] - 4, 10, 8);
      }
      context.font = "600 13px system-ui, sans-serif";
      context.textBaseline = "middle";
      for (const [site, count] of piles) {
        const [x, y] = this.sites[site], text = number(count), width = context.measureText(text).width + 8;
        context.fillStyle = "#0b5394";
        context.fillRect(x - 10 - width, y - 18, width, 17);
        context.fillStyle = "#ffffff";
        context.fillText(text, x - 6 - width, y - 9);
      }
    }

    click(event) {
      const box = this.canvas.getBoundingClientRect();
      const x = event.clientX - box.left, y = event.clientY - box.top;
      let best = null, least = 16 * 16;
      for (const [ax, ay, load] of this.now) {
        const distance = (ax - x) ** 2 + (ay - y) ** 2;
        if (distance < least) [least, best] = [distance, load];
      }
      if (best) choose(best.id);
    }
  }

  const panels = film.worlds.map((world) => new Panel(world, world.scenario));
  by("worlds").replaceChildren(...panels.map((panel) => panel.figure));
  by("slider").max = film.hours;
  const speeds = [...by("speed").options], wanted = film.hours / SECONDS_OF_PLAY;
  by("speed").value = speeds.reduce((one, other) => (Math.abs(Math.log(other.value / wanted)) < Math.abs(Math.log(one.value / wanted)) ? other : one)).value;
  const inValley = ([lon, lat]) => lon > FERGANA[0][0] && lon < FERGANA[1][0] && lat > FERGANA[0][1] && lat < FERGANA[1][1];
  by("view-box").hidden = film.place !== "real" || !film.worlds[0].sites.some((site) => inValley(site.at));

  /* Stories ------------------------------------------------------------------------------------ */

  const ends = new Map();
  for (const panel of panels) for (const load of panel.loads) {
    if (!ends.has(load.id)) ends.set(load.id, []);
    ends.get(load.id).push(load);
  }
  const differs = (loads) => panels.length > 1 && (loads.length < panels.length || new Set(loads.map((load) => load.end)).size > 1);
  const rank = (loads) => (differs(loads) ? 0 : loads.some((load) => load.end === "seized") ? 1 : 2);
  const order = [...ends.entries()].map(([id, loads]) => [rank(loads), loads[0].times[0], id]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);

  function choose(id) {
    state.chosen = id || null;
    by("load").value = id || "";
    tell();
    draw();
  }

  function sentence(load, world, [, kind, place, amount, word]) {
    const site = words().place(typeof place === "number" ? world.sites[place].name : place);
    return words().say[kind]({
      site, word: kind === "depart" ? word.split(" ").map(term).join(", ") : term(word), from: words().place(load.from), to: words().place(load.to), commodity: term(load.commodity),
      kg: kilograms(amount === null ? 0 : amount), hours: words().h(amount === null ? 0 : amount),
      chance: amount === null ? null : number(100 * amount, 2),
    });
  }

  function tell() {
    const parts = [];
    for (const panel of panels) {
      const load = panel.loads.find((each) => each.id === state.chosen);
      if (!load) continue;
      const part = document.createElement("section"), heading = document.createElement("h3"), list = document.createElement("ol");
      heading.textContent = `${panel.name}: ${words().ends[load.end]}`;
      for (const line of load.story) {
        const item = document.createElement("li");
        item.textContent = `${moment(line[0])} — ${sentence(load, panel.world, line)}`;
        list.append(item);
      }
      part.append(heading, list);
      parts.push(part);
    }
    by("story").replaceChildren(...parts);
  }

  function fillLoads() {
    const none = new Option(words().none, "");
    by("load").replaceChildren(none, ...order.map(([first, , id]) => {
      const load = ends.get(id)[0];
      const fates = ends.get(id).map((each) => words().ends[each.end]);
      return new Option(`${first === 0 ? "≠ " : ""}${id}: ${kilograms(load.kg)} ${words().kg} ${term(load.commodity)}, ${[...new Set(fates)].join(" / ")}`, id);
    }));
    by("load").value = state.chosen || "";
  }

  /* Clock -------------------------------------------------------------------------------------- */

  const start = new Date(film.first_day + "T00:00:00Z");
  function moment(t) {
    return new Date(start.getTime() + t * 3600000).toLocaleString(state.language, { timeZone: "UTC", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  }

  function seek(t) {
    state.t = Math.min(film.hours, Math.max(0, t));
    draw();
  }

  function draw() {
    for (const panel of panels) panel.draw(state.t);
    by("slider").value = state.t;
    const text = moment(state.t);
    by("now").textContent = text;
    by("slider").setAttribute("aria-valuetext", text);
    if (chart) chart.redraw(false);
  }

  let before = null;
  function frame(now) {
    if (!state.playing) return;
    if (before !== null) seek(state.t + Number(by("speed").value) * Math.min(0.25, (now - before) / 1000));
    before = now;
    if (state.t >= film.hours) play(false);
    else requestAnimationFrame(frame);
  }

  function play(wanted) {
    state.playing = wanted;
    before = null;
    by("play").textContent = wanted ? words().pause : words().play;
    if (!wanted) panels.forEach(label);
    else {
      if (state.t >= film.hours) seek(0);
      requestAnimationFrame(frame);
    }
  }

  function label(panel) {
    panel.canvas.setAttribute("aria-label", words().map(panel.name, panel.caption.textContent));
  }

  function faster(step) {
    const speed = by("speed");
    speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + step));
  }

  by("play").addEventListener("click", () => play(!state.playing), whileHere);
  by("back").addEventListener("click", () => seek(state.t - 1), whileHere);
  by("forward").addEventListener("click", () => seek(state.t + 1), whileHere);
  by("slider").addEventListener("input", () => seek(Number(by("slider").value)), whileHere);
  by("view").addEventListener("change", () => {
    state.view = by("view").value;
    fit();
  }, whileHere);
  by("load").addEventListener("change", () => choose(by("load").value), whileHere);
  document.addEventListener("keydown", (event) => {
    if (/^(INPUT|SELECT|BUTTON)$/.test(event.target.tagName) || event.ctrlKey || event.altKey || event.metaKey) return;
    const hours = event.shiftKey ? 24 : 1;
    const acts = {
      " ": () => play(!state.playing), ArrowRight: () => seek(state.t + hours), ArrowLeft: () => seek(state.t - hours),
      "+": () => faster(1), "=": () => faster(1), "-": () => faster(-1), Home: () => seek(0),
    };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  }, whileHere);

  /* Chart: kilograms seized so far --------------------------------------------------------------- */

  let chart = null;
  function makeChart() {
    if (chart) chart.destroy();
    const steps = Math.min(400, Math.max(2, Math.round(film.hours)));
    const xs = Array.from({ length: steps + 1 }, (_, i) => (film.hours * i) / steps / 24);
    const series = panels.map((panel) => {
      const found = panel.loads.filter((load) => load.end === "seized").map((load) => [load.times[load.times.length - 1] / 24, load.kg]).sort((a, b) => a[0] - b[0]);
      let sum = 0, next = 0;
      return xs.map((x) => {
        while (next < found.length && found[next][0] <= x) sum += found[next++][1];
        return sum;
      });
    });
    const cursor = (plot) => {
      const x = plot.valToPos(state.t / 24, "x", true), context = plot.ctx;
      context.strokeStyle = "#1b1f24";
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x, plot.bbox.top);
      context.lineTo(x, plot.bbox.top + plot.bbox.height);
      context.stroke();
    };
    chart = new uPlot({
      width: Math.max(300, by("chart").clientWidth), height: 220, legend: { live: false }, cursor: { show: false },
      scales: { x: { time: false } }, hooks: { draw: [cursor] },
      axes: [{ values: (_, days) => days.map((day) => `${words().day} ${day}`), space: 80, font: "16px sans-serif" }, { label: words().seizedKg, values: (_, kg) => kg.map((value) => number(value)), font: "16px sans-serif", size: 80 }],
      series: [{}, ...panels.map((panel, i) => ({ label: panel.name, stroke: i ? "#0072b2" : "#d55e00", width: 3, dash: i ? [] : [8, 5], points: { show: false } }))],
    }, [xs, ...series], by("chart"));
  }

  /* Words -------------------------------------------------------------------------------------- */

  function speak(language) {
    state.language = language;
    document.documentElement.lang = language;
    const w = words(), run = film.run;
    for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === language));
    const texts = {
      care: w.care(film.place === "real"), back: w.back, forward: w.forward, "speed-label": w.speed,
      "outcome-title": w.outcome, "stories-title": w.stories, "stories-hint": panels.length > 1 ? w.hint : w.hint1,
      "load-label": w.load, "legend-title": w.legend, keys: w.keys, about: w.about(film.version, film.seed, film.replication),
    };
    for (const [id, text] of Object.entries(texts)) by(id).textContent = text;
    by("play").textContent = state.playing ? w.pause : w.play;
    by("slider").setAttribute("aria-label", w.slider);
    by("clock").setAttribute("aria-label", w.clock);
    const show = panels.length > 1 ? signed : kilograms;
    if (run) {
      const value = panels.length > 1 ? w.gain(signed(run.value), term(run.name), number(film.days)) : w.alone(film.replication, term(run.name), kilograms(run.value), number(film.days));
      by("among").textContent = value + (run.interval ? " " + w.among(number(run.less), number(run.runs), show(run.mean), show(run.interval[0]), show(run.interval[1])) : "");
    } else by("among").textContent = w.others;
    const signs = commodities.map((name) => [colour[name], term(name)]);
    const kinds = new Set(film.worlds.flatMap((world) => world.sites.map((site) => site.kind)));
    const marks = { post: "□", patrol: "▬", inland: "○", team: "○", capital: "△", centre: "△" };
    by("legend").replaceChildren(
      ...signs.map(([fill, text]) => sign(text, fill)),
      ...Object.keys(marks).filter((kind) => kinds.has(kind)).map((kind) => sign(`${marks[kind]} ${w.signs[kind]}`)),
      ...(film.worlds.some((world) => world.sites.some((site) => site.office)) ? [sign(`◆ ${w.signs.office}`)] : []),
      sign(`▭ ${w.signs.message}`), sign(`■ ${w.signs.pile}`), sign(`◎ ${w.signs.work}`), sign(`◯ ${w.signs.ring}`), sign(`❙ ${w.signs.bar}`),
    );
    by("view-label").textContent = w.view;
    by("view").replaceChildren(...Object.entries(w.views).map(([name, text]) => new Option(text, name)));
    by("view").value = state.view;
    fillLoads();
    tell();
    panels.forEach((panel) => panel.resize());
    makeChart();
    draw();
    panels.forEach(label);
  }

  function sign(text, fill) {
    const item = document.createElement("li");
    if (fill) {
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = fill;
      item.append(swatch);
    }
    item.append(text);
    return item;
  }

  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => speak(button.dataset.language), whileHere);
  const fit = () => {
    panels.forEach((panel) => panel.resize());
    if (chart) chart.setSize({ width: Math.max(300, by("chart").clientWidth), height: 220 });
    draw();
  };
  speak(state.language);
  window.addEventListener("resize", fit, whileHere);
  const destroy = () => {
    play(false);
    gone.abort();
    chart.destroy();
    by("worlds").replaceChildren();
  };
  /* Where this run stands among all, once that is known. */
  const place = (run) => {
    film.run = run;
    speak(state.language);
  };
  return { destroy, place, play: () => play(true) };
};
