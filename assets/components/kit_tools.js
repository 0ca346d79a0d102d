import { createElement, useEffect, useState } from "react";

const ANSWER_MS = 2500;

/** Warns before the page is left while fresh codes are not saved. */
const useLeaveWarning = (isUnsaved) => {
  useEffect(() => {
    if (!isUnsaved) return undefined;
    const warn = (event) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isUnsaved]);
};

const download = (name, text) => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};

/** Download, Copy and Print of the recovery codes; the first two count as saved. */
export function KitTools({ text, fileName, isUnsaved, onSaved, className }) {
  const [answer, setAnswer] = useState("");
  useLeaveWarning(isUnsaved);
  useEffect(() => {
    if (!answer) return undefined;
    const timer = setTimeout(() => setAnswer(""), ANSWER_MS);
    return () => clearTimeout(timer);
  }, [answer]);
  const saved = (words) => {
    setAnswer(words);
    onSaved?.(true);
  };
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => saved("Copied"),
      () => setAnswer("Select and copy by hand"),
    );
  const button = (label, onClick) =>
    createElement("button", { key: label, type: "button", className, onClick }, label);
  return createElement(
    "div",
    { className: "kit-tools" },
    button("Download as text file", () => {
      download(fileName, text);
      saved("Downloaded");
    }),
    button("Copy codes", copy),
    button("Print", () => window.print()),
    createElement("span", { role: "status", className: "copy-answer" }, answer),
  );
}
