import { at, atomicObject, text } from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const localObjectReference = atomicObject(
  "LocalObjectReference contains enough information to let you locate the referenced object inside the same namespace.",
  {
    name: at(1, text("Name of the referent.")),
  },
);

export const objectReference = atomicObject(
  "ObjectReference contains enough information to let you inspect or modify the referred object.",
  {
    kind: at(1, text("Kind of the referent.")),
    namespace: at(2, text("Namespace of the referent.")),
    name: at(3, text("Name of the referent.")),
    uid: at(4, text("UID of the referent.")),
    apiVersion: at(5, text("API version of the referent.")),
    resourceVersion: at(6, text("Specific resourceVersion to which this reference is made, if any.")),
    fieldPath: at(
      7,
      text(
        "If referring to a piece of an object instead of an entire object, this string should contain a valid JSON/Go field access statement, such …",
      ),
    ),
  },
);
