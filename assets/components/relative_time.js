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

// Made when first needed, and once: a formatter takes milliseconds to make.
const once = (make) => {
  let made;
  return () => (made ??= make());
};
const distances = once(() => new Intl.RelativeTimeFormat(undefined, { numeric: "always" }));
const fullDates = once(
  () => new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" }),
);
const days = once(() => new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }));

const relative = (instant) => {
  const seconds = (instant - Date.now()) / 1000;
  if (Math.abs(seconds) < JUST_NOW_S) return "just now";
  const [unit, size] =
    STEPS.find(([, length, from]) => Math.abs(seconds) >= length * from) ?? STEPS.at(-1);
  const amount = Math.trunc(seconds / size) || Math.sign(seconds);
  return distances().format(amount, unit);
};

const day = (instant) => days().format(instant);

/** A point in time, in words that keep up with the clock, or its day; the full date on hover. */
export function RelativeTime({ at, isDay, className }) {
  const instant = at ? Date.parse(at) : NaN;
  const inWords = isDay ? day : relative;
  const [text, setText] = useState(() => (Number.isNaN(instant) ? "" : inWords(instant)));
  useEffect(() => {
    if (Number.isNaN(instant)) {
      setText("");
      return undefined;
    }
    const refresh = () => setText(inWords(instant));
    refresh();
    return subscribe(refresh);
  }, [instant, inWords]);
  if (Number.isNaN(instant)) return null;
  return createElement("time", { dateTime: at, title: fullDates().format(instant), className }, text);
}
