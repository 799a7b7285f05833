// What must hold before anybody gets the new version. TARGET_URL leads to the preview Service.
const { TARGET_URL = "http://127.0.0.1:8080" } = process.env;

const response = await fetch(TARGET_URL);
const page = await response.text();
if (!response.ok || !page.startsWith("page ")) throw new Error(`${response.status}: ${page}`);
console.log(`the preview says: ${page.trim()}`);
