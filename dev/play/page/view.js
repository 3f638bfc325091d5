// What the page shows. Everything a customer or the service wrote is put in as
// text, never as HTML.

function element(name, className, text) {
  const e = document.createElement(name);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

const signs = {
  whatsapp: "M4 20l1.3-4A8 8 0 1 1 8.5 19z",
  email: "M3 6h18v12H3zM3 7l9 7 9-7",
};

function sign(channel) {
  const span = element("span", `sign ${channel}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", channel === "email" ? "Email" : "WhatsApp");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [k, v] of Object.entries({ d: signs[channel], fill: "none", stroke: "currentColor", "stroke-width": "2", "stroke-linejoin": "round" })) {
    path.setAttribute(k, v);
  }
  svg.append(path);
  span.append(svg);
  return span;
}

function clock(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const time = element("time", "", today
    ? date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })
    : date.toLocaleDateString([], { day: "numeric", month: "short" }));
  time.dateTime = at;
  time.title = date.toLocaleString();
  return time;
}

// ticketNumber finds the number of the ticket in what the service wrote.
export function ticketNumber(conversation) {
  for (const m of conversation.messages.toReversed()) {
    const found = m.ours && `${m.subject ?? ""} ${m.text}`.match(/\bT-[0-9A-HJKMNP-TV-Z]{10}\b/);
    if (found) return found[0];
  }
  return "";
}

// show replaces the items of a list, but keeps those that have not changed with
// what is open in them, and the focus where it was.
function show(list, entries, make) {
  const old = new Map([...list.children].map((e) => [e.dataset.version, e]));
  const focused = document.activeElement;
  const owner = list.contains(focused) ? focused.closest("li").dataset.id : undefined;
  list.replaceChildren(...entries.map((entry) => {
    const version = JSON.stringify(entry);
    const item = old.get(version) ?? make(entry[0]);
    item.dataset.version = version;
    item.dataset.id = entry[0].id;
    return item;
  }));
  if (owner === undefined || focused === document.activeElement) return;
  const again = list.contains(focused) ? focused : list.querySelector(`[data-id="${CSS.escape(owner)}"] button`);
  again?.focus({ preventScroll: true });
}

export function renderList(list, conversations, chosen, seen, choose) {
  const entries = conversations.map((c) => [c, c.id === chosen, c.messages.length > (seen.get(c.id) ?? 0)]);
  show(list, entries, (c) => {
    const last = c.messages.at(-1);
    const item = element("li");
    const button = element("button");
    button.type = "button";
    button.setAttribute("aria-current", String(c.id === chosen));
    button.classList.toggle("fresh", c.messages.length > (seen.get(c.id) ?? 0));
    const who = c.name || c.address;
    const said = element("span", "last");
    if (c.subject) said.append(element("b", "", c.subject), " · ");
    said.append((last.ours ? "" : "You: ") + last.text.replace(/\s+/g, " ").slice(0, 120));
    button.append(sign(c.channel), element("span", "name", who), clock(c.updated), said);
    button.onclick = () => choose(c.id);
    item.append(button);
    return item;
  });
}

export function renderMessages(list, conversation, { repeat, reply, us }) {
  const stay = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const known = new Set([...list.children].map((e) => e.dataset.id));
  if (!conversation) {
    const hint = element("li", "hint");
    hint.append(element("b", "", "You are the customer"), `Pick a suggestion or write your own words to ${us}. What the service answers appears here by itself.`);
    list.replaceChildren(hint);
    return;
  }
  const mail = conversation.channel === "email";
  show(list, conversation.messages.map((m) => [m]), (m) => {
    const item = element("li", [m.ours ? "" : "mine", mail ? "mail" : "", known.size > 0 && !known.has(m.id) ? "arrived" : ""].filter(Boolean).join(" "));
    item.setAttribute("aria-label", m.ours ? "From the service" : "From you");
    if (mail) item.append(mailHead(m));
    item.append(...body(m.text));
    item.append(mail ? mailMeta(m, reply) : chatMeta(m, repeat));
    return item;
  });
  if (stay || known.size === 0) list.scrollTop = list.scrollHeight;
}

function mailHead(m) {
  const head = element("div", "mailhead");
  head.append(element("b", "", m.from), ` to ${m.to}`, element("br"), m.subject);
  return head;
}

// body shows a text, with the quoted end of a mail folded away.
function body(text) {
  const lines = text.replaceAll("\r\n", "\n").trim().split("\n");
  let end = lines.length;
  while (end > 0 && (lines[end - 1].startsWith(">") || lines[end - 1].trim() === "")) end--;
  if (end === lines.length || end === 0) return [written(lines)];
  if (/^On .*wrote:$/.test(lines[end - 1])) end--;
  const quote = element("details");
  quote.append(element("summary", "", "Quoted text"), written(lines.slice(end)));
  return [written(lines.slice(0, end)), quote];
}

// written is a text whose web addresses can be followed.
function written(lines) {
  const text = element("div", "text");
  for (const part of lines.join("\n").trim().split(/(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])/)) {
    if (!/^https?:\/\//.test(part)) {
      text.append(part);
      continue;
    }
    const link = element("a", "", part);
    Object.assign(link, { href: part, target: "_blank", rel: "noreferrer" });
    text.append(link);
  }
  return text;
}

function mailMeta(m, reply) {
  const meta = element("div", "meta");
  meta.append(clock(m.at));
  if (m.ours) {
    const button = element("button", "plain", "Reply");
    button.type = "button";
    button.onclick = () => reply(m.id);
    meta.append(button);
  }
  return meta;
}

const ticks = {
  accepted: "✓", queued: "✓", sending: "…", sent: "✓", delivered: "✓✓", read: "✓✓",
};

function chatMeta(m, repeat) {
  const meta = element("div", "meta");
  if (!m.ours) {
    const button = element("button", "plain", "Deliver this webhook again (5×)");
    button.type = "button";
    button.onclick = () => repeat(m.id);
    meta.append(button);
  }
  meta.append(clock(m.at));
  const mark = element("span", ticks[m.status] ? "ticks" : "bad", ticks[m.status] ?? m.status);
  mark.classList.toggle("good", m.status === "delivered" || m.status === "read");
  mark.title = m.status;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", m.status);
  meta.append(mark);
  if (m.deliveries > 1) meta.append(element("span", "", `delivered ${m.deliveries} times`));
  if (m.detail) meta.append(element("span", "bad", m.detail));
  return meta;
}
