import { createElement, useEffect, useRef, useState } from "react";

/** Shows or hides what is typed in the password field beside it. Nothing leaves the browser. */
export function PasswordToggle({ describedBy, children }) {
  const button = useRef(null);
  const [isShown, setIsShown] = useState(false);
  const input = () => button.current?.closest(".rt-TextFieldRoot")?.querySelector("input");

  useEffect(() => {
    const field = input();
    if (field) field.type = isShown ? "text" : "password";
  }, [isShown]);

  useEffect(() => {
    // Browsers remember what was typed into text fields: hide before sending.
    const form = button.current?.closest("form");
    const hide = () => setIsShown(false);
    form?.addEventListener("submit", hide);
    return () => form?.removeEventListener("submit", hide);
  }, []);

  return createElement(
    "button",
    {
      ref: button,
      type: "button",
      className: "password-toggle",
      "aria-label": isShown ? "Hide" : "Show",
      "aria-describedby": describedBy,
      "data-shown": isShown,
      onClick: () => setIsShown(!isShown),
    },
    children,
  );
}
