import type { Schema } from "@sluice/api";
import type { Identity } from "./credentials.ts";

const text: Schema = { type: "string" };
const numbered = (names: readonly string[]): Record<string, Schema> =>
  Object.fromEntries(names.map((name, index) => [name, { ...text, "x-sluice-proto": index + 1 }]));
const message = (properties: Record<string, Schema>): Schema => ({ type: "object", properties });
const at = (number: number, schema: Schema): Schema => ({ ...schema, "x-sluice-proto": number });

/** Only what kubectl sends; https://github.com/kubernetes/api/blob/master/authorization/v1/generated.proto */
export const reviewSchemas: Readonly<Record<string, Schema>> = {
  SelfSubjectAccessReview: message({
    metadata: at(1, message({})),
    spec: at(
      2,
      message({
        resourceAttributes: at(
          1,
          message(numbered(["namespace", "verb", "group", "version", "resource", "subresource", "name"])),
        ),
        nonResourceAttributes: at(2, message(numbered(["path", "verb"]))),
      }),
    ),
  }),
  SelfSubjectRulesReview: message({ metadata: at(1, message({})), spec: at(2, message(numbered(["namespace"]))) }),
  SelfSubjectReview: message({ metadata: at(1, message({})) }),
};

/** Whoever has a token may do everything: one machine, one owner. */
export function reviewed(plural: string, given: Record<string, unknown>, identity: Identity): unknown {
  switch (plural) {
    case "selfsubjectaccessreviews":
      return {
        kind: "SelfSubjectAccessReview",
        apiVersion: "authorization.k8s.io/v1",
        metadata: {},
        spec: given.spec ?? {},
        status: { allowed: true, reason: "whoever holds a token of this machine may do everything" },
      };
    case "selfsubjectrulesreviews":
      return {
        kind: "SelfSubjectRulesReview",
        apiVersion: "authorization.k8s.io/v1",
        metadata: {},
        spec: given.spec ?? {},
        status: {
          incomplete: false,
          resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      };
    default:
      return {
        kind: "SelfSubjectReview",
        apiVersion: "authentication.k8s.io/v1",
        metadata: {},
        status: { userInfo: { username: identity.name, groups: ["system:masters", "system:authenticated"] } },
      };
  }
}
