import { type ReactNode, useRef } from "react";
import { useSearchParams } from "wouter";
import { useShortcuts } from "./shortcuts.tsx";

/** The filter's text is part of the address: a link to a page shows the same. */
export function useFilter(name = "q"): readonly [string, (text: string) => void] {
  const [parameters, setParameters] = useSearchParams();
  const change = (text: string) => {
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        if (text === "") next.delete(name);
        else next.set(name, text);
        return next;
      },
      { replace: true },
    );
  };
  return [parameters.get(name) ?? "", change];
}

export function FilterField({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", what: "Filter the list", run: () => input.current?.focus() }]);
  return (
    <input
      ref={input}
      type="search"
      className="filter"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

/** All words of the filter are somewhere in the texts. */
export function matches(filter: string, texts: readonly (string | undefined)[]): boolean {
  const whole = texts.join(" ").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}
