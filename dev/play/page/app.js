// The page keeps no state of its own but what is being written: everything else
// is read again from the API whenever that says that something has changed.

import { openFailures, showFailures } from "./failure.js";
import { renderList, renderMessages, ticketNumber } from "./view.js";

const $ = (id) => document.getElementById(id);

// Numbers that the regulator keeps free for films, and addresses that cannot exist.
const people = {
  whatsapp: [
    ["Ilse Brandt", "+491713920011"],
    ["Marta Hendriks", "+491713920012"],
    ["Sue Okafor", "+491713920013"],
  ],
  email: [
    ["Ruben Maas", "ruben@apotheke-maas.example"],
    ["Ilse Brandt", "ilse@kuehlhaus.example"],
    ["Sue Okafor", "sue@bistro-okafor.example"],
  ],
};

let setup;
let conversations = [];
let channel = "whatsapp"; // of what is being written
let chosen = location.hash.slice(1) ? decodeURIComponent(location.hash.slice(1)) : "";
let awaited = ""; // id of a mail just sent, whose conversation is to be opened
let replyTo = ""; // id of the mail that is answered, when it is not the last
const seen = new Map(); // conversation -> number of messages when last looked at
let shuffle = 0;

async function call(path, body) {
  const response = await fetch(path, body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `The stack answers with status ${response.status}.`);
  return answer;
}

const current = () => conversations.find((c) => c.id === chosen);

function choose(id, on) {
  chosen = id;
  replyTo = "";
  const c = current();
  channel = c?.channel ?? on ?? channel;
  document.body.classList.add("open");
  history.replaceState(null, "", id ? `#${encodeURIComponent(id)}` : location.pathname);
  if (!c) prefill();
  suggest();
  render();
  $("messages").scrollTop = $("messages").scrollHeight;
  if (matchMedia("(min-width: 721px)").matches) $("text").focus();
}

// prefill proposes somebody who has not written yet.
function prefill() {
  const taken = new Set(conversations.map((c) => c.address));
  const [name, address] = people[channel].find(([, a]) => !taken.has(a)) ?? people[channel][0];
  $("name").value = name;
  $("address").value = address;
  $("subject").value = "";
  $("people").replaceChildren(...people[channel].map(([n, a]) => new Option(n, a)));
}

function suggest() {
  const fitting = setup.questions.filter((q) => q.channel === channel);
  const chips = Array.from({ length: Math.min(6, fitting.length) }, (_, i) => {
    const q = fitting[(shuffle + i) % fitting.length];
    const chip = document.createElement("button");
    chip.type = "button";
    chip.textContent = q.subject ?? q.text;
    chip.title = q.text;
    chip.classList.toggle("person", q.escalate);
    chip.onclick = () => {
      $("text").value = q.text;
      if (q.subject && !$("person").hidden) $("subject").value = q.subject;
      $("text").focus();
    };
    return chip;
  });
  if (fitting.length > chips.length) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "more";
    more.textContent = "Others";
    more.onclick = () => {
      shuffle = (shuffle + 6) % fitting.length;
      suggest();
      $("chips").scrollLeft = 0;
    };
    chips.push(more);
  }
  $("chips").replaceChildren(...chips);
}

function render() {
  const c = current();
  if (c) seen.set(c.id, c.messages.length);
  const mailing = channel === "email";
  renderList($("list"), conversations, chosen, seen, choose);
  $("empty").hidden = conversations.length > 0;
  $("new-whatsapp").setAttribute("aria-pressed", String(!c && !mailing && document.body.classList.contains("open")));
  $("new-email").setAttribute("aria-pressed", String(!c && mailing));

  const us = setup[channel].address;
  $("title").textContent = c ? c.subject || c.name || c.address : mailing ? "New mail" : "New WhatsApp conversation";
  $("subtitle").textContent = c ? [c.subject && c.name, c.address].filter(Boolean).join(" · ") : `to ${us}`;
  renderMessages($("messages"), c, { repeat, reply, us });

  const ticket = c && ticketNumber(c);
  $("trace").hidden = !setup.workflows || !c;
  if (setup.workflows) {
    const query = ticket ? `TicketNumber="${ticket}"` : `Channel="${channel}"`;
    $("trace").href = `${setup.workflows}?query=${encodeURIComponent(query)}`;
    $("trace").textContent = ticket ? `${ticket} in Temporal` : "Workflows in Temporal";
  }

  $("person").hidden = Boolean(c);
  $("subject-label").hidden = !mailing;
  $("address-name").textContent = mailing ? "Mail address" : "Number";
  $("address").inputMode = mailing ? "email" : "tel";
  $("composer").classList.toggle("mailing", mailing);
  $("text").placeholder = mailing ? "Write a mail" : "Write a message";
  const answered = mailing && c && answeredMail(c);
  $("replying").hidden = !answered;
  if (answered) $("replying").textContent = `Answers “${answered.subject}” of ${new Date(answered.at).toLocaleTimeString()}`;
  const on = setup[channel].on;
  $("text").disabled = !on;
  document.querySelector(".send").disabled = !on;
  if (!on) problem(`${mailing ? "Email" : "WhatsApp"} is real in this stack: write from your own ${mailing ? "mailbox" : "phone"}.`);
}

// answeredMail is the mail a reply goes to: the chosen one, else the last the
// service sent, else the last there is.
function answeredMail(c) {
  return c.messages.find((m) => m.id === replyTo) ?? c.messages.findLast((m) => m.ours) ?? c.messages.at(-1);
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").textContent = text;
}

async function repeat(id) {
  try {
    await call("api/whatsapp/repeat", { id, times: 5 });
    problem("");
  } catch (e) {
    problem(e.message);
  }
}

function reply(id) {
  replyTo = id;
  render();
  $("text").focus();
}

async function send(event) {
  event.preventDefault();
  const c = current();
  const text = $("text").value;
  const button = document.querySelector(".send");
  button.disabled = true;
  try {
    if (channel === "whatsapp") {
      const sent = await call("api/whatsapp", { number: c?.address ?? $("address").value, name: c?.name ?? $("name").value, text });
      chosen = sent.conversation;
    } else {
      const sent = await call("api/mail", {
        name: c?.name ?? $("name").value,
        from: c?.address ?? $("address").value,
        subject: $("subject").value,
        text,
        reply_to: c ? answeredMail(c).id : "",
      });
      awaited = sent.id;
    }
    $("text").value = "";
    replyTo = "";
    problem("");
  } catch (e) {
    problem(e.message);
  }
  button.disabled = false;
  await refresh();
}

async function refresh() {
  await showFailures(call);
  conversations = await call("api/conversations");
  const arrived = awaited && conversations.find((c) => c.messages.some((m) => m.id === awaited));
  if (arrived) {
    chosen = arrived.id;
    awaited = "";
  }
  if (chosen && current()) history.replaceState(null, "", `#${encodeURIComponent(chosen)}`);
  render();
}

function links() {
  const all = [["Support form", setup.form], ["Workflows in Temporal", setup.workflows]].filter(([, url]) => url);
  $("links").replaceChildren(...all.map(([text, url]) => {
    const a = document.createElement("a");
    Object.assign(a, { textContent: text, href: url, target: "_blank", rel: "noreferrer" });
    return a;
  }));
}

function listen() {
  const events = new EventSource("api/events");
  const show = (state, text) => {
    $("live").className = `live ${state}`;
    $("live").textContent = text;
  };
  events.onopen = () => {
    show("on", "live");
    refresh();
  };
  events.onmessage = refresh;
  events.onerror = () => show("off", "the local stack does not answer");
}

$("composer").addEventListener("submit", send);
$("text").addEventListener("keydown", (e) => {
  const go = e.key === "Enter" && !e.isComposing && (channel === "whatsapp" ? !e.shiftKey : e.ctrlKey || e.metaKey);
  if (go) {
    e.preventDefault();
    $("composer").requestSubmit();
  }
});
$("new-whatsapp").onclick = () => choose("", "whatsapp");
$("new-email").onclick = () => choose("", "email");
$("back").onclick = () => {
  document.body.classList.remove("open");
  chosen = "";
  history.replaceState(null, "", location.pathname);
  render();
};

setup = await call("api/setup");
if (!setup.whatsapp.on && setup.email.on) channel = "email";
conversations = await call("api/conversations");
for (const c of conversations) seen.set(c.id, c.messages.length);
if (chosen && current()) choose(chosen);
else {
  chosen = "";
  prefill();
  suggest();
  render();
}
links();
openFailures(call);
listen();
