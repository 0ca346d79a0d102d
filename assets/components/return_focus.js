import { useEffect } from "react";

// After the dialog's own attempt, which has no trigger to return to.
const AFTER_THE_DIALOG_MS = 20;
const THE_ACTION_MS = 5000;
let opener = null;

/** What the dialog led to may take the opener away: then the focus goes to its region. */
const stayWith = ({ element, region }) => {
  if (!region || !element.isConnected) return;
  const observer = new MutationObserver(() => {
    if (element.isConnected) return;
    observer.disconnect();
    const isFree = document.activeElement === document.body;
    if (isFree && !document.querySelector('[role="dialog"]')) region.focus();
  });
  observer.observe(region, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), THE_ACTION_MS);
};

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
        stayWith(mine);
      }, AFTER_THE_DIALOG_MS);
    };
  }, []);
  return null;
}
