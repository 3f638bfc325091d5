import { StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { Embed } from "./Embed";
import { embeddedStyles, type Theme } from "./styles";

const tag = "fte-support-form";

/** Makes `<fte-support-form>` the support form of the server at an origin. */
export function define(server: string) {
  // A page may name the script twice.
  if (customElements.get(tag)) return;

  class SupportFormElement extends HTMLElement {
    static readonly observedAttributes = ["theme"];
    readonly #styles = new CSSStyleSheet();
    #root?: Root;

    connectedCallback() {
      const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [this.#styles];
      this.#dress();
      const place = document.createElement("div");
      place.className = "embed";
      shadow.replaceChildren(place);
      this.#root = createRoot(place);
      this.#root.render(
        <StrictMode>
          <Embed server={server} />
        </StrictMode>,
      );
    }

    disconnectedCallback() {
      this.#root?.unmount();
    }

    attributeChangedCallback() {
      this.#dress();
    }

    #dress() {
      const theme = this.getAttribute("theme");
      const known: Theme = theme === "light" || theme === "dark" ? theme : "auto";
      const scheme = known === "auto" ? "light dark" : known;
      this.#styles.replaceSync(`${embeddedStyles(known)}\n.embed { color-scheme: ${scheme} }`);
    }
  }

  customElements.define(tag, SupportFormElement);
}
