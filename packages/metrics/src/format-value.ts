/** As Go prints a float64 with `'f', -1`: never an exponent. For labels of count_values and for measurements. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const text = String(value);
  const [digits = "", exponentText] = text.split("e");
  if (exponentText === undefined) return text;
  const exponent = Number(exponentText);
  const sign = digits.startsWith("-") ? "-" : "";
  const [whole = "", fraction = ""] = digits.replace("-", "").split(".");
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(exponent, "0")}`;
}

/** As Prometheus writes sample values into JSON: an exponent of at least two digits below 1e-6 and from 1e21. */
export function formatJsonValue(value: number): string {
  const magnitude = Math.abs(value);
  if (value === 0 || !Number.isFinite(value) || (magnitude >= 1e-6 && magnitude < 1e21)) return formatValue(value);
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
