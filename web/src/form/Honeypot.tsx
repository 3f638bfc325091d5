import type { UseFormRegisterReturn } from "react-hook-form";

/** A field only robots fill in: off screen, out of the tab order, unknown to screen readers. */
export function Honeypot(field: UseFormRegisterReturn) {
  return (
    <div className="honeypot" aria-hidden="true">
      <label htmlFor="website">Website</label>
      <input id="website" type="text" tabIndex={-1} autoComplete="off" {...field} />
    </div>
  );
}
