// The panel in which a person switches on what the simulated providers do wrong.

const $ = (id) => document.getElementById(id);

function element(name, text) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  return e;
}

let shown = "";

// showFailures reads the switches again and shows them.
export async function showFailures(call) {
  render(call, await call("api/failures"));
}

async function press(call, request) {
  try {
    render(call, await call("api/failures", request));
    problem("");
  } catch (e) {
    problem(e.message);
  }
}

function problem(text) {
  $("failures-problem").hidden = !text;
  $("failures-problem").textContent = text;
}

function render(call, providers) {
  const version = JSON.stringify(providers);
  if (version === shown) return;
  shown = version;
  const on = providers.flatMap((p) => p.failures).filter((f) => f.left).length;
  $("failures-open").hidden = providers.length === 0;
  $("failures-open").classList.toggle("on", on > 0);
  $("failures-open").textContent = on ? `${on} ${on === 1 ? "thing goes" : "things go"} wrong` : "Let it go wrong";
  $("failures-off").disabled = on === 0;
  if ($("providers").childElementCount !== providers.length) {
    $("providers").replaceChildren(...providers.map((p) => provider(call, p)));
  }
  providers.forEach((p, i) => update($("providers").children[i], p));
}

function provider(call, p) {
  const group = element("details");
  const summary = element("summary", p.name);
  summary.append(element("span"));
  const list = element("ul");
  list.append(...p.failures.map((f) => {
    const item = element("li");
    const button = element("button");
    button.type = "button";
    button.setAttribute("aria-label", f.does);
    button.onclick = () => press(call, { provider: p.name, name: f.name, on: button.getAttribute("aria-pressed") !== "true" });
    item.append(element("div", f.does), element("code", f.name), button);
    return item;
  }));
  group.append(summary, list);
  return group;
}

function update(group, p) {
  const on = p.failures.filter((f) => f.left).length;
  group.querySelector("summary span").textContent = on ? `${on} on` : "";
  p.failures.forEach((f, i) => {
    const button = group.querySelectorAll("button")[i];
    if (f.at_once) {
      button.textContent = "Do it now";
      return;
    }
    button.setAttribute("aria-pressed", String(f.left !== 0));
    button.textContent = f.left < 0 ? "On" : f.left > 1 ? `On, ${f.left} times` : f.left === 1 ? "On, once" : "Switch on";
  });
}

// openFailures makes the panel work; it is called once.
export function openFailures(call) {
  $("failures-open").onclick = () => {
    const groups = [...$("providers").children];
    if (!groups.some((g) => g.open) && groups.length > 0) groups[0].open = true;
    $("failures").showModal();
  };
  $("failures-close").onclick = () => $("failures").close();
  $("failures-off").onclick = () => press(call, {});
  $("failures").onclick = (e) => {
    if (e.target === $("failures")) $("failures").close();
  };
}
