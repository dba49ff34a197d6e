// Keyboard, theme, copy, and the ringing of the desk. Everything works without this file; it only saves reaching for the mouse.
(() => {
  const root = document.documentElement, all = (s) => [...document.querySelectorAll(s)], one = (s) => document.querySelector(s);
  const themes = ["", "light", "dark"];
  const remember = (name, value) => { document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`; };

  document.addEventListener("click", (e) => {
    const toggle = e.target.closest("[data-theme-toggle]"), copy = e.target.closest("[data-copy]"), ask = e.target.closest("[data-notify]");
    if (toggle) {
      e.preventDefault();
      const next = themes[(themes.indexOf(root.dataset.theme || "") + 1) % 3];
      remember("look", next);
      if (next) root.dataset.theme = next; else delete root.dataset.theme;
    }
    if (copy) {
      const text = copy.parentElement.querySelector("pre").innerText.replace(/^\$ /gm, "");
      navigator.clipboard?.writeText(text).then(() => { copy.textContent = "Copied"; });
    }
    if (ask) Notification.requestPermission().then((answer) => { ask.textContent = answer === "granted" ? "This browser rings" : "The browser said no"; });
  });

  // j and k walk the rows of a list; the row keeps the keyboard's focus, so Enter opens it.
  const move = (by) => {
    const rows = all(".rows tbody tr").filter((r) => r.querySelector("a.t"));
    const at = rows.findIndex((r) => r.classList.contains("on"));
    const row = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
    if (!row) return;
    if (rows[at]) rows[at].classList.remove("on");
    row.classList.add("on");
    row.querySelector("a.t").focus();
  };
  let g = 0;
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input, textarea, select")) return;
    if (Date.now() - g < 1200) {
      g = 0;
      one(`[data-go="${CSS.escape(e.key)}"]`)?.click();
      return;
    }
    if (e.key === "g") g = Date.now();
    else if (e.key === "?") document.getElementById("keys")?.togglePopover();
    else if (e.key === "/") { e.preventDefault(); one("[type=search]")?.focus(); }
    else if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "x") one(".rows tr.on input")?.click();
    else if (/^[a-z]$/.test(e.key)) one(`[data-key=${e.key}]`)?.click();
  });

  // A page to the desk: ask every 5 s, tell through the browser where the person said yes, and ring in the title of the tab.
  const desk = one("[data-ringing]"), title = document.title;
  if (desk) {
    let told = new Set(JSON.parse(sessionStorage.getItem("told") || "[]"));
    const listen = async () => {
      try {
        const answer = await fetch(desk.dataset.ringing, { headers: { Accept: "application/json" } });
        if (!answer.ok) return;
        const { pages } = await answer.json();
        document.title = pages.length ? `(${pages.length}) ${title}` : title;
        for (const page of pages) {
          if (told.has(page.id)) continue;
          told.add(page.id);
          sessionStorage.setItem("told", JSON.stringify([...told].slice(-50)));
          if (self.Notification?.permission === "granted") {
            const note = new Notification(page.title, { body: page.body, tag: `page-${page.id}`, requireInteraction: true });
            note.onclick = () => { window.focus(); location.assign(page.link); };
          }
        }
      } catch { /* the network is away; the next round asks again */ }
    };
    listen();
    setInterval(listen, 5000);
  }
  for (const button of all("[data-notify]")) {
    button.hidden = !self.Notification;
    if (self.Notification?.permission === "granted") button.textContent = "This browser rings";
  }
})();
