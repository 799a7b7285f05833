import { at, described, flag, mapOf, object, text, textMap } from "../../schema/build.ts";
import { objectMeta } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const configMap = object("ConfigMap holds configuration data for pods to consume.", {
  metadata: at(1, described("Standard object's metadata.", objectMeta)),
  immutable: at(
    4,
    flag(
      "Immutable, if set to true, ensures that data stored in the ConfigMap cannot be updated (only object metadata can be modified).",
    ),
  ),
  data: at(2, textMap("Data contains the configuration data.")),
  binaryData: at(3, mapOf("BinaryData contains the binary data.", { type: "string", format: "byte" })),
});

export const secret = object("Secret holds secret data of a certain type.", {
  metadata: at(1, described("Standard object's metadata.", objectMeta)),
  immutable: at(
    5,
    flag(
      "Immutable, if set to true, ensures that data stored in the Secret cannot be updated (only object metadata can be modified).",
    ),
  ),
  data: at(2, mapOf("Data contains the secret data.", { type: "string", format: "byte", "x-sluice-sensitive": true })),
  stringData: at(4, mapOf("Data as text; stored as data.", text("", { "x-sluice-sensitive": true }))),
  type: at(3, text("Used to facilitate programmatic handling of secret data.", { default: "Opaque" })),
});
