import type { ReactNode } from "react";

/** Nothing is here yet: what would be, and how it comes about. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }): ReactNode {
  return (
    <div className="empty">
      <svg viewBox="0 0 48 32" aria-hidden="true">
        <path d="M4 8h16M4 16h10M4 24h16M28 8h16M34 16h10M28 24h16" />
        <path className="gate" d="M24 2v28" />
      </svg>
      <p className="title">{title}</p>
      {children}
    </div>
  );
}

/** Holds the place of what is coming; shows itself only when that takes a while. */
export function Loading({ rows = 3 }: { readonly rows?: number }): ReactNode {
  return (
    <div className="loading" role="status">
      <span className="unseen">Loading</span>
      {Array.from({ length: rows }, (_, index) => index).map((index) => (
        <div key={index} className="placeholder" />
      ))}
    </div>
  );
}

export function Notice({
  tone,
  title,
  children,
}: {
  readonly tone: "bad" | "warn" | "busy";
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <section className={`notice ${tone}`} aria-label={title}>
      <p className="title">{title}</p>
      {children}
    </section>
  );
}
