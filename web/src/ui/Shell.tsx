import type { ReactNode } from "react";

/** The frame of every page. `back` adds the way to a new request. */
export function Shell({ back = false, children }: { back?: boolean; children: ReactNode }) {
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="topbar">
        <div className="topbar-inner">
          <a className="brand" href="/">
            <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
              <rect className="brand-tile" width="32" height="32" rx="9" />
              <path
                className="brand-glyph"
                d="M9 10.5h14a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-6.5L12 25v-3.5H9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z"
              />
            </svg>
            Customer support
          </a>
          {back && (
            <a className="topbar-link" href="/">
              New request
            </a>
          )}
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
