import { createElement, useEffect, useRef } from "react";

// Long enough for a slow network; then the person may press again.
const GIVE_UP_MS = 8000;
const SECRET = 'input[data-secret="true"]';

const typeNothing = (input) => {
  // Through the prototype, so that React notices and onChange runs (the strength meter clears).
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(input, "");
  input.dispatchEvent(new Event("input", { bubbles: true }));
};

/** Clears the refused secrets, keeps the others, and moves focus to the first refused field. */
const showRefusal = (form) => {
  const refused = [...form.querySelectorAll('[aria-invalid="true"]')];
  const secrets = [...form.querySelectorAll(SECRET)].filter((input) => input.value);
  const wrong = refused.length
    ? secrets.filter((s) => refused.some((r) => r === s || r.autocomplete === s.autocomplete))
    : secrets;
  wrong.forEach(typeNothing);
  (refused[0] ?? form.querySelector(SECRET) ?? form.querySelector("input"))?.focus();
};

/**
 * Marks the form or button it stands in from the press until the answer, and
 * lets no second press through. `busy` and `errors` come from the server.
 */
export function Pending({ busy, errors, settled }) {
  const anchor = useRef(null);
  const release = useRef(() => {});
  const wasBusy = useRef(false);

  useEffect(() => {
    const button = anchor.current.closest("button");
    // A button among the fields that submits nothing stands for itself.
    const form = button.type === "submit" ? anchor.current.closest("form") : null;
    const target = form ?? button;
    let timer;
    const mark = (isPending) => {
      clearTimeout(timer);
      target.toggleAttribute("data-pending", isPending);
      const buttons = form ? form.querySelectorAll('button[type="submit"]') : [target];
      buttons.forEach((button) => {
        if (isPending) button.setAttribute("aria-disabled", "true");
        else button.removeAttribute("aria-disabled");
      });
      if (isPending) timer = setTimeout(() => mark(false), GIVE_UP_MS);
    };
    const press = (event) => {
      if (target.hasAttribute("data-pending")) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      mark(true);
    };
    const kind = form ? "submit" : "click";
    target.addEventListener(kind, press, true);
    release.current = () => mark(false);
    return () => {
      clearTimeout(timer);
      target.removeEventListener(kind, press, true);
    };
  }, []);

  useEffect(() => {
    const hasAnswered = wasBusy.current && !busy;
    wasBusy.current = Boolean(busy);
    if (busy) return;
    const isRefused = errors && Object.keys(errors).length > 0;
    if (hasAnswered || isRefused) release.current();
    const form = anchor.current.closest("form");
    if (isRefused && form) showRefusal(form);
  }, [busy, errors]);

  useEffect(() => {
    release.current();
  }, [settled]);

  return createElement("span", { hidden: true, ref: anchor });
}
