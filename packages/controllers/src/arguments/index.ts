export { decodeBase64Text } from "./base64.ts";
export { fieldAt } from "./field-path.ts";
export { boundFields, type MergedTemplates, mergeTemplates } from "./merge.ts";
export { argumentValues, type Resolved, resolved, resolveTemplates, unresolved } from "./template.ts";
export { flattenedTemplates, type KnownTemplates, readTemplates } from "./templates.ts";
