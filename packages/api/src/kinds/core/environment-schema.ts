import { at, atomicObject, described, flag, object, quantity, text, within } from "../../schema/build.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const objectFieldSelector = atomicObject(
  "ObjectFieldSelector selects an APIVersioned field of an object.",
  {
    apiVersion: at(
      1,
      text("Version of the schema the FieldPath is written in terms of, defaults to 'v1'.", { default: "v1" }),
    ),
    fieldPath: at(2, text("Path of the field to select in the specified API version.")),
  },
  { required: ["fieldPath"] },
);

export const resourceFieldSelector = atomicObject(
  "ResourceFieldSelector represents container resources (cpu, memory) and their output format.",
  {
    containerName: at(1, text("Container name.")),
    resource: at(2, text("Required.")),
    divisor: at(
      3,
      quantity("Specifies the output format of the exposed resources, defaults to '1'.", { default: "0" }),
    ),
  },
  { required: ["resource"] },
);

const configMapEnvSource = object(
  "ConfigMapEnvSource selects a ConfigMap to populate the environment variables with.",
  {
    name: within(1, 1, text("Name of the referent.")),
    optional: at(2, flag("Specify whether the ConfigMap must be defined.")),
  },
);

const secretEnvSource = object("SecretEnvSource selects a Secret to populate the environment variables with.", {
  name: within(1, 1, text("Name of the referent.")),
  optional: at(2, flag("Specify whether the Secret must be defined.")),
});

export const envFromSource = object("EnvFromSource represents the source of a set of ConfigMaps or Secrets.", {
  prefix: at(1, text("Optional text to prepend to the name of each environment variable.")),
  configMapRef: at(2, described("The ConfigMap to select from.", configMapEnvSource)),
  secretRef: at(3, described("The Secret to select from.", secretEnvSource)),
});

const configMapKeySelector = atomicObject(
  "Selects a key from a ConfigMap.",
  {
    name: within(1, 1, text("Name of the referent.")),
    key: at(2, text("The key to select.")),
    optional: at(3, flag("Specify whether the ConfigMap or its key must be defined.")),
  },
  { required: ["key"] },
);

const secretKeySelector = atomicObject(
  "SecretKeySelector selects a key of a Secret.",
  {
    name: within(1, 1, text("Name of the referent.")),
    key: at(2, text("The key of the secret to select from.")),
    optional: at(3, flag("Specify whether the Secret or its key must be defined.")),
  },
  { required: ["key"] },
);

const envVarSource = object("EnvVarSource represents a source for the value of an EnvVar.", {
  fieldRef: at(1, described("Selects a field of the pod.", objectFieldSelector)),
  resourceFieldRef: at(2, described("Selects a resource of the container.", resourceFieldSelector)),
  configMapKeyRef: at(3, described("Selects a key of a ConfigMap.", configMapKeySelector)),
  secretKeyRef: at(4, described("Selects a key of a secret in the pod's namespace.", secretKeySelector)),
});

export const envVar = object(
  "EnvVar represents an environment variable present in a Container.",
  {
    name: at(1, text("Name of the environment variable.", { minLength: 1 })),
    value: at(
      2,
      text(
        "Variable references $(VAR_NAME) are expanded using the previously defined environment variables in the container and any service …",
        { "x-sluice-sensitive": true },
      ),
    ),
    valueFrom: at(3, described("Source for the environment variable's value.", envVarSource)),
  },
  { required: ["name"] },
);
