const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const environmentName = /^[^=\0]+$/;
const configKey = /^[-._a-zA-Z0-9]+$/;
const portName = /^(?=.*[a-z])[a-z0-9]([a-z0-9]|-(?!-))*$/;

/** What a name must be, for messages; undefined where it is right. Rules of apimachinery's util/validation. */
export type NameRule = (name: string) => string | undefined;

export const dnsLabel: NameRule = (name) =>
  name.length <= 63 && label.test(name)
    ? undefined
    : "a DNS-1123 label: at most 63 lower-case letters, digits or '-', beginning and ending with a letter or digit";

export const dns1035Label: NameRule = (name) =>
  name.length <= 63 && label1035.test(name)
    ? undefined
    : "a DNS-1035 label: at most 63 lower-case letters, digits or '-', beginning with a letter, ending with a letter or digit";

export const dnsSubdomain: NameRule = (name) =>
  name.length <= 253 && subdomain.test(name)
    ? undefined
    : "a DNS-1123 subdomain: at most 253 lower-case letters, digits, '-' or '.', beginning and ending with a letter or digit";

/** `name` or `prefix.example.com/name`: label keys, annotation keys, finalizers. */
export const qualifiedName: NameRule = (name) => {
  const slash = name.indexOf("/");
  const prefix = slash === -1 ? undefined : name.slice(0, slash);
  const rest = slash === -1 ? name : name.slice(slash + 1);
  const right =
    rest.length <= 63 && qualified.test(rest) && (prefix === undefined || dnsSubdomain(prefix) === undefined);
  return right
    ? undefined
    : "a qualified name: at most 63 letters, digits, '-', '_' or '.', with a DNS subdomain and '/' before it if need be";
};

export const labelValueText: NameRule = (value) =>
  value.length <= 63 && labelValue.test(value)
    ? undefined
    : "a label value: empty, or at most 63 letters, digits, '-', '_' or '.', beginning and ending with a letter or digit";

/** https://kubernetes.io/blog/2024/relaxed-environment-variable: anything printable but '='. */
export const environmentVariable: NameRule = (name) =>
  environmentName.test(name) ? undefined : "the name of an environment variable: not empty, without '='";

export const configMapKey: NameRule = (key) =>
  key.length <= 253 && configKey.test(key) && key !== "." && !key.startsWith("..")
    ? undefined
    : "a key of at most 253 letters, digits, '-', '_' or '.', not '.' and not beginning with '..'";

export const ianaServiceName: NameRule = (name) =>
  name.length <= 15 && portName.test(name) && !name.endsWith("-")
    ? undefined
    : "a port name: at most 15 lower-case letters, digits or single '-', with at least one letter";
