import { at, choice, keyed, object, text, textList, time } from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const namespaceSpec = object("NamespaceSpec describes the attributes on a Namespace.", {
  finalizers: at(
    1,
    textList("Finalizers is an opaque list of values that must be empty to permanently remove object from storage."),
  ),
});

const namespaceCondition = object(
  "NamespaceCondition contains details about state of namespace.",
  {
    type: at(1, text("Type of namespace controller condition.")),
    status: at(2, text("Status of the condition, one of True, False, Unknown.")),
    lastTransitionTime: at(4, time("Last time the condition transitioned from one status to another.")),
    reason: at(5, text("Unique, one-word, CamelCase reason for the condition's last transition.")),
    message: at(6, text("Human-readable message indicating details about last transition.")),
  },
  { required: ["type", "status"] },
);

export const namespaceStatus = object("NamespaceStatus is information about the current status of a Namespace.", {
  phase: at(1, choice("Phase is the current lifecycle phase of the namespace.", ["Active", "Terminating"])),
  conditions: at(
    2,
    keyed(
      "Represents the latest available observations of a namespace's current state.",
      ["type"],
      namespaceCondition,
      { "x-sluice-doubles": "allowed" },
    ),
  ),
});
