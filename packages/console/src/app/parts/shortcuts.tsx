import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Dialog } from "./dialog.tsx";

export interface Shortcut {
  /** One key, or two after each other: `g a`. */
  readonly keys: string;
  readonly what: string;
  readonly run: () => void;
}

const registered: Shortcut[] = [];
const setting = "sluice.single-keys";
const settingListeners = new Set<() => void>();

const areOn = (): boolean => localStorage.getItem(setting) !== "off";

/** Single keys get in the way of speech input: they can be switched off, for this browser. */
function useSetting(): readonly [boolean, (isOn: boolean) => void] {
  const isOn = useSyncExternalStore((listener) => {
    settingListeners.add(listener);
    return () => settingListeners.delete(listener);
  }, areOn);
  const change = (next: boolean) => {
    localStorage.setItem(setting, next ? "on" : "off");
    for (const listener of settingListeners) listener();
  };
  return [isOn, change];
}

/** These keys work while the component that says so is shown. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    const own = latest.current.map(({ keys, what }, index) => ({
      keys,
      what,
      run: () => latest.current[index]?.run(),
    }));
    registered.push(...own);
    return () => {
      for (const one of own) registered.splice(registered.indexOf(one), 1);
    };
  }, []);
}

let pending = "";
let pendingSince = 0;

export function listenForShortcuts(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !areOn()) return;
    const { target } = event;
    if (target instanceof HTMLElement && target.closest("input, textarea, select, dialog")) return;
    const isSecond = pending !== "" && performance.now() - pendingSince < 1200;
    const keys = isSecond ? `${pending} ${event.key}` : event.key;
    const found = registered.findLast((shortcut) => shortcut.keys === keys);
    pending = "";
    if (found !== undefined) {
      event.preventDefault();
      found.run();
      return;
    }
    if (registered.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))) {
      pending = event.key;
      pendingSince = performance.now();
    }
  });
}

export function ShortcutsButton(): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [isOn, setOn] = useSetting();
  useShortcuts([{ keys: "?", what: "These keys", run: () => setOpen(true) }]);
  return (
    <>
      <button type="button" className="icon" aria-label="Keyboard shortcuts" onClick={() => setOpen(true)}>
        <span aria-hidden="true">?</span>
      </button>
      {isOpen && (
        <Dialog title="Keys" onClose={() => setOpen(false)}>
          <dl className="keys">
            {registered.map(({ keys, what }) => (
              <div key={keys}>
                <dt>
                  {keys.split(" ").map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <label className="choice">
            <input type="checkbox" checked={isOn} onChange={({ target }) => setOn(target.checked)} />
            Keys work on their own, without Ctrl or Alt
          </label>
          <div className="dialog-actions">
            <button type="button" onClick={() => setOpen(false)}>
              Close
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
