import { createElement, useEffect, useState } from "react";

// Unit, its seconds, and from how many of them it is used: "13 months ago", not "last year".
const STEPS = [
  ["year", 31557600, 2],
  ["month", 2629800, 2],
  ["week", 604800, 2],
  ["day", 86400, 1],
  ["hour", 3600, 1],
  ["minute", 60, 1],
];
const REFRESH_MS = 15000;
const JUST_NOW_S = 45;

const listeners = new Set();
let timer;

const subscribe = (listener) => {
  listeners.add(listener);
  timer ??= setInterval(() => listeners.forEach((call) => call()), REFRESH_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
};

const relative = (instant) => {
  const seconds = (instant - Date.now()) / 1000;
  if (Math.abs(seconds) < JUST_NOW_S) return "just now";
  const [unit, size] =
    STEPS.find(([, length, from]) => Math.abs(seconds) >= length * from) ?? STEPS.at(-1);
  const amount = Math.trunc(seconds / size) || Math.sign(seconds);
  return new Intl.RelativeTimeFormat(undefined, { numeric: "always" }).format(amount, unit);
};

const absolute = (instant) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" }).format(instant);

/** A point in time, in words that keep up with the clock; the full date on hover. */
export function RelativeTime({ at, className }) {
  const instant = at ? Date.parse(at) : NaN;
  const [text, setText] = useState(() => (Number.isNaN(instant) ? "" : relative(instant)));
  useEffect(() => {
    if (Number.isNaN(instant)) {
      setText("");
      return undefined;
    }
    const refresh = () => setText(relative(instant));
    refresh();
    return subscribe(refresh);
  }, [instant]);
  if (Number.isNaN(instant)) return null;
  return createElement("time", { dateTime: at, title: absolute(instant), className }, text);
}
