import { createElement, useEffect, useRef } from "react";

const FIELD = 'input[autocomplete="one-time-code"]';
const COMPLETE = /^\d{6}$/;

/** Submits the form it stands in once six digits are there. */
export function SubmitWhenComplete() {
  const anchor = useRef(null);
  useEffect(() => {
    const form = anchor.current.closest("form");
    const look = (input) => {
      if (input?.matches(FIELD) && COMPLETE.test(input.value.replaceAll(" ", ""))) {
        form.requestSubmit();
      }
    };
    // On the form: the field itself may be replaced while this part stays.
    const onInput = (event) => look(event.target);
    form.addEventListener("input", onInput);
    // A password manager may have been faster than this script.
    look(form.querySelector(FIELD));
    return () => form.removeEventListener("input", onInput);
  }, []);
  return createElement("span", { hidden: true, ref: anchor });
}
