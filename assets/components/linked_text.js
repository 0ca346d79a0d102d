import { createElement } from "react";

const URL_PATTERN = /(https?:\/\/[^\s<>"]+)/;

/** Plain text as it is, with its addresses as links. No markup is interpreted. */
export function LinkedText({ text, className }) {
  const parts = (text ?? "").split(URL_PATTERN);
  return createElement(
    "div",
    { className },
    ...parts.map((part, index) => (index % 2 ? createElement("a", { href: part }, part) : part)),
  );
}
