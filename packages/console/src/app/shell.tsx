import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { useNow } from "./data/ticker.ts";
import { live, useConnection } from "./data/use-live.ts";
import { formatClock } from "./format.ts";
import { Messages } from "./parts/messages.tsx";
import { ShortcutsButton, useShortcuts } from "./parts/shortcuts.tsx";

const places = [
  { to: "/applications", text: "Applications", keys: "g a" },
  { to: "/rollouts", text: "Rollouts", keys: "g r" },
  { to: "/bluegreen", text: "Blue-green", keys: "g b" },
  { to: "/experiments", text: "Experiments", keys: "g x" },
  { to: "/analysis", text: "Analysis", keys: "g n" },
  { to: "/pods", text: "Pods", keys: "g p" },
  { to: "/rehearse", text: "Rehearse", keys: "g h" },
  { to: "/events", text: "Events", keys: "g e" },
] as const;

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const [location, navigate] = useLocation();
  useShortcuts(places.map(({ to, text, keys }) => ({ keys, what: `Go to ${text}`, run: () => navigate(to) })));
  const nav = useRef<HTMLElement>(null);
  // On a narrow screen the places are wider than it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place may be out of sight
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>("[aria-current]");
    if (link && nav.current)
      nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.clientWidth) / 2;
  }, [location]);
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link href="/applications" className="brand">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <rect width="20" height="20" rx="5" />
            <path d="M4 7h8M4 13h12M14 4v6" />
          </svg>
          Sluice
        </Link>
        <nav aria-label="Main" ref={nav}>
          {places.map(({ to, text }) => (
            <Link key={to} href={to} aria-current={location.startsWith(to) ? "page" : undefined}>
              {text}
            </Link>
          ))}
        </nav>
        <ConnectionMark />
        <ShortcutsButton />
      </header>
      <AwayBanner />
      {children}
      <Messages />
    </>
  );
}

function ConnectionMark(): ReactNode {
  const connection = useConnection();
  const isLive = connection.is === "live";
  const text = isLive ? "Live" : connection.is === "connecting" ? "Connecting" : "Away";
  const title = isLive ? `Connected to Sluice ${connection.version}` : text;
  return (
    <span className={`connection ${isLive ? "good" : connection.is === "connecting" ? "busy" : "bad"}`} title={title}>
      <span className="dot" aria-hidden="true" />
      <span className="connection-text">{text}</span>
    </span>
  );
}

function AwayBanner(): ReactNode {
  const connection = useConnection();
  if (connection.is === "signedOut") {
    return (
      <div className="banner" role="alert">
        <p>
          <strong>Your session is over.</strong> Run <code>sluice status</code> for a new link, open it, and come back
          to this page.
        </p>
      </div>
    );
  }
  if (connection.is !== "away") return null;
  return (
    <div className="banner" role="alert">
      <p>
        <strong>The control plane is away; traffic goes on.</strong> You see what was at {formatClock(connection.since)}
        . Start it with <code>sluice up</code>.
      </p>
      <button type="button" onClick={() => live.retryNow()}>
        <span aria-hidden="true">
          Try again <RetryIn at={connection.retryAt} />
        </span>
        <span className="unseen">Try again now</span>
      </button>
    </div>
  );
}

function RetryIn({ at }: { readonly at: number }): ReactNode {
  const seconds = Math.ceil((at - useNow()) / 1000);
  return <span className="retry">{seconds > 0 ? `(${seconds} s)` : "…"}</span>;
}
