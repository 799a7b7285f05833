import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { restWhenHidden } from "./data/use-live.ts";
import { fetchLaterPages } from "./later-pages.ts";
import { listenForShortcuts } from "./parts/shortcuts.tsx";
import "uplot/dist/uPlot.min.css";
import "./style/tokens.css";
import "./style/page.css";
import "./style/parts.css";
import "./style/release.css";
import "./style/objects.css";
import "./style/rehearsal.css";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
restWhenHidden();
listenForShortcuts();
createRoot(root).render(<App />);
addEventListener("load", () => void fetchLaterPages());
