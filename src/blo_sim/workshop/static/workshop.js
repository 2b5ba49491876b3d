"use strict";
/* Lessons and worlds around the player. What is chosen stands behind the # of the address. */
(async () => {
  const by = (id) => document.getElementById(id);
  const state = { language: "en", lesson: null, guess: null, locked: false, changes: {}, result: null, job: null, player: null, fields: [], unfolded: new Set() };
  const MOST_OPEN = 8;
  const words = () => WORKSHOP[state.language];
  const number = (value, digits = 1) => value.toLocaleString(state.language, { maximumFractionDigits: digits });
  const signed = (value, digits = 1) => (value > 0 ? "+" : "") + number(value, digits);
  const kilograms = (value) => (value > 0 ? "+" : "") + value.toLocaleString(state.language, { maximumSignificantDigits: 3 });
  const topology = await (await fetch("/static/borders.json")).json();
  const start = await (await fetch("/api/start")).json();

  async function ask(path, sent) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent) });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found;
  }

  function complain(text) {
    by("error").hidden = !text;
    by("error").textContent = text || "";
  }

  /* Menu --------------------------------------------------------------------------------------- */

  function menu() {
    const w = words();
    by("menu-title").textContent = w.menu;
    by("free").textContent = w.free;
    by("free").setAttribute("aria-pressed", String(state.lesson === null));
    by("lessons").replaceChildren(...start.lessons.map((lesson) => {
      const item = document.createElement("li"), button = document.createElement("button");
      button.type = "button";
      button.textContent = lesson.title[state.language];
      button.dataset.lesson = lesson.id;
      button.setAttribute("aria-pressed", String(state.lesson === lesson));
      button.addEventListener("click", () => open(lesson));
      item.append(button);
      return item;
    }));
  }

  function open(lesson) {
    if (state.job) return;
    Object.assign(state, { lesson, guess: null, locked: false, result: null });
    hideFilm();
    complain("");
    speak();
    remember();
    if (!lesson) form();
  }

  function hideFilm() {
    if (state.player) state.player.destroy();
    state.player = null;
    by("film-box").hidden = true;
    by("answer").hidden = true;
    by("reveal").hidden = true;
  }

  /* Lesson ------------------------------------------------------------------------------------- */

  function showLesson() {
    const lesson = state.lesson, w = words();
    by("lesson").hidden = !lesson;
    by("setup").hidden = Boolean(lesson);
    if (!lesson) return;
    by("lesson-title").textContent = lesson.title[state.language];
    by("lesson-text").textContent = lesson.text[state.language];
    by("lesson-question").textContent = lesson.question[state.language];
    by("guess-legend").textContent = w.guess;
    by("lock").textContent = w.lock;
    const inputs = lesson.choices.length ? lesson.choices.map((choice, i) => radio(choice.text[state.language], i)) : [guessNumber()];
    by("guesses").replaceChildren(...inputs);
    by("guess-box").disabled = state.locked;
    by("lock").disabled = state.locked;
    by("locked").textContent = state.locked ? w.locked(guessText()) : "";
  }

  function radio(text, i) {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "guess", value: String(i), required: true, checked: state.guess === i });
    input.addEventListener("change", () => (state.guess = i));
    label.append(input, " ", text);
    return label;
  }

  function guessNumber() {
    const label = document.createElement("label"), input = document.createElement("input");
    Object.assign(input, { type: "number", name: "guess", step: "any", min: -1000, max: 10000, required: true, value: state.guess === null ? "" : state.guess });
    input.addEventListener("input", () => (state.guess = input.value === "" ? null : Number(input.value)));
    label.append(words().number, " ", input);
    return label;
  }

  const bare = (choice) => choice.text[state.language].replace(/\.$/, "");
  const guessText = () => (state.lesson.choices.length ? bare(state.lesson.choices[state.guess]) : `${number(state.guess)} %`);

  by("guess").addEventListener("submit", (event) => {
    event.preventDefault();
    if (state.guess === null || state.locked || state.job) return;
    state.locked = true;
    showLesson();
    const lesson = state.lesson;
    run({ worlds: lesson.worlds, days: lesson.days, replications: lesson.replications });
  });

  by("reveal").addEventListener("click", () => {
    by("reveal").hidden = true;
    by("answer").hidden = false;
    showAnswer();
    by("answer-title").focus();
  });

  function showAnswer() {
    const w = words(), answer = state.result && state.result.answer;
    if (!answer || by("answer").hidden) return;
    const lesson = state.lesson, measure = lesson ? lesson.measure : "kept", gain = answer[measure];
    const interval = gain.percent_interval || [gain.percent, gain.percent];
    by("answer-title").textContent = w.answer;
    let verdict = "";
    if (lesson && gain.percent !== null) {
      if (lesson.choices.length) {
        const holds = (choice, value) => (choice.low === null || value >= choice.low) && (choice.high === null || value < choice.high);
        const truth = lesson.choices.findIndex((choice) => holds(choice, gain.percent));
        const sure = interval.every((end) => holds(lesson.choices[truth], end));
        verdict = (truth === state.guess ? w.right : w.wrong(bare(lesson.choices[truth]))) + (sure ? "" : " " + w.undecided);
      } else verdict = w.off(number(state.guess), number(gain.percent));
    }
    by("answer-verdict").textContent = verdict;
    const numbers = gain.percent === null ? [] : [w.numbers(w.gain[measure], signed(gain.percent), signed(interval[0]), signed(interval[1]), kilograms(gain.kg), state.result.run.runs)];
    if (answer.response_kg) numbers.push(w.response(kilograms(answer.unchanged_kg), kilograms(answer.response_kg)));
    if (answer.lawful.length === 2) {
      const [before, after] = answer.lawful.map((world) => [number(world.wait_min), number(world.searched_percent, 2)]);
      numbers.push(w.lawful(...before, ...after));
    }
    by("answer-numbers").textContent = numbers.join(" ");
    by("answer-picture").replaceChildren(...(gain.percent === null ? [] : [line(gain.percent, interval, lesson && !lesson.choices.length ? state.guess : null)]));
    by("answer-why").textContent = lesson ? w.why + lesson.explanation[state.language] : "";
    by("answer-next").textContent = lesson ? w.next + lesson.next[state.language] : "";
  }

  /* The answer, its interval, zero and a guess on one line. */
  function line(value, interval, guess) {
    const space = "http://www.w3.org/2000/svg", picture = document.createElementNS(space, "svg");
    const ends = [0, value, ...interval, ...(guess === null ? [] : [guess])];
    const low = Math.min(...ends), span = Math.max(...ends) - low || 1, x = (each) => 40 + (720 * (each - low)) / span;
    const part = (name, attributes, text) => {
      const element = document.createElementNS(space, name);
      for (const [key, each] of Object.entries(attributes)) element.setAttribute(key, each);
      if (text) element.textContent = text;
      picture.append(element);
    };
    const label = (at, y, fill, text) => {
      const anchor = x(at) < 200 ? "start" : x(at) > 600 ? "end" : "middle";
      part("text", { x: x(at), y, "text-anchor": anchor, "font-size": 18, fill }, text);
    };
    picture.setAttribute("viewBox", `0 0 800 ${guess === null ? 90 : 112}`);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", words().picture);
    part("line", { x1: 20, x2: 780, y1: 45, y2: 45, stroke: "#8a939c", "stroke-width": 1 });
    part("line", { x1: x(0), x2: x(0), y1: 25, y2: 65, stroke: "#1b1f24", "stroke-width": 2 });
    label(0, guess === null ? 84 : 106, "#1b1f24", "0 %");
    part("line", { x1: x(interval[0]), x2: x(interval[1]), y1: 45, y2: 45, stroke: "#0b5394", "stroke-width": 10 });
    part("circle", { cx: x(value), cy: 45, r: 9, fill: "#0b5394" });
    label(value, 22, "#0b5394", `${words().theirs}: ${signed(value)} %`);
    if (guess !== null) {
      part("path", { d: `M ${x(guess)} 50 l 9 14 l -18 0 z`, fill: "#c15c00" });
      label(guess, 84, "#8a4100", `${words().yours}: ${signed(guess)} %`);
    }
    return picture;
  }

  /* Worlds of one's own -------------------------------------------------------------------------- */

  /* Changes as overrides; the behaviour is none, but a setting of the run. */
  const changed = () => Object.entries(state.changes).filter(([key]) => key !== "behaviour").map(([key, value]) => `${key}=${value}`);
  const edited = () => by("b").value || by("a").value;
  const worlds = () => [
    { scenario: by("a").value, set: by("b").value ? [] : changed() },
    ...(by("b").value ? [{ scenario: by("b").value, set: changed() }] : []),
  ];

  function fillWorlds() {
    const options = () => start.scenarios.map((name) => new Option(name, name));
    const [a, b] = [by("a").value, by("b").value];
    by("a").replaceChildren(...options());
    by("b").replaceChildren(new Option(words().one, ""), ...options());
    by("a").value = a || start.scenarios[0];
    by("b").value = b;
  }

  let asked = 0;
  async function form() {
    const mine = ++asked;
    try {
      const found = await ask("/api/form", { scenario: edited(), set: changed() });
      if (mine !== asked) return;
      state.fields = found.fields;
      drawForm(found);
    } catch (error) {
      if (mine === asked) complain(error.message);
    }
  }

  function drawForm(found) {
    const groups = new Map(), w = words();
    for (const field of found.fields) {
      if (!groups.has(field.group)) groups.set(field.group, []);
      groups.get(field.group).push(field);
    }
    const focus = document.activeElement && document.activeElement.dataset ? document.activeElement.dataset.key : null;
    by("form").replaceChildren(...[...groups].map(([name, rows]) => {
      const box = document.createElement("fieldset"), legend = document.createElement("legend");
      legend.textContent = w.groups[name];
      if (rows.length <= MOST_OPEN) {
        box.append(legend, ...rows.map(control));
        return box;
      }
      const parts = new Map();
      for (const field of rows) parts.set(field.of, [...(parts.get(field.of) || []), field]);
      box.append(legend, ...(parts.size < rows.length ? [...parts].map(([of, few]) => folded(of, few)) : [folded(`${w.groups[name]} (${rows.length})`, rows)]));
      return box;
    }));
    if (focus) {
      const again = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focus);
      if (again) again.focus();
    }
    const item = (text) => {
      const element = document.createElement("li");
      element.textContent = text;
      return element;
    };
    by("problems").replaceChildren(...found.problems.map((each) => item(`${w.problems}${each.key}: ${each.message}`)));
    by("notes").replaceChildren(...found.notes.map(item));
    by("run").disabled = found.problems.length > 0 || state.job !== null;
  }

  /* Many fields are folded away until they are asked for; those that were changed are not. */
  function folded(title, rows) {
    const box = document.createElement("details"), summary = document.createElement("summary");
    summary.textContent = title;
    box.open = rows.some((field) => field.key in state.changes) || state.unfolded.has(title);
    box.addEventListener("toggle", () => state.unfolded[box.open ? "add" : "delete"](title));
    box.append(summary, ...rows.map(control));
    return box;
  }

  function control(field) {
    const label = document.createElement("label"), name = document.createElement("span");
    name.textContent = `${words().what[field.what]}${field.of ? `: ${field.of}` : ""}`;
    const has = field.key in state.changes, value = has ? state.changes[field.key] : field.value;
    label.classList.toggle("changed", has);
    let input;
    if (field.kind === "choice") {
      input = document.createElement("select");
      input.append(...field.choices.map((each) => new Option(each || words().own, each)));
      input.value = value;
    } else {
      input = document.createElement("input");
      if (field.kind === "switch") {
        input.type = "checkbox";
        input.checked = value === true;
      } else {
        input.type = "number";
        input.step = field.kind === "whole" ? "1" : "any";
        if (field.least !== undefined) input.min = field.least;
        if (field.most !== undefined) input.max = field.most;
        input.value = value;
      }
    }
    input.dataset.key = field.key;
    input.addEventListener("change", () => {
      const now = field.kind === "switch" ? input.checked : field.kind === "choice" ? input.value : input.value === "" ? field.value : Number(input.value);
      if (now === field.value) delete state.changes[field.key];
      else state.changes[field.key] = now;
      remember();
      form();
    });
    label.append(name, input);
    return label;
  }

  for (const id of ["a", "b"]) by(id).addEventListener("change", () => {
    state.changes = {};
    remember();
    form();
  });
  for (const id of ["days", "replications"]) by(id).addEventListener("change", remember);

  by("run").addEventListener("click", () => {
    const order = { worlds: worlds(), days: Number(by("days").value), replications: Number(by("replications").value) };
    if (state.changes.behaviour) order.behaviour = state.changes.behaviour;
    run(order);
  });

  by("download").addEventListener("click", async () => {
    try {
      const found = await ask("/api/file", { scenario: edited(), set: changed() });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([found.text], { type: "application/toml" }));
      link.download = `${edited().replace(/\.toml$/, "")}-changed.toml`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      complain(error.message);
    }
  });

  by("upload").addEventListener("change", async () => {
    const file = by("upload").files[0];
    if (!file) return;
    complain("");
    try {
      if (file.size > start.most_bytes) throw new Error(words().tooLarge(start.most_bytes));
      const found = await ask("/api/scenario", { file: file.name, text: await file.text() });
      if (!start.scenarios.includes(found.scenario)) start.scenarios.push(found.scenario);
      fillWorlds();
      by("b").value = found.scenario;
      state.changes = {};
      by("notes").textContent = words().sent(found.scenario);
      remember();
      form();
    } catch (error) {
      complain(error.message);
    }
    by("upload").value = "";
  });

  /* Runs --------------------------------------------------------------------------------------- */

  async function run(order) {
    if (state.job) return;
    hideFilm();
    complain("");
    try {
      state.job = (await ask("/api/runs", { ...order, language: state.language })).id;
    } catch (error) {
      state.locked = false;
      showLesson();
      return complain(error.message);
    }
    follow();
  }

  /* Watch the run that is under way, whoever began it. */
  function follow() {
    by("working").hidden = false;
    by("run").disabled = true;
    tellProgress(0, 0);
    let fetched = false;
    const source = new EventSource(`/api/runs/${state.job}/progress`);
    source.onmessage = async (event) => {
      const now = JSON.parse(event.data);
      tellProgress(now.done, now.total);
      if (now.film && !state.player && !fetched) {
        fetched = true;
        await play(state.job);
      }
      if (now.state === "running") return;
      source.close();
      const id = state.job;
      state.job = null;
      by("working").hidden = true;
      by("run").disabled = false;
      if (now.state === "done") await show(id);
      else {
        hideFilm();
        state.locked = false;
        showLesson();
        complain(now.state === "cancelled" ? words().cancelled : now.error);
      }
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) complain("the server does not answer");
    };
  }

  function tellProgress(done, total) {
    state.counted = [done, total];
    by("progress").max = total || 1;
    by("progress").value = done;
    by("progress-text").textContent = words().working(done, total);
  }

  by("cancel").addEventListener("click", () => state.job && ask(`/api/runs/${state.job}/cancel`, {}));

  /* The film of the first run, while the others are under way. */
  async function play(id) {
    const film = await (await fetch(`/api/runs/${id}/film`)).json();
    film.language = state.language;
    by("film-box").hidden = false;
    state.player = bloPlayer(film, topology);
    state.player.play();
  }

  async function show(id) {
    if (!state.player) await play(id);
    state.result = await (await fetch(`/api/runs/${id}`)).json();
    state.player.place(state.result.run);
    by("reveal").hidden = !state.result.answer;
    speak();
  }

  /* Address and words ---------------------------------------------------------------------------- */

  function remember() {
    const parts = new URLSearchParams();
    if (state.language !== "en") parts.set("language", state.language);
    if (state.lesson) parts.set("lesson", state.lesson.id);
    else {
      parts.set("a", by("a").value);
      if (by("b").value) parts.set("b", by("b").value);
      parts.set("days", by("days").value);
      parts.set("runs", by("replications").value);
      if (Object.keys(state.changes).length) parts.set("set", JSON.stringify(state.changes));
    }
    history.replaceState(null, "", `#${parts}`);
  }

  function recall() {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (WORKSHOP[parts.get("language")]) state.language = parts.get("language");
    const has = (name) => start.scenarios.includes(name);
    if (has(parts.get("a"))) by("a").value = parts.get("a");
    by("b").value = parts.has("a") ? (has(parts.get("b")) ? parts.get("b") : "") : start.scenarios[1] || "";
    for (const [name, id, most] of [["days", "days", start.most_days], ["runs", "replications", start.most_replications]]) {
      const value = Number(parts.get(name));
      if (Number.isInteger(value) && value >= 1 && value <= most) by(id).value = value;
    }
    try {
      const changes = JSON.parse(parts.get("set") || "{}");
      for (const [key, value] of Object.entries(changes)) if (["string", "number", "boolean"].includes(typeof value)) state.changes[key] = value;
    } catch {
      state.changes = {};
    }
    return parts.has("a") ? null : start.lessons.find((lesson) => lesson.id === parts.get("lesson")) || start.lessons[0];
  }

  function speak() {
    const w = words();
    document.documentElement.lang = state.language;
    document.title = w.title;
    for (const button of document.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === state.language));
    const texts = {
      title: w.title, "setup-title": w.setup, "a-label": w.a, "b-label": w.b, "days-label": w.days, "replications-label": w.replications,
      "form-hint": w.formHint, run: w.run, cancel: w.cancel, download: w.download, "upload-label": w.upload, reveal: w.reveal, "answer-title": w.answer,
    };
    for (const [id, text] of Object.entries(texts)) by(id).textContent = text;
    if (!state.player) by("about").textContent = w.about(start.version);
    by("b").options[0].text = w.one;
    menu();
    showLesson();
    if (state.job) tellProgress(...state.counted);
    showAnswer();
  }

  for (const button of document.querySelectorAll("[data-language]")) button.addEventListener("click", () => {
    state.language = button.dataset.language;
    speak();
    remember();
    if (!state.lesson) form();
  });
  by("free").addEventListener("click", () => open(null));
  by("days").max = start.most_days;
  by("replications").max = start.most_replications;
  fillWorlds();
  open(recall());
  if (start.running !== null) {
    state.job = start.running;
    follow();
  }
})();
