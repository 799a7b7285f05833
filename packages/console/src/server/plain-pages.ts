/** Pages for people who can't see the console yet. They hold no script; their style is a file of its own, for the CSP. */
export const signInPage = plainPage(
  "Sign in",
  "This console needs a link that works once.",
  "Print one where Sluice runs, and open it in this browser:",
  "sluice status",
);

export const staleLinkPage = plainPage(
  "That link is used up",
  "A link works once, for ten minutes.",
  "Print a new one where Sluice runs:",
  "sluice status",
);

export const notBuiltPage = plainPage(
  "The console isn't built",
  "Sluice runs; only these pages are missing.",
  "Build them in the repository, and load this page again:",
  "npm run build",
);

function plainPage(title: string, what: string, how: string, command: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sluice</title>
<link rel="stylesheet" href="/plain.css">
</head>
<body>
<main>
<p class="name">Sluice</p>
<h1>${title}</h1>
<p>${what}</p>
<p>${how}</p>
<pre><code>${command}</code></pre>
</main>
</body>
</html>
`;
}

export const plainStyle = `
:root { color-scheme: light dark; --surface: #fff; --page: #f6f6f4; --text: #1c1d1f; --quiet: #5c5f66; --line: #deded9; }
@media (prefers-color-scheme: dark) {
  :root { --surface: #1b1c1f; --page: #131416; --text: #ececea; --quiet: #a2a5ab; --line: #303238; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page);
  color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { width: min(26rem, 100%); padding: 2rem; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.name { margin: 0 0 1.5rem; font-weight: 650; color: var(--quiet); }
h1 { margin: 0 0 .75rem; font-size: 1.25rem; }
p { margin: 0 0 .5rem; }
pre { margin: 1rem 0 0; padding: .75rem 1rem; overflow-x: auto; background: var(--page); border: 1px solid var(--line); border-radius: 6px; }
code { font: 14px/1.5 ui-monospace, monospace; }
`;
