import { type ReactNode, useEffect } from "react";

export function NotFound({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Customer support`;
  }, [title]);
  return (
    <section className="card notfound">
      <h1>{title}</h1>
      <p>{children}</p>
      <a className="button" href="/">
        Write to support
      </a>
    </section>
  );
}
