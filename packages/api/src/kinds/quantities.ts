/** A whole number, or text: a name (ports) or a percentage (`"25%"`), as the field says. */
export type IntOrString = number | string;

/** Kubernetes' decimal or binary amount: `"500m"`, `"64Mi"`, `2`. */
export type Quantity = string | number;

/** RFC 3339. */
export type Timestamp = string;
export type Labels = Readonly<Record<string, string>>;
