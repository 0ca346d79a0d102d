import { useEffect } from "react";

// After the dialog's own attempt, which has no trigger to return to.
const AFTER_THE_DIALOG_MS = 20;
let opener = null;

/** Brings the focus back to what opened a dialog, through a chain of dialogs too. */
export function ReturnFocus() {
  useEffect(() => {
    const active = document.activeElement;
    if (active && active !== document.body && !active.closest('[role="dialog"]')) {
      opener = { element: active, region: active.closest('[role="region"]') };
    }
    const mine = opener;
    return () => {
      setTimeout(() => {
        if (!mine || document.querySelector('[role="dialog"]')) return;
        (mine.element.isConnected ? mine.element : mine.region)?.focus();
      }, AFTER_THE_DIALOG_MS);
    };
  }, []);
  return null;
}
