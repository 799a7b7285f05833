import { at, described, flag, keyed, list, object } from "../../schema/build.ts";
import { objectMeta } from "../meta-schema.ts";
import { localObjectReference, objectReference } from "./reference-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const serviceAccount = object("ServiceAccount binds together.", {
  metadata: at(1, described("Standard object's metadata.", objectMeta)),
  secrets: at(
    2,
    keyed(
      "Secrets is a list of the secrets in the same namespace that pods running using this ServiceAccount are allowed to use.",
      ["name"],
      objectReference,
      { "x-sluice-doubles": "allowed" },
    ),
  ),
  imagePullSecrets: at(
    3,
    list(
      "ImagePullSecrets is a list of references to secrets in the same namespace to use for pulling any images in pods that reference this …",
      localObjectReference,
    ),
  ),
  automountServiceAccountToken: at(
    4,
    flag(
      "AutomountServiceAccountToken indicates whether pods running as this service account should have an API token automatically mounted.",
    ),
  ),
});
