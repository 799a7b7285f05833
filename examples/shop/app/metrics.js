// Prometheus' text format, as much of it as a shop needs.
const families = [];

const labelText = (labels) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, "\\$&")}"`)
    .join(",");

export class Counter {
  #values = new Map();
  constructor(name, help) {
    this.head = `# HELP ${name} ${help}\n# TYPE ${name} counter\n`;
    this.name = name;
    families.push(this);
  }
  add(labels, by = 1) {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }
  lines() {
    return [...this.#values].map(([labels, value]) => `${this.name}{${labels}} ${value}\n`).join("");
  }
}

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Histogram {
  #values = new Map();
  constructor(name, help) {
    this.head = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    this.name = name;
    families.push(this);
  }
  observe(labels, value) {
    const key = labelText(labels);
    const state = this.#values.get(key) ?? { buckets: bounds.map(() => 0), count: 0, sum: 0 };
    bounds.forEach((bound, index) => {
      if (value <= bound) state.buckets[index]++;
    });
    state.count++;
    state.sum += value;
    this.#values.set(key, state);
  }
  lines() {
    return [...this.#values]
      .map(([labels, { buckets, count, sum }]) => {
        const rows = bounds.map((bound, index) => `${this.name}_bucket{${labels},le="${bound}"} ${buckets[index]}\n`);
        return `${rows.join("")}${this.name}_bucket{${labels},le="+Inf"} ${count}\n${this.name}_sum{${labels}} ${sum}\n${this.name}_count{${labels}} ${count}\n`;
      })
      .join("");
  }
}

export const exposition = () => families.map((family) => family.head + family.lines()).join("");
