(() => {
  const { one, all, say, time, audio, seek, start, focus, collect, speakers } = window.llasa;
  const bar = one("#bar > div"), text = one("main");
  let state = JSON.parse(document.body.dataset.review), busy = Promise.resolve(), polling;

  const make = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };
  const button = (label, act, properties) => make("button", { type: "button", textContent: label, onclick: act, ...properties });
  const marks = /[.,;:!?…—–-]+$/;
  const word_of = (event) => event.target.closest("main p > span[data-i]");

  // What the server says.
  const trouble = make("div", { id: "trouble", hidden: true });
  trouble.setAttribute("role", "alert");
  const complain = (message, act) => {
    trouble.replaceChildren(message);
    if (act) trouble.append(act);
    trouble.hidden = false;
  };
  const reload = () => button("Load the newest text", () => location.reload());
  const shown = () => {
    undo.disabled = !state.undo;
    again.disabled = !state.again;
    notes.hidden = !state.glossary.length && !state.misfits.length;
    const offers = state.glossary.filter((pair) => !pair[2]).length;
    notes.textContent = state.misfits.length ? `Notes (${state.misfits.length} do not fit)`
      : offers ? `Notes (${offers})` : "Notes";
    people.hidden = !Object.keys(state.speakers).length;
    if (state.problem) complain("Saved, but the outputs are as before: " + state.problem);
    clearTimeout(polling);
    if (!state.written) polling = setTimeout(poll, 2000);
  };
  const poll = async () => {
    try {
      const found = await (await fetch("state")).json();
      if (found.revision !== undefined && found.revision !== state.revision)
        return complain("Another window has changed this transcript.", reload());
      if (found.written && !state.written) say.textContent = "Saved, and written into the outputs";
      if (found.waits_for && !state.waits_for) say.textContent = `Saved; job ${found.waits_for} will use it when it is done`;
      state = { ...state, ...found };
      shown();
    } catch { /* the next change says it */ }
  };
  const changed = (answer, place) => {
    state = answer;
    trouble.hidden = true;
    // Whoever is quick is at another word by now, and stays there.
    const here = +(document.activeElement?.dataset.i ?? place);
    const list = all("main > p[id]"), old = list.slice(answer.first, answer.first + answer.replaced);
    if (answer.paragraphs.length && old.length) {
      const made = make("template");
      made.innerHTML = answer.paragraphs.join("\n");
      old[0].before(made.content);
      old.forEach((paragraph) => paragraph.remove());
      all("main > p").filter((p) => one("span", p)).forEach((p, n) => (p.id = "p" + n));
      collect();
      speakers();
    }
    for (let i = here; i >= 0 && i > here - 9; i--) {
      const word = one(`[data-i="${i}"]`);
      if (word) { focus(word, { preventScroll: true }); break; }
    }
    say.textContent = answer.said || "Saved";
    shown();
  };
  const ask = async (what, body, place) => {
    let answer, status = 0;
    try {
      const sent = JSON.stringify({ ...body, revision: state.revision });
      const response = await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" }, body: sent });
      status = response.status;
      const said = await response.text();
      try { answer = JSON.parse(said); } catch { answer = { error: said }; }
    } catch {
      return complain("The server has ended, and this change is not saved. Run llasactl review again.");
    }
    if (status === 200) changed(answer, place);
    else complain(answer.error, status === 409 ? reload() : null);
  };
  // One change after another: each one names the revision that the one before made.
  const send = (what, body, place) => (busy = busy.then(() => ask(what, body, place)));
  const correct = (word, body) => send("correct", { at: +word.dataset.i, ...body }, +word.dataset.i);

  // The toolbar.
  const undo = button("Undo", () => send("undo"), { id: "undo" });
  const again = button("Again", () => send("again"), { id: "again" });
  const people = button("Names", () => name_speakers());
  const notes = button("Notes", () => show_notes());
  one("#bar details").before(undo, again, people, notes);
  bar.append(trouble);
  const list = one("#view dl");
  for (const [key, what] of [["E", "correct the word"], [". , ? ! : ;", "the mark after it"], ["⌫", "no mark"],
    ["U", "capital or not"], ["P", "paragraph ends, or goes on"], ["Z", "undo; Shift Z: again"]])
    list.append(make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: what }));

  // Dialogs.
  const dialog = make("dialog");
  document.body.append(dialog);
  let back;
  dialog.onclose = () => { if (back?.isConnected) focus(back, { preventScroll: true }); };
  const open = (title, fields, save) => {
    const form = make("form", { method: "dialog" });
    const heading = make("h2", { textContent: title, id: "title" });
    const acts = make("div", { className: "acts" });
    acts.append(button(save ? "Cancel" : "Close", () => dialog.close()));
    if (save) {
      acts.append(make("button", { className: "go", textContent: "Save" }));
      form.onsubmit = save;
    }
    form.append(heading, ...fields, acts);
    dialog.setAttribute("aria-labelledby", "title");
    dialog.replaceChildren(form);
    dialog.showModal();
    return acts;
  };
  const clip = (word) => {
    seek(Math.max(0, start(word) - 1), true);
    setTimeout(() => audio.pause(), 3500);
  };
  const edit = (word) => {
    back = word;
    const near = all("span[data-i]", word.closest("p"));
    const following = near.slice(near.indexOf(word));
    const field = make("input", { value: word.textContent, autocomplete: "off", spellcheck: false });
    const count = make("select");
    following.slice(0, 4).forEach((_, n) => {
      const said = following.slice(0, n + 1).map((w) => w.textContent).join(" ");
      count.append(make("option", { value: n + 1, textContent: n ? `${said} (${n + 1} words as one)` : "this word alone" }));
    });
    const offer = make("input", { type: "checkbox" });
    const who = make("select");
    const own = word.closest("p").dataset.l;
    for (const [label, name] of Object.entries(state.speakers))
      who.append(make("option", { value: label, textContent: name || label, selected: label === own }));
    const known = [];
    if (word.dataset.s !== undefined) known.push("Whisper wrote: " + word.dataset.s);
    if (word.dataset.c) known.push(`Whisper was ${word.dataset.c} % sure`);
    count.onchange = () => {
      const said = following.slice(0, +count.value).map((w) => w.textContent).join(" ");
      field.value = said;
    };
    const fields = [
      make("label", {}, "Written as", field),
      make("label", {}, "In place of", count),
      make("label", { className: "row" }, offer, "Offer it to the glossary, for transcripts to come"),
    ];
    if (Object.keys(state.speakers).length > 1) fields.push(make("label", {}, "This paragraph is said by", who));
    if (known.length) fields.push(make("p", { className: "quiet", textContent: known.join(" · ") }));
    const acts = open(word.dataset.m ? "Word at " + time(start(word)) : "Word", fields, () => {
      const to = field.value.trim(), joined = +count.value;
      if (to !== word.textContent || joined > 1)
        correct(word, { do: "text", to, count: joined, glossary: offer.checked });
      if (who.value && own !== undefined && who.value !== own) correct(word, { do: "speaker", to: who.value });
    });
    if (word.dataset.m && audio.readyState) acts.prepend(button("Listen", () => clip(word)));
    field.focus();
    field.select();
  };
  const name_speakers = () => {
    back = null;
    const fields = Object.entries(state.speakers).map(([label, name]) => {
      const field = make("input", { value: name || "", placeholder: label, maxLength: 80, autocomplete: "off" });
      field.dataset.label = label;
      return make("label", {}, label, field);
    });
    open("Who speaks", fields, () => {
      for (const field of all("input", dialog)) {
        const to = field.value.trim(), label = field.dataset.label;
        if (to !== (state.speakers[label] || "")) send("correct", { do: "name", label, to }, -1);
      }
    });
  };
  const show_notes = () => {
    back = null;
    const fields = [];
    if (state.glossary.length)
      fields.push(make("p", { textContent: "For the glossary of llasa.toml. What is in it is written so in every transcript to come:" }),
        ...state.glossary.map(([heard, to, held]) => {
          const pair = `${heard} → ${to}`;
          const add = button("Add to the glossary", async () => {
            dialog.close();
            await send("glossary", { heard, to }, -1);
            if (trouble.hidden) show_notes();
          });
          add.setAttribute("aria-label", `Add ${pair} to the glossary`);
          return make("p", { className: "pair" }, make("span", { textContent: pair }), held ? "in the glossary" : add);
        }));
    if (state.misfits.length)
      fields.push(make("p", { textContent: "These corrections no longer fit the text; they are kept:" }),
        make("ul", {}, ...state.misfits.map((m) => make("li", { textContent: `${m.op} at “${m.word}”: ` + { moved: "the word is not there", removed: "the word was removed", respelled: "the word has other letters" }[m.why] }))));
    open("Notes", fields);
  };

  // Keys and clicks at a word.
  text.addEventListener("dblclick", (event) => {
    const word = word_of(event);
    if (word) {
      getSelection().removeAllRanges();
      audio.pause();
      edit(word);
    }
  });
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || event.target.matches("input:not([type=checkbox]), select, dialog *")) return;
    const key = event.key.toLowerCase();
    if (key === "z") {
      event.preventDefault();
      send(event.shiftKey ? "again" : "undo", {}, +(document.activeElement.dataset?.i ?? -1));
      return;
    }
    const word = word_of(event);
    if (!word || event.ctrlKey || event.metaKey) return;
    const bare = word.textContent.replace(marks, "");
    let act;
    if (/^[.,;:!?]$/.test(key)) act = () => correct(word, { do: "text", to: bare + key });
    else if (key === "backspace" || key === "delete") act = () => correct(word, { do: "text", to: bare });
    else if (key === "u") act = () => correct(word, { do: "capital" });
    else if (key === "p") act = () => correct(word, { do: "paragraph", to: word !== all("span", word.closest("p")).at(-1) });
    else if (key === "e" || key === "f2") act = () => { audio.pause(); edit(word); };
    if (act) {
      event.preventDefault();
      act();
    }
  }, true);
  shown();
})();
