/** What never belongs into an image. */
const always = [".git", ".sluice", ".DS_Store"];

/**
 * The rules of `.sluiceignore` or `.dockerignore`: `*`, `?`, `**`, a leading `!` to keep, `#` comments; the last match
 * wins; a rule for a folder holds for what lies under it. https://docs.docker.com/build/concepts/context/#dockerignore-files
 */
export function parseIgnoreFile(text: string): (path: string) => boolean {
  const rules = [...always, ...text.split(/\r?\n/)]
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const keeps = line.startsWith("!");
      const pattern = (keeps ? line.slice(1) : line).replace(/^\.?\//, "").replace(/\/+$/, "");
      return { keeps, shape: toShape(pattern) };
    });
  return (path) => {
    let ignored = false;
    for (const { keeps, shape } of rules) if (shape.test(path)) ignored = !keeps;
    return ignored;
  };
}

function toShape(pattern: string): RegExp {
  let source = "";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern[at] ?? "";
    if (pattern.startsWith("**/", at)) {
      source += "(?:.*/)?";
      at += 2;
    } else if (pattern.startsWith("**", at)) {
      source += ".*";
      at += 1;
    } else if (character === "*") source += "[^/]*";
    else if (character === "?") source += "[^/]";
    else source += character.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  }
  return new RegExp(`^${source}(?:/.*)?$`);
}
