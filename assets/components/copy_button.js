import { createElement, useEffect, useState } from "react";

const SHOWN_MS = 2000;

/** Puts a text on the clipboard and says that it did. */
export function CopyButton({ text, label, className }) {
  const [answer, setAnswer] = useState("");
  useEffect(() => {
    if (!answer) return undefined;
    const timer = setTimeout(() => setAnswer(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setAnswer("Copied"),
      () => setAnswer("Select and copy by hand"),
    );
  return createElement(
    "span",
    { className: "copy" },
    createElement("button", { type: "button", className, onClick: copy }, label),
    createElement("span", { role: "status", className: "copy-answer" }, answer),
  );
}
