import { createElement } from "react";

/** The first link of a page. Moves focus itself: to the router a fragment is a navigation. */
export function SkipLink({ target, className, children }) {
  const skip = (event) => {
    event.preventDefault();
    document.getElementById(target)?.focus();
  };
  return createElement("a", { href: `#${target}`, className, onClick: skip }, children);
}
