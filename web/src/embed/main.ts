import { define } from "./element";

// The form is sent to wherever this script came from.
const script = document.currentScript;
if (!(script instanceof HTMLScriptElement)) {
  throw new Error('embed.js has to be loaded by <script src="…/embed.js" async></script>');
}
define(new URL(script.src).origin);
