// What must hold before the new colour gets traffic. TARGET_URL leads to that colour alone.
const { TARGET_URL = "http://127.0.0.1:8080", TARGET_VERSION } = process.env;

const health = await fetch(`${TARGET_URL}/health`);
if (!health.ok) throw new Error(`/health answered ${health.status}`);
const page = await (await fetch(TARGET_URL)).text();
if (TARGET_VERSION !== undefined && !page.startsWith(TARGET_VERSION)) throw new Error(`not ${TARGET_VERSION}: ${page}`);
console.log(`the page says: ${page.trim()}`);
