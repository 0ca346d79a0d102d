import { createElement } from "react";

/** An instant as the clock of this device would show it, with seconds. */
export function ClockTime({ at }) {
  if (!at) return null;
  const text = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" }).format(Date.parse(at));
  return createElement("time", { dateTime: at }, text);
}
