export { imagesOf, podHashLabel, podTemplateHash, templateDigest } from "./version.ts";
