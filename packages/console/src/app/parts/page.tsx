import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "wouter";

export interface Crumb {
  readonly text: string;
  readonly to?: string;
}

let firstAddress: string | undefined;
let hasMoved = false;

/** A page's head. Coming to a page puts the focus on its heading, so that it is read and keys begin there. */
export function Page({
  title,
  crumbs = [],
  beside,
  actions,
  children,
}: {
  readonly title: string;
  readonly crumbs?: readonly Crumb[];
  readonly beside?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Sluice`;
    firstAddress ??= location.pathname;
    hasMoved ||= location.pathname !== firstAddress;
    if (hasMoved) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <main id="content">
      <div className="page-head">
        <div>
          {crumbs.length > 0 && (
            <nav aria-label="Breadcrumb" className="crumbs">
              <ol>
                {crumbs.map(({ text, to }) => (
                  <li key={text}>{to === undefined ? text : <Link href={to}>{text}</Link>}</li>
                ))}
              </ol>
            </nav>
          )}
          <div className="title-row">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {beside}
          </div>
        </div>
        {actions}
      </div>
      {children}
    </main>
  );
}

export function Section({
  title,
  beside,
  children,
  className = "",
}: {
  readonly title: string;
  readonly beside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}): ReactNode {
  return (
    <section className={`card ${className}`} aria-label={title} tabIndex={className === "scrolls" ? 0 : undefined}>
      <div className="card-head">
        <h2>{title}</h2>
        {beside}
      </div>
      {children}
    </section>
  );
}
