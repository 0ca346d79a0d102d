import { createElement, useEffect, useState } from "react";

const left = (until) => Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000));

const words = (seconds) => {
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return rest ? `${Math.floor(seconds / 60)} min ${rest} s` : `${seconds / 60} min`;
};

/** Counts down to an instant; says so when it is reached. */
export function Countdown({ until, before, after }) {
  const [seconds, setSeconds] = useState(() => (until ? left(until) : 0));
  useEffect(() => {
    if (!until) return undefined;
    setSeconds(left(until));
    const timer = setInterval(() => {
      const now = left(until);
      setSeconds(now);
      if (now === 0) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  if (!until) return null;
  return createElement(
    "span",
    { role: "timer", className: "countdown" },
    seconds > 0 ? `${before} ${words(seconds)}.` : after,
  );
}
