import { createElement, useEffect, useRef } from "react";

/** Focus goes into a form that opens in place, Escape cancels it, focus comes back. */
export function InlineFocus({ returnTo }) {
  const anchor = useRef(null);
  useEffect(() => {
    const form = anchor.current.closest("form");
    const field = form.querySelector("input:not([type=hidden])");
    field?.focus();
    field?.select();
    const cancel = (event) => {
      if (event.key === "Escape") form.querySelector("[data-cancel]")?.click();
    };
    form.addEventListener("keydown", cancel);
    return () => {
      form.removeEventListener("keydown", cancel);
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) document.getElementById(returnTo)?.focus();
      });
    };
  }, [returnTo]);
  return createElement("span", { hidden: true, ref: anchor });
}
