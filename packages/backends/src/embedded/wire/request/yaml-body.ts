import { ApiFault } from "@sluice/api";
import { type Document, parseDocument, visit } from "yaml";

/** One YAML document as plain values. Faults: BadRequest with what is wrong and where, never with the text itself. */
export function readYaml(text: string, deepest: number): unknown {
  const document = parsed(text);
  const [problem] = document.errors;
  if (problem !== undefined) {
    throw refusal(`not YAML: ${problem.code.toLowerCase().replaceAll("_", " ")} at offset ${problem.pos[0]}`);
  }
  visit(document, {
    Pair(_, { key }) {
      if (String(key) === "__proto__") throw refusal("the key __proto__ is not allowed");
    },
    Collection(_, __, ancestors) {
      if (ancestors.length / 2 > deepest) throw refusal(`nested more than ${deepest} levels deep`);
    },
  });
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new ApiFault("BadRequest", "the body of the request is refused: its aliases expand to too much", { cause });
  }
}

function parsed(text: string): Document.Parsed {
  try {
    return parseDocument(text, { uniqueKeys: true, prettyErrors: false });
  } catch (cause) {
    throw new ApiFault("BadRequest", "the body of the request is refused: YAML nested too deeply", { cause });
  }
}

const refusal = (what: string) => new ApiFault("BadRequest", `the body of the request is refused: ${what}`);
