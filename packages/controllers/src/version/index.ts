export { snapshotName } from "@sluice/api/release";
export { base64 } from "./base64.ts";
export {
  type ConfigurationDigests,
  type ConfigurationReference,
  configurationOf,
  contentDigest,
  named,
  pinned,
  referenceId,
} from "./configuration.ts";
export { imagesOf, podHashLabel, podTemplateHash, templateDigest } from "./version.ts";
