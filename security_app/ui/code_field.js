import { createElement, useEffect, useRef } from "react";

const COMPLETE = /^\d{6}$/;

/** Submits the form it stands in once six digits are there. */
export function SubmitWhenComplete() {
  const anchor = useRef(null);
  useEffect(() => {
    const form = anchor.current.closest("form");
    const input = form.querySelector('input[autocomplete="one-time-code"]');
    const look = () => {
      if (COMPLETE.test(input.value.replaceAll(" ", ""))) form.requestSubmit();
    };
    input.addEventListener("input", look);
    // A password manager may have been faster than this script.
    look();
    return () => input.removeEventListener("input", look);
  }, []);
  return createElement("span", { hidden: true, ref: anchor });
}
