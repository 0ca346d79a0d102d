import { createElement, useEffect, useRef, useState } from "react";

// When each wait was first seen here: showing it again does not start it anew.
const seenAt = new Map();

/** Seconds left of a wait like "42000@2026-05-04T12:31:00.123456", by no clock but the server's. */
const left = (wait) => {
  if (!wait) return 0;
  if (!seenAt.has(wait)) seenAt.set(wait, performance.now());
  return Math.max(0, Math.ceil((parseInt(wait, 10) - (performance.now() - seenAt.get(wait))) / 1000));
};

const useSecondsLeft = (wait) => {
  const [seconds, setSeconds] = useState(() => left(wait));
  useEffect(() => {
    setSeconds(left(wait));
    if (!wait) return undefined;
    const timer = setInterval(() => {
      const now = left(wait);
      setSeconds(now);
      if (now === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [wait]);
  return seconds;
};

const words = (seconds) => {
  if (seconds <= 90) return `${seconds} s`;
  const rest = seconds % 60;
  return rest ? `${Math.floor(seconds / 60)} min ${rest} s` : `${seconds / 60} min`;
};

/** Counts a wait down; says so when it is over. */
export function Countdown({ wait, before, after }) {
  const seconds = useSecondsLeft(wait);
  if (!wait) return null;
  return createElement(
    "span",
    { role: "timer", className: "countdown" },
    seconds > 0 ? `${before} ${words(seconds)}.` : after,
  );
}

/** The label of the button it stands in: "Request code (42 s)", and cannot be pressed meanwhile. */
export function WaitingLabel({ wait, label }) {
  const anchor = useRef(null);
  const seconds = useSecondsLeft(wait);
  const isWaiting = seconds > 0;
  useEffect(() => {
    anchor.current.closest("button").disabled = isWaiting;
  }, [isWaiting]);
  return createElement("span", { ref: anchor }, isWaiting ? `${label} (${words(seconds)})` : label);
}
