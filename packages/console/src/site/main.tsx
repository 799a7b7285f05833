// The rehearsal alone, as a static site: no Sluice behind it.
import type { ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { RehearsalPage } from "../app/rehearsal/rehearsal-page.tsx";
import "../app/style/tokens.css";
import "../app/style/page.css";
import "../app/style/parts.css";
import "../app/style/rehearsal.css";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
createRoot(root).render(<Site />);

function Site(): ReactNode {
  return (
    <>
      <header className="top">
        <span className="brand">
          <svg viewBox="0 0 20 20" aria-hidden="true">
            <rect width="20" height="20" rx="5" />
            <path d="M4 7h8M4 13h12M14 4v6" />
          </svg>
          Sluice
        </span>
      </header>
      <RehearsalPage />
    </>
  );
}
