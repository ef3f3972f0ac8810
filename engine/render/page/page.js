(() => {
  const one = (query, at = document) => at.querySelector(query);
  const all = (query, at = document) => [...at.querySelectorAll(query)];
  const body = document.body, text = one("main"), bar = one("#bar"), play = one("#play"), say = one("#say");
  const range = one("#range"), clock = one("#clock"), rate = one("#rate"), search = one("#search");
  const follow = one("#follow"), calm = matchMedia("(prefers-reduced-motion: reduce)");
  const audio = new Audio(), files = JSON.parse(body.dataset.audio || "[]");
  let words, starts, now, focused, following = true, wanted = null, hits = [], hit = -1;

  const time = (s) => {
    s = Math.max(0, Math.floor(s));
    const two = (n) => String(n).padStart(2, "0");
    const m = Math.floor(s / 60);
    return m < 60 ? m + ":" + two(s % 60) : Math.floor(m / 60) + ":" + two(m % 60) + ":" + two(s % 60);
  };
  const start = (word) => +word.dataset.m / 1000;
  const collect = () => {
    words = all("main p > span");
    starts = words.map(start);
    // One word alone can be reached by Tab, the others by the arrows: ten thousand need no attribute.
    focused = one("[tabindex='0']", text) || words[0];
    if (focused) focused.tabIndex = 0;
    hits = [];
    now = one(".now");
  };
  const at = (t) => {
    let low = 0, high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= t + 0.02) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  const reveal = (word, always) => {
    const box = word.getBoundingClientRect();
    if (always || box.top < innerHeight * 0.12 || box.bottom > innerHeight * 0.7)
      scrollTo({ top: scrollY + box.top - innerHeight * 0.35, behavior: calm.matches || always ? "auto" : "smooth" });
  };
  const show = () => {
    const t = audio.currentTime;
    const word = words[at(t)];
    if (word !== now) {
      now?.classList.remove("now");
      now = word;
      now?.classList.add("now");
      if (now && following && !audio.paused) reveal(now);
    }
    const end = audio.duration || +body.dataset.duration || 0;
    range.max = end;
    range.value = t;
    range.setAttribute("aria-valuetext", time(t));
    clock.textContent = time(t) + (end ? " / " + time(end) : "");
  };
  const frame = () => {
    show();
    if (!audio.paused) requestAnimationFrame(frame);
  };
  const setFollowing = (on) => {
    following = on;
    follow.hidden = on || audio.paused;
  };
  const seek = (t, listen) => {
    if (audio.readyState) audio.currentTime = Math.min(Math.max(0, t), audio.duration || t);
    else wanted = t;
    if (listen) {
      setFollowing(true);
      if (!play.disabled) audio.play().catch(() => {});
    }
    show();
  };
  const toggle = () => (audio.paused ? audio.play().catch(() => {}) : audio.pause());
  const speed = (value) => {
    audio.playbackRate = rate.value = value;
    say.textContent = "Speed " + value + "×";
  };
  const link = (t) => {
    try { history.replaceState(null, "", "#t=" + Math.floor(t)); } catch { /* a page that has no address */ }
  };
  const focus = (word, options) => {
    if (!word) return;
    if (focused) focused.tabIndex = -1;
    focused = word;
    word.tabIndex = 0;
    word.focus(options);
  };
  const tell = (word) => {
    const { s, c } = word.dataset;
    const facts = [];
    if (s !== undefined) facts.push("Whisper wrote: " + s);
    if (c) facts.push("Whisper was " + c + " % sure");
    if (facts.length) word.title = facts.join(" · ");
    say.textContent = facts.join(" · ");
  };

  // The recording: the first of the names that can be played, or what the reader chooses.
  const next = () => {
    const name = files.shift();
    if (name !== undefined) audio.src = name;
    else {
      one("#choose").hidden = false;
      play.title = "No recording was found beside this page";
      play.disabled = range.disabled = rate.disabled = true;
    }
  };
  audio.preload = "metadata";
  audio.onerror = next;
  audio.onloadedmetadata = () => {
    play.disabled = range.disabled = rate.disabled = false;
    play.title = "";
    one("#choose").hidden = true;
    if (wanted !== null) audio.currentTime = wanted;
    wanted = null;
    show();
  };
  audio.onplay = audio.onpause = () => {
    play.textContent = audio.paused ? "Play" : "Pause";
    setFollowing(following);
    frame();
  };
  audio.ontimeupdate = audio.onseeked = show;
  one("#file").onchange = (event) => {
    audio.src = URL.createObjectURL(event.target.files[0]);
  };
  play.onclick = toggle;
  range.oninput = () => seek(+range.value);
  rate.onchange = () => speed(+rate.value);
  follow.onclick = () => { setFollowing(true); if (now) reveal(now, true); };

  // Following ends where the reader scrolls.
  const stop = () => { if (!audio.paused) setFollowing(false); };
  for (const kind of ["wheel", "touchmove"]) addEventListener(kind, stop, { passive: true });
  addEventListener("mousedown", (event) => { if (event.clientX >= document.documentElement.clientWidth) stop(); });

  // Links to a moment: #t=83, #t=1:23, #t=1:02:03.
  const follow_link = () => {
    const found = /^#t=([\d:.]+)/.exec(location.hash);
    if (!found) return;
    const t = found[1].split(":").reduce((sum, part) => sum * 60 + +part, 0);
    if (!Number.isFinite(t)) return;
    seek(t);
    const word = words[Math.max(0, at(t))];
    if (!word) return;
    now?.classList.remove("now");
    (now = word).classList.add("now");
    reveal(word, true);
    focus(word, { preventScroll: true });
  };
  addEventListener("hashchange", follow_link);

  // Words and times.
  addEventListener("click", (event) => {
    const moment = event.target.closest(".t");
    if (moment) {
      seek(start(moment), true);
      link(start(moment));
      return;
    }
    const word = event.target.closest("main p > span");
    if (!word || event.defaultPrevented || String(getSelection())) return;
    focus(word, { preventScroll: true });
    if (word.dataset.m) seek(start(word), true);
  });
  for (const kind of ["mouseover", "focusin"])
    text.addEventListener(kind, (event) => {
      const word = event.target.closest("main p > span");
      if (word) tell(word);
    });

  // Search: words in a row, also across paragraphs.
  const find = () => {
    for (const word of all(".hit, .here", text)) word.classList.remove("hit", "here");
    hits = [];
    hit = -1;
    const sought = search.value.trim().toLowerCase().replace(/\s+/g, " ");
    say.textContent = "";
    if (!sought) return;
    let joined = "";
    const ends = words.map((word) => {
      joined += (word.previousSibling?.nodeType === 1 && !/^(B|BUTTON)$/.test(word.previousSibling.tagName) ? "" : " ") + word.textContent.toLowerCase();
      return joined.length;
    });
    const holder = (place) => {
      let low = 0, high = ends.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle] <= place) low = middle + 1; else high = middle;
      }
      return low;
    };
    for (let place = joined.indexOf(sought); place >= 0 && hits.length < 5000; place = joined.indexOf(sought, place + sought.length)) {
      const found = words.slice(holder(place), holder(place + sought.length - 1) + 1);
      found.forEach((word) => word.classList.add("hit"));
      hits.push(found);
    }
    step(1);
  };
  const step = (by) => {
    if (!hits.length) {
      say.textContent = search.value.trim() ? "Not found" : "";
      return;
    }
    hits[hit]?.forEach((word) => word.classList.remove("here"));
    hit = (hit + by + hits.length) % hits.length;
    hits[hit].forEach((word) => word.classList.add("here"));
    stop();
    const paragraph = hits[hit][0].closest("p");
    if (paragraph.hidden) paragraph.hidden = false;
    reveal(hits[hit][0], true);
    say.textContent = `${hit + 1} of ${hits.length}`;
  };
  let waiting;
  search.oninput = () => { clearTimeout(waiting); waiting = setTimeout(find, 120); };
  search.onkeydown = (event) => {
    if (event.key === "Enter") {
      if (hits.length) step(event.shiftKey ? -1 : 1); else find();
    } else if (event.key === "Escape") {
      const place = hits[hit]?.[0];
      search.value = "";
      find();
      focus(place || focused, { preventScroll: true });
    }
  };

  // What is shown, and whose words.
  for (const box of all("#view [data-shows]")) {
    box.onchange = () => body.classList.toggle(box.dataset.shows, box.checked);
    box.onchange();
  }
  const who = one("#who"), chosen = new Set();
  const filter = () => {
    for (const paragraph of all("main p")) paragraph.hidden = chosen.size > 0 && !chosen.has(paragraph.dataset.w);
  };
  const speakers = () => {
    who.replaceChildren();
    for (const name of new Set(all("main p[data-w]").map((paragraph) => paragraph.dataset.w))) {
      const button = document.createElement("button");
      button.textContent = name;
      button.setAttribute("aria-pressed", chosen.has(name));
      button.onclick = () => {
        if (!chosen.delete(name)) chosen.add(name);
        button.setAttribute("aria-pressed", chosen.has(name));
        filter();
      };
      who.append(button);
    }
    who.hidden = one("#whose").hidden = !who.childElementCount;
  };

  const paragraph = (by) => {
    const shown = all("main p").filter((p) => !p.hidden);
    const here = shown.indexOf(focused?.closest("p"));
    focus(one("span", shown[Math.min(Math.max(0, here + by), shown.length - 1)]));
  };
  const keys = {
    " ": toggle, k: toggle,
    ArrowLeft: () => seek(audio.currentTime - 5), ArrowRight: () => seek(audio.currentTime + 5),
    "[": () => speed(Math.max(0.5, audio.playbackRate - 0.25)), "]": () => speed(Math.min(2, audio.playbackRate + 0.25)),
    "/": () => { search.focus(); search.select(); },
    f: () => follow.onclick(),
    c: () => one("[data-shows=changes]").click(), d: () => one("[data-shows=doubts]")?.click(),
    "?": () => { const menu = one("#bar details"); menu.open = !menu.open; one("summary").focus(); },
  };
  addEventListener("keydown", (event) => {
    const target = event.target, within = text.contains(target);
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { one("#bar details").open = false; return; }
    if (target.matches("input:not([type=checkbox]), select, textarea, dialog *")) return;
    const press = target.matches("button, summary, a, [type=checkbox]");
    if (press && (event.key === " " || event.key === "Enter")) return;
    let act = keys[event.key];
    if (within && event.key === "Enter") act = () => target.click();
    if (within && event.shiftKey && /^Arrow(Left|Right)$/.test(event.key))
      act = () => focus(words[words.indexOf(focused) + (event.key === "ArrowLeft" ? -1 : 1)]);
    if (within && /^Arrow(Up|Down)$/.test(event.key)) act = () => paragraph(event.key === "ArrowUp" ? -1 : 1);
    if (act) {
      event.preventDefault();
      act();
    } else if (/^(Arrow|Page|Home|End)/.test(event.key)) stop();
  });

  bar.hidden = false;
  collect();
  speakers();
  if (body.classList.contains("timed")) {
    next();
    show();
  }
  window.llasa = { time, collect, speakers, seek, focus, audio, say, one, all, start, filter };
  follow_link();
})();
