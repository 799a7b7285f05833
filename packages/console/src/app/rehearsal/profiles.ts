/** In the order in which they stand side by side. */
export const profiles = [
  { name: "argo", title: "as Argo Rollouts" },
  { name: "sluice", title: "as Sluice" },
] as const;
